//! JSON Web Tokens with Flask-JWT-Extended's claims: HS256 and nothing else.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use moka::sync::Cache;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::store::UserRow;
use crate::clock::Timestamp;
use crate::config::TokenConfig;
use crate::error::{ApiError, Code};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// For every call but `/auth/refresh`.
    Access,
    /// For `/auth/refresh` alone.
    Refresh,
}

impl TokenType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

/// Makes and checks tokens.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    config: TokenConfig,
    /// Claims whose signature has been verified; whether they are good for a call is checked at each.
    signed: Cache<String, Arc<Claims>>,
}

/// A token that is good for the call by itself; whether it was revoked, only the database knows.
#[derive(Debug, Clone)]
pub struct VerifiedToken {
    user: i64,
    claims: Arc<Claims>,
}

/// The longest `jti` that can be revoked; ours and Flask's have 36 characters.
const ID_LENGTH: usize = 64;

/// The most verified tokens to remember, and for how long at most.
const REMEMBERED_TOKENS: u64 = 10_000;
const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// What a sign-in gives.
pub struct SessionTokens {
    /// For every call but `/auth/refresh`.
    pub access_token: String,
    /// For `/auth/refresh` alone.
    pub refresh_token: String,
}

#[derive(Serialize)]
struct NewClaims<'a> {
    fresh: bool,
    #[serde(rename = "gen")]
    generation: i64,
    iat: i64,
    jti: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    r#type: &'static str,
    sub: String,
    nbf: i64,
    exp: i64,
    user_id: i64,
    email: &'a str,
    tenant_id: &'a str,
    role: &'static str,
}

/// Only what is believed: who, of which type, and until when. Tenant and role come from the database.
#[derive(Debug, Deserialize)]
struct Claims {
    sub: Option<Value>,
    r#type: Option<Value>,
    jti: Option<Value>,
    /// The `jti` of the refresh token of the same session; Flask's tokens have none.
    sid: Option<Value>,
    /// The user's generation of tokens; Flask's tokens have none and are of the first.
    #[serde(rename = "gen", default)]
    generation: i64,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
}

impl Tokens {
    /// With the settings' key and lifetimes.
    pub fn new(config: TokenConfig) -> Self {
        let secret = config.secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        // Time is checked against our own clock, below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            config,
            signed: Cache::builder().max_capacity(REMEMBERED_TOKENS).time_to_live(REMEMBERED_FOR).build(),
        }
    }

    /// The tokens of a new session of this user.
    pub fn begin_session(&self, user: &UserRow, now: Timestamp) -> Result<SessionTokens, ApiError> {
        let id = Uuid::new_v4();
        let session = id.to_string();
        Ok(SessionTokens {
            access_token: self.issue(TokenType::Access, Uuid::new_v4(), Some(&session), user, now)?,
            refresh_token: self.issue(TokenType::Refresh, id, None, user, now)?,
        })
    }

    /// A new access token for the session of this refresh token.
    pub fn renew(&self, refresh: &VerifiedToken, user: &UserRow, now: Timestamp) -> Result<String, ApiError> {
        self.issue(TokenType::Access, Uuid::new_v4(), refresh.id(), user, now)
    }

    fn issue(
        &self,
        token_type: TokenType,
        id: Uuid,
        session: Option<&str>,
        user: &UserRow,
        now: Timestamp,
    ) -> Result<String, ApiError> {
        let lifetime = match token_type {
            TokenType::Access => self.config.access_lifetime,
            TokenType::Refresh => self.config.refresh_lifetime,
        };
        let claims = NewClaims {
            fresh: false,
            generation: user.token_generation,
            iat: now.seconds(),
            jti: id,
            sid: session,
            r#type: token_type.as_str(),
            sub: user.id.to_string(),
            nbf: now.seconds(),
            exp: now.seconds() + lifetime,
            user_id: user.id,
            email: &user.email,
            tenant_id: &user.tenant_id,
            role: user.role.as_str(),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(ApiError::internal)
    }

    /// A valid token of this type.
    pub fn verify(&self, token_type: TokenType, token: &str, now: Timestamp) -> Result<VerifiedToken, ApiError> {
        let claims = self.read(token)?;
        check_time(&claims, now)?;
        let user = check_purpose(&claims, token_type)?;
        Ok(VerifiedToken { user, claims })
    }

    /// A token of this type that may have expired: what was made with it lasts longer than it does.
    pub fn verify_at_any_time(&self, token_type: TokenType, token: &str) -> Result<VerifiedToken, ApiError> {
        let claims = self.read(token)?;
        let user = check_purpose(&claims, token_type)?;
        Ok(VerifiedToken { user, claims })
    }

    /// What revokes a refresh token with every access token of its session: its id, and the moment from which on none of
    /// them counts anyway.
    pub fn revocation_of_session<'token>(
        &self,
        refresh: &'token VerifiedToken,
    ) -> Result<(&'token str, Timestamp), ApiError> {
        let (id, ends_at) = refresh.revocation()?;
        let last = ends_at.micros().saturating_add(self.config.access_lifetime.saturating_mul(1_000_000));
        Ok((id, Timestamp::from_micros(last).unwrap_or(ends_at)))
    }

    /// The claims of a token that we, or Flask, have signed.
    fn read(&self, token: &str) -> Result<Arc<Claims>, Code> {
        match self.signed.get(token) {
            Some(claims) => Ok(claims),
            None => {
                let claims = Arc::new(self.decode(token)?);
                self.signed.insert(token.to_owned(), Arc::clone(&claims));
                Ok(claims)
            }
        }
    }

    fn decode(&self, token: &str) -> Result<Claims, Code> {
        let decoded = decode::<Claims>(token, &self.decoding, &self.validation);
        decoded.map(|decoded| decoded.claims).map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => Code::WrongSignature,
            ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => Code::WrongAlgorithm,
            _ if names_another_algorithm(token) => Code::WrongAlgorithm,
            _ => Code::MalformedToken,
        })
    }
}

