//! Lists as files: all rows that match, read and sent step by step, so that memory stays bounded however many there
//! are and however large: a step takes fewer rows where the last one's were large. A step is taken only when the one
//! before has been handed on; a client that takes nothing is let go by [`crate::server`].

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tracing::{Instrument, Span, error};

use crate::accept::preferred;
use crate::answer::NO_STORE;
use crate::error::ApiError;

/// Rows of the first step, of which nobody knows how large they are.
const FIRST_ROWS: usize = 16;
/// The most rows of a step, however small the last one's were: the next ones may be large.
const MOST_ROWS: usize = 128;
/// How many bytes a step is to have, more or less.
const STEP_BYTES: usize = 256 * 1024;
/// The most bytes that are handed on at once.
const PIECE_BYTES: usize = 64 * 1024;

/// A file's bytes, made step by step.
pub trait Steps: Send + 'static {
    /// The bytes of the next rows, of this many at most; nothing when there are no more. No bytes are no end.
    fn step(&mut self, rows: usize) -> impl Future<Output = Result<Option<Vec<u8>>, ApiError>> + Send;
}

/// What a file is called, and what is in it.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// Its Content-Type.
    pub kind: &'static str,
}

/// Sends the file; these bytes come before those of the steps. The first step is taken before the answer begins: an
/// error in it is an error like any other. No cache keeps the file: it may have in it what few may see.
pub async fn send(steps: impl Steps, before: Vec<u8>, file: File) -> Result<Response, ApiError> {
    let mut walk = Walk { steps, rows: FIRST_ROWS, ready: Bytes::new(), is_over: false, span: Span::current() };
    walk.step().await?;
    if !before.is_empty() {
        walk.ready = [before, walk.ready.into()].concat().into();
    }
    let headers = [
        (header::CONTENT_TYPE, file.kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
        (header::VARY, "accept".to_owned()),
    ];
    Ok((headers, [NO_STORE], Body::from_stream(stream::try_unfold(walk, Walk::go_on))).into_response())
}

/// Makes bytes of rows where that keeps no request waiting: thousands of rows, or a few large ones, keep a thread busy
/// for long.
pub async fn convert<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let span = Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work)).await.map_err(ApiError::internal)?
}

/// A file on its way.
struct Walk<S> {
    steps: S,
    /// How many rows the next step takes.
    rows: usize,
    /// What has not been handed on yet.
    ready: Bytes,
    is_over: bool,
    span: Span,
}

impl<S: Steps> Walk<S> {
    /// The next piece; an error breaks the answer off, so that nobody takes a part for the whole.
    async fn go_on(mut self) -> Result<Option<(Bytes, Self)>, ApiError> {
        while self.ready.is_empty() && !self.is_over {
            if let Err(error) = self.step().await {
                self.span.in_scope(|| error!(code = error.code().name(), %error, "export broken off"));
                return Err(error);
            }
        }
        let piece = self.ready.split_to(self.ready.len().min(PIECE_BYTES));
        Ok(if piece.is_empty() { None } else { Some((piece, self)) })
    }

    async fn step(&mut self) -> Result<(), ApiError> {
        match self.steps.step(self.rows).instrument(self.span.clone()).await? {
            Some(bytes) => {
                self.rows = next_rows(self.rows, bytes.len());
                self.ready = bytes.into();
            }
            None => self.is_over = true,
        }
        Ok(())
    }
}

/// How many rows the next step takes when this many had these bytes: a power of two, so that there are few statements
/// to prepare.
fn next_rows(rows: usize, bytes: usize) -> usize {
    let fitting = (rows * STEP_BYTES / bytes.max(1)).clamp(1, MOST_ROWS.min(rows * 2));
    1 << fitting.ilog2()
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
        Ok(Self::preferred(&parts.headers, &[Self::Csv, Self::JsonLines]))
    }
}

