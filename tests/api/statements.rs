//! What the databases are asked for by figures and jobs over many rows, and how they go about it.
//!
//! The log of a MariaDB of its own tells the statements. They are the same on SQLite.

use std::collections::BTreeSet;

use bizcenter::db::sql;
use bizcenter::jobs::{self, Report};
use bizcenter::policy::Role::{Editor, Owner};
use tokio_util::sync::CancellationToken;

use crate::app::{Database, Session, TestApp};
use crate::mariadb::MariaDb;

/// Rows of each kind and tenant: so many that it matters how they are read.
const ROWS: &str = "6000";

/// Of all statuses, over a year.
const CONTRACTS: &str = "insert into contracts (tenant_id, contract_number, customer_name, customer_name_folded, \
    title, description, amount_encrypted, currency, start_date, end_date, auto_renewal, status, search_text, version, \
    created_at, updated_at) select ?, concat(?, seq), 'c', 'c', 't', repeat('d', 1000), 'v1.00000000.AAAA', 'KRW', \
    date_add('2025-03-01', interval seq % 340 day), date_add('2026-01-01', interval seq % 340 day), false, \
    elt(1 + seq % 5, 'draft', 'active', 'expired', 'terminated', 'renewed'), repeat('s', 1000), 1, ?, ? \
    from seq_1_to_";
/// A quarter of them open.
const TASKS: &str = "insert into tasks (tenant_id, title, status, priority, assigned_to, due_date, week_number, year, \
    tags, search_text, version, created_at, updated_at) select ?, 't', \
    elt(1 + seq % 4, 'pending', 'completed', 'completed', 'cancelled'), 'low', ?, \
    date_add('2025-06-01', interval seq % 340 day), 1 + seq % 52, 2026, '[]', 's', 1, ?, ? from seq_1_to_";

/// A server whose database writes down what it is asked for.
struct Watched {
    app: TestApp,
    server: MariaDb,
}

/// A step of MariaDB's plan.
#[derive(Debug, sqlx::FromRow)]
struct Step {
    key: Option<String>,
    #[sqlx(rename = "Extra")]
    extra: Option<String>,
}

/// A step of SQLite's plan.
#[derive(Debug, sqlx::FromRow)]
struct SqliteStep {
    detail: String,
}

