//! One connection or one open transaction; every store function takes `&mut Conn`, never a pool.

use deadpool::unmanaged::Object;
use futures_util::{Stream, TryStreamExt};
use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{FromRow, Sqlite, SqliteConnection, Transaction};
use tokio::sync::mpsc::Sender;

use super::{DbResult, MariaDbConnection, Sql};

/// A row that decodes from either database; `#[derive(sqlx::FromRow)]` gives it.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, MySqlRow> + Send + Unpin {}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, MySqlRow> + Send + Unpin {}

/// One connection, or one open transaction.
#[derive(Debug)]
pub enum Conn {
    /// A reader of SQLite.
    Sqlite(Object<SqliteConnection>),
    /// A connection to MariaDB.
    MariaDb(MariaDbConnection),
    /// SQLite's writer.
    SqliteTransaction(Transaction<'static, Sqlite>),
    /// A transaction in MariaDB.
    MariaDbTransaction(MariaDbConnection),
}

enum Raw<'a> {
    Sqlite(&'a mut SqliteConnection),
    MariaDb(&'a mut MariaDbConnection),
}

/// Expands one sqlx call for each database.
macro_rules! on_database {
    ($conn:expr, $sql:expr, |$raw:ident, $text:ident, $arguments:ident| $call:expr) => {{
        let sql: Sql = $sql;
        match $conn.raw() {
            Raw::Sqlite($raw) => {
                let ($text, $arguments) = sql.into_parts::<SqliteArguments>()?;
                $call
            }
            Raw::MariaDb(connection) => {
                let ($text, $arguments) = sql.into_parts::<MySqlArguments>()?;
                let $raw = connection.for_statement();
                let result: DbResult<_> = $call;
                connection.ended(&result);
                result
            }
        }
    }};
}

impl Conn {
    /// All rows.
    pub async fn fetch_all<R: Row>(&mut self, sql: Sql) -> DbResult<Vec<R>> {
        on_database!(self, sql, |raw, text, arguments| sqlx::query_as_with(text, arguments).fetch_all(raw).await)
    }

    /// Sends all rows as they come, `at_once` of them at a time: few are in memory, and all are of one moment, since they
    /// come from one statement. Ends early when nobody receives them any more.
    ///
    /// Broken off, it leaves nothing open: SQLite's statement ends with its stream, and MariaDB's connection reads the
    /// rest before its next statement.
    pub async fn send_all<R: Row>(&mut self, sql: Sql, at_once: usize, to: &Sender<Vec<R>>) -> DbResult<()> {
        on_database!(self, sql, |raw, text, arguments| {
            send(sqlx::query_as_with(text, arguments).fetch(raw), at_once, to).await
        })
    }

    /// The row, if there is one.
    pub async fn fetch_optional<R: Row>(&mut self, sql: Sql) -> DbResult<Option<R>> {
        on_database!(self, sql, |raw, text, arguments| sqlx::query_as_with(text, arguments).fetch_optional(raw).await)
    }

    /// The row; none is an error.
    pub async fn fetch_one<R: Row>(&mut self, sql: Sql) -> DbResult<R> {
        on_database!(self, sql, |raw, text, arguments| sqlx::query_as_with(text, arguments).fetch_one(raw).await)
    }

    /// The number of rows that matched; an update that changes nothing counts its row on both databases.
    pub async fn execute(&mut self, sql: Sql) -> DbResult<u64> {
        on_database!(self, sql, |raw, text, arguments| {
            sqlx::query_with(text, arguments).execute(raw).await.map(|done| done.rows_affected())
        })
    }

    /// Like [`Conn::execute`], but waits no longer than a second for another transaction's row: false when it would have
    /// to. A lock that is soon gone, of a row that is only referred to, makes no difference.
    pub async fn execute_within_a_second(&mut self, sql: Sql) -> DbResult<bool> {
        Ok(self.count_within_a_second(sql).await?.is_some())
    }

    /// The same, with the number of the rows that matched; nothing when it would have to wait.
    pub async fn count_within_a_second(&mut self, sql: Sql) -> DbResult<Option<u64>> {
        // SQLite's transactions come one after the other: whoever is here has nobody to wait for.
        let is_mariadb = matches!(self, Self::MariaDbTransaction(_));
        let sql =
            if is_mariadb { super::sql("set statement innodb_lock_wait_timeout = 1 for ").append(&sql) } else { sql };
        match self.execute(sql).await {
            Err(error) if super::waited_too_long(&error) => Ok(None),
            executed => executed.map(Some),
        }
    }

    /// Runs an `insert … returning id` and gives the id.
    pub async fn insert(&mut self, sql: Sql) -> DbResult<i64> {
        self.fetch_one::<(i64,)>(sql).await.map(|(id,)| id)
    }

    /// The one whole number that a `select count(*)` gives.
    pub async fn count(&mut self, sql: Sql) -> DbResult<i64> {
        self.fetch_one::<(i64,)>(sql).await.map(|(count,)| count)
    }

    /// Keeps other transactions from changing the rows until this one ends, so that what is read next is what is
    /// changed. SQLite needs none of it: only one transaction writes at a time.
    ///
    /// Comes before any other statement: MariaDB's snapshot begins at the first plain read, and must not be older than
    /// the lock.
    pub async fn lock(&mut self, select: Sql) -> DbResult<()> {
        if matches!(self, Self::MariaDbTransaction(_)) {
            self.fetch_all::<(i64,)>(select.push(" for update")).await?;
        }
        Ok(())
    }

    /// Like [`Conn::lock`], but waits no longer than a second: false when somebody holds the rows for longer.
    pub async fn lock_within_a_second(&mut self, select: Sql) -> DbResult<bool> {
        if matches!(self, Self::MariaDbTransaction(_)) {
            return self.execute_within_a_second(select.push(" for update")).await;
        }
        Ok(true)
    }

    /// Like [`Conn::fetch_all`], for rows that are to be changed: as they are now, and locked until this transaction ends.
    pub async fn fetch_all_locked<R: Row>(&mut self, select: Sql) -> DbResult<Vec<R>> {
        let is_mariadb = matches!(self, Self::MariaDbTransaction(_));
        self.fetch_all(if is_mariadb { select.push(" for update") } else { select }).await
    }

    /// Ends a transaction for good.
    pub async fn commit(self) -> DbResult<()> {
        match self {
            Self::SqliteTransaction(transaction) => transaction.commit().await,
            Self::MariaDbTransaction(transaction) => transaction.commit().await,
            Self::Sqlite(_) | Self::MariaDb(_) => Ok(()),
        }
    }

    /// Ends a transaction as if it had not been.
    pub async fn rollback(self) -> DbResult<()> {
        match self {
            Self::SqliteTransaction(transaction) => transaction.rollback().await,
            Self::MariaDbTransaction(transaction) => transaction.rollback().await,
            Self::Sqlite(_) | Self::MariaDb(_) => Ok(()),
        }
    }

    fn raw(&mut self) -> Raw<'_> {
        match self {
            Self::Sqlite(connection) => Raw::Sqlite(connection),
            Self::SqliteTransaction(transaction) => Raw::Sqlite(transaction),
            Self::MariaDb(connection) | Self::MariaDbTransaction(connection) => Raw::MariaDb(connection),
        }
    }
}

async fn send<R: Row>(
    mut rows: impl Stream<Item = DbResult<R>> + Send + Unpin,
    at_once: usize,
    to: &Sender<Vec<R>>,
) -> DbResult<()> {
    let mut some = Vec::with_capacity(at_once);
    while let Some(row) = rows.try_next().await? {
        some.push(row);
        if some.len() == at_once {
            let full = std::mem::replace(&mut some, Vec::with_capacity(at_once));
            if to.send(full).await.is_err() {
                return Ok(());
            }
        }
    }
    if !some.is_empty() {
        // Who has gone away misses nothing.
        let _ = to.send(some).await;
    }
    Ok(())
}
