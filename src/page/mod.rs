//! Lists: paging by number or by cursor, and sorting.
//!
//! A cursor holds the sort order and where in it the page ended. The next page is read in one range of an index per
//! sort column, beginning with the ties of the last row: its cost does not grow with depth.

mod cursor;
mod sort;

pub use sort::{Kind, SortField, Sortable};

use std::collections::HashMap;

use cursor::{Position, decode_cursor, encode_cursor};
use serde::Serialize;
use sort::{Order, not_sortable, parse_sort, sort_text};
use utoipa::{IntoParams, ToSchema};

use crate::db::{Conn, DbResult, Sql, Value, sql};
use crate::error::FieldMessage;
use crate::fields::{self, Fields};

/// The largest page.
const MAX_LIMIT: i64 = 1000;
/// The page size when none is asked for.
const DEFAULT_LIMIT: i64 = 100;

/// The constant parts of a list's statements.
#[derive(Debug, Clone, Copy)]
pub struct List {
    /// The table with its alias; enough for counting.
    pub table: &'static str,
    /// The table with what is joined to it.
    pub from: &'static str,
    /// The columns of a row.
    pub columns: &'static str,
}

impl List {
    fn count(&self, filter: &Sql) -> Sql {
        sql("select count(*) from ").push(self.table).push(" where ").append(filter)
    }

    /// Those of these rows that match `filter`, in this order.
    pub async fn fetch_rows<R: Sortable>(&self, conn: &mut Conn, filter: &Sql, ids: &[i64]) -> DbResult<Vec<R>> {
        let select = sql("select ").push(self.columns).push(" from ").push(self.from).push(" where ").append(filter);
        let select = select.push(" and ").push(R::ID).push(" in ").list(ids.iter().copied());
        let mut rows: Vec<R> = conn.fetch_all(select).await?;
        let places: HashMap<i64, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        rows.sort_by_key(|row| places.get(&row.id()).copied());
        Ok(rows)
    }
}

/// A row, and how many there are in all.
#[derive(Debug, sqlx::FromRow)]
struct Counted<Row> {
    total: i64,
    #[sqlx(flatten)]
    row: Row,
}

/// Which page, in which order.
#[derive(Debug, Clone)]
pub struct Page {
    number: i64,
    limit: i64,
    orders: Vec<Order>,
    after: Option<Position>,
}

/// A page of rows and what is known of the whole list.
#[derive(Debug)]
pub struct Listing<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// Counts; not with a cursor.
    pub counts: Option<Counts>,
    /// The cursor of the next page, if there is one.
    pub next_cursor: Option<String>,
}

/// What a list's answer says beside its rows. With a `cursor` nothing is counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageAnswer {
    /// All rows that match, not only this page's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1)]
    pub total: Option<i64>,
    /// This page's number, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1)]
    pub page: Option<i64>,
    /// Rows a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 100)]
    pub limit: Option<i64>,
    /// All pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1)]
    pub pages: Option<i64>,
    /// Opaque; as `cursor` it gives the next page. Null at the end.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Which page, for the document.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document's description of what Page::from_fields reads")]
pub struct PageParams {
    /// The page's number.
    #[param(minimum = 1, default = 1)]
    page: Option<i64>,
    /// Rows a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// Fields to sort by, separated by commas; `-` before a field means the largest first. Ties are broken by id.
    sort: Option<String>,
    /// `next_cursor` of the page before. Unlike `page`, its cost does not grow with depth.
    cursor: Option<String>,
}

/// Counts of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// All rows that match.
    pub total: i64,
    /// This page's number, from 1.
    pub page: i64,
    /// Rows a page.
    pub limit: i64,
    /// All pages.
    pub pages: i64,
}

