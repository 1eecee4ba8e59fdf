//! The cursor: where in which order a page ended, as opaque text.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::sort::{Kind, Order, Sortable, parse_sort, sort_text};
use crate::clock::Timestamp;
use crate::db::Value;
use crate::fields::calendar_date;

/// Where a page ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// The last row's values in the sort fields.
    pub values: Vec<Value>,
    /// The last row's id.
    pub id: i64,
}

/// The cursor's JSON: the order, the last row's values in it (moments in microseconds, null for none) and its id.
#[derive(Serialize, Deserialize)]
struct CursorText {
    s: String,
    v: Vec<serde_json::Value>,
    i: i64,
}

/// Writes a cursor.
pub fn encode_cursor(orders: &[Order], position: &Position) -> String {
    let value = |value: &Value| match value {
        Value::Int(number) => (*number).into(),
        Value::Time(time) => time.micros().into(),
        Value::Date(date) => date.to_string().into(),
        Value::Text(text) => text.as_str().into(),
        Value::Name(text) => (*text).into(),
        Value::Shared(text) => text.as_ref().into(),
        Value::Null | Value::Bool(_) => serde_json::Value::Null,
    };
    let text = CursorText { s: sort_text(orders), v: position.values.iter().map(value).collect(), i: position.id };
    // Plain maps and strings always serialize.
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&text).unwrap_or_default())
}

/// Reads a cursor of a list of `R`; nothing when it is none.
pub fn decode_cursor<R: Sortable>(cursor: &str) -> Option<(Vec<Order>, Position)> {
    let text: CursorText = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let orders = parse_sort::<R>(&text.s)?;
    if orders.len() != text.v.len() {
        return None;
    }
    let value = |(order, value): (&Order, &serde_json::Value)| {
        Some(match (order.field.kind, value) {
            (_, serde_json::Value::Null) if order.field.nullable => Value::Null,
            (Kind::Int, value) => Value::Int(value.as_i64()?),
            (Kind::Text, value) => Value::Text(value.as_str()?.to_owned()),
            (Kind::Time, value) => Value::Time(Timestamp::from_micros(value.as_i64()?)?),
            (Kind::Date, value) => Value::Date(calendar_date(value.as_str()?)?),
        })
    };
    let values = orders.iter().zip(&text.v).map(value).collect::<Option<_>>()?;
    Some((orders, Position { values, id: text.i }))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::super::sort::SortField;
    use super::*;

    #[derive(sqlx::FromRow)]
    struct Line {
        id: i64,
    }

    impl Sortable for Line {
        const FIELDS: &'static [SortField] = &[
            SortField { name: "number", column: "number", kind: Kind::Int, nullable: false },
            SortField { name: "name", column: "name", kind: Kind::Text, nullable: false },
            SortField { name: "made", column: "made", kind: Kind::Time, nullable: true },
            SortField { name: "day", column: "day", kind: Kind::Date, nullable: false },
        ];
        const DEFAULT: &'static str = "-number";
        const ID: &'static str = "id";

        fn id(&self) -> i64 {
            self.id
        }

        fn sort_value(&self, _: &str) -> Value {
            Value::Null
        }
    }

    fn any_value(field: &'static SortField) -> BoxedStrategy<Value> {
        match field.kind {
            Kind::Int => any::<i64>().prop_map(Value::Int).boxed(),
            Kind::Text => "\\PC{0,40}".prop_map(Value::Text).boxed(),
            Kind::Time => prop::option::of(-62_135_596_800_000_000_i64..253_402_300_800_000_000)
                .prop_map(|micros| micros.and_then(Timestamp::from_micros).into())
                .boxed(),
            Kind::Date => (1..9999_i32, 1..366_u32)
                .prop_map(|(year, day)| Value::Date(NaiveDate::from_yo_opt(year, day).unwrap()))
                .boxed(),
        }
    }

    fn any_position() -> impl Strategy<Value = (Vec<Order>, Position)> {
        let fields = prop::sample::subsequence(Line::FIELDS.iter().collect::<Vec<_>>(), 1..=4).prop_shuffle();
        fields.prop_flat_map(|fields| {
            let orders = fields.into_iter().map(|field| {
                (any::<bool>(), any_value(field))
                    .prop_map(move |(descending, value)| (Order { field, descending }, value))
            });
            (orders.collect::<Vec<_>>(), any::<i64>()).prop_map(|(orders, id)| {
                let (orders, values) = orders.into_iter().unzip();
                (orders, Position { values, id })
            })
        })
    }

    proptest! {
        #[test]
        fn a_cursor_is_read_back((orders, position) in any_position()) {
            let (read_orders, read_position) = decode_cursor::<Line>(&encode_cursor(&orders, &position)).unwrap();
            prop_assert_eq!(sort_text(&read_orders), sort_text(&orders));
            prop_assert_eq!(read_position, position);
        }

        #[test]
        fn no_text_makes_reading_a_cursor_panic(text in "\\PC*", json in "\\{\"s\":\"-?(number|name|made|day)\",\"v\":\\[[-0-9a-z\"]{0,12}\\],\"i\":[0-9]{1,25}\\}") {
            let _ = decode_cursor::<Line>(&text);
            let _ = decode_cursor::<Line>(&BASE64_URL_SAFE_NO_PAD.encode(json));
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = |json: &str| decode_cursor::<Line>(&BASE64_URL_SAFE_NO_PAD.encode(json)).is_some();
        assert!(cursor(r#"{"s":"number","v":[1],"i":1}"#));
        assert!(!cursor(r#"{"s":"created_at","v":[1],"i":1}"#));
        assert!(!cursor(r#"{"s":"number","v":["1"],"i":1}"#));
        assert!(!cursor(r#"{"s":"number,name","v":[1],"i":1}"#));
        assert!(!cursor(r#"{"s":"made","v":[9223372036854775807],"i":1}"#));
        assert!(!cursor(r#"{"s":"day","v":["+99999-01-01"],"i":1}"#));
    }
}
