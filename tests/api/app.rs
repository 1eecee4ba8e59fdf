//! The harness: a real server on a free port, on its own database, with a clock that stands still until moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bizcenter::app::{self, AppState};
use bizcenter::auth::Scope;
use bizcenter::auth::store::{self, NewUserRow};
use bizcenter::clock::{Clock, Timestamp};
use bizcenter::config::Config;
use bizcenter::db::{Db, Sql, lost_to_another_transaction, sql};
use bizcenter::notifications::{self, Kind, Notice};
use bizcenter::policy::Role;
use bizcenter::resource::Resource;
use bizcenter::server;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::client::{Call, Method};
use crate::mariadb::MariaDb;

/// The password of every user that the harness makes.
pub const PASSWORD: &str = "password123";

/// 2026-02-07T10:17:56.942016Z, a Saturday in ISO week 6.
pub const START: i64 = 1_770_459_476_942_016;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    MariaDb,
}

/// Declares tests that run once on SQLite and once on MariaDB: `async fn name(app) { … }`.
#[macro_export]
macro_rules! on_both {
    ($($(#[doc = $doc:literal])* async fn $name:ident($app:ident $(, $setting:ident = $value:literal)*) $body:block)+) => {
        $($(#[doc = $doc])*
        mod $name {
            #[allow(unused_imports, reason = "a test may need nothing of its file")]
            use super::*;

            async fn test($app: $crate::app::TestApp) $body

            #[tokio::test]
            async fn sqlite() {
                let _deadline = $crate::deadline::Deadline::new();
                let settings = [$((stringify!($setting), $value)),*];
                test($crate::app::TestApp::start_with($crate::app::Database::Sqlite, &settings).await).await;
            }

            #[tokio::test]
            async fn mariadb() {
                let _deadline = $crate::deadline::Deadline::new();
                let settings = [$((stringify!($setting), $value)),*];
                test($crate::app::TestApp::start_with($crate::app::Database::MariaDb, &settings).await).await;
            }
        })+
    };
}

/// A running server.
pub struct TestApp {
    /// `http://127.0.0.1:port`.
    pub url: String,
    /// Its database, for another instance.
    pub database_url: String,
    /// The server's own state, to prepare what the API cannot.
    pub state: AppState,
    config: Arc<Config>,
    clock: Arc<AtomicI64>,
    http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    _dir: Option<TempDir>,
}

/// A user who has signed in.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: i64,
    pub tenant: String,
    pub email: String,
    pub token: String,
}

impl TestApp {
    /// Starts a server with these settings besides the database's.
    pub async fn start_with(database: Database, settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database_url = match database {
            Database::Sqlite => format!("sqlite:///{}", dir.path().join("test.db").display()),
            Database::MariaDb => MariaDb::shared().new_database(),
        };
        Self::start_on(database_url, dir, settings).await
    }

    /// Starts a server on this database.
    pub async fn start_on(database_url: String, dir: TempDir, settings: &[(&str, &str)]) -> Self {
        let mut all = vec![("APP_ENV".to_owned(), "test".to_owned()), ("DATABASE_URL".into(), database_url.clone())];
        all.push(("DB_POOL_SIZE".into(), "4".into()));
        all.retain(|(name, _)| settings.iter().all(|(other, _)| other != name));
        all.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let config =
            Config::from_lookup(|name| all.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()))
                .unwrap();
        Self::serve(database_url, Arc::new(config), Arc::new(AtomicI64::new(START)), Some(dir)).await
    }

    /// Starts another server on the same database, with the same clock. It lives as long as this one at most.
    pub async fn second_instance(&self) -> Self {
        Self::serve(self.database_url.clone(), Arc::clone(&self.config), Arc::clone(&self.clock), None).await
    }

    async fn serve(database_url: String, config: Arc<Config>, clock: Arc<AtomicI64>, dir: Option<TempDir>) -> Self {
        let db = Db::connect(&config.database).await.unwrap();
        db.migrate().await.unwrap();
        let state = AppState::new(&config, db, Clock::Manual(Arc::clone(&clock)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = app::service(&config, state.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let stopping = state.stopping.clone();
        // All that goes on beside requests but the jobs, which tests run by hand.
        tokio::spawn(notifications::bus::run(state.clone(), stopping.clone()));
        tokio::spawn(bizcenter::audit::seal::run(state.clone(), stopping.clone()));
        tokio::spawn(server::serve(listener, service, async move {
            let _ = stopped.await;
            stopping.cancel();
        }));
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { url, database_url, state, config, clock, http, stop: Some(stop), _dir: dir }
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.state.db
    }

    /// Now, as the server sees it.
    pub fn now(&self) -> Timestamp {
        self.state.clock.now()
    }

    /// Moves the server's clock on.
    pub fn advance(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// Asks the server to stop, as a signal would.
    pub fn stop(&mut self) {
        self.stop.take();
    }

    /// Begins a call.
    pub fn call(&self, method: Method, path: &str) -> Call {
        Call::new(self.http.request(method, format!("{}{path}", self.url)))
    }

    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: Value) -> Call {
        self.call(Method::POST, path).json(body)
    }

    pub fn put(&self, path: &str, body: Value) -> Call {
        self.call(Method::PUT, path).json(body)
    }

    pub fn patch(&self, path: &str, body: Value) -> Call {
        self.call(Method::PATCH, path).json(body)
    }

    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// A new user of this tenant, signed in. Made in the database, since the API makes only viewers.
    pub async fn user(&self, tenant: &str, role: Role) -> Session {
        static COUNT: AtomicI64 = AtomicI64::new(1);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        self.user_named(tenant, role, &format!("user{number}@example.com"), &format!("User {number}")).await
    }

    /// A new user with this address and name.
    pub async fn user_named(&self, tenant: &str, role: Role, email: &str, name: &str) -> Session {
        // Argon2id of PASSWORD, made once; a hash costs more than most tests.
        static HASH: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
        let hash = HASH.get_or_init(async || bizcenter::auth::password::hash(PASSWORD.into()).await.unwrap()).await;
        let new = NewUserRow {
            tenant_id: tenant.into(),
            email: email.into(),
            password_hash: hash.clone(),
            name: name.into(),
            role,
            created_by: None,
            created_at: self.now(),
        };
        let mut tx = self.db().begin().await.unwrap();
        store::ensure_tenant(&mut tx, tenant, &self.state.audit_key, new.created_at).await.unwrap();
        let id = store::insert(&mut tx, &new).await.unwrap();
        let row = store::find_by_id(&mut tx, id).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        let token = self.state.tokens.begin_session(&row, self.now()).unwrap().access_token;
        Session { id, tenant: tenant.into(), email: email.into(), token }
    }

    /// The same user with a new token; the old one may have ended.
    pub async fn signed_in(&self, user: &Session) -> Session {
        let row = store::find_by_id(&mut self.db().read().await.unwrap(), user.id).await.unwrap().unwrap();
        let token = self.state.tokens.begin_session(&row, self.now()).unwrap().access_token;
        Session { token, ..user.clone() }
    }

    /// Runs a statement directly; for what no API does.
    pub async fn execute(&self, statement: Sql) -> u64 {
        let mut tx = self.db().begin().await.unwrap();
        let rows = tx.execute(statement).await.unwrap();
        tx.commit().await.unwrap();
        rows
    }

    /// How many rows a table has.
    pub async fn count(&self, statement: &'static str) -> i64 {
        self.db().read().await.unwrap().count(sql(statement)).await.unwrap()
    }

    /// Notifies these users of a tenant of something that the system has done.
    pub async fn notify(&self, users: &[&Session], kind: Kind, title: &str) {
        let scope = self.system(&users[0].tenant);
        let notice = Notice { kind, title: title.into(), resource_type: Resource::Task, resource_id: 7 };
        self.send_notices(&scope, vec![(notice, users.iter().map(|user| user.id).collect())]).await;
    }

    /// Sends notices in a transaction of their own; as in a handler, once more where the database prefers another one.
    pub async fn send_notices(&self, scope: &Scope, notices: Vec<(Notice, Vec<i64>)>) {
        loop {
            let mut tx = self.db().begin().await.unwrap();
            match notifications::send_all(&mut tx, scope, notices.clone(), self.now()).await {
                Ok(()) => return tx.commit().await.unwrap(),
                Err(error) if error.database().is_some_and(lost_to_another_transaction) => tx.rollback().await.unwrap(),
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// The scope of what the system does in this tenant.
    pub fn system(&self, tenant: &str) -> Scope {
        Scope::system(tenant, self.state.audit_key.clone())
    }

    /// The scope of what this user does.
    pub fn scope_of(&self, user: &Session) -> Scope {
        Scope::operator(&user.tenant, user.id, self.state.audit_key.clone())
    }
}
