//! The migrations: alike on both databases, and safe to run whenever and however often.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "api/deadline.rs"]
mod deadline;
#[expect(dead_code, reason = "the tests of outages need more of it")]
#[path = "api/mariadb.rs"]
mod mariadb;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use bizcenter::clock::Timestamp;
use bizcenter::db::{Connect, ConnectError, Db, DbResult, Row, Sql, Target, sql};
use mariadb::MariaDb;
use regex::Regex;
use tempfile::TempDir;
use tokio::runtime::Builder;

/// Our tables, in a `where` on SQLite.
macro_rules! ours {
    () => {
        "m.type = 'table' and m.name not like 'sqlite!_%' escape '!' and m.name not like '!_sqlx!_%' escape '!'"
    };
}

const SQLITE_COLUMNS: &str = concat!(
    r#"select m.name, c.name, lower(c.type), c."notnull" or c.pk > 0, c.hidden in (2, 3)
       from sqlite_master m join pragma_table_xinfo(m.name) c where "#,
    ours!(),
);
const MARIADB_COLUMNS: &str = "select table_name, column_name, data_type, is_nullable = 'NO', is_generated = 'ALWAYS'
    from information_schema.columns where table_schema = database() and table_name not like '!_sqlx!_%' escape '!'";

const SQLITE_INDEXES: &str = concat!(
    r#"select m.name, l.name, l."unique" = 1, i.name
       from sqlite_master m join pragma_index_list(m.name) l join pragma_index_info(l.name) i where "#,
    ours!(),
    " order by m.name, l.name, i.seqno",
);
const MARIADB_INDEXES: &str = "select table_name, index_name, non_unique = 0, column_name
    from information_schema.statistics where table_schema = database() and table_name not like '!_sqlx!_%' escape '!'
    order by table_name, index_name, seq_in_index";

const SQLITE_LINKS: &str = concat!(
    r#"select m.name, cast(f.id as text), f."from", f."table", f."to", f.on_delete
       from sqlite_master m join pragma_foreign_key_list(m.name) f where "#,
    ours!(),
    " order by m.name, f.id, f.seq",
);
const MARIADB_LINKS: &str = "select k.table_name, k.constraint_name, k.column_name, k.referenced_table_name,
        k.referenced_column_name, r.delete_rule
    from information_schema.key_column_usage k join information_schema.referential_constraints r
        on r.constraint_schema = k.constraint_schema and r.table_name = k.table_name
        and r.constraint_name = k.constraint_name
    where k.table_schema = database() and k.referenced_table_name is not null
    order by k.table_name, k.constraint_name, k.ordinal_position";

/// A user of tenant `a`.
const USER: &str = "insert into users (tenant_id, email, email_key, password_hash, name, role, is_active, \
    version, created_at, updated_at) values ('a', 'a@b.co', 'a@b.co', 'x', 'Kim', 'owner', ?, 1, ?, ?) \
    returning id";

/// An empty database, which goes when this goes.
struct Empty {
    url: String,
    dir: Option<TempDir>,
}

impl Empty {
    fn sqlite() -> Self {
        deadline::watch();
        let dir = tempfile::tempdir().unwrap();
        Self { url: format!("sqlite:///{}", dir.path().join("test.db").display()), dir: Some(dir) }
    }

    fn mariadb() -> Self {
        Self { url: MariaDb::shared().new_database(), dir: None }
    }

    /// Another one of the same kind.
    fn another(&self) -> Self {
        if self.dir.is_some() { Self::sqlite() } else { Self::mariadb() }
    }

    async fn connect(&self) -> Db {
        connect(&self.url).await
    }

    async fn migrated(&self) -> Db {
        let db = self.connect().await;
        db.migrate().await.unwrap();
        db
    }
}

async fn connect(url: &str) -> Db {
    try_to_connect(url).await.unwrap()
}

