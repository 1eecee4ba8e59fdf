//! Lists as CSV (RFC 4180) for spreadsheets.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;
use std::vec;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use csv::{Terminator, WriterBuilder};
use serde_json::Value;

use crate::csv_cell;
use crate::error::ApiError;
use crate::export::{self, File, Format, Steps};

/// Without it Excel takes UTF-8 for the system's old encoding, and Hangul for garbage.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What is exported.
pub trait Export: Send + Sync + 'static {
    /// The name of the file.
    const FILE: &'static str;
    /// The columns: each one's name, and where in a row's JSON it is (RFC 6901); `*` stands for every part of a list.
    const COLUMNS: &'static [(&'static str, &'static str)];
    /// A row as it is read.
    type Row: Send + 'static;

    /// The ids of the rows, in their order. They are read at once, and the rows later: so none is missing or there twice
    /// because it has changed its place meanwhile.
    fn ids(&self) -> impl Future<Output = Result<Vec<i64>, ApiError>> + Send;

    /// Those of these rows that are still there, in this order.
    fn rows(&self, ids: &[i64]) -> impl Future<Output = Result<Vec<Self::Row>, ApiError>> + Send;

    /// The row as JSON.
    fn json(&self, row: Self::Row) -> serde_json::Result<Value>;
}

/// Whether the caller prefers CSV to JSON (`Accept`, RFC 9110, 12.5.1).
#[derive(Debug, Clone, Copy)]
pub struct WantsCsv(pub bool);

impl<S: Send + Sync> FromRequestParts<S> for WantsCsv {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::preferred(&parts.headers))
    }
}

impl WantsCsv {
    fn preferred(headers: &HeaderMap) -> Self {
        Self(Format::preferred(headers, &[Format::Csv]) == Format::Csv)
    }
}

/// The file. The ids and the first rows are read before the answer begins: an error there is an error like any other.
pub async fn answer<E: Export>(export: E) -> Result<Response, ApiError> {
    let names: Vec<String> = E::COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut before = BYTE_ORDER_MARK.as_bytes().to_vec();
    write(&mut before, std::iter::once(names))?;
    let ids = export.ids().await?.into_iter();
    export::send(Csv { export: Arc::new(export), ids }, before, File { name: E::FILE, kind: "text/csv; charset=utf-8" })
        .await
}

/// The rows as lines of CSV.
struct Csv<E> {
    export: Arc<E>,
    /// Of the rows that are still to come.
    ids: vec::IntoIter<i64>,
}

impl<E: Export> Steps for Csv<E> {
    async fn step(&mut self, rows: usize) -> Result<Option<Vec<u8>>, ApiError> {
        let ids: Vec<i64> = self.ids.by_ref().take(rows).collect();
        if ids.is_empty() {
            return Ok(None);
        }
        let rows = self.export.rows(&ids).await?;
        let export = Arc::clone(&self.export);
        let bytes = export::convert(move || {
            let rows = rows.into_iter().map(|row| export.json(row)).collect::<Result<Vec<_>, _>>();
            let mut bytes = Vec::new();
            write(&mut bytes, lines::<E>(&rows.map_err(ApiError::internal)?))?;
            Ok(bytes)
        });
        Ok(Some(bytes.await?))
    }
}

fn lines<E: Export>(rows: &[Value]) -> impl Iterator<Item = Vec<String>> {
    rows.iter().map(|row| {
        let cells = E::COLUMNS.iter().map(|(_, place)| match place.split_once("/*") {
            None => row.pointer(place).map(cell).unwrap_or_default(),
            Some((list, place)) => {
                let parts = row.pointer(list).and_then(Value::as_array).into_iter().flatten();
                let parts = parts.filter_map(|part| part.pointer(place)).filter(|part| !part.is_null());
                cell(&parts.cloned().collect())
            }
        });
        cells.collect()
    })
}

fn write(bytes: &mut Vec<u8>, lines: impl Iterator<Item = Vec<String>>) -> Result<(), ApiError> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(bytes);
    for line in lines {
        writer.write_record(&line).map_err(ApiError::internal)?;
    }
    writer.flush().map_err(ApiError::internal)
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => csv_cell::write(text),
        Value::Array(parts) => {
            let parts: Vec<Cow<'_, str>> = parts.iter().map(plain).collect();
            csv_cell::write_list(parts.iter().map(|part| &**part))
        }
        other => other.to_string(),
    }
}

fn plain(value: &Value) -> Cow<'_, str> {
    value.as_str().map_or_else(|| value.to_string().into(), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};

    use super::*;

    fn wants_csv(accept: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in accept {
            headers.append(header::ACCEPT, HeaderValue::from_static(line));
        }
        WantsCsv::preferred(&headers).0
    }

    #[test]
    fn csv_must_be_wanted_more_than_json() {
        for accept in ["text/csv", "TEXT/CSV;q=0.1", "text/*", "text/csv, */*;q=0.1", "application/json;q=0, */*"] {
            assert!(wants_csv(&[accept]), "{accept}");
        }
        let json = ["*/*", "application/json", "application/json, text/csv", "text/html", "", "text/csv;q=0", "*"];
        for accept in json.into_iter().chain(["text/csv;q=0.5, application/json", "text/csv;q=x, */*", "tex*"]) {
            assert!(!wants_csv(&[accept]), "{accept}");
        }
        assert!(!wants_csv(&[]));
        assert!(wants_csv(&["application/json;q=0.5", "text/csv"]));
    }

    #[test]
    fn text_is_written_as_cells_and_numbers_as_they_are() {
        assert_eq!(cell(&Value::from("=1")), "'=1");
        assert_eq!(cell(&Value::from(vec!["=1", "a;b"])), "'=1;a\\;b");
        assert_eq!((cell(&Value::from(-1)), cell(&Value::Null)), ("-1".to_owned(), String::new()));
    }
}
