//! Opens the connections, with the settings that each database needs to be trusted.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::unmanaged::PoolConfig;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor};
use tokio::time::{Instant, sleep, timeout_at};

use super::{Db, Readers, sqlite_is_busy};

/// Which database, and how to reach it.
#[derive(Clone)]
pub enum Target {
    /// A file, made when it is not there.
    Sqlite(PathBuf),
    /// A server.
    MariaDb(MariaDbTarget),
}

/// A MariaDB server, a database on it, and who we are there.
#[derive(Clone)]
pub struct MariaDbTarget(Box<MySqlConnectOptions>);

impl MariaDbTarget {
    /// From the `DB_*` settings.
    pub fn new(host: &str, port: u16, database: &str, user: &str, password: Option<&str>) -> Self {
        let options = MySqlConnectOptions::new().host(host).port(port).database(database).username(user);
        Self(Box::new(match password {
            Some(password) => options.password(password),
            None => options,
        }))
    }

    /// Takes `DB_SSL_MODE` in the words of the MariaDB client; false when it is none of them.
    #[must_use]
    pub fn set_ssl_mode(&mut self, mode: &str) -> bool {
        let Ok(mode) = MySqlSslMode::from_str(mode) else { return false };
        *self.0 = self.0.as_ref().clone().ssl_mode(mode);
        true
    }

    /// Trusts the certificate authority in this PEM file.
    pub fn set_ssl_ca(&mut self, path: &Path) {
        *self.0 = self.0.as_ref().clone().ssl_ca(path);
    }
}

impl Target {
    /// This file. What SQLite keeps in memory would be another database for each connection.
    pub fn sqlite(path: &str) -> Result<Self, &'static str> {
        if matches!(path.trim(), "" | ":memory:") { Err("must name a file") } else { Ok(Self::Sqlite(path.into())) }
    }

    /// Reads `DATABASE_URL` as SQLAlchemy writes it: `sqlite:///file.db` (relative), `sqlite:////file.db` (absolute),
    /// `mysql://user:password@host:port/name`, with `mariadb` for `mysql` and an optional `+driver`.
    pub fn from_url(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or("must look like scheme://…")?;
        match scheme.split('+').next().unwrap_or_default() {
            "sqlite" => match rest.strip_prefix('/').unwrap_or(rest) {
                path if path.contains('?') => {
                    Err("must end with the file's name: nothing behind a ? is understood".into())
                }
                path => Self::sqlite(path).map_err(str::to_owned),
            },
            "mysql" | "mariadb" => {
                // The driver's own message may repeat the URL with its password.
                let options = MySqlConnectOptions::from_str(&format!("mysql://{rest}"))
                    .map_err(|_| "is not a valid URL of a MariaDB database")?;
                match options.get_database() {
                    None | Some("") => return Err("must name a database after the host".into()),
                    // It is the rest of the password, which ends at the first of them; it is not repeated.
                    Some(name) if name.contains(['@', ':', '/']) => {
                        return Err("must have @, : and / in user and password percent-encoded (%40, %3A, %2F)".into());
                    }
                    Some(_) => {}
                }
                Ok(Self::MariaDb(MariaDbTarget(Box::new(options))))
            }
            _ => Err("must start with sqlite://, mysql:// or mariadb://".into()),
        }
    }
}

impl fmt::Debug for Target {
    /// Without the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(formatter, "SQLite, {}", path.display()),
            Self::MariaDb(MariaDbTarget(options)) => {
                let (host, port) = (options.get_host(), options.get_port());
                write!(formatter, "MariaDB, {} at {host}:{port}", options.get_database().unwrap_or_default())
            }
        }
    }
}

/// How long to wait before the next attempt at a file that another process is opening.
const RETRY_AFTER: Duration = Duration::from_millis(20);

/// How long to wait before the next attempt at a server that refuses.
const KNOCK_AFTER: Duration = Duration::from_millis(100);

/// The server does not know a setting.
const UNKNOWN_VARIABLE: u16 = 1193;

/// How many prepared statements a connection to MariaDB keeps; there are some hundred texts. One that has no room for
/// another has to give one up first, which takes 40 ms: the driver lets its packets wait for one another (Nagle).
///
/// For all connections they are less than a quarter of `max_prepared_stmt_count`, which is 16,382 for a server.
fn statements_kept(pool_size: u32) -> usize {
    usize::try_from(4000 / pool_size.max(1)).map_or(1, |kept| kept.clamp(1, 500))
}

