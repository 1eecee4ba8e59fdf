//! `/notifications/stream-ticket`.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use chrono::TimeDelta;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, NewTicketRow};
use super::types::StreamTicket;
use crate::answer::NO_STORE;
use crate::app::AppState;
use crate::auth::May;
use crate::auth::secret::{generate, hash};
use crate::auth::token::{TokenType, bearer};
use crate::clock::Timestamp;
use crate::db::transaction;
use crate::error::ApiError;
use crate::policy::ReadNotifications;

/// How long a ticket counts.
const LIFETIME: TimeDelta = TimeDelta::seconds(60);

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(issue_stream_ticket))
}

/// Get a ticket for the stream
///
/// For a browser's `EventSource`, which cannot send the access token: `/notifications/stream?ticket=…`. It counts once and
/// for a minute, on any server. The stream ends when the access token of this call does.
#[utoipa::path(
    post, path = "/notifications/stream-ticket", tag = "notifications",
    responses((status = 200, description = "The ticket", body = StreamTicket)),
    security(("bearer" = [])),
)]
async fn issue_stream_ticket(
    May(scope, _): May<ReadNotifications>,
    State(app): State<AppState>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let now = app.clock.now();
    let token = app.tokens.verify(TokenType::Access, bearer(&headers)?, now)?;
    let (ticket, ends_at) = (generate(), token.ends_at()?);
    let expires_at = Timestamp::new(now.utc() + LIFETIME).min(ends_at);
    let new = NewTicketRow {
        token_hash: hash(&ticket),
        jti: token.id().map(str::to_owned),
        sid: token.session().map(str::to_owned),
        token_generation: token.generation(),
        ends_at,
        expires_at,
    };
    transaction!(app.db, |tx| {
        store::insert(tx, &scope, &new).await?;
        // Last, since it locks where others insert.
        Ok(store::drop_expired(tx, &scope, now).await?)
    })?;
    Ok(([NO_STORE], Json(StreamTicket { ticket, expires_at })))
}
