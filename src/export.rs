//! Lists as files: all rows that match, read and sent step by step, so that memory stays bounded however many there
//! are.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tracing::{Span, error};

use crate::accept::preferred;
use crate::error::ApiError;

/// A file's bytes, made piece by piece.
pub trait Pieces: Send + Sync + 'static {
    /// Where a piece begins.
    type Place: Send + Sync + 'static;

    /// The piece that begins here, and where the next one does.
    fn piece(&self, place: &Self::Place) -> impl Future<Output = Result<Piece<Self::Place>, ApiError>> + Send;
}

/// Some bytes, and where the next ones begin, if there are more.
pub type Piece<P> = (Vec<u8>, Option<P>);

/// What a file is called, and what is in it.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// Its Content-Type.
    pub kind: &'static str,
}

/// Sends the file; these bytes come before the first piece. That one is read before the answer begins: an error in it
/// is an error like any other.
pub async fn send<P: Pieces>(
    pieces: P,
    start: P::Place,
    mut before: Vec<u8>,
    file: File,
) -> Result<Response, ApiError> {
    let (piece, next) = pieces.piece(&start).await?;
    before.extend(piece);
    let walk = Walk { pieces, ready: Some(before.into()), next, span: Span::current() };
    let headers = [
        (header::CONTENT_TYPE, file.kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
        (header::VARY, "accept".to_owned()),
    ];
    Ok((headers, Body::from_stream(stream::try_unfold(walk, Walk::go_on))).into_response())
}

/// A file on its way.
struct Walk<P: Pieces> {
    pieces: P,
    ready: Option<Bytes>,
    next: Option<P::Place>,
    span: Span,
}

impl<P: Pieces> Walk<P> {
    /// The next piece; an error breaks the answer off, so that nobody takes a part for the whole.
    async fn go_on(mut self) -> Result<Option<(Bytes, Self)>, ApiError> {
        if let Some(ready) = self.ready.take() {
            return Ok(Some((ready, self)));
        }
        let Some(place) = self.next.take() else { return Ok(None) };
        match self.pieces.piece(&place).await {
            Ok((piece, next)) => {
                self.next = next;
                Ok(Some((piece.into(), self)))
            }
            Err(error) => {
                self.span.in_scope(|| error!(code = error.code().name(), %error, "export broken off"));
                Err(error)
            }
        }
    }
}

/// The format that the caller prefers (`Accept`, RFC 9110, 12.5.1); JSON when it is all the same to him.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A page.
    Json,
    /// A file for spreadsheets.
    Csv,
    /// A file with a JSON object a line.
    JsonLines,
}

impl<S: Send + Sync> FromRequestParts<S> for Format {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::preferred(&parts.headers))
    }
}

impl Format {
    fn preferred(headers: &HeaderMap) -> Self {
        preferred(headers, Self::Json, &[Self::Csv, Self::JsonLines], |format| match format {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::JsonLines => "application/x-ndjson",
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_file_must_be_wanted_more_than_json() {
        for (accept, format) in [
            ("*/*", Format::Json),
            ("application/*", Format::Json),
            ("application/json, application/x-ndjson, text/csv", Format::Json),
            ("text/csv", Format::Csv),
            ("text/*;q=0.5, application/json;q=0.4", Format::Csv),
            ("application/x-ndjson", Format::JsonLines),
            ("text/csv;q=0.5, Application/X-NDJSON", Format::JsonLines),
            ("application/x-ndjson;q=0", Format::Json),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(Format::preferred(&headers), format, "{accept}");
        }
        assert_eq!(Format::preferred(&HeaderMap::new()), Format::Json);
    }
}
