//! What answers have in common.

use axum::Json;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// For answers with a token or an amount.
pub const NO_STORE: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");

/// 201 with the new resource and where it is: `/api/v1/{collection}/{id}`.
pub fn created(collection: &str, id: i64, answer: impl Serialize) -> Response {
    (StatusCode::CREATED, [(header::LOCATION, format!("/api/v1/{collection}/{id}"))], Json(answer)).into_response()
}