impl<R> Listing<R> {
    /// The rows, and what the answer says beside them.
    pub fn split(self) -> (Vec<R>, PageAnswer) {
        let answer = PageAnswer {
            total: self.counts.map(|counts| counts.total),
            page: self.counts.map(|counts| counts.page),
            limit: self.counts.map(|counts| counts.limit),
            pages: self.counts.map(|counts| counts.pages),
            next_cursor: self.next_cursor,
        };
        (self.rows, answer)
    }
}

impl Page {
    /// Takes `page`, `limit`, `sort` and `cursor` from the query.
    pub fn from_fields<R: Sortable>(fields: &mut Fields) -> Option<Self> {
        Self::sorted_by::<R>(R::DEFAULT, fields)
    }

    /// Like [`Page::from_fields`], for a list with another default order.
    pub fn sorted_by<R: Sortable>(default: &str, fields: &mut Fields) -> Option<Self> {
        let number = fields.optional("page", |value| {
            fields::integer(value).and_then(|page| if page >= 1 { Ok(page) } else { Err(FieldMessage::Min(1).into()) })
        });
        let limit = fields.optional("limit", fields::integer_between(1, MAX_LIMIT));
        let sort = fields.optional("sort", |value| {
            parse_sort::<R>(value.as_str().unwrap_or_default()).ok_or_else(|| not_sortable::<R>().into())
        });
        let cursor = fields.optional("cursor", |value| {
            let cursor = value.as_str().and_then(decode_cursor::<R>);
            cursor.ok_or_else(|| FieldMessage::NotACursor.into())
        });
        let (orders, after) = match (sort, cursor) {
            (sort, Some((orders, after))) => {
                // A cursor goes on in its own order; another one beside it is a mistake.
                if sort.is_some_and(|sort| sort_text(&sort) != sort_text(&orders)) {
                    fields.fault("cursor", FieldMessage::NotACursor);
                }
                (orders, Some(after))
            }
            (Some(orders), None) => (orders, None),
            (None, None) => (parse_sort::<R>(default)?, None),
        };
        Some(Self { number: number.unwrap_or(1), limit: limit.unwrap_or(DEFAULT_LIMIT), orders, after })
    }

    /// Whether one of these fields is among those it is sorted by.
    pub fn is_sorted_by(&self, names: &[&str]) -> bool {
        self.orders.iter().any(|order| names.contains(&order.field.name))
    }