impl Format {
    /// JSON, or the one of these files that the caller wants more.
    pub fn preferred(headers: &HeaderMap, files: &[Self]) -> Self {
        preferred(headers, Self::Json, files, |format| match format {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::JsonLines => "application/x-ndjson",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::http::HeaderValue;
    use futures_util::{StreamExt, TryStreamExt};

    use super::*;

    const MIB: usize = 1024 * 1024;

    /// Rows of these sizes, the first ones last; and how many rows were asked for at a time.
    struct Rows {
        sizes: Vec<usize>,
        asked: Arc<Mutex<Vec<usize>>>,
    }

    impl Rows {
        fn new(sizes: impl Into<Vec<usize>>) -> (Self, Arc<Mutex<Vec<usize>>>) {
            let asked = Arc::default();
            (Self { sizes: sizes.into(), asked: Arc::clone(&asked) }, asked)
        }
    }

    impl Steps for Rows {
        async fn step(&mut self, rows: usize) -> Result<Option<Vec<u8>>, ApiError> {
            self.asked.lock().unwrap().push(rows);
            if self.sizes.is_empty() {
                return Ok(None);
            }
            let rest = self.sizes.len().saturating_sub(rows);
            Ok(Some(vec![b'x'; self.sizes.split_off(rest).iter().sum()]))
        }
    }

    const FILE: File = File { name: "x.csv", kind: "text/csv" };

    /// The sizes of a file's pieces.
    async fn pieces(rows: Rows, before: &[u8]) -> Vec<usize> {
        let body = send(rows, before.to_vec(), FILE).await.unwrap().into_body();
        body.into_data_stream().map_ok(|piece| piece.len()).try_collect().await.unwrap()
    }

    #[tokio::test]
    async fn a_step_takes_as_many_rows_as_are_small() {
        let (rows, asked) = Rows::new(vec![200; 500]);
        assert_eq!(
            pieces(rows, b"head").await,
            [4 + 16 * 200, 32 * 200, 64 * 200, 128 * 200, 128 * 200, 128 * 200, 4 * 200]
        );
        assert_eq!(*asked.lock().unwrap(), [16, 32, 64, 128, 128, 128, 128, 128]);
        let (rows, asked) = Rows::new([vec![200; 500], vec![MIB; 20]].concat());
        assert_eq!(pieces(rows, b"").await.iter().sum::<usize>(), 20 * MIB + 500 * 200);
        // After the first step each row is larger than a step should be; then, slowly, more again.
        assert_eq!(asked.lock().unwrap()[..10], [16, 1, 1, 1, 1, 1, 2, 4, 8, 16]);
    }

    #[tokio::test]
    async fn a_piece_is_small_and_a_step_is_taken_when_it_is_needed() {
        let (rows, asked) = Rows::new(vec![100_000; 64]);
        let body = send(rows, Vec::new(), FILE).await.unwrap().into_body();
        let mut stream = body.into_data_stream();
        let mut sizes = Vec::new();
        for _ in 0..25 {
            sizes.push(stream.next().await.unwrap().unwrap().len());
        }
        assert_eq!((sizes[0], sizes[24], asked.lock().unwrap().len()), (PIECE_BYTES, 1_600_000 % PIECE_BYTES, 1));
        stream.next().await.unwrap().unwrap();
        assert_eq!(*asked.lock().unwrap(), [16, 2]);
    }

    #[tokio::test]
    async fn a_step_without_bytes_is_no_end() {
        let (rows, _) = Rows::new([vec![7; 3], vec![0; 300]].concat());
        assert_eq!(pieces(rows, b"").await, [21]);
        let (rows, _) = Rows::new(Vec::new());
        assert_eq!(pieces(rows, b"head").await, [4]);
        let (rows, _) = Rows::new(Vec::new());
        assert_eq!(pieces(rows, b"").await, [0_usize; 0]);
    }

    #[test]
    fn a_file_must_be_wanted_more_than_json() {
        let all = |headers: &HeaderMap| Format::preferred(headers, &[Format::Csv, Format::JsonLines]);
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
            assert_eq!(all(&headers), format, "{accept}");
        }
        assert_eq!(all(&HeaderMap::new()), Format::Json);
    }
}
