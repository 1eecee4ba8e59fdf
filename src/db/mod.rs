//! One database behind one type, MariaDB or SQLite, chosen at run time.
//!
//! `sqlx::Any` refuses BOOLEAN and DATETIME, so [`Db`] and [`Conn`] are enums. A statement is a [`Sql`]: text
//! that both databases understand, and its values. Only this folder knows which database runs it.

mod conn;
mod connect;
mod fold;
mod mariadb;
mod migrate;
mod sql;
mod stored;
mod text_enum;
mod timestamp;
mod transaction;

pub use conn::{Conn, Row};
pub use connect::{Connect, ConnectError, MariaDbTarget, Target};
pub use fold::fold;
pub use mariadb::MariaDbConnection;
pub use migrate::MigrateError;
pub use sql::{Sql, Value, escape_like, piece, pieces, sql};
pub use stored::{Stored, readable};
pub(crate) use text_enum::text_enum;
pub use transaction::Attempts;
pub(crate) use transaction::transaction;

use deadpool::unmanaged::{Pool, PoolError};
use sqlx::{MySqlPool, SqliteConnection, SqlitePool};

/// What a statement gives, or the driver's error.
pub type DbResult<T> = Result<T, sqlx::Error>;

/// SQLite's readers. A reader never breaks, so nothing needs to be tested or replaced when it comes back.
pub type Readers = Pool<SqliteConnection>;

/// The connections to one database.
#[derive(Clone)]
pub enum Db {
    /// One writer, for SQLite has one anyway and queues fairly only in our pool, and several readers.
    Sqlite {
        /// Read-only connections.
        read: Readers,
        /// The one connection that writes.
        write: SqlitePool,
    },
    /// MariaDB 10.6 or later.
    MariaDb(MySqlPool),
}

impl Db {
    /// A connection for statements that only read.
    pub async fn read(&self) -> DbResult<Conn> {
        Ok(match self {
            Self::Sqlite { read, .. } => Conn::Sqlite(match read.get().await {
                Ok(reader) => reader,
                Err(PoolError::Timeout) => return Err(sqlx::Error::PoolTimedOut),
                Err(_) => return Err(sqlx::Error::PoolClosed),
            }),
            Self::MariaDb(pool) => Conn::MariaDb(MariaDbConnection::acquire(pool).await?),
        })
    }

    /// Opens a transaction on the writer; `transaction!` is the way to use it.
    pub async fn begin(&self) -> DbResult<Conn> {
        Ok(match self {
            // A deferred BEGIN that reads first fails with SQLITE_BUSY_SNAPSHOT as soon as another one wrote.
            Self::Sqlite { write, .. } => Conn::SqliteTransaction(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::MariaDb(pool) => Conn::MariaDbTransaction(MariaDbConnection::begin(pool).await?),
        })
    }

    /// Finishes what is running and closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write } => {
                read.close();
                write.close().await;
            }
            Self::MariaDb(pool) => pool.close().await,
        }
    }
}

/// MariaDB undid the transaction in favour of another one: 1213 is a deadlock (or Galera's certification failure),
/// 1205 a lock wait that took too long, 1020 a row that changed since the snapshot (`innodb_snapshot_isolation`).
pub fn lost_to_another_transaction(error: &sqlx::Error) -> bool {
    mariadb_number(error).is_some_and(|number| matches!(number, 1020 | 1205 | 1213))
}

/// Whether a row was locked for longer than the statement may wait.
fn waited_too_long(error: &sqlx::Error) -> bool {
    mariadb_number(error) == Some(1205)
}

/// Whether the database cannot be reached, is full of waiting requests or shutting down: worth trying again later.
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Io(_) => true,
        // 1040 too many connections; 1047 Galera without quorum; 1053 shutting down; 1927 killed.
        error => {
            mariadb_number(error).is_some_and(|number| matches!(number, 1020 | 1040 | 1047 | 1053 | 1205 | 1213 | 1927))
                || sqlite_is_busy(error)
        }
    }
}

/// Whether a unique key refused the row.
pub fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

fn mariadb_number(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()?;
    Some(error.number())
}

fn sqlite_is_busy(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<sqlx::sqlite::SqliteError>())
        .and_then(sqlx::error::DatabaseError::code)
        // SQLITE_BUSY and SQLITE_LOCKED with their extended codes, whose low byte is the primary one.
        .and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| matches!(code & 0xff, 5 | 6))
}
