//! `bizcenter audit verify`, as an operator runs it.

use std::process::Output;

use bizcenter::db::sql;
use bizcenter::policy::Role::Owner;

use super::{AUDIT_LOGS, events, record, seal_all};
use crate::app::{Database, Session, TestApp};
use crate::command_line::{bizcenter, text};
use crate::mariadb::MariaDb;

const SECRET: &str = "0f6d1c84b7a2459e8c3f5a7b9d1e2f30";

/// A server whose database the binary knows too.
struct Operator {
    app: TestApp,
    url: String,
}

impl Operator {
    /// With three rows of one tenant, which are sealed.
    async fn start(database: Database) -> (Self, Session) {
        let dir = tempfile::tempdir().unwrap();
        let url = match database {
            Database::Sqlite => format!("sqlite:///{}", dir.path().join("test.db").display()),
            Database::MariaDb => MariaDb::shared().new_database(),
        };
        let app = TestApp::start_on(url.clone(), dir, &[("SECRET_KEY", SECRET)]).await;
        let kim = app.user("acme", Owner).await;
        record(&app, &kim, events(1..=3)).await;
        seal_all(&app).await;
        (Self { app, url }, kim)
    }

    fn verify_under(&self, secret: &str, arguments: &[&str]) -> Output {
        let dir = tempfile::tempdir().unwrap();
        let mut command = bizcenter(dir.path(), &[("DATABASE_URL", self.url.as_str()), ("SECRET_KEY", secret)]);
        command.args(["audit", "verify"]).args(arguments).output().unwrap()
    }

    /// Verifies and expects this exit code; gives what it says.
    fn verify(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.verify_under(SECRET, arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output));
        text(&output)
    }
}

/// The line that begins with this word, without it.
fn line<'a>(said: &'a str, word: &str) -> &'a str {
    let line = said.lines().find(|line| line.starts_with(word)).unwrap_or_else(|| panic!("no {word} in {said}"));
    line[word.len()..].trim()
}

async fn tells_whether_the_database_was_tampered_with(database: Database) {
    let (operator, kim) = Operator::start(database).await;
    let said = operator.verify(0, &[]);
    assert_eq!(line(&said, "tenant"), "acme");
    assert_eq!(line(&said, "rows"), "3, seq 1 to 3");
    assert_eq!(line(&said, "from"), "2026-02-07T10:17:56.942016Z to 2026-02-07T10:17:56.942016Z");
    assert_eq!(line(&said, "unsealed"), "0");
    assert_eq!(line(&said, "no problem"), "in 3 rows of 1 tenant");
    let head = line(&said, "head").to_owned();
    assert!(head.starts_with("3:") && head.len() == 66, "{head}");

    record(&operator.app, &kim, events(4..=5)).await;
    seal_all(&operator.app).await;
    operator.verify(0, &["--tenant", "acme", "--head", &head]);
    let other = head.replacen("3:", "4:", 1);
    assert!(operator.verify(1, &["--tenant", "acme", "--head", &other]).contains("seq 4: noted head differs"));
    let later = head.replacen("3:", "7:", 1);
    assert!(operator.verify(1, &["--tenant", "acme", "--head", &later]).contains("seq 7: noted head not found"));
    for (arguments, problem) in [
        (&["--head", head.as_str()][..], "--head needs --tenant"),
        (&["--tenant", "acme", "--head", "3"], "--head must be SEQ:SEAL"),
        (&["--tenant", "nobody"], "there is no tenant nobody"),
    ] {
        assert!(operator.verify(1, arguments).contains(problem), "{arguments:?}");
    }

    let edit = "update audit_logs set resource_id = 9 where tenant_id = 'acme' and seq = 2";
    assert_eq!(operator.app.execute(sql(edit)).await, 1);
    operator.app.execute(sql("delete from audit_logs where tenant_id = 'acme' and seq > 3")).await;
    let said = operator.verify(1, &["--tenant", "acme"]);
    assert!(said.contains("problem   seq 2 (id 2): edited"), "{said}");
    assert!(said.contains("problem   seq 4 to 5: cut tail"), "{said}");
    assert!(said.contains("2 problems in 3 rows of 1 tenant"), "{said}");
}

async fn tells_whether_a_file_was_tampered_with(database: Database) {
    let (operator, kim) = Operator::start(database).await;
    let reply = operator.app.get(AUDIT_LOGS).header("accept", "application/x-ndjson").by(&kim).send().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit-logs.jsonl");
    let path = path.to_str().unwrap();
    std::fs::write(path, &reply.bytes).unwrap();
    let said = operator.verify(0, &["--export", path]);
    assert_eq!((line(&said, "tenant"), line(&said, "rows"), line(&said, "seq")), ("acme", "4", "1 to 4, contiguous"));
    let last = line(&said, "last").to_owned();
    operator.verify(0, &["--export", path, "--tenant", "acme", "--head", &last]);
    assert!(operator.verify(1, &["--export", path, "--tenant", "other"]).contains("not of the tenant other"));

    let file = reply.text();
    for (contents, problem) in [("", "line 0: cut"), (file.split_once('\n').unwrap().0, "line 1: cut")] {
        std::fs::write(path, contents).unwrap();
        assert!(operator.verify(1, &["--export", path]).contains(problem), "{contents}");
        assert!(operator.verify(1, &["--export", path, "--tenant", "other"]).contains("not of the tenant other"));
    }
    std::fs::write(
        path,
        file.lines().enumerate().filter(|(at, _)| *at != 1).map(|(_, line)| format!("{line}\n")).collect::<String>(),
    )
    .unwrap();
    assert!(operator.verify(1, &["--export", path]).contains("problem   line 2: seq 2: missing"));
    let said = operator.verify(1, &["--export", path, "--filtered"]);
    assert_eq!(line(&said, "seq"), "1 to 4, not contiguous: 1 gap");
    assert!(said.contains("problem   line 4: the file is not as the server gave it"), "{said}");
    let chosen = format!("{AUDIT_LOGS}?resource_id=2");
    let chosen = operator.app.get(&chosen).header("accept", "application/x-ndjson").by(&kim).send().await;
    std::fs::write(path, &chosen.bytes).unwrap();
    assert_eq!(line(&operator.verify(0, &["--export", path, "--filtered"]), "rows"), "1");
    assert!(operator.verify(1, &["--export", path]).contains("say --filtered"));
    std::fs::write(path, file.replacen("업무 2", "업무 9", 1)).unwrap();
    assert!(operator.verify(1, &["--export", path]).contains("problem   line 2: seq 2 (id 2): edited"));
    assert!(operator.verify(1, &["--export", "no-such-file"]).contains("cannot read no-such-file"));
}

#[tokio::test]
async fn the_database_is_verified_on_sqlite() {
    tells_whether_the_database_was_tampered_with(Database::Sqlite).await;
}

#[tokio::test]
async fn the_database_is_verified_on_mariadb() {
    tells_whether_the_database_was_tampered_with(Database::MariaDb).await;
}

#[tokio::test]
async fn a_file_is_verified_on_sqlite() {
    tells_whether_a_file_was_tampered_with(Database::Sqlite).await;
}

#[tokio::test]
async fn a_file_is_verified_on_mariadb() {
    tells_whether_a_file_was_tampered_with(Database::MariaDb).await;
}

#[tokio::test]
async fn another_secret_verifies_nothing() {
    let (operator, _) = Operator::start(Database::Sqlite).await;
    let output = operator.verify_under("1f6d1c84b7a2459e8c3f5a7b9d1e2f30", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("SECRET_KEY may not be the one"), "{}", text(&output));
}
