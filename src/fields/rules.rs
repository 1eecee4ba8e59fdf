//! What a field may hold: each rule takes the JSON value and gives what it stands for, or its fault.

#![expect(clippy::needless_pass_by_value, reason = "every rule has the same shape")]

use chrono::NaiveDate;
use iso_currency::Currency;
use serde_json::Value;
use validator::{ValidateLength, ValidateRange};

use super::{Read, email as address, integer as numbers, moment as moments};
use crate::clock::Timestamp;
use crate::error::{FieldFault, FieldFaults, FieldMessage};

/// The longest e-mail address that the database keeps.
const EMAIL_LENGTH: u64 = 255;
/// ISO 4217's codes for no currency at all, and for tests.
const NO_MONEY: [&str; 2] = ["XXX", "XTS"];

/// An enum whose variants have names.
pub trait Named: Sized {
    /// Every name.
    const NAMES: &'static [&'static str];

    /// The variant of that name.
    fn from_name(name: &str) -> Option<Self>;
}

/// Text of any length, kept to the letter; only U+0000 is refused, which SQLite's own functions stop at.
pub fn any_text(value: Value) -> Read<String> {
    match value {
        Value::String(text) if text.contains('\0') => Err(FieldMessage::HasNull.into()),
        Value::String(text) => Ok(text),
        _ => Err(FieldMessage::NotAString.into()),
    }
}

/// Text of `min` to `max` characters (Unicode code points).
pub fn text(min: usize, max: usize) -> impl Fn(Value) -> Read<String> {
    move |value| {
        checked(
            any_text(value)?,
            |text| text.validate_length(Some(min as u64), Some(max as u64), None),
            FieldMessage::Length(min, max),
        )
    }
}

/// Text of at most `max` characters.
pub fn text_up_to(max: usize) -> impl Fn(Value) -> Read<String> {
    move |value| {
        checked(
            any_text(value)?,
            |text| text.validate_length(None, Some(max as u64), None),
            FieldMessage::MaxLength(max),
        )
    }
}

/// Text of at least `min` characters.
pub fn text_from(min: usize) -> impl Fn(Value) -> Read<String> {
    move |value| {
        checked(
            any_text(value)?,
            |text| text.validate_length(Some(min as u64), None, None),
            FieldMessage::MinLength(min),
        )
    }
}

/// A whole number: a JSON number (a fraction is cut off) or text that Python's `int()` takes.
pub fn integer(value: Value) -> Read<i64> {
    match value {
        Value::Number(number) => Ok(numbers::from_number(&number)?),
        Value::String(text) => Ok(numbers::from_text(&text)?),
        _ => Err(FieldMessage::NotAnInteger.into()),
    }
}

/// A whole number within bounds.
pub fn integer_between(min: i64, max: i64) -> impl Fn(Value) -> Read<i64> {
    move |value| match integer(value) {
        // Beyond 64 bits is beyond these bounds too.
        Err(fault) if fault == FieldMessage::TooLarge.into() => Err(FieldMessage::Range(min, max).into()),
        read => checked(
            read?,
            |number| number.validate_range(Some(min), Some(max), None, None),
            FieldMessage::Range(min, max),
        ),
    }
}

/// A truth value, or one of the words and numbers that marshmallow takes for one.
pub fn boolean(value: Value) -> Read<bool> {
    const TRUE: [&str; 13] = ["1", "t", "T", "true", "True", "TRUE", "on", "On", "ON", "y", "Y", "yes", "Yes"];
    const FALSE: [&str; 13] = ["0", "f", "F", "false", "False", "FALSE", "off", "Off", "OFF", "n", "N", "no", "No"];
    let truth = match &value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) if number.as_f64() == Some(1.0) => Some(true),
        Value::Number(number) if number.as_f64() == Some(0.0) => Some(false),
        Value::String(word) if TRUE.contains(&word.as_str()) || word == "YES" => Some(true),
        Value::String(word) if FALSE.contains(&word.as_str()) || word == "NO" => Some(false),
        _ => None,
    };
    truth.ok_or_else(|| FieldMessage::NotABoolean.into())
}

