//! A statement and its values, independent of the database that will run it.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::NaiveDate;
use sqlx::{Arguments, AssertSqlSafe, Encode, Type};

use crate::clock::Timestamp;

/// A value to bind.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL's null.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
    /// Text that is shared, such as a tenant's id.
    Shared(Arc<str>),
    /// Text known at compile time, such as a status.
    Name(&'static str),
    /// A moment.
    Time(Timestamp),
    /// A day.
    Date(NaiveDate),
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),+ $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })+
    };
}

value_from! {
    bool => Bool, i64 => Int, u32 => Int, String => Text, &String => Text, Arc<str> => Shared, &'static str => Name,
    Timestamp => Time, NaiveDate => Date,
}

impl From<&Arc<str>> for Value {
    fn from(value: &Arc<str>) -> Self {
        Self::Shared(Arc::clone(value))
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<&Option<String>> for Value {
    fn from(value: &Option<String>) -> Self {
        value.as_ref().map_or(Self::Null, Into::into)
    }
}

/// SQL text and the values of its `?`, in their order.
#[derive(Debug, Clone)]
pub struct Sql {
    text: Cow<'static, str>,
    values: Vec<Value>,
}

/// Starts a statement. The text is a constant: what a caller sends can only come in by [`Sql::bind`].
pub fn sql(text: &'static str) -> Sql {
    Sql { text: Cow::Borrowed(text), values: Vec::new() }
}

impl Sql {
    /// Gives the next `?` its value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Appends text that has no new `?`, or whose `?` are bound next.
    #[must_use]
    pub fn push(mut self, text: &'static str) -> Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Appends another statement's text and values.
    #[must_use]
    pub fn append(mut self, other: &Self) -> Self {
        self.text.to_mut().push_str(&other.text);
        self.values.extend_from_slice(&other.values);
        self
    }

    /// Appends `(?, …), (?, …)` for the rows of a multi-row insert; all rows have the same width. Rows whose number a
    /// caller chooses come in [`pieces()`].
    #[must_use]
    pub fn values(mut self, rows: impl IntoIterator<Item = Vec<Value>>) -> Self {
        let text = self.text.to_mut();
        for (index, row) in rows.into_iter().enumerate() {
            text.push_str(if index == 0 { "(" } else { ", (" });
            for column in 0..row.len() {
                text.push_str(if column == 0 { "?" } else { ", ?" });
            }
            text.push(')');
            self.values.extend(row);
        }
        self
    }

    /// Appends `(?, ?, …)` for an `in`; an empty list is `(null)`, which nothing is in. Its last value may stand there
    /// several times, so that there are few texts.
    #[must_use]
    pub fn list(mut self, values: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        let before = self.values.len();
        self.values.extend(values.into_iter().map(Into::into));
        if let Some(last) = self.values.last().cloned() {
            self.values.resize(before + list_length(self.values.len() - before), last);
        }
        let text = self.text.to_mut();
        if self.values.len() == before {
            text.push_str("(null)");
        } else {
            text.push('(');
            for index in before..self.values.len() {
                text.push_str(if index == before { "?" } else { ", ?" });
            }
            text.push(')');
        }
        self
    }

    pub(super) fn into_parts<A>(self) -> Result<(AssertSqlSafe<Cow<'static, str>>, A), sqlx::Error>
    where
        A: Arguments + Default,
        Option<i64>: Bind<A>,
        bool: Bind<A>,
        i64: Bind<A>,
        String: Bind<A>,
        Timestamp: Bind<A>,
        NaiveDate: Bind<A>,
    {
        let mut arguments = A::default();
        arguments.reserve(self.values.len(), 0);
        for value in self.values {
            match value {
                Value::Null => arguments.add(None::<i64>),
                Value::Bool(value) => arguments.add(value),
                Value::Int(value) => arguments.add(value),
                Value::Text(value) => arguments.add(value),
                Value::Shared(value) => arguments.add(value.to_string()),
                Value::Name(value) => arguments.add(value.to_owned()),
                Value::Time(value) => arguments.add(value),
                Value::Date(value) => arguments.add(value),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        // Only constants were ever pushed to the text.
        Ok((AssertSqlSafe(self.text), arguments))
    }
}

/// Short for what a value needs in order to be an argument of a database.
pub trait Bind<A: Arguments>: for<'q> Encode<'q, A::Database> + Type<A::Database> {}

impl<A: Arguments, T> Bind<A> for T where T: for<'q> Encode<'q, A::Database> + Type<A::Database> {}

/// How long the list of so many values is: few lengths make few texts, for MariaDB has to prepare each on each connection.
/// From a thousand values on it makes a table of the list, and goes by no key then.
fn list_length(count: usize) -> usize {
    match count {
        0 => 0,
        1..=512 => count.next_power_of_two(),
        513..=999 => 999,
        _ => count,
    }
}

/// Rows for several multi-row inserts of few lengths, so that there are few texts: as many as a power of two at a time,
/// but not more than `most`.
pub fn pieces<T>(rows: &[T], most: usize) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let (piece, others) = rest.split_at(piece(rest.len().min(most))?);
        rest = others;
        Some(piece)
    })
}

/// How many of so many rows the next insert takes; nothing when there are none.
pub fn piece(rows: usize) -> Option<usize> {
    rows.checked_ilog2().map(|exponent| 1 << exponent)
}

/// A `like` pattern that finds `text` anywhere, for use with `escape '!'`.
pub fn escape_like(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '!' | '%' | '_') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_inserts_of_many_lengths_have_few_texts() {
        let mut texts = std::collections::BTreeSet::new();
        for count in 0..1000_i64 {
            let Sql { text, values } = sql("select 1 where ? in ").bind(7_i64).list(0..count);
            assert_eq!(text.matches('?').count(), values.len());
            let listed: Vec<Value> = (0..count).map(Value::Int).collect();
            assert_eq!(values[1..].iter().take(listed.len()).collect::<Vec<_>>(), listed.iter().collect::<Vec<_>>());
            assert!(values[1..].iter().skip(listed.len()).all(|value| Some(value) == listed.last()));
            texts.insert(text);
        }
        assert_eq!(texts.len(), 12);
        assert_eq!(sql("").list(0..1000_i64).values.len(), 1000);
        assert_eq!(sql("").bind(7_i64).list([0_i64; 0]).text, "(null)");
    }

    #[test]
    fn pieces_are_all_of_it_in_its_order() {
        let rows: Vec<u16> = (0..1500).collect();
        for count in 0..rows.len() {
            let pieces: Vec<&[u16]> = pieces(&rows[..count], 500).collect();
            assert_eq!(pieces.concat(), rows[..count]);
            assert!(pieces.iter().all(|piece| piece.len().is_power_of_two() && piece.len() <= 256));
        }
        assert_eq!(pieces(&rows[..37], 500).map(<[u16]>::len).collect::<Vec<_>>(), [32, 4, 1]);
    }
}