/// Texts that tests make up live as long as the tests.
fn text(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

impl Watched {
    async fn start() -> Self {
        let server = MariaDb::start(&tempfile::tempdir().unwrap().keep());
        let app = TestApp::start_on(server.new_database(), tempfile::tempdir().unwrap(), &[]).await;
        server.run("set global log_output = 'TABLE'; set global general_log = on");
        Self { app, server }
    }

    /// A tenant with this owner and many rows.
    async fn fill(&self, tenant: &'static str) -> Session {
        let (owner, now) = (self.app.user(tenant, Owner).await, self.app.now());
        let contracts = sql(CONTRACTS).push(ROWS).bind(tenant).bind("C-").bind(now).bind(now);
        self.app.execute(contracts).await;
        self.app.execute(sql(TASKS).push(ROWS).bind(tenant).bind(owner.id).bind(now).bind(now)).await;
        for table in ["contracts", "tasks", "users"] {
            self.app.execute(sql(text(format!("analyze table {table}")))).await;
        }
        owner
    }

    /// Begins anew.
    fn forget(&self) {
        self.server.run("truncate table mysql.general_log");
    }

    /// The statements in which this stands, each once, and how many there were.
    async fn statements(&self, part: &str) -> (BTreeSet<String>, usize) {
        let select = "select argument from mysql.general_log where command_type = 'Execute' and argument like ? \
                      and argument not like '%general!_log%' escape '!' and argument not like 'explain %'";
        let mut conn = self.app.db().read().await.unwrap();
        let rows: Vec<(String,)> = conn.fetch_all(sql(select).bind(format!("%{part}%"))).await.unwrap();
        (rows.iter().map(|(statement,)| statement.clone()).collect(), rows.len())
    }

    /// How many statements on contracts this part of the dashboard takes.
    async fn count(&self, path: &str, user: &Session) -> usize {
        self.forget();
        self.app.get(&format!("/api/v1/dashboard/{path}")).by(user).expect(200).await;
        self.statements("from contracts").await.1
    }

    async fn plan(&self, statement: &str) -> Vec<Step> {
        let explain = sql(text(format!("explain {statement}")));
        self.app.db().read().await.unwrap().fetch_all(explain).await.unwrap()
    }
}

/// SQLite's plan for a statement in MariaDB's words.
async fn sqlite_plan(app: &TestApp, statement: &str) -> Vec<String> {
    let statement = statement.replace("DATE'", "'").replace("TIMESTAMP'", "'");
    let explain = sql(text(format!("explain query plan {statement}")));
    let steps: Vec<SqliteStep> = app.db().read().await.unwrap().fetch_all(explain).await.unwrap();
    // Those that read a table.
    steps.into_iter().map(|step| step.detail).filter(|detail| detail.starts_with("S")).collect()
}

#[tokio::test]
async fn the_dashboard_asks_for_contracts_once_however_many_there_are() {
    let watched = Watched::start().await;
    let few = [watched.app.user("few", Owner).await, watched.app.user("few", Editor).await];
    let many = [watched.fill("many").await, watched.app.user("many", Editor).await];
    for path in ["summary", "contracts/monthly?months=1", "contracts/monthly?months=60"] {
        for user in few.iter().chain(&many) {
            assert_eq!(watched.count(path, user).await, 1, "{path} {}", user.tenant);
        }
    }
}

#[tokio::test]
async fn the_dashboard_reads_indexes_alone() {
    let watched = Watched::start().await;
    let sqlite = TestApp::start_with(Database::Sqlite, &[]).await;
    let owner = watched.fill("test-001").await;
    watched.fill("test-002").await;
    let editor = watched.app.user("test-001", Editor).await;
    watched.forget();
    for path in ["summary", "contracts/monthly?months=60", "contracts/monthly?months=2", "tasks/weekly"] {
        for user in [&owner, &editor] {
            watched.app.get(&format!("/api/v1/dashboard/{path}")).by(user).expect(200).await;
        }
    }
    for (table, least) in [("contracts", 6), ("tasks", 3)] {
        let (statements, _) = watched.statements(&format!("from {table} ")).await;
        assert!(statements.len() >= least, "{statements:#?}");
        for statement in statements {
            let plan = watched.plan(&statement).await;
            let is_covered = |step: &Step| {
                let extra = step.extra.as_deref().unwrap_or_default();
                // Where nothing was made in a month, the index has said so already.
                (step.key.is_some() && extra.contains("Using index")) || extra == "No matching min/max row"
            };
            assert!(!plan.is_empty() && plan.iter().all(is_covered), "{statement}: {plan:#?}");
            let plan = sqlite_plan(&sqlite, &statement).await;
            let is_covered = |step: &String| step.starts_with("SEARCH ") && step.contains(" USING COVERING INDEX ");
            assert!(!plan.is_empty() && plan.iter().all(is_covered), "{statement}: {plan:#?}");
        }
    }
    for part in [", amount_encrypted from contracts where tenant_id = 'test-001'", "1 as contracts"] {
        for statement in watched.statements(part).await.0 {
            let keys: Vec<_> = watched.plan(&statement).await.into_iter().filter_map(|step| step.key).collect();
            assert_eq!(keys[0], "contracts_amounts", "{statement}");
            let plan = sqlite_plan(&sqlite, &statement).await;
            assert!(plan[0].contains(" contracts_amounts "), "{statement}: {plan:#?}");
        }
    }
}

#[tokio::test]
async fn jobs_walk_along_indexes_that_are_in_order() {
    let watched = Watched::start().await;
    let sqlite = TestApp::start_with(Database::Sqlite, &[]).await;
    watched.fill("test-001").await;
    watched.fill("test-002").await;
    watched.forget();
    for job in ["contract_ends", "contract_reminders", "overdue_tasks", "clean_up"] {
        let report = jobs::run(&watched.app.state, jobs::find(job).unwrap(), &CancellationToken::new()).await.unwrap();
        assert!(matches!(report, Report::Done(_)), "{job}: {report:?}");
    }
    for (part, key, on_sqlite) in [
        ("select end_date, id from contracts", "contracts_status", "COVERING INDEX contracts_status"),
        ("from contracts c left join contract_reminders%limit", "contracts_status", "COVERING INDEX contracts_status"),
        // SQLite does not take an index for one that covers a computed column, and so prefers the shorter one.
        ("from tasks t left join task_reminders%limit", "tasks_overdue", "INDEX tasks_due_date"),
    ] {
        let (statements, count) = watched.statements(part).await;
        // More than one batch of each tenant.
        assert!(count > 4, "{part}: {count}");
        for statement in statements {
            let plan = watched.plan(&statement).await;
            assert_eq!(plan[0].key.as_deref(), Some(key), "{statement}: {plan:#?}");
            let is_sorted = |step: &Step| step.extra.as_ref().is_some_and(|extra| extra.contains("filesort"));
            assert!(!plan.iter().any(is_sorted), "{statement}: {plan:#?}");
            let plan = sqlite_plan(&sqlite, &statement).await;
            assert!(plan[0].contains(&format!(" USING {on_sqlite} ")), "{statement}: {plan:#?}");
        }
    }
    for (table, index) in [
        ("invitations", "invitations_expires_at"),
        ("revoked_tokens", "revoked_tokens_expires_at"),
        ("stream_tickets", "stream_tickets_expiry"),
    ] {
        let (statements, _) = watched.statements(&format!("from {table} where%order by expires_at")).await;
        assert!(!statements.is_empty(), "{table}");
        for statement in statements {
            let plan = sqlite_plan(&sqlite, &statement).await;
            assert!(plan[0].contains(&format!(" USING COVERING INDEX {index} ")), "{statement}: {plan:#?}");
        }
    }
}
