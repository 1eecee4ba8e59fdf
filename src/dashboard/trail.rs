//! What the audit log says of figures: who has seen sums of amounts.

use axum::http::Method;

use crate::app::AppState;
use crate::audit::{self, Action, Changes, Event};
use crate::auth::Scope;
use crate::db::transaction;
use crate::error::ApiError;
use crate::policy::ReadAmounts;
use crate::resource::Resource;

/// The caller is about to see the sums of this part of the dashboard, if he may: the sum of a single contract is its
/// amount. The answer to `HEAD` has none.
pub async fn viewed(app: &AppState, scope: &Scope, method: &Method, part: &'static str) -> Result<(), ApiError> {
    if method == Method::HEAD || !scope.may::<ReadAmounts>() {
        return Ok(());
    }
    let changes = Changes::default().field("dashboard", (), part);
    let event = Event { resource_id: None, ..Event::new(Action::Viewed, Resource::Contract, 0).with(changes) };
    let now = app.clock.now();
    transaction!(app.db, |tx| audit::record(tx, scope, event.clone(), now).await)
}