async fn try_to_connect(url: &str) -> Result<Db, ConnectError> {
    let target = Target::from_url(url).unwrap();
    Db::connect(&Connect { target, pool_size: 2, acquire_timeout: Duration::from_secs(30) }).await
}

/// What a process of its own gets from opening and migrating, begun at the same time as others.
fn migrate_beside_others(url: &str, start: &Barrier) -> Result<(), String> {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        start.wait();
        let db = try_to_connect(url).await.map_err(|error| error.to_string())?;
        db.migrate().await.map_err(|error| error.to_string())
    })
}

async fn rows<R: Row>(db: &Db, on_sqlite: &'static str, on_mariadb: &'static str) -> Vec<R> {
    let statement = match db {
        Db::Sqlite { .. } => on_sqlite,
        Db::MariaDb(_) => on_mariadb,
    };
    db.read().await.unwrap().fetch_all(sql(statement)).await.unwrap()
}

async fn execute(db: &Db, statement: Sql) -> DbResult<u64> {
    let mut tx = db.begin().await?;
    let result = tx.execute(statement).await;
    match result {
        Ok(_) => tx.commit().await?,
        Err(_) => tx.rollback().await?,
    }
    result
}

/// `table.column kind`, and whether it may be null: the same words for both databases.
async fn columns(db: &Db) -> BTreeSet<String> {
    let rows: Vec<(String, String, String, i64, i64)> = rows(db, SQLITE_COLUMNS, MARIADB_COLUMNS).await;
    let column = |(table, column, kind, not_null, is_generated): &(String, String, String, i64, i64)| {
        let kind = match kind.as_str() {
            "text" | "varchar" | "char" | "mediumtext" | "longtext" => "text",
            "integer" | "int" | "bigint" | "smallint" => "integer",
            "boolean" | "tinyint" => "boolean",
            "datetime" | "date" => kind.as_str(),
            _ => panic!("{table}.{column} has the unknown type {kind}"),
        };
        // MariaDB does not take `not null` on a generated column.
        let nullable = match (is_generated, not_null) {
            (1, _) => " generated",
            (_, 1) => " not null",
            _ => "",
        };
        format!("{table}.{column} {kind}{nullable}")
    };
    rows.iter().map(column).collect()
}

/// `table (columns)` of every index, and whether it is unique.
async fn indexes(db: &Db) -> BTreeSet<(String, bool)> {
    let rows: Vec<(String, String, i64, String)> = rows(db, SQLITE_INDEXES, MARIADB_INDEXES).await;
    let mut indexes: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for (table, index, unique, column) in rows {
        indexes.entry((table, index, unique)).or_default().push(column);
    }
    let index = |((table, _, unique), columns): ((String, String, i64), Vec<String>)| {
        (format!("{table} ({})", columns.join(", ")), unique == 1)
    };
    // SQLite has no index for a whole number that is the key.
    indexes.into_iter().map(index).filter(|(index, _)| !index.ends_with(" (id)")).collect()
}

/// `table (columns) -> table (columns) rule` of every foreign key.
async fn links(db: &Db) -> BTreeSet<String> {
    type Link = (String, String, String, String, String, String);
    type Key = (String, String, String, String);
    type Columns = (Vec<String>, Vec<String>);
    let mut links: BTreeMap<Key, Columns> = BTreeMap::new();
    for (table, key, from, to_table, to, rule) in rows::<Link>(db, SQLITE_LINKS, MARIADB_LINKS).await {
        // They differ only for checks put off until the commit, which neither database is told to do.
        let rule = rule.replace("NO ACTION", "RESTRICT");
        let (froms, tos) = links.entry((table, key, to_table, rule)).or_default();
        froms.push(from);
        tos.push(to);
    }
    let link = |((table, _, to_table, rule), (from, to)): (Key, Columns)| {
        format!("{table} ({}) -> {to_table} ({}) {rule}", from.join(", "), to.join(", "))
    };
    links.into_iter().map(link).collect()
}

