//! What is wrong with each field, in marshmallow's words and nesting.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::Language;

/// One thing that is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldMessage {
    /// A required field is absent.
    Required,
    /// Null where there must be a value.
    Null,
    /// A field that this body does not have.
    Unknown,
    /// The body is not an object.
    NotAnObject,
    /// Not text.
    NotAString,
    /// Not a whole number.
    NotAnInteger,
    /// A whole number beyond 64 bits.
    TooLarge,
    /// Neither true nor false.
    NotABoolean,
    /// Not a list.
    NotAList,
    /// Not a date-time.
    NotADateTime,
    /// Not a date.
    NotADate,
    /// Not an e-mail address.
    NotAnEmail,
    /// Not an ISO 4217 code.
    NotACurrency,
    /// Not a decimal of a contract's size.
    NotAnAmount,
    /// Text with U+0000.
    HasNull,
    /// Text with nothing to see.
    Blank,
    /// Length outside these bounds.
    Length(usize, usize),
    /// Longer than this.
    MaxLength(usize),
    /// Shorter than this.
    MinLength(usize),
    /// Not exactly this long.
    ExactLength(usize),
    /// A number outside these bounds.
    Range(i64, i64),
    /// A number below this.
    Min(i64),
    /// None of these names.
    OneOf(&'static [&'static str]),
    /// None of these fields to sort by.
    NotSortable(Vec<&'static str>),
    /// Not a cursor that this list gave.
    NotACursor,
    /// The end is before the start.
    EndsBeforeStart,
    /// The start is not after that of the contract that is renewed.
    StartsBeforePredecessor,
    /// No active user of the tenant.
    NotAMember,
    /// No top-level task of the tenant.
    NotAParent,
    /// A task that has subtasks, where there may be none.
    HasSubtasks,
    /// No task of the tenant.
    NoSuchTask,
    /// A parent with so many subtasks already.
    TooManySubtasks(usize),
    /// Tasks with more text than so many MiB.
    TooMuchText(usize),
    /// There before.
    Repeated,
    /// A line of CSV with more cells than there are columns.
    TooManyCells,
    /// CSV with more columns than this.
    TooManyColumns(usize),
    /// Bytes that are no text in this encoding.
    NotInEncoding(&'static str),
    /// A cell of CSV whose quotes do not end.
    UnclosedQuote,
    /// A cell of CSV that goes on behind its quotes.
    TextAfterQuote,
    /// No invitation that counts, or one for another address.
    NotAnInvitation,
    /// Not the password of now.
    WrongPassword,
    /// Not a refresh token of the caller.
    NotARefreshToken,
}

impl FieldMessage {
    /// The text in the reader's language; English is marshmallow's own where it has one.
    pub fn text(&self, language: Language) -> String {
        match language {
            Language::English => self.english(),
            Language::Korean => self.korean(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Required => "Missing data for required field.".into(),
            Self::Null => "Field may not be null.".into(),
            Self::Unknown => "Unknown field.".into(),
            Self::NotAnObject => "Invalid input type.".into(),
            Self::NotAString => "Not a valid string.".into(),
            Self::NotAnInteger => "Not a valid integer.".into(),
            Self::TooLarge => "Number too large.".into(),
            Self::NotABoolean => "Not a valid boolean.".into(),
            Self::NotAList => "Not a valid list.".into(),
            Self::NotADateTime => "Not a valid datetime.".into(),
            Self::NotADate => "Not a valid date.".into(),
            Self::NotAnEmail => "Not a valid email address.".into(),
            Self::NotACurrency => "Not a valid currency code.".into(),
            Self::NotAnAmount => "Not a valid number.".into(),
            Self::HasNull => "Null characters are not allowed.".into(),
            Self::Blank => "Field may not be blank.".into(),
            Self::Length(min, max) => format!("Length must be between {min} and {max}."),
            Self::MaxLength(max) => format!("Longer than maximum length {max}."),
            Self::MinLength(min) => format!("Shorter than minimum length {min}."),
            Self::ExactLength(length) => format!("Length must be {length}."),
            Self::Range(min, max) => {
                format!("Must be greater than or equal to {min} and less than or equal to {max}.")
            }
            Self::Min(min) => format!("Must be greater than or equal to {min}."),
            Self::OneOf(names) => format!("Must be one of: {}.", names.join(", ")),
            Self::NotSortable(names) => format!("Must be one of: {}.", names.join(", ")),
            Self::NotACursor => "Not a valid cursor.".into(),
            Self::EndsBeforeStart => "Must not be before start_date.".into(),
            Self::StartsBeforePredecessor => "Must be after the start_date of the renewed contract.".into(),
            Self::NotAMember => "Not an active user of this tenant.".into(),
            Self::NotAParent => "Not a top-level task of this tenant.".into(),
            Self::HasSubtasks => "A task with subtasks cannot be a subtask.".into(),
            Self::NoSuchTask => "Not a task of this tenant.".into(),
            Self::TooManySubtasks(most) => format!("A task may not have more than {most} subtasks."),
            Self::TooMuchText(most) => format!("More than {most} MiB of text in all of the tasks together."),
            Self::Repeated => "Must not be repeated.".into(),
            Self::TooManyCells => "More cells than columns.".into(),
            Self::TooManyColumns(most) => format!("More than {most} columns."),
            Self::NotInEncoding(encoding) => format!("Not valid {encoding} text."),
            Self::UnclosedQuote => "A quote (\") that begins a cell here is never closed.".into(),
            Self::TextAfterQuote => {
                "A quote (\") that begins a cell here is closed before the cell ends. Inside it a quote is written twice."
                    .into()
            }
            Self::NotAnInvitation => "Not a valid invitation for this email address.".into(),
            Self::WrongPassword => "Not the current password.".into(),
            Self::NotARefreshToken => "Not a refresh token of this account.".into(),
        }
    }

    fn korean(&self) -> String {
        match self {
            Self::Required => "필수 항목입니다.".into(),
            Self::Null => "null일 수 없습니다.".into(),
            Self::Unknown => "알 수 없는 항목입니다.".into(),
            Self::NotAnObject => "입력 형식이 올바르지 않습니다.".into(),
            Self::NotAString => "올바른 문자열이 아닙니다.".into(),
            Self::NotAnInteger => "올바른 정수가 아닙니다.".into(),
            Self::TooLarge => "숫자가 너무 큽니다.".into(),
            Self::NotABoolean => "올바른 참/거짓 값이 아닙니다.".into(),
            Self::NotAList => "올바른 목록이 아닙니다.".into(),
            Self::NotADateTime => "올바른 날짜와 시간이 아닙니다.".into(),
            Self::NotADate => "올바른 날짜가 아닙니다.".into(),
            Self::NotAnEmail => "올바른 이메일 주소가 아닙니다.".into(),
            Self::NotACurrency => "올바른 통화 코드가 아닙니다.".into(),
            Self::NotAnAmount => "올바른 금액이 아닙니다.".into(),
            Self::HasNull => "널 문자는 사용할 수 없습니다.".into(),
            Self::Blank => "공백만 입력할 수 없습니다.".into(),
            Self::Length(min, max) => format!("길이는 {min}자 이상 {max}자 이하여야 합니다."),
            Self::MaxLength(max) => format!("최대 길이 {max}을(를) 초과했습니다."),
            Self::MinLength(min) => format!("최소 길이 {min}보다 짧습니다."),
            Self::ExactLength(length) => format!("길이는 {length}자여야 합니다."),
            Self::Range(min, max) => format!("{min} 이상 {max} 이하여야 합니다."),
            Self::Min(min) => format!("{min} 이상이어야 합니다."),
            Self::OneOf(names) => format!("다음 중 하나여야 합니다: {}.", names.join(", ")),
            Self::NotSortable(names) => format!("다음 중 하나여야 합니다: {}.", names.join(", ")),
            Self::NotACursor => "올바른 커서가 아닙니다.".into(),
            Self::EndsBeforeStart => "start_date보다 빠를 수 없습니다.".into(),
            Self::StartsBeforePredecessor => "갱신하는 계약의 start_date보다 뒤여야 합니다.".into(),
            Self::NotAMember => "이 테넌트의 활성 사용자가 아닙니다.".into(),
            Self::NotAParent => "이 테넌트의 최상위 업무가 아닙니다.".into(),
            Self::HasSubtasks => "하위 업무가 있는 업무는 하위 업무가 될 수 없습니다.".into(),
            Self::NoSuchTask => "이 테넌트의 업무가 아닙니다.".into(),
            Self::TooManySubtasks(most) => format!("하위 업무는 {most}개를 초과할 수 없습니다."),
            Self::TooMuchText(most) => format!("모든 업무의 텍스트를 합하면 {most} MiB를 초과합니다."),
            Self::Repeated => "중복될 수 없습니다.".into(),
            Self::TooManyCells => "셀이 열보다 많습니다.".into(),
            Self::TooManyColumns(most) => format!("열이 {most}개를 초과합니다."),
            Self::NotInEncoding(encoding) => format!("올바른 {encoding} 텍스트가 아닙니다."),
            Self::UnclosedQuote => "여기서 셀을 여는 큰따옴표(\")가 닫히지 않았습니다.".into(),
            Self::TextAfterQuote => {
                "여기서 셀을 여는 큰따옴표(\")가 셀이 끝나기 전에 닫힙니다. 셀 안의 큰따옴표는 두 번 적어야 합니다."
                    .into()
            }
            Self::NotAnInvitation => "이 이메일 주소에 유효한 초대가 아닙니다.".into(),
            Self::WrongPassword => "현재 비밀번호가 아닙니다.".into(),
            Self::NotARefreshToken => "이 계정의 리프레시 토큰이 아닙니다.".into(),
        }
    }
}

/// What is wrong with a value: with itself, or with its parts by key or index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldFault {
    /// With the value itself.
    Messages(Vec<FieldMessage>),
    /// With its parts.
    Parts(FieldFaults),
}

impl From<FieldMessage> for FieldFault {
    fn from(message: FieldMessage) -> Self {
        Self::Messages(vec![message])
    }
}

/// The faults by field name, or by index for a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldFaults(BTreeMap<String, FieldFault>);

impl FieldFaults {
    /// With one fault.
    pub fn one(name: &str, fault: impl Into<FieldFault>) -> Self {
        let mut faults = Self::default();
        faults.add(name, fault);
        faults
    }

    /// Adds a fault; the first one of a field stays.
    pub fn add(&mut self, name: impl Into<String>, fault: impl Into<FieldFault>) {
        self.0.entry(name.into()).or_insert_with(|| fault.into());
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The JSON of `errors` in this language.
    pub fn in_language(&self, language: Language) -> impl Serialize {
        Rendered { faults: self, language }
    }
}

struct Rendered<'a> {
    faults: &'a FieldFaults,
    language: Language,
}

impl Serialize for Rendered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.faults.0.len()))?;
        for (name, fault) in &self.faults.0 {
            match fault {
                FieldFault::Messages(messages) => {
                    let texts: Vec<_> = messages.iter().map(|message| message.text(self.language)).collect();
                    map.serialize_entry(name, &texts)?;
                }
                FieldFault::Parts(faults) => {
                    map.serialize_entry(name, &Rendered { faults, language: self.language })?;
                }
            }
        }
        map.end()
    }
}
