//! How text is folded for searching, alike on both databases.

use unicode_normalization::char::decompose_compatible;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// How many times as many bytes a text may have folded as it has itself. A meeting has three texts as large as a body
/// may be; folded they are 12 MiB at most, which MariaDB takes in one statement.
const GROWTH: usize = 4;

/// Folds text for searching: compatibility forms composed (NFKC), lower case. A character whose parts are too many, as
/// U+FDFA, which is eighteen letters, stays as it is; so the text grows no more than four times.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    if is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        return text.to_lowercase();
    }
    let mut parts = String::with_capacity(text.len());
    for letter in text.chars() {
        let start = parts.len();
        decompose_compatible(letter, |part| parts.push(part));
        if parts.len() - start > GROWTH * letter.len_utf8() {
            parts.truncate(start);
            parts.push(letter);
        }
    }
    // What stayed stays here too: it has no canonical parts.
    parts.as_str().nfc().collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::char::decompose_canonical;

    use super::*;

    /// Some of those that have the most parts.
    const LARGE: [char; 8] = ['ﷺ', 'ﷻ', '㌀', '㌖', '㈝', '㍿', '⁗', '\u{1d160}'];

    fn letters() -> impl Iterator<Item = char> {
        '\0'..=char::MAX
    }

    fn stays(letter: char) -> bool {
        let mut bytes = 0;
        decompose_compatible(letter, |part| bytes += part.len_utf8());
        bytes > GROWTH * letter.len_utf8()
    }

    /// The bytes of a character as it is or in lower case, whichever are more.
    fn weight(letter: char) -> usize {
        letter.len_utf8().max(letter.to_lowercase().map(char::len_utf8).sum())
    }

    fn any_letter() -> impl Strategy<Value = char> {
        let pick = |letters: &'static [char]| prop::sample::select(letters);
        prop_oneof![
            any::<char>(),
            pick(&LARGE),
            pick(&[
                '가', '\u{1112}', '\u{1161}', '\u{11ab}', 'e', 'É', '\u{301}', '\u{323}', '\u{345}', 'Σ', 'İ', 'Ⱥ',
                'a', ' '
            ]),
        ]
    }

    // Together these two prove the bound. The parts of a text weigh no more than four times its bytes, and no
    // composition adds weight; in the end each character has no more bytes than it weighs, in lower case too.

    #[test]
    fn the_parts_of_a_character_weigh_at_most_four_times_its_bytes() {
        for letter in letters() {
            let mut parts = 0;
            if stays(letter) {
                decompose_canonical(letter, |part| parts += weight(part));
            } else {
                decompose_compatible(letter, |part| parts += weight(part));
            }
            assert!(parts <= GROWTH * letter.len_utf8(), "{letter:?} has {parts}");
        }
    }

    #[test]
    fn a_composition_weighs_no_more_than_its_parts() {
        let mut compositions = 0;
        for letter in letters() {
            let mut parts = String::new();
            decompose_canonical(letter, |part| parts.push(part));
            let Some(last) = parts.pop().filter(|_| !parts.is_empty()) else { continue };
            // The first part may be a composition itself.
            let first: String = parts.as_str().nfc().collect();
            if first.chars().chain([last]).nfc().eq([letter]) {
                compositions += 1;
                assert!(weight(letter) <= first.chars().map(weight).sum::<usize>() + weight(last), "{letter:?}");
            }
        }
        // Hangul alone has 11,172.
        assert!(compositions > 12_000, "{compositions}");
    }

    #[test]
    fn only_characters_of_very_many_parts_stay() {
        let staying: String = letters().filter(|letter| stays(*letter)).collect();
        assert!(staying.chars().count() < 40, "{staying}");
        assert!("ﷺﷻ㌀㌖㈝㈞㉼".chars().all(|letter| staying.contains(letter)), "{staying}");
        for (text, folded) in [
            ("한글 ＫＴ ㈜ ㍿ ﬁle ⁗", "한글 kt (주) 株式会社 file ′′′′"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("E\u{301}", "é"),
            ("ΣΑΣ", "σας"),
            ("AﷺB", "aﷺb"),
            ("㌀", "㌀"),
            ("İ", "i\u{307}"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    proptest! {
        #[test]
        fn folded_text_has_at_most_four_times_the_bytes(letters in prop::collection::vec(any_letter(), 0..60)) {
            let text: String = letters.into_iter().collect();
            prop_assert!(fold(&text).len() <= GROWTH * text.len(), "{:?}", text);
        }

        #[test]
        fn without_such_characters_it_is_nfkc_in_lower_case(letters in prop::collection::vec(any_letter(), 0..60)) {
            let text: String = letters.into_iter().filter(|letter| !stays(*letter)).collect();
            prop_assert_eq!(fold(&text), text.nfkc().collect::<String>().to_lowercase());
        }

        #[test]
        fn lines_are_folded_each_by_itself(letters in prop::collection::vec(any_letter(), 0..40)) {
            let lines: Vec<String> = letters.chunks(7).map(String::from_iter).collect();
            let each: Vec<String> = lines.iter().map(|line| fold(line)).collect();
            prop_assert_eq!(fold(&lines.join("\n")), each.join("\n"));
        }
    }
}