/// The names of a folder's files, without `.sql`.
fn names(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = files.map(|name| name.strip_suffix(".sql").expect("a .sql file").to_owned()).collect();
    names.sort();
    names
}

#[test]
fn both_folders_hold_the_same_migrations_numbered_from_one() {
    assert_eq!(names("sqlite"), names("mariadb"));
    let verb_and_object = Regex::new("^[0-9]{4}(_[a-z]+){2,}$").unwrap();
    for (number, name) in (1..).zip(names("sqlite")) {
        assert!(name.starts_with(&format!("{number:04}_")) && verb_and_object.is_match(&name), "{name}");
    }
}

#[tokio::test]
async fn mariadb_has_the_same_tables_and_columns_as_sqlite() {
    let (sqlite, mariadb) = (Empty::sqlite(), Empty::mariadb());
    let (on_sqlite, on_mariadb) = (columns(&sqlite.migrated().await).await, columns(&mariadb.migrated().await).await);
    assert!(on_sqlite.contains("tasks.title text not null"), "{on_sqlite:#?}");
    assert_eq!(on_sqlite, on_mariadb);
}

#[tokio::test]
async fn mariadb_has_the_same_unique_keys_and_at_least_the_indexes_of_sqlite() {
    let (sqlite, mariadb) = (Empty::sqlite(), Empty::mariadb());
    let (on_sqlite, on_mariadb) = (indexes(&sqlite.migrated().await).await, indexes(&mariadb.migrated().await).await);
    let unique = |indexes: &BTreeSet<(String, bool)>| -> BTreeSet<String> {
        indexes.iter().filter(|(_, unique)| *unique).map(|(index, _)| index.clone()).collect()
    };
    assert!(unique(&on_sqlite).contains("contracts (tenant_id, contract_number)"), "{on_sqlite:#?}");
    assert_eq!(unique(&on_sqlite), unique(&on_mariadb));
    let missing: Vec<_> = on_sqlite.difference(&on_mariadb).collect();
    assert!(missing.is_empty(), "MariaDB lacks {missing:#?}");
}

#[tokio::test]
async fn mariadb_has_the_same_foreign_keys_as_sqlite() {
    let (sqlite, mariadb) = (Empty::sqlite(), Empty::mariadb());
    let (on_sqlite, on_mariadb) = (links(&sqlite.migrated().await).await, links(&mariadb.migrated().await).await);
    assert!(on_sqlite.contains("tasks (tenant_id, assigned_to) -> users (tenant_id, id) RESTRICT"), "{on_sqlite:#?}");
    assert_eq!(on_sqlite, on_mariadb);
}

#[tokio::test]
async fn sqlite_plans_without_statistics() {
    const STATISTICS: &str = "select count(*) from sqlite_master where name like 'sqlite!_stat%' escape '!'";
    let empty = Empty::sqlite();
    let db = empty.migrated().await;
    // As an earlier version left them behind.
    execute(&db, sql("analyze")).await.unwrap();
    execute(&db, sql("delete from _sqlx_migrations where version = 16")).await.unwrap();
    assert!(db.read().await.unwrap().count(sql(STATISTICS)).await.unwrap() > 0);
    db.migrate().await.unwrap();
    assert_eq!(db.read().await.unwrap().count(sql(STATISTICS)).await.unwrap(), 0);
    // A connection that closes leaves none either.
    let tasks = sql("select count(*) from tasks where tenant_id = 'a' and due_date > ? and assigned_to = 1");
    db.read().await.unwrap().count(tasks.bind(Timestamp::from_micros(0).unwrap())).await.unwrap();
    execute(&db, sql("update tasks set title = 'x' where tenant_id = 'a' and assigned_to = 1")).await.unwrap();
    db.close().await;
    assert_eq!(empty.connect().await.read().await.unwrap().count(sql(STATISTICS)).await.unwrap(), 0);
}

