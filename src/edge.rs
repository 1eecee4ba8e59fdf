//! The outermost layer: the request's id, its log line, and the one shape of every error.

use std::any::Any;
use std::borrow::Cow;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use tokio_util::task::TaskTracker;
use tracing::field::Empty;
use tracing::{Instrument, Span, error, info, info_span};
use uuid::Uuid;

use crate::config::Environment;
use crate::error::{ApiError, Code, Language};

/// The request's id, for whoever handles it.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is taken over from the caller.
const REQUEST_ID_LENGTH: usize = 128;
/// How long a part of a path must be not to be in the log: a secret has 43 characters, and one of which only the first
/// 31 are known is still a secret. No part of a route is as long.
const SECRET_LENGTH: usize = 32;

/// Lets a request come to its end, whether its client waits for it or has hung up. Breaking it off would save little:
/// the database goes on with what it has begun, unseen, and each time a connection to it would have to be made anew.
pub async fn to_the_end(State(tracker): State<TaskTracker>, request: Request, next: Next) -> Response {
    match tracker.spawn(next.run(request)).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        },
    }
}

/// Wraps every request.
pub async fn edge(State(environment): State<Environment>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let language = request.headers().get(header::ACCEPT_LANGUAGE).cloned();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let asks_for_methods = is_plain_options(&request);
    if asks_for_methods {
        *request.method_mut() = nobodys_method();
    }
    let id_text = id.to_str().unwrap_or_default();
    request.extensions_mut().insert(RequestId(id_text.into()));
    let span = info_span!("request", request_id = id_text, route = Empty, tenant = Empty, user = Empty);
    let mut response = next.run(request).instrument(span.clone()).await;
    if asks_for_methods && response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response = methods(response);
    } else {
        response = with_error_body(response, id_text, language.as_ref(), &span);
    }
    span.in_scope(|| {
        // To the microsecond.
        let (status, ms) = (response.status().as_u16(), (started.elapsed().as_secs_f64() * 1e6).round() / 1e3);
        let path = &*without_secrets(&path);
        info!(%method, path, status, ms, "request");
    });
    allow_options(response.headers_mut());
    add_headers(response.headers_mut(), id, &path, environment);
    response
}

/// Notes the route's template in the request's span.
pub async fn record_route(route: MatchedPath, request: Request, next: Next) -> Response {
    Span::current().record("route", route.as_str());
    next.run(request).await
}

/// The path as the log may have it. The secret of a calendar's link is a part of its path, with whatever slashes,
/// method or answer; so it is its length that counts, and not whether there is such a route.
fn without_secrets(path: &str) -> Cow<'_, str> {
    if path.split('/').all(|part| part.len() < SECRET_LENGTH) {
        return Cow::Borrowed(path);
    }
    let parts = path.split('/').map(|part| if part.len() < SECRET_LENGTH { part } else { "…" });
    Cow::Owned(parts.collect::<Vec<_>>().join("/"))
}

/// The caller's id if it is sane, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let is_sane = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
        (1..=REQUEST_ID_LENGTH).contains(&bytes.len()) && bytes.iter().all(is_plain)
    };
    let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
    headers.get(REQUEST_ID).filter(is_sane).cloned().unwrap_or_else(|| {
        let new = Uuid::new_v4().hyphenated().encode_lower(&mut buffer);
        HeaderValue::from_str(new).unwrap_or_else(|_| HeaderValue::from_static("none"))
    })
}

/// `OPTIONS` that is no CORS preflight asks which methods there are (RFC 9110, 9.3.7).
fn is_plain_options(request: &Request) -> bool {
    request.method() == Method::OPTIONS && !request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// A method that no route has: the router answers 405 with all that it does have, or 404.
fn nobodys_method() -> Method {
    Method::from_bytes(b"WHICH").unwrap_or_default()
}

fn methods(response: Response) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::OK;
    parts.extensions.remove::<Arc<ApiError>>();
    Response::from_parts(parts, Body::empty())
}

/// The router knows nothing of the `OPTIONS` that we answer for it.
fn allow_options(headers: &mut HeaderMap) {
    let allow = headers.get(header::ALLOW).and_then(|allow| allow.to_str().ok());
    if let Some(Ok(allow)) = allow.map(|allow| HeaderValue::from_str(&format!("{allow},OPTIONS"))) {
        headers.insert(header::ALLOW, allow);
    }
}

