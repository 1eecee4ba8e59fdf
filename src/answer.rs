//! What answers have in common.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::etag::{Tag, etag};

/// For answers with a token or an amount.
pub const NO_STORE: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");

/// Says that the answer is the first one's, given once more.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// 201: what was made. A value of its own, so that it can be kept for a repetition of the request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Created {
    body: String,
    location: Option<String>,
    etag: Option<String>,
    is_private: bool,
    #[serde(skip)]
    is_replay: bool,
}

impl Created {
    /// With this body.
    pub fn new(answer: &impl Serialize) -> Result<Self, ApiError> {
        let body = serde_json::to_string(answer).map_err(ApiError::internal)?;
        Ok(Self { body, location: None, etag: None, is_private: false, is_replay: false })
    }

    /// It is at `/api/v1/{place}`.
    #[must_use]
    pub fn at(self, place: impl std::fmt::Display) -> Self {
        Self { location: Some(format!("/api/v1/{place}")), ..self }
    }

    /// It has this entity tag.
    #[must_use]
    pub fn tagged(self, tag: impl Into<Tag>) -> Self {
        Self { etag: Some(etag(tag).1), ..self }
    }

    /// It has a token or an amount in it.
    #[must_use]
    pub fn private(self) -> Self {
        Self { is_private: true, ..self }
    }

    /// The id of what was made, with which its place ends.
    pub fn id(&self) -> Option<i64> {
        self.location.as_deref()?.rsplit('/').next()?.parse().ok()
    }

    /// It was given before.
    #[must_use]
    pub fn replayed(self) -> Self {
        Self { is_replay: true, ..self }
    }
}

impl IntoResponse for Created {
    fn into_response(self) -> Response {
        let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut response = (StatusCode::CREATED, [json], self.body).into_response();
        let headers = response.headers_mut();
        for (name, value) in [(header::LOCATION, self.location), (header::ETAG, self.etag)] {
            if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
                headers.insert(name, value);
            }
        }
        if self.is_private {
            headers.insert(NO_STORE.0, HeaderValue::from_static(NO_STORE.1));
        }
        if self.is_replay {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}
