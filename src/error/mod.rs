//! One error for everything that can go wrong, and its one JSON shape.
//!
//! An error is a code with parameters until [`ApiError::render`] turns it into text at the edge, where the request's id and
//! language are known.

mod code;
mod field;

pub use code::Code;
pub use field::{FieldFault, FieldFaults, FieldMessage};

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::db;
use crate::policy::Role;

/// The language of an error's texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Flask's and marshmallow's own texts.
    English,
    /// For `Accept-Language: ko`.
    Korean,
}

impl Language {
    /// Chooses by `Accept-Language` (RFC 9110, 12.5.4); English when neither is asked for.
    pub fn negotiate(accept_language: Option<&HeaderValue>) -> Self {
        let Some(wanted) = accept_language.and_then(|value| value.to_str().ok()) else { return Self::English };
        let wanted = accept_language::parse_with_quality(wanted);
        // A quality of 0 rules a language out.
        let wanted = wanted.iter().filter(|(_, quality)| *quality > 0.0);
        let mut primary = wanted.map(|(tag, _)| tag.split('-').next().unwrap_or_default().to_ascii_lowercase());
        match primary.find(|language| matches!(language.as_str(), "ko" | "en")).as_deref() {
            Some("ko") => Self::Korean,
            _ => Self::English,
        }
    }

    /// By its tag; English for any other one.
    pub fn from_tag(tag: &str) -> Self {
        if tag == Self::Korean.tag() { Self::Korean } else { Self::English }
    }

    /// For `Content-Language`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }
}

/// An error on its way to the edge.
#[derive(Debug)]
pub struct ApiError {
    code: Code,
    detail: Detail,
}

/// A quota that is used up.
#[derive(Debug, Clone, Copy)]
pub struct RateLimit {
    /// Which one.
    pub name: &'static str,
    /// Calls in a window.
    pub quota: u32,
    /// Its length, in seconds.
    pub window: u64,
    /// Seconds until there is room again.
    pub reset: u64,
}

impl RateLimit {
    /// `Retry-After`, and the fields of draft-ietf-httpapi-ratelimit-headers.
    fn describe(self, headers: &mut HeaderMap) {
        let Self { name, quota, window, reset } = self;
        headers.insert(header::RETRY_AFTER, reset.into());
        let fields = [
            ("ratelimit-policy", format!("\"{name}\";q={quota};w={window}")),
            ("ratelimit", format!("\"{name}\";r=0;t={reset}")),
        ];
        for (field, text) in fields {
            if let Ok(text) = HeaderValue::from_str(&text) {
                headers.insert(field, text);
            }
        }
    }
}

#[derive(Debug)]
enum Detail {
    None,
    Text(String),
    Fields(FieldFaults),
    Roles { required: Vec<Role>, yours: Role },
    Limited(RateLimit),
    Database(sqlx::Error),
    Source(Box<dyn std::error::Error + Send + Sync>),
}

impl ApiError {
    /// An error whose text has a `{}`.
    pub fn with_text(code: Code, text: impl Into<String>) -> Self {
        Self { code, detail: Detail::Text(text.into()) }
    }

    /// Wrong fields of a body.
    pub fn fields(faults: FieldFaults) -> Self {
        Self { code: Code::ValidationFailed, detail: Detail::Fields(faults) }
    }

    /// Wrong query parameters.
    pub fn query(faults: FieldFaults) -> Self {
        Self { code: Code::InvalidQuery, detail: Detail::Fields(faults) }
    }

    /// One wrong field of a body.
    pub fn field(name: &str, message: FieldMessage) -> Self {
        Self::fields(FieldFaults::one(name, message))
    }

    /// The caller's role is none of those that may.
    pub fn role(required: Vec<Role>, yours: Role) -> Self {
        Self { code: Code::InsufficientPermissions, detail: Detail::Roles { required, yours } }
    }

    /// `code` when a unique key refused the row, else what any database error is.
    pub fn duplicate(error: sqlx::Error, code: Code) -> Self {
        if db::is_duplicate(&error) { code.into() } else { error.into() }
    }

    /// The caller has used up a quota.
    pub fn rate_limited(code: Code, limit: RateLimit) -> Self {
        Self { code, detail: Detail::Limited(limit) }
    }

