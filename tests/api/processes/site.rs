//! A database, and the processes that run on it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use bizcenter::db::{Connect, Db, Sql, Target, sql};
use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempDir};
use tokio::time::sleep;

use super::LOGIN;
use crate::app::{PASSWORD, Session};
use crate::client::{Call, Method};
use crate::command_line::{bizcenter, create_user, text};
use crate::mariadb::MariaDb;

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// The one tenant.
const TENANT: &str = "acme";

/// A new database, and where the binary is run for it.
pub struct Site {
    pub db: Db,
    dir: TempDir,
    settings: Vec<(&'static str, String)>,
}

/// A running binary. It is killed when the test is over, and its log is shown when the test has failed.
pub struct Process {
    command: String,
    child: Child,
    log: NamedTempFile,
}

/// A running server.
pub struct Server {
    pub process: Process,
    /// `http://127.0.0.1:port`.
    pub url: String,
    http: reqwest::Client,
}

/// Looks again and again until it is so.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < PATIENCE, "after {PATIENCE:?} still not: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}

impl Site {
    /// With these settings besides the usual ones.
    pub async fn new(settings: &[(&'static str, &str)]) -> Self {
        let url = MariaDb::shared().new_database();
        let connect = Connect { target: Target::from_url(&url).unwrap(), pool_size: 3, acquire_timeout: PATIENCE };
        let db = Db::connect(&connect).await.unwrap();
        let usual = [("DATABASE_URL", url.as_str()), ("PORT", "0"), ("JOBS_AT", "off"), ("DB_ACQUIRE_TIMEOUT", "30")];
        let settings = usual.iter().chain(settings).map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { db, dir: tempfile::tempdir().unwrap(), settings }
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Starts the binary with these arguments.
    pub fn start(&self, arguments: &[&str]) -> Process {
        let mut command = bizcenter(self.dir.path(), &self.settings());
        command.args(arguments);
        Process::start(arguments, command)
    }

    /// Runs the binary to its end, as [`Process::end`] tells it.
    pub async fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        self.start(arguments).end().await
    }

    /// Starts a server and waits until it is up.
    pub fn server(&self) -> Server {
        Server::of(self.start(&["serve"]))
    }

    /// Starts two servers at the same time, which both find the schema missing.
    pub fn two_servers(&self) -> [Server; 2] {
        [self.start(&["serve"]), self.start(&["serve"])].map(Server::of)
    }

    /// Makes a user.
    pub fn user(&self, email: &str, role: &str) {
        let arguments = ["--tenant", TENANT, "--email", email, "--name", "김지은", "--role", role];
        let made = create_user(self.dir.path(), &self.settings(), &arguments, PASSWORD);
        assert!(made.status.success(), "{}", text(&made));
    }

    /// How many rows there are.
    pub async fn count(&self, statement: &'static str) -> i64 {
        self.db.read().await.unwrap().count(sql(statement)).await.unwrap()
    }

    /// Runs a statement that somebody else runs; gives how many rows it reached.
    pub async fn execute(&self, statement: Sql) -> u64 {
        let mut tx = self.db.begin().await.unwrap();
        let rows = tx.execute(statement).await.unwrap();
        tx.commit().await.unwrap();
        rows
    }

    /// Whether a statement that begins like this is being run: for long only where it waits for somebody's rows.
    pub async fn is_running(&self, statement: &str) -> bool {
        let count = "select count(*) from information_schema.processlist where db = database() and info like ?";
        let count = sql(count).bind(format!("{statement}%"));
        self.db.read().await.unwrap().count(count).await.unwrap() > 0
    }

    /// Waits until a statement that begins like this is being run.
    pub async fn until_running(&self, statement: &str) {
        until(statement, async || self.is_running(statement).await).await;
    }
}

impl Process {
    fn start(arguments: &[&str], mut command: Command) -> Self {
        let log = NamedTempFile::new().unwrap();
        let child = command.stderr(log.reopen().unwrap()).spawn().unwrap();
        Self { command: format!("bizcenter {} ({})", arguments.join(" "), child.id()), child, log }
    }

    /// Lets it end by itself.
    pub fn terminate(&self) {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
    }

    /// Ends it in the midst of whatever it does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end; gives its exit code and all that it has said.
    pub async fn end(mut self) -> (Option<i32>, String) {
        let started = Instant::now();
        while !self.has_ended() {
            assert!(started.elapsed() < PATIENCE, "{} does not end", self.command);
            sleep(Duration::from_millis(10)).await;
        }
        let mut said = String::new();
        if let Some(mut stdout) = self.child.stdout.take() {
            stdout.read_to_string(&mut said).unwrap();
        }
        said.push_str(&self.logged());
        (self.child.wait().unwrap().code(), said)
    }

    fn logged(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("-- {}:\n{}", self.command, self.logged());
        }
    }
}

impl Server {
    /// Waits for the lines that tell where it is.
    fn of(mut process: Process) -> Self {
        let mut lines = BufReader::new(process.child.stdout.take().unwrap()).lines();
        let api = lines.next().expect("the server has stopped").unwrap();
        lines.next().unwrap().unwrap();
        let url = api.strip_prefix("API   ").unwrap().strip_suffix("/api/v1").unwrap().to_owned();
        Self { process, url, http: reqwest::Client::new() }
    }

    /// Signs a user in.
    pub async fn sign_in(&self, email: &str) -> Session {
        let answer = self.post(LOGIN, json!({"email": email, "password": PASSWORD})).expect(200).await;
        Session {
            id: answer["user"]["id"].as_i64().unwrap(),
            tenant: TENANT.into(),
            email: email.into(),
            token: answer["access_token"].as_str().unwrap().into(),
        }
    }

    fn call(&self, method: Method, path: &str) -> Call {
        Call::new(self.http.request(method, format!("{}{path}", self.url)))
    }

    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: Value) -> Call {
        self.call(Method::POST, path).json(body)
    }

    pub fn patch(&self, path: &str, body: Value) -> Call {
        self.call(Method::PATCH, path).json(body)
    }
}
