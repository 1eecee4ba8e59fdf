//! The guard of a stream, and what the stream keeps of it.

use std::marker::PhantomData;
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::store::{self, TicketRow};
use crate::app::AppState;
use crate::auth::Scope;
use crate::auth::secret::hash;
use crate::auth::token::{TokenType, VerifiedToken, bearer};
use crate::clock::Timestamp;
use crate::db::transaction;
use crate::error::{ApiError, Code};
use crate::origin::Origin;
use crate::policy::Action;

/// The right to something that goes on after its request: the one of an access token, as long as that counts.
#[derive(Debug, Clone)]
pub struct Right {
    token: VerifiedToken,
    ends_at: Timestamp,
}

impl Right {
    fn of_token(token: VerifiedToken) -> Result<Self, ApiError> {
        let ends_at = token.ends_at()?;
        Ok(Self { token, ends_at })
    }

    /// How long it lasts at most.
    pub fn left(&self, now: Timestamp) -> Duration {
        Duration::from_micros(u64::try_from(self.ends_at.micros() - now.micros()).unwrap_or(0))
    }

    /// What the user of `scope`, for whom this right was given, may do now. Refuses with 401 once the token has expired or
    /// was revoked, or its user is let in no more.
    pub async fn scope(&self, app: &AppState, scope: &Scope) -> Result<Scope, ApiError> {
        let now = app.clock.now();
        if now >= self.ends_at {
            return Err(Code::ExpiredToken.into());
        }
        let known = app.users.get(&app.db, &self.token, now).await?;
        Ok(scope.with_role(known.role))
    }
}

/// The guard of a stream: the request carries a valid access token, or a ticket that was made with one, of an active user
/// whose role may do `A`.
#[derive(Debug)]
pub struct StreamUser<A>(pub Scope, pub Right, pub PhantomData<fn() -> A>);

impl<S, A> FromRequestParts<S> for StreamUser<A>
where
    S: Send + Sync,
    A: Action,
    AppState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let app = AppState::from_ref(state);
        let right = match ticket(parts) {
            Some(ticket) => redeem(&app, &ticket).await?,
            None => {
                let token = bearer(&parts.headers)?;
                Right::of_token(app.tokens.verify(TokenType::Access, token, app.clock.now())?)?
            }
        };
        let Ok(origin) = Origin::from_request_parts(parts, state).await;
        Ok(Self(Scope::of_token::<A>(&app, &right.token, origin).await?, right, PhantomData))
    }
}

/// The ticket in the address, for a caller without the header.
fn ticket(parts: &Parts) -> Option<String> {
    if parts.headers.contains_key(AUTHORIZATION) {
        return None;
    }
    let mut query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    query.find(|(name, _)| name == "ticket").map(|(_, ticket)| ticket.into_owned())
}

/// Uses a ticket up.
async fn redeem(app: &AppState, ticket: &str) -> Result<Right, ApiError> {
    let (hash, now) = (hash(ticket), app.clock.now());
    // Who guesses does not get as far as a transaction.
    let row = store::find(&mut app.db.read().await?, &hash).await?;
    let row = row.filter(|row| now < row.expires_at).ok_or(Code::InvalidTicket)?;
    // Of two who come at once, on whichever instances, one has deleted it.
    let is_ours = transaction!(app.db, |tx| Ok(store::delete(tx, &hash).await?))?;
    if !is_ours {
        return Err(Code::InvalidTicket.into());
    }
    let TicketRow { user_id, jti, sid, token_generation, ends_at, expires_at: _ } = row;
    Ok(Right { token: VerifiedToken::remembered(user_id, jti, sid, token_generation), ends_at })
}
