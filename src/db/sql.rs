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

    /// Appends `(?, …), (?, …)` for the rows of a multi-row insert; all rows have the same width.
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

    /// Appends `(?, ?, …)` for an `in`; an empty list is `(null)`, which nothing is in.
    #[must_use]
    pub fn list(mut self, values: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        let before = self.values.len();
        self.values.extend(values.into_iter().map(Into::into));
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
