//! Reads CSV: the first line names the fields, each other one is a task.

use std::collections::HashSet;

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use super::super::bulk::Draft;
use super::super::export::TaskExport;
use super::super::types::NewTask;
use super::layout::{Layout, ends_line};
use super::text::decode;
use super::{WHOLE, fault};
use crate::csv_cell;
use crate::csv_export::Export;
use crate::error::{ApiError, Code, FieldFault, FieldFaults, FieldMessage};
use crate::fields::Fields;
use crate::letters::is_blank;

/// The most tasks of an import.
const MAX_TASKS: usize = 5000;
/// The most columns, which is far more than there are fields.
const MAX_COLUMNS: usize = 100;
/// How much of an unknown column's name is said, in characters.
const NAME_LENGTH: usize = 100;
/// The most bytes of a cell: what a task has elsewhere in a body.
const MAX_CELL: usize = 1024 * 1024;

/// The tasks, each with its line and what is wrong in it; an error when the file as a whole cannot be read.
pub fn read(file: &[u8], charset: Option<&str>) -> Result<Vec<Draft>, ApiError> {
    let text = decode(file, charset)?;
    let layout = Layout::of(&text);
    layout.check()?;
    let text = layout.text.as_bytes();
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(layout.delimiter).from_reader(text);
    let mut lines = Lines { text, at: 0, line: layout.line };
    let mut line_of = |record: &StringRecord| {
        let start = record.position().map_or(0, csv::Position::byte);
        lines.line_at(usize::try_from(start).unwrap_or(usize::MAX))
    };
    let mut records = reader.records();
    let columns = match records.next() {
        Some(names) => {
            let names = names.map_err(|error| malformed(&error))?;
            Columns::named(&names, line_of(&names))?
        }
        None => Columns::named(&StringRecord::new(), layout.line)?,
    };
    let mut drafts = Vec::new();
    for record in records {
        let record = record.map_err(|error| malformed(&error))?;
        // A spreadsheet leaves empty lines behind, with commas in them.
        if record.iter().all(str::is_empty) {
            continue;
        }
        drafts.push(Draft { place: line_of(&record).to_string(), task: columns.task(&record) });
        if drafts.len() > MAX_TASKS {
            return Err(ApiError::field(WHOLE, FieldMessage::MaxLength(MAX_TASKS)));
        }
    }
    if drafts.is_empty() { Err(ApiError::field(WHOLE, FieldMessage::MinLength(1))) } else { Ok(drafts) }
}

fn malformed(error: &csv::Error) -> ApiError {
    ApiError::with_text(Code::MalformedCsv, error.to_string())
}

