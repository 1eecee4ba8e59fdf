//! Whole numbers as Python's `int()` takes them.

use serde_json::Number;

use crate::error::FieldMessage;

/// A JSON number; one with a fraction is cut off towards zero, as marshmallow does.
pub fn from_number(number: &Number) -> Result<i64, FieldMessage> {
    if let Some(integer) = number.as_i64() {
        return Ok(integer);
    }
    match number.as_f64() {
        // 2^63 is exact in a double, and the first that does not fit.
        Some(float) if float.abs() < 9_223_372_036_854_775_808.0 =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "cutting off the fraction is the purpose")]
            Ok(float as i64)
        }
        _ => Err(FieldMessage::TooLarge),
    }
}

/// Text as Python's `int()` reads it: blanks around, a sign, single underscores between digits, full-width digits.
pub fn from_text(text: &str) -> Result<i64, FieldMessage> {
    let ascii = ascii_digits(text);
    let ascii = ascii.trim();
    let digits = ascii.strip_prefix(['+', '-']).unwrap_or(ascii);
    let groups = || digits.split('_');
    if !groups().all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(FieldMessage::NotAnInteger);
    }
    let sign = if ascii.starts_with('-') { "-" } else { "" };
    format!("{sign}{}", groups().collect::<String>()).parse().map_err(|_| FieldMessage::TooLarge)
}

/// The text with full-width digits, which Korean keyboards write, as ASCII ones.
pub fn ascii_digits(text: &str) -> String {
    let narrow = |letter| match letter {
        '０'..='９' => char::from_u32(u32::from(letter) - u32::from('０') + u32::from('0')).unwrap_or(letter),
        letter => letter,
    };
    text.chars().map(narrow).collect()
}