#[tokio::test]
async fn on_mariadb_an_amount_that_does_not_fit_is_not_cut() {
    const CONTRACT: &str = "insert into contracts (tenant_id, contract_number, customer_name, customer_name_folded, \
        title, amount_encrypted, currency, start_date, end_date, auto_renewal, status, search_text, version, \
        created_at, updated_at) values ('a', '1', 'c', 'c', 't', '', 'KRW', ?, ?, ?, 'draft', 't', 1, ?, ?)";
    let db = Empty::mariadb().migrated().await;
    let now = Timestamp::from_micros(1_770_459_476_942_016).unwrap();
    let day = now.utc().date_naive();
    let tenant = sql("insert into tenants (id, created_at) values ('a', ?)").bind(now);
    let contract = sql(CONTRACT).bind(day).bind(day).bind(false).bind(now).bind(now);
    // As a database of an earlier version has it.
    for statement in [
        tenant,
        contract,
        sql("drop index contracts_amounts on contracts"),
        sql("alter table contracts modify amount_encrypted text not null"),
        sql("delete from _sqlx_migrations where version = 15"),
    ] {
        execute(&db, statement).await.unwrap();
    }
    let amount = async || -> String {
        let select = sql("select amount_encrypted from contracts");
        db.read().await.unwrap().fetch_one::<(String,)>(select).await.unwrap().0
    };
    for text in ["x".repeat(256), "보안".into()] {
        execute(&db, sql("update contracts set amount_encrypted = ?").bind(&text)).await.unwrap();
        let refused = db.migrate().await.unwrap_err().to_string();
        assert!(refused.contains("contracts.amount_encrypted: more than 255 characters"), "{refused}");
        assert_eq!((amount().await, db.pending_migrations().await.unwrap().len()), (text, 1));
    }
    let longest = "x".repeat(255);
    execute(&db, sql("update contracts set amount_encrypted = ?").bind(&longest)).await.unwrap();
    db.migrate().await.unwrap();
    assert_eq!((amount().await, db.pending_migrations().await.unwrap().len()), (longest, 0));
}

/// Declares tests that run once on each database.
macro_rules! on_both {
    ($(async fn $name:ident($empty:ident) $body:block)+) => {
        $(mod $name {
            use super::*;

            async fn test($empty: Empty) $body

            #[tokio::test]
            async fn sqlite() {
                test(Empty::sqlite()).await;
            }

            #[tokio::test]
            async fn mariadb() {
                test(Empty::mariadb()).await;
            }
        })+
    };
}

