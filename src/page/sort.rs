//! What a list can be sorted by, and `sort` in the query.

use crate::db::{Row, Value};
use crate::error::FieldMessage;

/// The most fields to sort by at once.
const MAX_SORT_FIELDS: usize = 4;

/// What a sort column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Int,
    /// Text.
    Text,
    /// Moments.
    Time,
    /// Days.
    Date,
}

/// A field that a list can be sorted by.
#[derive(Debug, Clone, Copy)]
pub struct SortField {
    /// Its name in `sort`.
    pub name: &'static str,
    /// Its column, with the table's alias.
    pub column: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be null; nulls come before all values, on both databases.
    pub nullable: bool,
}

/// A row of a list that can be paged by cursor.
pub trait Sortable: Row {
    /// The fields to sort by; the first one is the default's.
    const FIELDS: &'static [SortField];
    /// The default, as in Flask: this field, the largest first.
    const DEFAULT: &'static str;
    /// The id's column, with the table's alias.
    const ID: &'static str;

    /// The row's id.
    fn id(&self) -> i64;

    /// The row's value in the column of this field.
    fn sort_value(&self, field: &str) -> Value;
}

/// A field to sort by, and which way.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// The field.
    pub field: &'static SortField,
    /// The largest first.
    pub descending: bool,
}

/// The fault of a `sort` that names other fields.
pub fn not_sortable<R: Sortable>() -> FieldMessage {
    FieldMessage::NotSortable(R::FIELDS.iter().map(|field| field.name).collect())
}

/// Reads `field,-field,…`; nothing for an unknown or repeated field.
pub fn parse_sort<R: Sortable>(text: &str) -> Option<Vec<Order>> {
    let mut orders: Vec<Order> = Vec::new();
    for part in text.split(',') {
        let name = part.trim();
        let (name, descending) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
        let field = R::FIELDS.iter().find(|field| field.name == name)?;
        if orders.len() == MAX_SORT_FIELDS || orders.iter().any(|order| order.field.name == name) {
            return None;
        }
        orders.push(Order { field, descending });
    }
    Some(orders)
}

/// Writes what [`parse_sort`] reads.
pub fn sort_text(orders: &[Order]) -> String {
    let part = |order: &Order| format!("{}{}", if order.descending { "-" } else { "" }, order.field.name);
    orders.iter().map(part).collect::<Vec<_>>().join(",")
}
