//! Text in a cell of CSV: spreadsheets show it and run nothing, and whoever reads it gets it back to the letter.

use crate::letters::is_blank;

/// Between the parts of a list.
const SEPARATOR: char = ';';
/// Before a separator, before itself, and before a blank at the edge of a part, where these are text.
const ESCAPE: char = '\\';
/// Before what would be a formula.
const MARK: char = '\'';
/// What begins a formula in a spreadsheet. An East Asian one takes the full-width forms as well.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The cell of a text.
pub fn write(text: &str) -> String {
    if is_marked(text) { format!("{MARK}{text}") } else { text.to_owned() }
}

/// The text of a cell.
pub fn read(cell: &str) -> &str {
    cell.strip_prefix(MARK).filter(|_| is_marked(cell)).unwrap_or(cell)
}

/// The cell of a list. Each part could become a cell of its own, where `;` stands between cells.
pub fn write_list<'p>(parts: impl IntoIterator<Item = &'p str>) -> String {
    let mut cell = String::new();
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            cell.push(SEPARATOR);
        }
        let part = write(part);
        let (start, end) = (part.len() - part.trim_start().len(), part.trim_end().len());
        for (at, letter) in part.char_indices() {
            if matches!(letter, SEPARATOR | ESCAPE) || at < start || at >= end {
                cell.push(ESCAPE);
            }
            cell.push(letter);
        }
    }
    cell
}

/// The parts of a cell, without blanks around them; what is empty is none.
pub fn read_list(cell: &str) -> Vec<String> {
    let (mut parts, mut part, mut kept) = (Vec::new(), String::new(), 0);
    let mut letters = cell.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_escape = |next: &char| matches!(*next, SEPARATOR | ESCAPE) || next.is_whitespace();
        match letter {
            ESCAPE => {
                part.push(letters.next_if(is_escape).unwrap_or(ESCAPE));
                kept = part.len();
            }
            SEPARATOR => {
                part.truncate(kept);
                parts.push(std::mem::take(&mut part));
                kept = 0;
            }
            blank if blank.is_whitespace() => {
                if !part.is_empty() {
                    part.push(blank);
                }
            }
            letter => {
                part.push(letter);
                kept = part.len();
            }
        }
    }
    part.truncate(kept);
    parts.push(part);
    parts.into_iter().filter(|part| !part.is_empty()).map(|part| read(&part).to_owned()).collect()
}

/// Whether a mark belongs before it: it would be a formula, or without its marks it would.
fn is_marked(text: &str) -> bool {
    let first = text.trim_start_matches(MARK).chars().find(|letter| FORMULA.contains(letter) || !is_blank(*letter));
    first.is_some_and(|letter| FORMULA.contains(&letter))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        for text in [
            "=1+1",
            "+82 10",
            "-1",
            "@x",
            "\tx",
            "\rx",
            "\nx",
            "＝x",
            "＋x",
            "－x",
            "＠x",
            " =1",
            "\u{feff}=1",
            "\u{200b} \u{3164}\u{a0}=1",
            "'=1",
            "''=1",
            "' =1",
        ] {
            assert_eq!(write(text), format!("'{text}"));
            assert_eq!(read(&write(text)), text);
        }
        for text in ["", "x=1", "'x", "'", "''", "가", "  ", "'가=", "1-1"] {
            assert_eq!((write(text).as_str(), read(text)), (text, text));
        }
    }

    #[test]
    fn no_part_of_a_list_is_a_formula_and_each_is_told_from_the_next() {
        for (parts, cell) in [
            (vec!["a", "b c"], "a;b c"),
            (vec!["=1", "=2"], "'=1;'=2"),
            (vec!["a;b", "c\\d", "\\;"], "a\\;b;c\\\\d;\\\\\\;"),
            (vec![" a", "b ", "\u{3000}"], "\\ a;b\\ ;\\\u{3000}"),
            (vec![" =1"], "' =1"),
        ] {
            assert_eq!(write_list(parts.iter().copied()), cell);
            assert_eq!(read_list(cell), parts);
        }
        // As people write it.
        for (cell, parts) in
            [(" 보안 ;a;;보안", vec!["보안", "a", "보안"]), ("C:\\temp\\", vec!["C:\\temp\\"]), (" ; ", vec![])]
        {
            assert_eq!(read_list(cell), parts);
        }
    }

    /// Text that often has what matters here.
    fn any_text() -> impl Strategy<Value = String> {
        let letters = prop_oneof![
            prop::sample::select(vec![
                '\'', ';', '\\', '=', '＋', '-', ' ', '\t', '\n', '\u{feff}', '\u{3164}', 'a', '가'
            ]),
            any::<char>(),
        ];
        prop::collection::vec(letters, 0..6).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in any_text()) {
            let cell = write(&text);
            prop_assert_eq!(read(&cell), text.as_str());
            let first = cell.chars().find(|letter| FORMULA.contains(letter) || !is_blank(*letter));
            prop_assert!(first.is_none_or(|letter| !FORMULA.contains(&letter)));
        }

        #[test]
        fn a_list_that_is_written_is_read_back(parts in prop::collection::vec(any_text(), 0..4)) {
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            prop_assert_eq!(read_list(&write_list(parts.iter().map(String::as_str))), parts);
        }
    }
}
