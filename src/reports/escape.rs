//! Users' text in Markdown, where much means something.

use crate::letters::is_deceptive;

/// Shows nothing, and keeps apart what would mean something together.
const BREAK: char = '\u{200b}';

/// The text as one line that Markdown shows letter by letter: no markup, no HTML, no link but to an e-mail address, and
/// no end of a table's cell, wherever in a line it stands, even at its beginning; and nobody whom a chat would call
/// (`@all`), nor a picture (`:smile:`). What is blank or deceives the reader becomes single blanks.
///
/// What separates cells or begins HTML, an entity or an attribute becomes an entity, which every dialect knows; for the
/// rest a backslash is easier to read. Neither keeps from calling or from pictures, which are looked for in what is shown.
pub fn escape(text: &str) -> String {
    let text = text.split(is_blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    // Digits before a point or a bracket would begin a list.
    let ordinal = text.find(|letter: char| !letter.is_ascii_digit()).filter(|at| *at > 0);
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for (at, letter) in text.char_indices() {
        let entity = match letter {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '|' => "&#124;",
            '\\' => "&#92;",
            '{' => "&#123;",
            '}' => "&#125;",
            _ => "",
        };
        if !entity.is_empty() {
            escaped.push_str(entity);
            continue;
        }
        let has_meaning = match letter {
            '`' | '*' | '_' | '[' | ']' | '~' | '#' | '$' | '^' => true,
            '-' | '+' | '=' | ':' if at == 0 => true,
            '.' | ')' if ordinal == Some(at) => true,
            // Many readers make a link of an address by themselves.
            ':' => text[at..].starts_with(":/"),
            '.' => escaped.as_bytes().last_chunk().is_some_and(|end: &[u8; 3]| end.eq_ignore_ascii_case(b"www")),
            _ => false,
        };
        if has_meaning {
            escaped.push('\\');
        }
        escaped.push(letter);
        let (before, after) = (text[..at].chars().next_back(), &text[at + letter.len_utf8()..]);
        let begins_a_name = match letter {
            '@' => calls(before, after),
            ':' => names_picture(before, after),
            _ => false,
        };
        if begins_a_name {
            escaped.push(BREAK);
        }
    }
    escaped
}

/// Whether a chat may take an `@` between these for a call, and not for a part of an e-mail address.
fn calls(before: Option<char>, after: &str) -> bool {
    !before.is_some_and(|letter| letter.is_ascii_alphanumeric())
        && after.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_')
}

/// Whether a chat may take what begins with a `:` between these for a picture's name, and not for a time.
fn names_picture(before: Option<char>, after: &str) -> bool {
    let Some((name, _)) = after.split_once(':') else { return false };
    let is_time =
        before.is_some_and(|letter| letter.is_ascii_digit()) && name.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'-');
    !name.is_empty() && name.bytes().all(is_name) && !is_time
}

fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || is_deceptive(letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    /// Much that means something, and little else.
    const SIGNS: &str =
        concat!(r"(1|-|\+|=|#|\*|w|http|@|:|/|\.|\)|\(|\[|\]|!|<|>|&|;|lt|\||\\|`|~|\$|\^|\{|\}| |_|a", r"){0,16}",);

    /// The texts of a document's blocks; anything else inside of them is a failure.
    fn texts(markdown: &str) -> Result<Vec<String>, String> {
        // Quotes that become typographic ones are still quotes.
        let options = Options::all().difference(Options::ENABLE_SMART_PUNCTUATION);
        let mut texts = vec![String::new()];
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Text(text) => texts.last_mut().unwrap().push_str(&text),
                Event::Start(
                    Tag::Paragraph
                    | Tag::BlockQuote(_)
                    | Tag::List(_)
                    | Tag::Item
                    | Tag::Heading { .. }
                    | Tag::Table(_)
                    | Tag::TableHead
                    | Tag::TableRow
                    | Tag::TableCell,
                ) => texts.push(String::new()),
                Event::End(_) | Event::TaskListMarker(_) => {}
                event => return Err(format!("{event:?} in {markdown:?}")),
            }
        }
        texts.retain(|text| !text.is_empty());
        Ok(texts)
    }

    fn check(text: &str) -> Result<(), TestCaseError> {
        let plain = text.split(is_blank);
        let plain = plain.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let escaped = escape(text);
        if plain.is_empty() {
            prop_assert_eq!(escaped, "");
            return Ok(());
        }
        for (before, after) in [
            ("", ""),
            ("> ", ""),
            ("- ", ""),
            ("- [ ] ", ""),
            ("### ", ""),
            ("a b ", ""),
            ("| a |\n| --- |\n| ", " |"),
            ("| a | b |\n| --- | --- |\n| ", " | b |"),
        ] {
            let around = texts(&format!("{before}x{after}")).unwrap();
            let expected: Vec<String> = around.iter().map(|text| text.replace('x', &plain)).collect();
            let found = texts(&format!("{before}{escaped}{after}")).map_err(TestCaseError::fail)?;
            let found: Vec<String> = found.iter().map(|text| text.replace(BREAK, "")).collect();
            prop_assert_eq!(found, expected, "{:?}", escaped);
        }
        let bare = escaped.replace("\\:", "x").to_ascii_lowercase();
        prop_assert!(!bare.contains("://") && !bare.contains("www."), "{}", escaped);
        Ok(())
    }

    proptest! {
        #[test]
        fn every_text_is_shown_letter_by_letter(text in r"[\PC\n\t]{0,40}") {
            check(&text)?;
        }

        #[test]
        fn so_is_what_consists_of_signs(text in r"[ -~\n]{0,24}") {
            check(&text)?;
        }

        #[test]
        fn and_what_stands_before_other_signs(text in SIGNS) {
            check(&text)?;
        }
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in [
            "방화벽 점검 (3층)",
            "10:00 회의, 50% 완료!",
            "v1.2 - \"done\" @ O'Neil?",
            "2026-02-07",
            "a=b+c/d",
            "kim.a@example.com",
            "09:30:00, 대상: 서버, 기한: 금",
            "👩\u{200d}👧 می\u{200c}خواهم",
        ] {
            assert_eq!(escape(text), text);
        }
        for (text, escaped) in [
            ("", ""),
            (" \u{3000}\r\n\t", ""),
            ("a\r\n\u{2028}b\0c", "a b c"),
            ("a\u{202e}b\u{2066}c\u{200b}\u{2060}d\u{feff}", "a b c d"),
            ("w\u{200b}ww.x", "w ww.x"),
            ("@all, 회의@here @\u{200b}all", "@\u{200b}all, 회의@\u{200b}here @ all"),
            (":+1: a:b: 1:100 :100:", "\\:\u{200b}+1: a:\u{200b}b: 1:100 :\u{200b}100:"),
            ("<script>|", "&lt;script&gt;&#124;"),
            ("](javascript:alert(1))", "\\](javascript:alert(1))"),
            ("https://www.example.com", "https\\://www\\.example.com"),
            ("1. 2. 3)", "1\\. 2. 3)"),
            ("- -", "\\- -"),
            ("\\|", "&#92;&#124;"),
        ] {
            assert_eq!(escape(text), escaped, "{text:?}");
        }
    }
}