    /// Something that should not have happened; the source goes to the log and nowhere else.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { code: Code::Internal, detail: Detail::Source(source.into()) }
    }

    /// What went wrong.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What the log should know and the caller should not.
    pub fn cause(&self) -> Option<&dyn std::error::Error> {
        match &self.detail {
            Detail::Database(source) => Some(source),
            Detail::Source(source) => Some(source.as_ref()),
            _ => None,
        }
    }

    /// The driver's error, when it is one.
    pub fn database(&self) -> Option<&sqlx::Error> {
        match &self.detail {
            Detail::Database(error) => Some(error),
            _ => None,
        }
    }

    fn text(&self, language: Language) -> String {
        let text = self.code.text(language);
        match &self.detail {
            Detail::Text(detail) => text.replace("{}", detail),
            _ => text.to_owned(),
        }
    }

    /// The answer that [`IntoResponse`] left out.
    pub fn render(&self, request_id: &str, language: Language) -> Response {
        let body = Json(self.body(request_id, language));
        (self.code.status(), [(header::CONTENT_LANGUAGE, language.tag())], body).into_response()
    }

    /// Its body.
    pub fn body(&self, request_id: &str, language: Language) -> ErrorBody {
        let text = self.text(language);
        ErrorBody {
            msg: (self.code.status() == StatusCode::UNAUTHORIZED).then(|| text.clone()),
            error: text,
            code: self.code.name(),
            errors: match &self.detail {
                Detail::Fields(faults) => serde_json::to_value(faults.in_language(language)).ok(),
                _ => None,
            },
            required_roles: match &self.detail {
                Detail::Roles { required, .. } => Some(required.clone()),
                _ => None,
            },
            your_role: match &self.detail {
                Detail::Roles { yours, .. } => Some(*yours),
                _ => None,
            },
            request_id: request_id.to_owned(),
        }
    }
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        Self { code, detail: Detail::None }
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        let code = if db::is_unavailable(&error) { Code::Unavailable } else { Code::Internal };
        Self { code, detail: Detail::Database(error) }
    }
}

impl std::fmt::Display for ApiError {
    /// For the operator: the English text, and what is behind it; of something that should not have happened only that.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.cause() {
            Some(source) if self.code == Code::Internal => write!(formatter, "{source}"),
            Some(source) => write!(formatter, "{}: {source}", self.text(Language::English)),
            None => formatter.write_str(&self.text(Language::English)),
        }
    }
}

impl std::error::Error for ApiError {}

impl IntoResponse for ApiError {
    /// Status and headers; the error itself travels as an extension and becomes the body at the edge.
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        if self.code.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Detail::Limited(limit) = &self.detail {
            limit.describe(response.headers_mut());
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Every error has this shape.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub struct ErrorBody {
    /// What went wrong, for people: English, or Korean for `Accept-Language: ko`.
    #[schema(example = "Task not found")]
    error: String,
    /// What went wrong, for programs; it never changes.
    #[schema(value_type = String, example = "task_not_found")]
    code: &'static str,
    /// Only with 401: the same as `error`, where Flask-JWT-Extended's clients look for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    msg: Option<String>,
    /// Only with 400: every wrong field with its messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<FieldFaults>, nullable = false)]
    errors: Option<serde_json::Value>,
    /// Only with 403: who may do this.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    required_roles: Option<Vec<Role>>,
    /// Only with 403: who is asking.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    your_role: Option<Role>,
    /// The request's id, as in `X-Request-Id` and in the log.
    request_id: String,
}

impl PartialSchema for FieldFaults {
    /// Parts have parts: a list of tasks has tasks, and a task has a list of tags.
    fn schema() -> RefOr<Schema> {
        let messages = ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::String)).build();
        let either = OneOfBuilder::new().item(messages).item(Ref::from_schema_name(Self::name())).build();
        ObjectBuilder::new()
            .additional_properties(Some(Schema::OneOf(either)))
            .description(Some("Messages by field; those of its parts by name or index."))
            .examples([json!({"title": ["Missing data for required field."], "tags": {"1": ["Not a valid string."]}})])
            .into()
    }
}

impl ToSchema for FieldFaults {
    fn name() -> Cow<'static, str> {
        "FieldErrors".into()
    }
}