/// One of an enum's names.
pub fn one_of<T: Named>(value: Value) -> Read<T> {
    match &value {
        Value::String(name) => T::from_name(name),
        _ => None,
    }
    .ok_or_else(|| FieldMessage::OneOf(T::NAMES).into())
}

/// A date-time.
pub fn moment(value: Value) -> Read<Timestamp> {
    string(&value).and_then(moments::date_time).ok_or_else(|| FieldMessage::NotADateTime.into())
}

/// A date.
pub fn date(value: Value) -> Read<NaiveDate> {
    string(&value).and_then(moments::date).ok_or_else(|| FieldMessage::NotADate.into())
}

/// The start of a filter: a date-time, or a date, which begins at midnight UTC.
pub fn from_moment(value: Value) -> Read<Timestamp> {
    let read = string(&value).and_then(moments::date_or_moment);
    read.map(|(moment, _)| moment).ok_or_else(|| FieldMessage::NotADateTime.into())
}

/// The end of a filter: a date-time, or a date, which includes its whole day.
pub fn to_moment(value: Value) -> Read<Timestamp> {
    let read = string(&value).and_then(moments::date_or_moment);
    read.map(moments::end_of).ok_or_else(|| FieldMessage::NotADateTime.into())
}

/// Text to search for: long enough to mean something.
pub fn search_text(value: Value) -> Read<String> {
    text(2, 200)(value)
}

/// An e-mail address.
pub fn email(value: Value) -> Read<String> {
    match value {
        Value::String(text) if address::is_email(&text) => {
            let message = FieldMessage::MaxLength(EMAIL_LENGTH as usize);
            checked(text, |text| text.validate_length(None, Some(EMAIL_LENGTH), None), message)
        }
        _ => Err(FieldMessage::NotAnEmail.into()),
    }
}

/// An ISO 4217 currency code in either case; gives it in capitals.
pub fn currency(value: Value) -> Read<String> {
    let text = any_text(value)?;
    if !text.validate_length(None, None, Some(3)) {
        return Err(FieldMessage::ExactLength(3).into());
    }
    let code = text.to_ascii_uppercase();
    if Currency::from_code(&code).is_none() || NO_MONEY.contains(&code.as_str()) {
        return Err(FieldMessage::NotACurrency.into());
    }
    Ok(code)
}

/// A decimal as text, kept to the digit: at most 18 digits before the point and 4 behind it (ISO 4217's most).
pub fn amount(value: Value) -> Read<String> {
    let text = any_text(value)?;
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
    let are_digits =
        |text: &str, max| (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if are_digits(whole, 18) && are_digits(fraction, 4) { Ok(text) } else { Err(FieldMessage::NotAnAmount.into()) }
}

/// A list of at most `max` parts; their faults come by index.
pub fn list<T>(max: usize, rule: impl Fn(Value) -> Read<T>) -> impl Fn(Value) -> Read<Vec<T>> {
    move |value| {
        let Value::Array(values) = value else { return Err(FieldMessage::NotAList.into()) };
        if values.len() > max {
            return Err(FieldMessage::MaxLength(max).into());
        }
        let mut faults = FieldFaults::default();
        let mut read = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            let part = if value.is_null() { Err(FieldMessage::Null.into()) } else { rule(value) };
            match part {
                Ok(part) => read.push(part),
                Err(fault) => faults.add(index.to_string(), fault),
            }
        }
        if faults.is_empty() { Ok(read) } else { Err(FieldFault::Parts(faults)) }
    }
}

fn checked<T>(value: T, is_valid: impl Fn(&T) -> bool, message: FieldMessage) -> Read<T> {
    if is_valid(&value) { Ok(value) } else { Err(message.into()) }
}

fn string(value: &Value) -> Option<&str> {
    value.as_str()
}
