//! A small HTTP client that keeps what tests look at: status, headers, body.

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use crate::app::Session;

pub use reqwest::Method;

/// A call being made.
pub struct Call(RequestBuilder);

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Call {
    pub fn new(request: RequestBuilder) -> Self {
        Self(request)
    }

    /// As this user.
    pub fn by(self, session: &Session) -> Self {
        self.token(&session.token)
    }

    /// With this Bearer token.
    pub fn token(self, token: &str) -> Self {
        Self(self.0.bearer_auth(token))
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub fn json(self, body: Value) -> Self {
        Self(self.0.json(&body))
    }

    /// With these bytes as they are, declared to be JSON.
    pub fn raw(self, body: impl Into<Vec<u8>>) -> Self {
        Self(self.0.header("content-type", "application/json").body(body.into()))
    }

    /// With these bytes and no Content-Type.
    pub fn bytes(self, body: impl Into<Vec<u8>>) -> Self {
        Self(self.0.body(body.into()))
    }

    pub async fn send(self) -> Reply {
        self.try_send().await.unwrap()
    }

    /// Like [`Call::send`]; an error when there is no whole answer.
    pub async fn try_send(self) -> reqwest::Result<Reply> {
        let response = self.0.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // A stream has no end.
        let is_stream = headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let bytes = if is_stream { Vec::new() } else { response.bytes().await?.to_vec() };
        Ok(Reply { status, headers, bytes })
    }

    /// Sends and gives the answer as soon as its head is there.
    pub async fn open(self) -> Response {
        self.0.send().await.unwrap()
    }

    /// Sends and expects this status; gives the body.
    pub async fn expect(self, status: u16) -> Value {
        self.send().await.expect(status)
    }
}

impl Reply {
    /// Expects this status; gives the body, null when there is none.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    pub fn json(&self) -> Value {
        if self.bytes.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.bytes)))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Takes `request_id` out of an error, after checking that it is there, so that the rest can be compared.
pub fn without_request_id(mut body: Value) -> Value {
    let id = body.as_object_mut().and_then(|body| body.remove("request_id"));
    assert!(id.as_ref().is_some_and(|id| id.as_str().is_some_and(|id| !id.is_empty())), "no request_id in {body}");
    body
}
