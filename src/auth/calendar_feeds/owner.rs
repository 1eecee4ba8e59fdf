//! The guard of what is read by a link.

use axum::extract::{FromRef, FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use tracing::Span;
use tracing::field::display;

use super::store;
use crate::app::AppState;
use crate::auth::store::{UserRow, find_by_id};
use crate::auth::{Scope, secret};
use crate::clock::Timestamp;
use crate::db::transaction;
use crate::error::{ApiError, Code, Language};
use crate::origin::Origin;

/// How fine it is known when a link was used, in microseconds: programs ask again and again, and a write for each time
/// would be waste.
const HOUR: i64 = 3_600_000_000;

/// The guard: the path ends with the secret of an active user's calendar link, whose sessions have not ended since it
/// was made. Nothing is remembered between two requests, so that a link that ends does so at once and everywhere.
#[derive(Debug)]
pub struct FeedOwner {
    /// What that user may reach.
    pub scope: Scope,
    /// The language that the link was made for.
    pub language: Language,
}

impl<S> FromRequestParts<S> for FeedOwner
where
    S: Send + Sync,
    AppState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let app = AppState::from_ref(state);
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Code::CalendarFeedNotFound)?;
        let (_, file) = params.iter().last().ok_or(Code::CalendarFeedNotFound)?;
        let token_hash = secret::hash(file.strip_suffix(".ics").unwrap_or(file));
        let mut conn = app.db.read().await?;
        let feed = store::find_by_token(&mut conn, &token_hash).await?.ok_or(Code::CalendarFeedNotFound)?;
        let user = find_by_id(&mut conn, feed.user_id).await?;
        let counts = |user: &UserRow| user.is_active && user.token_generation == feed.token_generation;
        let user = user.filter(counts).ok_or(Code::CalendarFeedNotFound)?;
        drop(conn);
        Span::current().record("tenant", display(&user.tenant_id)).record("user", user.id);
        let origin = Origin::from_request_parts(parts, state).await.unwrap_or_default();
        let scope = Scope::of(&user, &app, origin);
        let now = app.clock.now();
        if is_stale(feed.last_used_at, now) {
            transaction!(app.db, |tx| Ok(store::touch(tx, &scope, feed.id, now).await?))?;
        }
        Ok(Self { scope, language: Language::from_tag(&feed.locale) })
    }
}

fn is_stale(last_used_at: Option<Timestamp>, now: Timestamp) -> bool {
    last_used_at.is_none_or(|last| now.micros() - last.micros() >= HOUR)
}
