//! Reads the fields of a body or a query, all mistakes at once, with marshmallow 3's leniency and messages.
//!
//! serde stops at the first mistake and knows no coercions; the Flask server's clients rely on both.

mod email;
mod integer;
mod moment;
mod rules;

pub use integer::ascii_digits;
pub use moment::date as calendar_date;
pub use rules::{
    Named, amount, any_text, boolean, currency, date, email, from_moment, integer, integer_between, list, moment,
    one_of, search_text, text, text_from, text_up_to, to_moment,
};

use serde_json::{Map, Value};

use crate::error::{FieldFault, FieldFaults, FieldMessage};

/// What a rule makes of a value.
pub type Read<T> = Result<T, FieldFault>;

/// A nullable field in a partial update.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Change<T> {
    /// Absent: it stays.
    #[default]
    Keep,
    /// Null.
    Clear,
    /// The new value.
    Set(T),
}

impl<T> Change<T> {
    /// Applies the change to the current value.
    pub fn apply(self, current: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *current = None,
            Self::Set(value) => *current = Some(value),
        }
    }
}

/// The new value of a field that may not be null.
pub fn replace<T>(current: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *current = new;
    }
}

/// What can be read from the fields of an object.
pub trait FromFields: Sized {
    /// Takes every field by name. Faults gather in `fields`; with any, what this gives is ignored.
    fn from_fields(fields: &mut Fields) -> Option<Self>;
}

/// An object with fields of its own, as a part of another one.
pub fn object<T: FromFields>(value: Value) -> Read<T> {
    Fields::read_body(value).map_err(FieldFault::Parts)
}

/// The fields that have not been taken yet, and what was wrong with those that have.
#[derive(Debug)]
pub struct Fields {
    values: Map<String, Value>,
    faults: FieldFaults,
}

impl Fields {
    /// Reads a JSON body. Fields that nobody took are faults.
    pub fn read_body<T: FromFields>(body: Value) -> Result<T, FieldFaults> {
        let Value::Object(values) = body else {
            return Err(FieldFaults::one("_schema", FieldMessage::NotAnObject));
        };
        let mut fields = Self { values, faults: FieldFaults::default() };
        let read = T::from_fields(&mut fields);
        for (name, _) in std::mem::take(&mut fields.values) {
            fields.faults.add(name, FieldMessage::Unknown);
        }
        fields.finish(read)
    }

    /// Reads query parameters: the first of repeated ones counts, unknown ones are ignored.
    pub fn read_query<T: FromFields>(query: &str) -> Result<T, FieldFaults> {
        let mut values = Map::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            values.entry(name).or_insert_with(|| Value::String(value.into_owned()));
        }
        let mut fields = Self { values, faults: FieldFaults::default() };
        let read = T::from_fields(&mut fields);
        fields.finish(read)
    }

    /// Whether the field is there and has not been taken yet.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A field that must be there and not null.
    pub fn required<T>(&mut self, name: &'static str, rule: impl FnOnce(Value) -> Read<T>) -> Option<T> {
        if !self.values.contains_key(name) {
            self.faults.add(name, FieldMessage::Required);
        }
        self.optional(name, rule)
    }

    /// A field that may be absent but not null.
    pub fn optional<T>(&mut self, name: &'static str, rule: impl FnOnce(Value) -> Read<T>) -> Option<T> {
        match self.values.remove(name)? {
            Value::Null => self.note(name, Err(FieldMessage::Null.into())),
            value => self.note(name, rule(value)),
        }
    }

    /// A field that may be absent or null, which is the same in a new row.
    pub fn nullable<T>(&mut self, name: &'static str, rule: impl FnOnce(Value) -> Read<T>) -> Option<T> {
        match self.values.remove(name)? {
            Value::Null => None,
            value => self.note(name, rule(value)),
        }
    }

    /// A nullable field in a partial update.
    pub fn change<T>(&mut self, name: &'static str, rule: impl FnOnce(Value) -> Read<T>) -> Change<T> {
        match self.values.remove(name) {
            None => Change::Keep,
            Some(Value::Null) => Change::Clear,
            Some(value) => self.note(name, rule(value)).map_or(Change::Keep, Change::Set),
        }
    }

    /// A fault that needs more than one field to see.
    pub fn fault(&mut self, name: &'static str, message: FieldMessage) {
        self.faults.add(name, message);
    }

    fn note<T>(&mut self, name: &'static str, read: Read<T>) -> Option<T> {
        read.map_err(|fault| self.faults.add(name, fault)).ok()
    }

    fn finish<T>(self, read: Option<T>) -> Result<T, FieldFaults> {
        match read {
            Some(read) if self.faults.is_empty() => Ok(read),
            _ => Err(self.faults),
        }
    }
}

#[cfg(test)]
mod tests;
