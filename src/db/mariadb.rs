//! A connection to MariaDB that never goes back to the pool with something left half done.
//!
//! A statement ends early when nobody waits for it any more: a client has hung up, or time is over. The driver then may
//! wait for a result that never comes, for example of a statement that was prepared and never executed. It would wait
//! when the connection comes back to the pool, without end, and the pool would lose the connection.

use sqlx::pool::PoolConnection;
use sqlx::{Executor, MySql, MySqlConnection, MySqlPool};

use super::DbResult;

/// A connection to MariaDB, with or without a transaction.
#[derive(Debug)]
pub struct MariaDbConnection {
    connection: PoolConnection<MySql>,
    /// Whether a statement has begun and has not come to its end.
    is_busy: bool,
    is_in_transaction: bool,
}

impl MariaDbConnection {
    /// A connection without a transaction.
    pub async fn acquire(pool: &MySqlPool) -> DbResult<Self> {
        Ok(Self { connection: pool.acquire().await?, is_busy: false, is_in_transaction: false })
    }

    /// A connection with a new transaction.
    pub async fn begin(pool: &MySqlPool) -> DbResult<Self> {
        let mut begun = Self::acquire(pool).await?;
        begun.is_in_transaction = true;
        begun.run("begin").await?;
        Ok(begun)
    }

    /// Ends the transaction for good.
    pub async fn commit(self) -> DbResult<()> {
        self.end_with("commit").await
    }

    /// Ends the transaction as if it had not been.
    pub async fn rollback(self) -> DbResult<()> {
        self.end_with("rollback").await
    }

    /// The connection, for one statement, whose result is to be told to [`MariaDbConnection::ended`].
    pub fn for_statement(&mut self) -> &mut MySqlConnection {
        self.is_busy = true;
        &mut self.connection
    }

    /// The statement has come to its end. After an error of another kind nobody knows what is on its way.
    pub fn ended<T>(&mut self, result: &DbResult<T>) {
        self.is_busy = !matches!(result, Ok(_) | Err(sqlx::Error::Database(_) | sqlx::Error::RowNotFound));
    }

    async fn end_with(mut self, statement: &'static str) -> DbResult<()> {
        self.run(statement).await?;
        self.is_in_transaction = false;
        Ok(())
    }

    async fn run(&mut self, statement: &'static str) -> DbResult<()> {
        let result = self.for_statement().execute(statement).await;
        self.ended(&result);
        result.map(|_| ())
    }
}

impl Drop for MariaDbConnection {
    fn drop(&mut self) {
        if self.is_busy || self.is_in_transaction {
            // The server undoes the transaction, and the pool has room for another connection within seconds.
            self.connection.close_on_drop();
        }
    }
}
