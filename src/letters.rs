//! What letters are, where it takes more than the standard library knows.

/// Whether it has no looks of its own, yet changes how others look or where they end: marks of direction and their
/// overrides, joiners, and blanks without a width. With them a text can pass for another one.
pub const fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

/// Whether it is invisible and of no use to the reader: all but the joiners that some scripts and emoji are written with.
pub const fn is_deceptive(letter: char) -> bool {
    is_invisible(letter) && !matches!(letter, '\u{200c}' | '\u{200d}')
}

/// The beginning of a text that is longer than this many characters.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whether nobody sees it: a blank, a control character, what is invisible, and letters that stand for none, such as
/// Hangul's fillers.
pub fn is_blank(letter: char) -> bool {
    const NONE: [char; 7] = ['\u{ad}', '\u{115f}', '\u{1160}', '\u{180e}', '\u{2800}', '\u{3164}', '\u{ffa0}'];
    letter.is_whitespace() || letter.is_control() || is_invisible(letter) || NONE.contains(&letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_invisible_is_known_to_the_letter() {
        let found: Vec<u32> = ('\0'..=char::MAX).filter(|letter| is_invisible(*letter)).map(u32::from).collect();
        let ranges = [0x200b..=0x200f, 0x202a..=0x202e, 0x2060..=0x2064, 0x2066..=0x2069, 0xfeff..=0xfeff];
        assert_eq!(found, ranges.into_iter().flatten().collect::<Vec<u32>>());
        assert_eq!(
            ['\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', 'a'].map(is_deceptive),
            [true, false, false, true, false]
        );
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!((cut("한국", 2), cut("한국어", 2), cut("", 0)), ("한국".into(), "한국…".into(), String::new()));
    }

    #[test]
    fn what_nobody_sees_is_blank() {
        assert!(" \t\n\u{a0}\u{3000}\u{200b}\u{feff}\u{3164}\0".chars().all(is_blank));
        assert!(!"a가.'=🚀".chars().any(is_blank));
    }
}
