//! `bizcenter jobs`.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use bizcenter::clock::{Clock, Timestamp};
use bizcenter::db::{Connect, Db, Sql, Target, sql};
use regex::Regex;
use tempfile::TempDir;

use super::ALL;
use crate::app::Database;
use crate::command_line::{bizcenter, text};
use crate::mariadb::MariaDb;

/// An operator's place: an empty directory, and a new database.
struct Place {
    dir: TempDir,
    url: String,
}

impl Place {
    fn new(database: Database) -> Self {
        let place = Self::empty(database);
        let migrated =
            bizcenter(place.path(), &[("DATABASE_URL", place.url.as_str())]).arg("migrate").output().unwrap();
        assert!(migrated.status.success(), "{}", text(&migrated));
        place
    }

    /// With a database that nothing has been done to.
    fn empty(database: Database) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = match database {
            Database::Sqlite => format!("sqlite:///{}", dir.path().join("test.db").display()),
            Database::MariaDb => MariaDb::shared().new_database(),
        };
        Self { dir, url }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn jobs(&self, arguments: &[&str]) -> Output {
        self.jobs_with(&[], arguments)
    }

    fn jobs_with(&self, settings: &[(&str, &str)], arguments: &[&str]) -> Output {
        let settings = [settings, &[("DATABASE_URL", self.url.as_str()), ("RUST_LOG", "error")]].concat();
        bizcenter(self.path(), &settings).arg("jobs").args(arguments).output().unwrap()
    }

    async fn execute(&self, statement: Sql) {
        let target = Target::from_url(&self.url).unwrap();
        let connect = Connect { target, pool_size: 1, acquire_timeout: Duration::from_secs(5) };
        let db = Db::connect(&connect).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        assert_eq!(tx.execute(statement).await.unwrap(), 1);
        tx.commit().await.unwrap();
        db.close().await;
    }
}

/// Declares tests of the binary that run once on each database.
macro_rules! on_both_databases {
    ($(async fn $name:ident($place:ident) $body:block)+) => {
        $(mod $name {
            use super::*;

            async fn test($place: Place) $body

            #[tokio::test]
            async fn sqlite() {
                test(Place::new(Database::Sqlite)).await;
            }

            #[tokio::test]
            async fn mariadb() {
                test(Place::new(Database::MariaDb)).await;
            }
        })+
    };
}

on_both_databases! {
    async fn the_list_has_a_line_for_each_job(place) {
        let list = place.jobs(&["list"]);
        assert!(list.status.success(), "{}", text(&list));
        let lines: Vec<String> = text(&list).lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 1 + ALL.len(), "{lines:#?}");
        assert!(lines[0].starts_with("NAME ") && lines[0].ends_with("  MESSAGE"), "{}", lines[0]);
        let column = lines[0].find("LAST RUN").unwrap();
        for (line, job) in lines[1..].iter().zip(ALL) {
            assert!(line.starts_with(&format!("{job} ")) && line[column..].starts_with("never "), "{line}");
        }

        let ran = place.jobs(&["run", "contract_ends"]);
        assert!(ran.status.success(), "{}", text(&ran));
        assert_eq!(String::from_utf8_lossy(&ran.stdout), "contract_ends: 0 expired, 0 renewed\n");
        let list = text(&place.jobs(&["list"]));
        let line = list.lines().find(|line| line.starts_with("contract_ends ")).unwrap();
        assert!(line.contains("  ok  ") && line.ends_with("  0 expired, 0 renewed"), "{line}");
        // When, how long it took, and when next: in Seoul.
        let pattern = r"  20\d\d-\d\d-\d\d \d\d:\d\d \+09:00 +\d+ ms  ok +20\d\d-\d\d-\d\d 03:00 \+09:00  0 expired";
        assert!(Regex::new(pattern).unwrap().is_match(line), "{line}");
        let list = text(&place.jobs_with(&[("JOBS_AT", "off")], &["list"]));
        assert_eq!(list.matches("by hand").count(), ALL.len(), "{list}");
    }

    async fn an_unknown_job_is_refused_with_the_names_of_all(place) {
        let refused = place.jobs(&["run", "nonsense"]);
        assert_eq!(refused.status.code(), Some(1));
        let names = format!("there is no job \"nonsense\"; there are: {}", ALL.join(", "));
        assert!(text(&refused).contains(&names), "{}", text(&refused));
    }

    async fn a_job_that_somebody_runs_is_refused(place) {
        assert!(place.jobs(&["run", "clean_up"]).status.success());
        // The command goes by the system's clock; a lease that is longer than any would not count.
        let later = Timestamp::from_micros(Clock::System.now().micros() + 60_000_000).unwrap();
        let take = sql("update job_runs set lease_holder = 'x', lease_until = ? where name = 'clean_up'").bind(later);
        place.execute(take).await;
        let refused = place.jobs(&["run", "clean_up"]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(text(&refused).contains("clean_up is being run by another process"), "{}", text(&refused));
        let list = text(&place.jobs(&["list"]));
        let line = list.lines().find(|line| line.starts_with("clean_up ")).unwrap();
        // Of the run before there is nothing to say.
        assert!(line.contains("  running  ") && line.ends_with(" 03:00 +09:00"), "{line}");
    }

    async fn a_failure_is_told_and_kept(place) {
        const CONTRACT: &str = "insert into contracts (tenant_id, contract_number, customer_name, \
            customer_name_folded, title, amount_encrypted, currency, start_date, end_date, auto_renewal, status, search_text, version, \
            created_at, updated_at) values ('acme', '1', 'c', 'c', 't', 'nonsense', 'KRW', '2020-01-01', '2020-12-31', \
            ?, 'active', 't', 1, ?, ?)";
        assert!(place.jobs(&["list"]).status.success());
        let now = Timestamp::from_micros(1_577_836_800_000_000).unwrap();
        place.execute(sql("insert into tenants (id, created_at) values ('acme', ?)").bind(now)).await;
        place.execute(sql(CONTRACT).bind(true).bind(now).bind(now)).await;
        let failed = place.jobs(&["run", "contract_ends"]);
        assert_eq!(failed.status.code(), Some(1));
        let reason = "0 expired, 0 renewed, 1 failed: contract 1 of acme: its amount does not open";
        assert!(text(&failed).contains(&format!("contract_ends failed: {reason}")), "{}", text(&failed));
        let list = text(&place.jobs(&["list"]));
        let line = list.lines().find(|line| line.starts_with("contract_ends ")).unwrap();
        assert!(line.contains("  failed  ") && line.ends_with(reason), "{line}");
    }
}

#[test]
fn a_database_that_is_not_there_is_not_made() {
    let place = Place::empty(Database::Sqlite);
    for arguments in [&["list"][..], &["run", "clean_up"]] {
        let refused = place.jobs(arguments);
        assert_eq!(refused.status.code(), Some(1));
        assert!(text(&refused).contains("there is no database"), "{}", text(&refused));
        assert!(std::fs::read_dir(place.path()).unwrap().next().is_none(), "something was made");
    }
}

#[test]
fn a_list_migrates_nothing() {
    let place = Place::empty(Database::MariaDb);
    for _ in 0..2 {
        let refused = place.jobs(&["list"]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(text(&refused).contains("the database lacks migrations (0001 "), "{}", text(&refused));
    }
}
