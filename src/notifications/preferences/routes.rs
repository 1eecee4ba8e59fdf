//! `/notifications/preferences`.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store;
use super::types::{NotificationPreferencesAnswer, NotificationPreferencesChanged, NotificationPreferencesPatch};
use crate::app::AppState;
use crate::audit::{self, Action, Event};
use crate::auth::May;
use crate::db::transaction;
use crate::error::ApiError;
use crate::extract::Body;
use crate::policy::{ChangeNotifications, ReadNotifications};
use crate::resource::Resource;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_notification_preferences, update_notification_preferences))
}

/// Get one's own preferences
///
/// Of every kind of notification, whether one gets it in the list and the stream, and whether by e-mail.
#[utoipa::path(
    get, path = "/notifications/preferences", tag = "notifications",
    responses((status = 200, description = "The preferences", body = NotificationPreferencesAnswer)),
    security(("bearer" = [])),
)]
async fn get_notification_preferences(
    May(scope, _): May<ReadNotifications>,
    State(app): State<AppState>,
) -> Result<Json<NotificationPreferencesAnswer>, ApiError> {
    let chosen = store::find(&mut app.db.read().await?, &scope).await?;
    Ok(Json(NotificationPreferencesAnswer { preferences: chosen.complete() }))
}

/// Change one's own preferences
///
/// What is absent stays. It counts for what happens from now on. `PUT` and `PATCH` are the same.
#[utoipa::path(
    method(put, patch), path = "/notifications/preferences", tag = "notifications",
    request_body = NotificationPreferencesPatch,
    responses((status = 200, description = "The preferences as they are now", body = NotificationPreferencesChanged)),
    security(("bearer" = [])),
)]
async fn update_notification_preferences(
    May(scope, _): May<ChangeNotifications>,
    State(app): State<AppState>,
    body: Body<NotificationPreferencesPatch>,
) -> Result<Json<NotificationPreferencesChanged>, ApiError> {
    let (patch, now) = (body.read()?, app.clock.now());
    let preferences = transaction!(app.db, |tx| {
        store::lock(tx, &scope).await?;
        let chosen = store::find(tx, &scope).await?;
        let old = chosen.complete();
        let new = patch.apply(&old);
        store::save(tx, &scope, &chosen, &new).await?;
        let changes = new.changes_since(&old);
        if !changes.is_empty() {
            let event = Event::new(Action::Updated, Resource::Preferences, scope.user()).with(changes);
            audit::record(tx, &scope, event, now).await?;
        }
        Ok(new)
    })?;
    Ok(Json(NotificationPreferencesChanged { message: "Preferences updated successfully", preferences }))
}
