//! Reads CSV: the first line names the fields, each other one is a task.

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use super::super::bulk::Draft;
use super::super::types::NewTask;
use crate::error::{ApiError, Code, FieldFault, FieldFaults, FieldMessage};
use crate::fields::Fields;

/// The most tasks of an import.
const MAX_TASKS: usize = 5000;
/// Between tags in a cell.
const SEPARATOR: char = ';';
/// Where the names stand.
const FIRST_LINE: &str = "1";
/// What has no column of its own: the body, in marshmallow's words.
const WHOLE: &str = "_schema";

/// The tasks, each with its line and what is wrong in it; an error when the body as a whole cannot be read.
pub fn read(body: &[u8]) -> Result<Vec<Draft>, ApiError> {
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(text);
    let names: Vec<String> =
        reader.headers().map_err(|error| malformed(&error))?.iter().map(|name| name.trim().to_owned()).collect();
    check_names(&names)?;
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut drafts = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| malformed(&error))?;
        // A spreadsheet leaves empty lines behind, with commas in them.
        if record.iter().all(str::is_empty) {
            continue;
        }
        let start = record.position().map_or(0, csv::Position::byte);
        let place = lines.line_at(usize::try_from(start).unwrap_or(usize::MAX)).to_string();
        drafts.push(Draft { place, task: task(&names, &record) });
        if drafts.len() > MAX_TASKS {
            return Err(ApiError::field(WHOLE, FieldMessage::MaxLength(MAX_TASKS)));
        }
    }
    if drafts.is_empty() { Err(ApiError::field(WHOLE, FieldMessage::MinLength(1))) } else { Ok(drafts) }
}

fn malformed(error: &csv::Error) -> ApiError {
    ApiError::with_text(Code::MalformedCsv, error.to_string())
}

/// Every name is a field's, and stands there once; what every task needs has a column.
fn check_names(names: &[String]) -> Result<(), ApiError> {
    let mut faults = FieldFaults::default();
    for (index, name) in names.iter().enumerate() {
        if !NewTask::FIELDS.contains(&name.as_str()) {
            faults.add(name, FieldMessage::Unknown);
        } else if names[..index].contains(name) {
            faults.add(name, FieldMessage::Repeated);
        }
    }
    for required in NewTask::REQUIRED {
        if !names.iter().any(|name| name == required) {
            faults.add(required, FieldMessage::Required);
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(ApiError::fields(FieldFaults::one(FIRST_LINE, FieldFault::Parts(faults))))
    }
}

fn task(names: &[String], record: &StringRecord) -> Result<NewTask, FieldFaults> {
    if record.iter().skip(names.len()).any(|cell| !cell.is_empty()) {
        return Err(FieldFaults::one(WHOLE, FieldMessage::TooManyCells));
    }
    let cells = names.iter().zip(record).filter(|(_, cell)| !cell.is_empty());
    let values: Map<String, Value> = cells.map(|(name, cell)| (name.clone(), value(name, cell))).collect();
    Fields::read_body(values.into())
}

fn value(name: &str, cell: &str) -> Value {
    if name == "tags" {
        return cell.split(SEPARATOR).map(str::trim).filter(|tag| !tag.is_empty()).collect();
    }
    cell.into()
}

/// Counts the lines of a text up to a place that moves on.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of a record that begins here or after the line ends that come first.
    fn line_at(&mut self, start: usize) -> usize {
        let is_end = |at: usize| matches!(self.text.get(at), Some(b'\r' | b'\n'));
        let start = (start..).find(|at| !is_end(*at)).unwrap_or(start);
        let ends = (self.at..start).filter(|at| match self.text.get(*at) {
            Some(b'\n') => true,
            Some(b'\r') => self.text.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        self.line += ends.count();
        self.at = start;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(body: &str) -> Vec<String> {
        read(body.as_bytes()).unwrap().into_iter().map(|draft| draft.place).collect()
    }

    #[test]
    fn a_task_is_told_by_the_line_that_it_begins_in() {
        for end in ["\n", "\r\n", "\r"] {
            let rows = ["title,week_number,year", "a,1,2026", "\"b\n\nc\",1,2026", "", ",,", "d,1,2026"];
            assert_eq!(lines(&rows.join(end)), ["2", "3", "8"], "{end:?}");
        }
        assert_eq!(lines("\u{feff}title,week_number,year\r\n\r\na,1,2026\r\n"), ["3"]);
    }

    #[test]
    fn no_bytes_make_reading_panic() {
        for body in
            ["", "\u{feff}", "\"", "title\0", "title,week_number,year\n\"", "title,week_number,year\n\"a\"b\",,,,,"]
        {
            let _ = read(body.as_bytes());
        }
        let _ = read(b"title,week_number,year\n\xff\xfe,1,2026");
    }
}