/// The field of each column; of one that the export has and nobody sets, nothing.
struct Columns(Vec<Option<&'static str>>);

impl Columns {
    /// Every name is a field's, and stands there once, or one of the export's; what every task needs has a column. Case
    /// does not count, and a spreadsheet may leave columns without a name behind.
    fn named(names: &StringRecord, line: usize) -> Result<Self, ApiError> {
        let mut names: Vec<String> = names.iter().map(|name| name.trim_matches(is_blank).to_lowercase()).collect();
        while names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        if names.len() > MAX_COLUMNS {
            return Err(fault(line, FieldMessage::TooManyColumns(MAX_COLUMNS)));
        }
        let (mut columns, mut seen, mut faults) = (Vec::new(), HashSet::new(), FieldFaults::default());
        for name in &names {
            let field = NewTask::FIELDS.into_iter().find(|field| field == name);
            if field.is_some_and(|field| !seen.insert(field)) {
                faults.add(name, FieldMessage::Repeated);
            } else if field.is_none() && !TaskExport::COLUMNS.iter().any(|(column, _)| column == name) {
                faults.add(name.chars().take(NAME_LENGTH).collect::<String>(), FieldMessage::Unknown);
            }
            columns.push(field);
        }
        for required in NewTask::REQUIRED {
            if !seen.contains(required) {
                faults.add(required, FieldMessage::Required);
            }
        }
        if faults.is_empty() {
            Ok(Self(columns))
        } else {
            Err(ApiError::fields(FieldFaults::one(&line.to_string(), FieldFault::Parts(faults))))
        }
    }

    fn task(&self, record: &StringRecord) -> Result<NewTask, FieldFaults> {
        if record.iter().skip(self.0.len()).any(|cell| !cell.is_empty()) {
            return Err(FieldFaults::one(WHOLE, FieldMessage::TooManyCells));
        }
        let mut values = Map::new();
        for (field, cell) in self.0.iter().zip(record) {
            let Some(field) = field.filter(|_| !cell.is_empty()) else { continue };
            if cell.len() > MAX_CELL {
                return Err(FieldFaults::one(field, FieldMessage::MaxLength(MAX_CELL)));
            }
            values.insert(field.to_owned(), value(field, cell));
        }
        Fields::read_body(values.into())
    }
}

fn value(field: &str, cell: &str) -> Value {
    if field == "tags" { csv_cell::read_list(cell).into() } else { csv_cell::read(cell).into() }
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
        self.line += (self.at..start).filter(|at| ends_line(self.text, *at)).count();
        self.at = start;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(body: &str) -> Vec<String> {
        read(body.as_bytes(), None).unwrap().into_iter().map(|draft| draft.place).collect()
    }

    #[test]
    fn a_task_is_told_by_the_line_that_it_begins_in() {
        for end in ["\n", "\r\n", "\r"] {
            let rows = ["title,week_number,year", "a,1,2026", "\"b\n\nc\",1,2026", "", ",,", "d,1,2026"];
            assert_eq!(lines(&rows.join(end)), ["2", "3", "8"], "{end:?}");
        }
        assert_eq!(lines("\u{feff}title,week_number,year\r\n\r\na,1,2026\r\n"), ["3"]);
        assert_eq!(lines("sep=;\r\n\r\ntitle;week_number;year\r\na;1;2026\r\n"), ["4"]);
    }

    #[test]
    fn a_task_is_read_from_its_cells() {
        let csv = "\u{200b} TITLE ,Year,week_number,TAGS,id,version,,\r\n'=1,2026,6,x;'=2;a\\;b,77,9,,,\r\n";
        let mut drafts = read(csv.as_bytes(), None).unwrap();
        let task = drafts.remove(0).task.unwrap();
        assert_eq!((task.title.as_str(), task.year, task.week_number), ("=1", 2026, 6));
        assert_eq!(task.tags, ["x", "=2", "a;b"]);
        assert!(drafts.is_empty());
    }

    #[test]
    fn a_wide_file_is_refused_soon() {
        for header in [",".repeat(520_000) + &"title,".repeat(85_000) + "\n", "title,".repeat(101)] {
            assert!(read(header.as_bytes(), None).is_err());
        }
    }

    #[test]
    fn no_bytes_make_reading_panic() {
        for body in
            ["", "\u{feff}", "\"", "title\0", "title,week_number,year\n\"", "title,week_number,year\n\"a\"b\",,,,,"]
        {
            let _ = read(body.as_bytes(), None);
        }
        for charset in [None, Some("utf-16"), Some("euc-kr"), Some("iso-2022-kr")] {
            let _ = read(b"title,week_number,year\n\xff\xfe,1,2026", charset);
        }
    }

    fn any_text() -> impl Strategy<Value = String> {
        let letters = prop_oneof![
            prop::sample::select(vec![
                '\'', '"', ',', ';', '\\', '=', '＋', ' ', '\t', '\r', '\n', '\u{feff}', 'a', '가'
            ]),
            any::<char>().prop_filter("a letter that a task may have", |letter| *letter != '\0'),
        ];
        prop::collection::vec(letters, 1..8).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn what_is_exported_is_imported(
            (title, description) in (any_text(), any_text()),
            tags in prop::collection::vec(any_text(), 0..4),
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["id", "title", "description", "tags", "week_number", "year"]).unwrap();
            let tags_cell = csv_cell::write_list(tags.iter().map(String::as_str));
            let (title_cell, description_cell) = (csv_cell::write(&title), csv_cell::write(&description));
            writer.write_record(["7", &title_cell, &description_cell, &tags_cell, "6", "2026"]).unwrap();
            let mut drafts = read(&writer.into_inner().unwrap(), None).unwrap();
            let draft = drafts.remove(0);
            let task = draft.task.unwrap();
            prop_assert_eq!((draft.place.as_str(), drafts.len()), ("2", 0));
            prop_assert_eq!((task.title, task.description, task.tags), (title, Some(description), tags));
        }
    }
}
