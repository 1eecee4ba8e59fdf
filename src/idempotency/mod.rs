//! `Idempotency-Key`: a script that got no answer sends its request again, and nothing happens twice
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! The key is written down in the transaction of its effect, with the answer, sealed: it may have an amount or a token in
//! it. So both are there or neither is, on every instance and after a restart. A request that changed nothing leaves no key
//! and may be tried again.

mod fingerprint;
mod in_flight;
mod store;

use std::error::Error;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::HeaderName;
use axum::http::request::Parts;
use chrono::TimeDelta;
use tracing::warn;

use crate::answer::Created;
use crate::app::AppState;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::Conn;
use crate::error::{ApiError, Code};
use crate::sealer::Sealer;

pub use fingerprint::Fingerprints;
pub use in_flight::InFlight;
pub use store::delete_expired;

use in_flight::Turn;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key.
const KEY_LENGTH: usize = 255;
/// How long a key counts.
pub const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// The request's `Idempotency-Key`, if it has one.
#[derive(Debug)]
pub struct IdempotencyKey {
    key: Option<String>,
    /// What the request asks for, beside its body.
    target: String,
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let mut keys = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let key = match (keys.next(), keys.next()) {
            (None, _) => None,
            (Some(key), None) => {
                // A tab may stand in a header, but it is not printable.
                let is_printable = |key: &&str| key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
                let key = key.to_str().ok().filter(|key| (1..=KEY_LENGTH).contains(&key.len())).filter(is_printable);
                Some(key.ok_or(Code::MalformedIdempotencyKey)?.to_owned())
            }
            (Some(_), Some(_)) => return Err(Code::MalformedIdempotencyKey.into()),
        };
        // The whole path, of which a nested router shows its handlers only the end. But nothing before it: over HTTP/2 the
        // URI also has the protocol and the host in it, and a repetition may come another way.
        let Ok(OriginalUri(uri)) = OriginalUri::from_request_parts(parts, state).await;
        let target = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        Ok(Self { key, target })
    }
}

/// Whether the request has been answered before.
#[derive(Debug)]
pub enum Begun {
    /// It has; this was the answer.
    Before(Created),
    /// It has not, or it has no key.
    First(Once),
}

/// A request that is not to have its effect twice, until it is over.
#[derive(Debug)]
pub struct Once(Option<Claim>);

#[derive(Debug)]
struct Claim {
    key: String,
    fingerprint: String,
    /// The row of a key that counts no more is in the way.
    is_expired: bool,
    now: Timestamp,
    sealer: Sealer,
    /// Nobody else on this instance has the key.
    _turn: Turn,
}

impl IdempotencyKey {
    /// To be called first, before the body is read: looks for the first answer. 409 while the first request is still
    /// running, 422 when it was another one.
    pub async fn begin(self, app: &AppState, scope: &Scope, body: &[u8]) -> Result<Begun, ApiError> {
        let Some(key) = self.key else { return Ok(Begun::First(Once(None))) };
        let turn = app.in_flight.take(scope, &key).ok_or(Code::IdempotencyKeyInFlight)?;
        let now = app.clock.now();
        let place = place(scope, &key);
        let fingerprint = app.fingerprints.make(&place, &self.target, body);
        let known = store::find(&mut app.db.read().await?, scope, &key).await?;
        let is_expired = known.as_ref().is_some_and(|known| known.created_at <= expiry(now));
        if let Some(known) = known.filter(|_| !is_expired) {
            if known.fingerprint != fingerprint {
                return Err(Code::IdempotencyKeyReused.into());
            }
            let answer = reopen(&app.answers, &known.answer, &place).map_err(|error| {
                warn!(%error, "the kept answer to a request cannot be shown");
                Code::IdempotentAnswerLost
            })?;
            return Ok(Begun::Before(answer.replayed()));
        }
        let sealer = app.answers.clone();
        Ok(Begun::First(Once(Some(Claim { key, fingerprint, is_expired, now, sealer, _turn: turn }))))
    }
}

impl Once {
    /// To be called first in the transaction: 409 when another instance was faster.
    pub async fn claim(&self, conn: &mut Conn, scope: &Scope) -> Result<(), ApiError> {
        let Some(Claim { key, fingerprint, is_expired, now, .. }) = &self.0 else { return Ok(()) };
        if *is_expired {
            store::delete(conn, scope, key, expiry(*now)).await?;
        }
        let claimed = store::insert(conn, scope, key, fingerprint, *now).await;
        let claimed = claimed.map_err(|error| ApiError::duplicate(error, Code::IdempotencyKeyInFlight))?;
        if claimed { Ok(()) } else { Err(Code::IdempotencyKeyInFlight.into()) }
    }

    /// To be called last in the transaction: keeps the answer.
    pub async fn settle(&self, conn: &mut Conn, scope: &Scope, answer: Created) -> Result<Created, ApiError> {
        let Some(Claim { key, sealer, .. }) = &self.0 else { return Ok(answer) };
        let text = serde_json::to_vec(&answer).map_err(ApiError::internal)?;
        let sealed = sealer.seal(&text, place(scope, key).as_bytes()).map_err(ApiError::internal)?;
        store::set_answer(conn, scope, key, sealed).await?;
        Ok(answer)
    }
}

/// Keys from before this moment count no more.
fn expiry(now: Timestamp) -> Timestamp {
    Timestamp::new(now.utc() - LIFETIME)
}

/// The answer that was kept here. It does not open once `CONTRACT_ENCRYPTION_KEY` is another one.
fn reopen(answers: &Sealer, sealed: &str, place: &str) -> Result<Created, Box<dyn Error + Send + Sync>> {
    Ok(serde_json::from_slice(&answers.open(sealed, place.as_bytes())?)?)
}

/// What a sealed answer and a fingerprint are bound to. Unambiguous: neither id nor key has a line break in it.
fn place(scope: &Scope, key: &str) -> String {
    format!("{}\n{key}\n{}", scope.user(), scope.tenant())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use axum::routing::post;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn what_is_asked_for_is_the_whole_path_and_depends_on_neither_protocol_nor_host() {
        let routes = Router::new().route("/tasks", post(async |key: IdempotencyKey| key.target));
        let app = Router::new().nest("/api/v1", routes);
        for uri in ["/api/v1/tasks?a=1", "http://one:4001/api/v1/tasks?a=1", "https://two/api/v1/tasks?a=1"] {
            let request = Request::post(uri).body(Body::empty()).unwrap();
            let response = app.clone().oneshot(request).await.unwrap();
            let target = to_bytes(response.into_body(), 1000).await.unwrap();
            assert_eq!(target, "/api/v1/tasks?a=1", "{uri}");
        }
    }
}