    /// The ids of all rows that match `filter`, in the page's order: one statement, and eight bytes a row.
    pub async fn fetch_ids<R: Sortable>(&self, conn: &mut Conn, list: &List, filter: &Sql) -> DbResult<Vec<i64>> {
        let select = sql("select ").push(R::ID).push(" from ").push(list.table).push(" where ").append(filter);
        let rows: Vec<(i64,)> = conn.fetch_all(self.ordered::<R>(select, 0)).await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Reads the page of the rows that match `filter`, which begins with the tenant.
    pub async fn fetch<R: Sortable>(&self, conn: &mut Conn, list: &List, filter: &Sql) -> DbResult<Listing<R>> {
        match &self.after {
            None => self.fetch_by_number(conn, list, filter).await,
            Some(position) => self.fetch_after(position, conn, list, filter).await,
        }
    }

    async fn fetch_by_number<R: Sortable>(&self, conn: &mut Conn, list: &List, filter: &Sql) -> DbResult<Listing<R>> {
        let offset = (self.number - 1).saturating_mul(self.limit);
        // The count rides with the page: one statement, one view of the table.
        let select = sql("select (").append(&list.count(filter)).push(") as total, ").push(list.columns);
        let select = select.push(" from ").push(list.from).push(" where ").append(filter);
        let page = self.ordered::<R>(select, 0).push(" limit ? offset ?").bind(self.limit).bind(offset);
        let counted = conn.fetch_all::<Counted<R>>(page).await?;
        let total = match counted.first() {
            Some(first) => first.total,
            None if self.number == 1 => 0,
            None => conn.count(list.count(filter)).await?,
        };
        let rows = counted.into_iter().map(|counted| counted.row).collect();
        let pages = (total + self.limit - 1) / self.limit;
        let counts = Counts { total, page: self.number, limit: self.limit, pages };
        Ok(self.listing(rows, Some(counts), offset.saturating_add(self.limit) < total))
    }

    async fn fetch_after<R: Sortable>(
        &self,
        position: &Position,
        conn: &mut Conn,
        list: &List,
        filter: &Sql,
    ) -> DbResult<Listing<R>> {
        let select = sql("select ").push(list.columns).push(" from ").push(list.from).push(" where ").append(filter);
        let mut rows: Vec<R> = Vec::new();
        // One more than asked for tells whether there is a next page.
        let wanted = usize::try_from(self.limit).unwrap_or(usize::MAX).saturating_add(1);
        for tied in (0..=self.orders.len()).rev() {
            let Some(segment) = self.segment::<R>(select.clone(), position, tied) else { continue };
            let missing = wanted - rows.len();
            if missing > 0 {
                let limit = i64::try_from(missing).unwrap_or(i64::MAX);
                rows.extend(conn.fetch_all::<R>(segment.push(" limit ?").bind(limit)).await?);
            }
        }
        let more = rows.len() == wanted;
        rows.truncate(wanted - 1);
        Ok(self.listing(rows, None, more))
    }

    /// The rows after the position that equal it in the first `tied` sort fields and lie beyond it in the next one (or
    /// in the id, when all are tied); nothing when there can be none.
    fn segment<R: Sortable>(&self, select: Sql, position: &Position, tied: usize) -> Option<Sql> {
        let mut sql = select;
        for (order, value) in self.orders.iter().zip(&position.values).take(tied) {
            sql = sql.push(" and ").push(order.field.column);
            sql = if *value == Value::Null { sql.push(" is null") } else { sql.push(" = ?").bind(value.clone()) };
        }
        sql = match (self.orders.get(tied), position.values.get(tied)) {
            (Some(order), Some(value)) => {
                let column = order.field.column;
                sql = sql.push(" and ");
                match (value, order.descending) {
                    (Value::Null, true) => return None,
                    (Value::Null, false) => sql.push(column).push(" is not null"),
                    (value, false) => sql.push(column).push(" > ?").bind(value.clone()),
                    (value, true) if order.field.nullable => {
                        sql.push("(").push(column).push(" < ? or ").push(column).push(" is null)").bind(value.clone())
                    }
                    (value, true) => sql.push(column).push(" < ?").bind(value.clone()),
                }
            }
            _ => {
                let beyond = if self.id_descends() { " < ?" } else { " > ?" };
                sql.push(" and ").push(R::ID).push(beyond).bind(position.id)
            }
        };
        Some(self.ordered::<R>(sql, tied))
    }

    /// Appends the order, without the first `tied` fields, which are constant.
    fn ordered<R: Sortable>(&self, sql: Sql, tied: usize) -> Sql {
        let direction = |descending| if descending { " desc, " } else { ", " };
        let mut sql = sql.push(" order by ");
        for order in self.orders.iter().skip(tied) {
            sql = sql.push(order.field.column).push(direction(order.descending));
        }
        sql.push(R::ID).push(if self.id_descends() { " desc" } else { "" })
    }

    /// Ties are broken by id, in the direction of the last field, so that one index serves both.
    fn id_descends(&self) -> bool {
        self.orders.last().is_some_and(|order| order.descending)
    }

    fn listing<R: Sortable>(&self, rows: Vec<R>, counts: Option<Counts>, more: bool) -> Listing<R> {
        let next_cursor = rows.last().filter(|_| more).map(|last| {
            let values = self.orders.iter().map(|order| last.sort_value(order.field.name)).collect();
            encode_cursor(&self.orders, &Position { values, id: last.id() })
        });
        Listing { rows, counts, next_cursor }
    }
}