on_both! {
    async fn an_empty_database_lacks_every_migration_and_a_migrated_one_none(empty) {
        let db = empty.connect().await;
        let all: Vec<String> = names("sqlite").iter().map(|name| name.replace('_', " ")).collect();
        assert_eq!(db.pending_migrations().await.unwrap(), all);
        db.migrate().await.unwrap();
        assert_eq!(db.pending_migrations().await.unwrap(), Vec::<String>::new());
        assert_eq!(empty.connect().await.pending_migrations().await.unwrap(), Vec::<String>::new());
    }

    async fn migrating_again_changes_nothing(empty) {
        let db = empty.migrated().await;
        let tenant = sql("insert into tenants (id, created_at) values ('a', ?)");
        execute(&db, tenant.bind(Timestamp::from_micros(0).unwrap())).await.unwrap();
        let state = async || {
            let applied = "select version, description from _sqlx_migrations order by version";
            let applied: Vec<(i64, String)> = rows(&db, applied, applied).await;
            let tenants = db.read().await.unwrap().count(sql("select count(*) from tenants")).await.unwrap();
            (applied, tenants, columns(&db).await, indexes(&db).await, links(&db).await)
        };
        let before = state().await;
        assert_eq!((before.0.len(), before.1), (names("sqlite").len(), 1));
        db.migrate().await.unwrap();
        empty.migrated().await.close().await;
        assert_eq!(state().await, before);
    }

    async fn four_processes_may_open_and_migrate_at_once(empty) {
        // More than once, since a race is lost only now and then.
        for _ in 0..5 {
            let empty = empty.another();
            let start = Arc::new(Barrier::new(4));
            let processes = [(); 4].map(|()| {
                let (url, start) = (empty.url.clone(), Arc::clone(&start));
                thread::spawn(move || migrate_beside_others(&url, &start))
            });
            let outcomes = processes.map(|process| process.join().unwrap());
            assert_eq!(outcomes, [Ok(()), Ok(()), Ok(()), Ok(())]);
            assert_eq!(empty.connect().await.pending_migrations().await.unwrap(), Vec::<String>::new());
        }
    }

    async fn another_programs_tables_are_left_alone(empty) {
        let db = empty.connect().await;
        execute(&db, sql("create table users (id integer not null)")).await.unwrap();
        let refused = db.migrate().await.unwrap_err().to_string();
        assert!(refused.contains("`users` that this program did not make"), "{refused}");
        assert_eq!(columns(&db).await, BTreeSet::from(["users.id integer not null".to_owned()]));
    }

    async fn every_table_names_its_tenant(empty) {
        let columns = columns(&empty.migrated().await).await;
        let tables: BTreeSet<&str> = columns.iter().map(|column| column.split('.').next().unwrap()).collect();
        assert!(tables.len() > 5, "{tables:?}");
        // What the daily jobs did is nobody's.
        for table in tables.into_iter().filter(|table| !["tenants", "job_runs"].contains(table)) {
            assert!(columns.contains(&format!("{table}.tenant_id text not null")), "{table} has no tenant_id");
        }
    }

    async fn every_foreign_key_carries_the_tenant(empty) {
        let links = links(&empty.migrated().await).await;
        let (to_tenants, others): (Vec<&String>, Vec<&String>) =
            links.iter().partition(|link| link.contains("-> tenants (id)"));
        assert!(to_tenants.len() > 5 && others.len() > 5, "{links:#?}");
        for link in others {
            assert_eq!(link.matches("(tenant_id, ").count(), 2, "{link} does not carry the tenant on both sides");
        }
    }

    async fn a_link_into_another_tenant_is_refused_by_the_database(empty) {
        const TASK: &str = "insert into tasks (tenant_id, title, status, priority, week_number, year, tags, \
            search_text, version, created_at, updated_at, assigned_to, created_by) \
            values (?, 'x', 'pending', 'low', 6, 2026, '[]', 'x', 1, ?, ?, ?, ?)";
        let (db, now) = (empty.migrated().await, Timestamp::from_micros(1_770_459_476_942_016).unwrap());
        for tenant in ["a", "b"] {
            let tenant = sql("insert into tenants (id, created_at) values (?, ?)").bind(tenant).bind(now);
            execute(&db, tenant).await.unwrap();
        }
        let mut tx = db.begin().await.unwrap();
        let user = tx.insert(sql(USER).bind(true).bind(now).bind(now)).await.unwrap();
        tx.commit().await.unwrap();
        for (tenant, assigned_to, created_by, is_refused) in [
            ("a", Some(user), Some(user), false),
            ("b", None, None, false),
            ("b", Some(user), None, true),
            ("b", None, Some(user), true),
            ("b", Some(987_654_321), None, true),
        ] {
            let task = sql(TASK).bind(tenant).bind(now).bind(now).bind(assigned_to).bind(created_by);
            match execute(&db, task).await {
                Ok(_) => assert!(!is_refused, "{tenant} {assigned_to:?} {created_by:?}"),
                Err(error) => {
                    let by_a_key = error.as_database_error().is_some_and(|error| error.is_foreign_key_violation());
                    assert!(is_refused && by_a_key, "{tenant} {assigned_to:?} {created_by:?}: {error}");
                }
            }
        }
    }
}
