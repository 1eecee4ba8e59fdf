//! Extractors whose every failure is an [`ApiError`].

use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde_json::Value;

use crate::error::{ApiError, Code};
use crate::fields::{Fields, FromFields, ascii_digits};

/// The largest JSON body, in bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// A JSON body that is read when the handler asks for it: Flask looks for the row first, so that a wrong body for a
/// missing row is a 404.
#[derive(Debug)]
pub struct Body<T> {
    bytes: Bytes,
    is_json: bool,
    read: PhantomData<fn() -> T>,
}

impl<T: FromFields> Body<T> {
    /// As it was sent.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// 415 when it is not JSON by its Content-Type, 400 when it is not JSON, or with every wrong field.
    pub fn read(self) -> Result<T, ApiError> {
        Fields::read_body(self.value()?).map_err(ApiError::fields)
    }

    /// Whether it has this field, whatever is in it; 415 or 400 when it is not JSON.
    pub fn has(&self, field: &str) -> Result<bool, ApiError> {
        Ok(self.value()?.get(field).is_some())
    }

    fn value(&self) -> Result<Value, ApiError> {
        if !self.is_json {
            return Err(Code::NotJson.into());
        }
        // A byte order mark is not JSON (RFC 8259, 8.1), but a parser may ignore it, and Flask does.
        let text = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.bytes);
        serde_json::from_slice(text).map_err(|error| ApiError::with_text(Code::MalformedJson, error.to_string()))
    }

    /// Like [`Body::read`], for a change of a row: that the row is missing comes before that the body is wrong.
    pub async fn read_for<R>(self, row: impl Future<Output = Result<R, ApiError>>) -> Result<T, ApiError> {
        match self.read() {
            Err(fault) => row.await.and(Err(fault)),
            read => read,
        }
    }

    /// Like [`Body::read`], but nothing for an empty body.
    pub fn read_optional(self) -> Result<Option<T>, ApiError> {
        if self.bytes.iter().all(u8::is_ascii_whitespace) { Ok(None) } else { self.read().map(Some) }
    }

    /// Like [`Body::read_for`], but nothing for an empty body.
    pub async fn read_optional_for<R>(
        self,
        row: impl Future<Output = Result<R, ApiError>>,
    ) -> Result<Option<T>, ApiError> {
        match self.read_optional() {
            Err(fault) => row.await.and(Err(fault)),
            read => read,
        }
    }
}

impl<S: Send + Sync, T> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        Ok(Self { bytes: bytes(request, state).await?, is_json, read: PhantomData })
    }
}

/// A file of CSV.
#[derive(Debug)]
pub struct CsvBody {
    /// As it was sent.
    pub bytes: Bytes,
    /// Its encoding, if the Content-Type says it.
    pub charset: Option<String>,
}

impl<S: Send + Sync> FromRequest<S> for CsvBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        // Browsers on Windows take a file of CSV for Excel's.
        if !matches!(media_type(request.headers()).as_str(), "text/csv" | "application/vnd.ms-excel") {
            return Err(Code::NotCsv.into());
        }
        let charset = charset(request.headers());
        let bytes = bytes(request, state).await.map_err(|error| match error.code() {
            Code::BodyTooLarge => Code::FileTooLarge.into(),
            _ => error,
        })?;
        Ok(Self { bytes, charset })
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Code::BodyTooLarge.into(),
        _ => Code::MalformedRequest.into(),
    })
}

/// `application/json` or `application/*+json`, with any parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let essence = media_type(headers);
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The Content-Type without its parameters, in small letters.
fn media_type(headers: &HeaderMap) -> String {
    content_type(headers).split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The Content-Type's `charset`.
fn charset(headers: &HeaderMap) -> Option<String> {
    let mut parameters = content_type(headers).split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, charset) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(charset.trim().trim_matches('"').to_owned())
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Query parameters.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: FromFields> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Fields::read_query(parts.uri.query().unwrap_or_default()).map(Self).map_err(ApiError::query)
    }
}

/// The id at the end of the path. It comes before the guard: to Flask a path without a proper id is no route at all,
/// and so a 404 for everybody.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Code::NotFound)?;
        let (_, id) = params.iter().last().ok_or(Code::NotFound)?;
        Ok(Self(id_of(id).ok_or(Code::NotFound)?))
    }
}

/// The two ids in the path of a row that belongs to another one: the other one's, then its own.
#[derive(Debug, Clone, Copy)]
pub struct Ids(pub i64, pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Code::NotFound)?;
        let mut ids = params.iter().map(|(_, id)| id_of(id));
        match (ids.next().flatten(), ids.next().flatten()) {
            (Some(whole), Some(own)) => Ok(Self(whole, own)),
            _ => Err(Code::NotFound.into()),
        }
    }
}

fn id_of(text: &str) -> Option<i64> {
    let digits = ascii_digits(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // A number too large for an id belongs to no row, like any other that no row has.
    is_number.then(|| digits.parse().unwrap_or(i64::MAX))
}