/// How to connect to the [`Target`].
#[derive(Debug, Clone)]
pub struct Connect {
    /// Where to.
    pub target: Target,
    /// The most connections to MariaDB, or readers of SQLite.
    pub pool_size: u32,
    /// How long a request waits for a connection before it is answered 503.
    pub acquire_timeout: Duration,
}

/// The database cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the database ({target}): {source}")]
pub struct ConnectError {
    target: String,
    source: sqlx::Error,
}

impl Db {
    /// Opens the database and proves that it answers.
    pub async fn connect(connect: &Connect) -> Result<Self, ConnectError> {
        let opened = match &connect.target {
            Target::Sqlite(path) => open_sqlite_beside_others(path, connect).await,
            Target::MariaDb(MariaDbTarget(options)) => {
                let options = options.as_ref().clone().statement_cache_capacity(statements_kept(connect.pool_size));
                open_mariadb(&options, connect).await
            }
        };
        opened.map_err(|source| ConnectError { target: connect.target.to_string(), source })
    }
}

/// Of several processes that open a new file at once, all but one are refused the change to the write-ahead log:
/// SQLite does not wait for that lock, whatever the busy timeout is. They try again for as long as a request would wait.
async fn open_sqlite_beside_others(path: &PathBuf, connect: &Connect) -> Result<Db, sqlx::Error> {
    let deadline = Instant::now() + connect.acquire_timeout;
    loop {
        match open_sqlite(path, connect).await {
            Err(error) if sqlite_is_busy(&error) && Instant::now() < deadline => sleep(RETRY_AFTER).await,
            opened => return opened,
        }
    }
}

async fn open_sqlite(path: &PathBuf, connect: &Connect) -> Result<Db, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A committed row survives a loss of power, as it does on MariaDB.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging();
    // The writer first: a reader cannot make the file.
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .acquire_timeout(connect.acquire_timeout)
        .connect_with(options.clone())
        .await?;
    let options = options.read_only(true);
    let mut readers = Vec::new();
    for _ in 0..connect.pool_size {
        readers.push(options.connect().await?);
    }
    let read = Readers::from_config(&PoolConfig {
        max_size: readers.len(),
        timeout: Some(connect.acquire_timeout),
        runtime: Some(Runtime::Tokio1),
    });
    for reader in readers {
        // There is room for each: the pool was made for this many.
        let _ = read.try_add(reader);
    }
    Ok(Db::Sqlite { read, write })
}

/// Proves that the server lets us in, or tells why not. The pool itself only tells that time ran out, whatever it was
/// that kept it waiting.
async fn knock(options: &MySqlConnectOptions, patience: Duration) -> Result<(), sqlx::Error> {
    let deadline = Instant::now() + patience;
    loop {
        match timeout_at(deadline, options.connect()).await {
            // A server that is just starting lets nobody in yet.
            Ok(Err(sqlx::Error::Io(error)))
                if error.kind() == ErrorKind::ConnectionRefused && Instant::now() + KNOCK_AFTER < deadline =>
            {
                sleep(KNOCK_AFTER).await;
            }
            Ok(opened) => return opened?.close().await,
            Err(_) => return Err(io::Error::new(ErrorKind::TimedOut, "the server does not answer").into()),
        }
    }
}

async fn open_mariadb(options: &MySqlConnectOptions, connect: &Connect) -> Result<Db, sqlx::Error> {
    let options = options.clone().charset("utf8mb4").disable_statement_logging();
    knock(&options, connect.acquire_timeout).await?;
    let pool = MySqlPoolOptions::new()
        .max_connections(connect.pool_size)
        .acquire_timeout(connect.acquire_timeout)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // The driver sets UTC and utf8mb4 for the session; a lenient server would still cut values short.
                connection
                    .execute("set session sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES,NO_ZERO_DATE')")
                    .await?;
                // Newer servers refuse to lock a row that has changed since the snapshot (error 1020), though nobody
                // goes by what was read before the lock. Older ones do not know the setting.
                match connection.execute("set session innodb_snapshot_isolation = off").await {
                    Err(error) if super::mariadb_number(&error) != Some(UNKNOWN_VARIABLE) => Err(error),
                    _ => Ok(()),
                }
            })
        })
        .connect_with(options)
        .await?;
    Ok(Db::MariaDb(pool))
}