impl VerifiedToken {
    /// The id of its user.
    pub fn user(&self) -> i64 {
        self.user
    }

    /// The user's generation of tokens when it was made.
    pub fn generation(&self) -> i64 {
        self.claims.generation
    }

    /// Its own id, if it has one that fits into the table of revoked tokens.
    pub fn id(&self) -> Option<&str> {
        id_in(self.claims.jti.as_ref())
    }

    /// The id of its session's refresh token, which ends it too.
    pub fn session(&self) -> Option<&str> {
        id_in(self.claims.sid.as_ref())
    }

    /// The moment from which on it does not count.
    pub fn ends_at(&self) -> Result<Timestamp, ApiError> {
        let end = self.claims.exp.and_then(|seconds| Timestamp::from_micros((seconds.ceil() * 1e6) as i64));
        end.ok_or_else(|| missing("exp"))
    }

    /// What revokes it: its id, and the moment from which on it does not count anyway.
    pub fn revocation(&self) -> Result<(&str, Timestamp), ApiError> {
        Ok((self.id().ok_or_else(|| missing("jti"))?, self.ends_at()?))
    }

    /// One that was verified before, as far as it takes to see whether it was revoked since.
    pub fn remembered(user: i64, id: Option<String>, session: Option<String>, generation: i64) -> Self {
        let (jti, sid) = (id.map(Value::from), session.map(Value::from));
        let claims = Claims { sub: None, r#type: None, jti, sid, generation, exp: None, nbf: None, iat: None };
        Self { user, claims: Arc::new(claims) }
    }
}

fn id_in(claim: Option<&Value>) -> Option<&str> {
    claim.and_then(Value::as_str).filter(|id| id.len() <= ID_LENGTH)
}

/// Signed claims that are good now.
fn check_time(claims: &Claims, now: Timestamp) -> Result<(), ApiError> {
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in a double")]
    let seconds = now.seconds() as f64;
    let expires = claims.exp.ok_or_else(|| missing("exp"))?;
    for (name, from) in [("nbf", claims.nbf), ("iat", claims.iat)] {
        if from.is_some_and(|from| from > seconds) {
            return Err(ApiError::with_text(Code::TokenNotYetValid, name));
        }
    }
    if expires <= seconds { Err(Code::ExpiredToken.into()) } else { Ok(()) }
}

/// The user in signed claims that are good for this.
fn check_purpose(claims: &Claims, token_type: TokenType) -> Result<i64, ApiError> {
    if *claims.r#type.as_ref().ok_or_else(|| missing("type"))? != token_type.as_str() {
        return Err(match token_type {
            TokenType::Access => Code::AccessTokenRequired.into(),
            TokenType::Refresh => Code::RefreshTokenRequired.into(),
        });
    }
    match claims.sub.as_ref().ok_or_else(|| missing("sub"))? {
        Value::String(id) => id.parse().map_err(|_| Code::InvalidSubject.into()),
        _ => Err(Code::InvalidSubject.into()),
    }
}

/// The library cannot even read a header whose `alg` it does not know, such as `none`.
fn names_another_algorithm(token: &str) -> bool {
    let header = token.split('.').next().and_then(|header| BASE64_URL_SAFE_NO_PAD.decode(header).ok());
    let header = header.and_then(|header| serde_json::from_slice::<Value>(&header).ok());
    header.is_some_and(|header| header["alg"].as_str().is_some_and(|algorithm| algorithm != "HS256"))
}

fn missing(claim: &str) -> ApiError {
    ApiError::with_text(Code::MissingClaim, claim)
}

/// The token in the `Authorization` header, found as Flask-JWT-Extended finds it: among comma-separated fields the
/// one that begins with `Bearer`, and the one word behind it.
pub fn bearer(headers: &HeaderMap) -> Result<&str, Code> {
    let header = headers.get(AUTHORIZATION).ok_or(Code::MissingToken)?;
    let header = header.to_str().map_err(|_| Code::MalformedHeader)?;
    if header.trim().is_empty() {
        return Err(Code::MissingToken);
    }
    let mut bearers = header.split(',').filter(|field| field.split_whitespace().next() == Some("Bearer"));
    let (Some(field), None) = (bearers.next(), bearers.next()) else { return Err(Code::WrongScheme) };
    let mut words = field.split_whitespace().skip(1);
    match (words.next(), words.next()) {
        (Some(token), None) => Ok(token),
        _ => Err(Code::MalformedHeader),
    }
}
