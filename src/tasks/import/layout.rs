//! How a file of CSV is laid out: what stands between its cells, and whether its quotes end where cells do. The parser
//! takes whatever it gets, and one quote too many would hide all lines behind it.

use super::fault;
use crate::error::{ApiError, FieldMessage};

/// What may stand between cells; on a tie the first one does.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];
/// The most cells of a line; a spreadsheet may leave many empty ones behind.
const MAX_CELLS: usize = 1000;

/// A file's text and how to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout<'t> {
    /// What stands between cells.
    pub delimiter: u8,
    /// The lines, without Excel's line that names the delimiter.
    pub text: &'t str,
    /// The number of the first one.
    pub line: usize,
}

/// Where in a cell something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Plain,
    Quoted,
    /// Behind a quote that closes the cell, or is the first of two.
    Closed,
}

impl<'t> Layout<'t> {
    /// The delimiter is what the line `sep=` says, or what the line with the names has most of.
    pub fn of(text: &'t str) -> Self {
        let end = text.find(['\r', '\n']).unwrap_or(text.len());
        let (first, rest) = text.split_at(end);
        if let Some(delimiter) = named(first) {
            let rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\r', '\n'])).unwrap_or(rest);
            return Self { delimiter, text: rest, line: 2 };
        }
        let names = text.split(['\r', '\n']).find(|line| !line.trim().is_empty()).unwrap_or_default();
        let count = |delimiter: u8| {
            let mut is_quoted = false;
            let is_between = |byte: &u8| {
                is_quoted ^= *byte == b'"';
                *byte == delimiter && !is_quoted
            };
            names.bytes().filter(is_between).count()
        };
        let mut delimiter = DELIMITERS[0];
        for other in DELIMITERS {
            if count(other) > count(delimiter) {
                delimiter = other;
            }
        }
        Self { delimiter, text, line: 1 }
    }

    /// Refuses a file whose quotes do not stand as RFC 4180 has them, and lines without end: a quote opens a cell at its
    /// start, and what closes it is followed by the cell's end. Elsewhere in a cell it is a letter like any other.
    pub fn check(&self) -> Result<(), ApiError> {
        let bytes = self.text.as_bytes();
        let (mut place, mut line, mut opened, mut cells) = (Place::Start, self.line, self.line, 1);
        for (at, byte) in bytes.iter().enumerate() {
            place = match (place, byte) {
                (Place::Start, b'"') => {
                    opened = line;
                    Place::Quoted
                }
                (Place::Quoted, b'"') => Place::Closed,
                (Place::Quoted, _) | (Place::Closed, b'"') => Place::Quoted,
                (_, b'\r' | b'\n') => {
                    cells = 1;
                    Place::Start
                }
                (_, byte) if *byte == self.delimiter => {
                    cells += 1;
                    Place::Start
                }
                (Place::Closed, _) => return Err(fault(opened, FieldMessage::TextAfterQuote)),
                (Place::Start | Place::Plain, _) => Place::Plain,
            };
            if cells > MAX_CELLS {
                return Err(fault(line, FieldMessage::TooManyColumns(MAX_CELLS)));
            }
            if ends_line(bytes, at) {
                line += 1;
            }
        }
        if place == Place::Quoted { Err(fault(opened, FieldMessage::UnclosedQuote)) } else { Ok(()) }
    }
}

/// The delimiter that Excel's line names: `sep=;`.
fn named(line: &str) -> Option<u8> {
    let line = line.trim_matches('"');
    let (name, delimiter) = line.split_at_checked(4)?;
    let delimiter = DELIMITERS.into_iter().find(|known| delimiter.as_bytes() == [*known])?;
    name.eq_ignore_ascii_case("sep=").then_some(delimiter)
}

/// Whether a line ends with this byte; `\r\n` is one end, not two.
pub fn ends_line(text: &[u8], at: usize) -> bool {
    match text.get(at) {
        Some(b'\n') => true,
        Some(b'\r') => text.get(at + 1) != Some(&b'\n'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_what_the_names_have_most_of() {
        for (text, delimiter) in [
            ("title,year\na;b;c,2026", b','),
            ("title;year\na,b,c;2026", b';'),
            ("\n \ntitle\tyear\n", b'\t'),
            ("title", b','),
            ("", b','),
            ("\"a,b,c\";year", b';'),
        ] {
            assert_eq!(Layout::of(text), Layout { delimiter, text, line: 1 });
        }
        for (text, delimiter) in [("sep=;\r\nx", b';'), ("SEP=,\nx", b','), ("\"sep=\t\"\rx", b'\t')] {
            assert_eq!(Layout::of(text), Layout { delimiter, text: "x", line: 2 });
        }
        for text in ["sep=x\n", "sep=", "sep=;;\n", "업무"] {
            assert_eq!(Layout::of(text).line, 1);
        }
    }

    #[test]
    fn a_quote_opens_a_cell_at_its_start_and_is_closed_at_its_end() {
        let check =
            |text: &str| Layout { delimiter: b',', text, line: 1 }.check().map_err(|error| format!("{error:?}"));
        for text in ["", "\"\"", "a,\"b,\r\n\"\"c\"\r\n\"d\"", "5\" disk,a\"b\"", " \"a,b", "\"a\"\r\"b\"", "\"a\""] {
            assert_eq!(check(text), Ok(()), "{text:?}");
        }
        for (text, message, line) in [
            ("a\nb,\"c\nd,e\nf", "UnclosedQuote", "\"2\""),
            ("\"", "UnclosedQuote", "\"1\""),
            ("\"\"\"", "UnclosedQuote", "\"1\""),
            ("a\r\nb\r\n\"c\r\nd,\"e\",f", "TextAfterQuote", "\"3\""),
            ("\"a\" ,b", "TextAfterQuote", "\"1\""),
        ] {
            let fault = check(text).unwrap_err();
            assert!(fault.contains(message) && fault.contains(line), "{text:?} {fault}");
        }
        assert_eq!(check(&",".repeat(999)), Ok(()));
        assert!(check(&",".repeat(1000)).is_err());
    }
}