/// Gives an error its body, whatever raised it; the inside of a 500 goes to the log.
fn with_error_body(response: Response, id: &str, language: Option<&HeaderValue>, span: &Span) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let error = parts.extensions.remove::<Arc<ApiError>>().unwrap_or_else(|| Arc::new(foreign(status)));
    if let Some(source) = error.cause() {
        span.in_scope(|| error!(code = error.code().name(), error = %source, "request failed"));
    }
    let (rendered, body) = error.render(id, Language::negotiate(language)).into_parts();
    parts.status = rendered.status;
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(rendered.headers);
    parts.headers.append(header::VARY, header::ACCEPT_LANGUAGE.into());
    if parts.status == StatusCode::SERVICE_UNAVAILABLE {
        parts.headers.entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
    }
    Response::from_parts(parts, body)
}

/// For an error answer that none of our own code made.
fn foreign(status: StatusCode) -> ApiError {
    match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        status if status.is_client_error() => Code::MalformedRequest,
        _ => Code::Internal,
    }
    .into()
}

fn add_headers(headers: &mut HeaderMap, id: HeaderValue, path: &str, environment: Environment) {
    // Swagger UI styles its elements inline and shows images from data URLs; an API answer needs nothing at all.
    let policy = if path.starts_with("/api/docs") {
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
    } else {
        "default-src 'none'; frame-ancestors 'none'"
    };
    headers.insert(REQUEST_ID, id);
    // A handler whose page needs more says so itself.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if environment == Environment::Production {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}

/// For a path that no route has; doubled slashes are led to the clean path, as werkzeug does.
pub async fn not_found(uri: Uri) -> Response {
    let path = uri.path();
    // Browsers take a backslash for a slash: two of either at the beginning would lead to another server.
    if !path.contains("//") || path.contains('\\') {
        return ApiError::from(Code::NotFound).into_response();
    }
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut clean: String = segments.flat_map(|segment| ["/", segment]).collect();
    if path.ends_with('/') {
        clean.push('/');
    }
    if let Some(query) = uri.query() {
        clean.push('?');
        clean.push_str(query);
    }
    Redirect::permanent(&clean).into_response()
}

/// For a route that has other methods.
pub async fn method_not_allowed() -> ApiError {
    Code::MethodNotAllowed.into()
}

/// A panic in a handler is a 500 like any other.
#[expect(clippy::needless_pass_by_value, reason = "the signature that CatchPanicLayer asks for")]
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a message");
    ApiError::internal(format!("panic: {message}")).into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::to_bytes;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use serde_json::{Value, json};
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[test]
    fn a_long_part_of_a_path_is_not_shown() {
        let secret = "3q2-7wXkT0yVb5mJZr9nQe8sLhU1aFcGdIoKpRtYvBg";
        for (before, after) in [("", ".ics"), ("", ""), ("", "/"), ("/", ".ics/"), ("", "%2Eics/x"), ("%33", "")] {
            let shown = without_secrets(&format!("/api/v1/calendar/feeds/{before}{secret}{after}")).into_owned();
            assert!(shown.starts_with("/api/v1/calendar/feeds/") && shown.contains('…'), "{shown}");
            assert!(!shown.contains("Zr9n"), "{shown}");
        }
        for path in ["/api/v1/meetings/12/action-items/7/convert-to-task", "/", "", "/swagger-ui-standalone-preset.js"]
        {
            assert_eq!(without_secrets(path), path);
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_500_that_says_nothing_of_the_inside() {
        let app = Router::new()
            .route("/", get(async || -> &'static str { panic!("secret of the inside") }))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn_with_state(Environment::Test, edge));
        let request = Request::get("/").header(REQUEST_ID, "an-id").body(Body::empty()).unwrap();
        let response = app.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body: Value = serde_json::from_slice(&to_bytes(response.into_body(), 10_000).await.unwrap()).unwrap();
        assert_eq!(body, json!({"error": "Internal Server Error", "code": "internal_error", "request_id": "an-id"}));
    }

    #[tokio::test]
    async fn an_answers_own_content_security_policy_stands() {
        let own = "default-src 'none'; style-src 'sha256-x'";
        let app = Router::new()
            .route("/own", get(async move || [(header::CONTENT_SECURITY_POLICY, own)]))
            .route("/none", get(async || ""))
            .layer(from_fn_with_state(Environment::Test, edge));
        for (path, policy) in [("/own", own), ("/none", "default-src 'none'; frame-ancestors 'none'")] {
            let response = app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
            let policies: Vec<_> = response.headers().get_all(header::CONTENT_SECURITY_POLICY).iter().collect();
            assert_eq!(policies, [policy]);
        }
    }
}
