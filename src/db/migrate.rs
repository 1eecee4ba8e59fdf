//! The embedded migrations, one folder per database with the same numbers and names.

use std::time::Duration;

use sqlx::SqliteConnection;
use sqlx::migrate::Migrator;

use super::{Conn, Db, DbResult, sql};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static MARIADB: Migrator = sqlx::migrate!("migrations/mariadb");

/// How long one process waits while another one migrates, in seconds.
const LOCK_TIMEOUT: i64 = 600;

/// How long to wait before the next attempt at a file that another process migrates.
const RETRY_AFTER: Duration = Duration::from_millis(100);

const MIGRATIONS: &str = "select count(*) from _sqlx_migrations";

/// The schema cannot be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database refused.
    #[error("migration failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration failed, or the database has been migrated by another version.
    #[error("migration failed: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A table of ours is there, but not from us.
    #[error("the database has a table `users` that this program did not make (the Flask server's?); use an empty one")]
    Foreign,
    /// Another process has been migrating for too long.
    #[error("another process has been migrating this database for {LOCK_TIMEOUT} seconds")]
    Locked,
}

impl Db {
    /// Applies what is pending; several processes may call it at once.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        let mut connection = self.read().await?;
        // In this order: a process that migrates at the same time makes its own table first.
        if has_table(&mut connection, "select count(*) from users").await?
            && !has_table(&mut connection, MIGRATIONS).await?
        {
            return Err(MigrateError::Foreign);
        }
        drop(connection);
        match self {
            Self::Sqlite { write, .. } => {
                let mut connection = write.acquire().await?;
                migrate_sqlite(&mut connection).await
            }
            Self::MariaDb(pool) => {
                let mut connection = pool.acquire().await?;
                // sqlx locks with a negative timeout, which MariaDB answers with null: no lock at all.
                let (locked,): (Option<i64>,) = sqlx::query_as("select get_lock(concat(database(), '.migrate'), ?)")
                    .bind(LOCK_TIMEOUT)
                    .fetch_one(&mut *connection)
                    .await?;
                if locked != Some(1) {
                    return Err(MigrateError::Locked);
                }
                let migrated = MARIADB.run(&mut *connection).await;
                sqlx::query("do release_lock(concat(database(), '.migrate'))").execute(&mut *connection).await?;
                Ok(migrated?)
            }
        }
    }

    /// The names of the migrations that this binary knows and the database lacks, oldest first.
    pub async fn pending_migrations(&self) -> DbResult<Vec<String>> {
        let mut connection = self.read().await?;
        let applied =
            match connection.fetch_all::<(i64,)>(sql("select version from _sqlx_migrations where success")).await {
                Ok(rows) => rows.into_iter().map(|(version,)| version).collect(),
                Err(error) if is_missing_table(&error) => Vec::new(),
                Err(error) => return Err(error),
            };
        let known = match connection {
            Conn::Sqlite(_) | Conn::SqliteTransaction(_) => &SQLITE,
            Conn::MariaDb(_) | Conn::MariaDbTransaction(_) => &MARIADB,
        };
        let pending = known.iter().filter(|migration| !applied.contains(&migration.version));
        Ok(pending.map(|migration| format!("{:04} {}", migration.version, migration.description)).collect())
    }
}

/// Of two processes that start on a new file at once, one finds a table that it was about to make, or the file locked;
/// it tries again for as long as the other one gets on.
async fn migrate_sqlite(connection: &mut SqliteConnection) -> Result<(), MigrateError> {
    let mut attempt = 1;
    loop {
        match SQLITE.run(&mut *connection).await {
            Ok(()) => return Ok(()),
            Err(error) if attempt > SQLITE.iter().count() => return Err(error.into()),
            Err(_) => {
                attempt += 1;
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }
}

async fn has_table(connection: &mut Conn, count: &'static str) -> DbResult<bool> {
    match connection.count(sql(count)).await {
        Ok(_) => Ok(true),
        Err(error) if is_missing_table(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_missing_table(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        let message = error.message();
        message.contains("no such table") || message.contains("doesn't exist")
    })
}
