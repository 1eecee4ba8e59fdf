//! The binary, as an operator runs it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::client::Method;
use crate::mariadb::MariaDb;
use crate::program::program;

/// The binary in an empty directory, with no setting but these.
pub fn bizcenter(dir: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = program(env!("CARGO_BIN_EXE_bizcenter"));
    command.env_clear().current_dir(dir).envs(settings.iter().copied());
    command
}

pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A server that is killed when the test is over: the process, where it is, and its log if the test does not look at that
/// itself. It is shown when the test has failed.
struct Server(Child, String, Option<NamedTempFile>);

impl Server {
    /// Starts it and waits for the line that tells where it is.
    fn start(mut command: Command) -> Self {
        let log = NamedTempFile::new().unwrap();
        command.stderr(log.reopen().unwrap());
        Self::wait(command, Some(log))
    }

    fn start_with(command: Command) -> Self {
        Self::wait(command, None)
    }

    fn wait(mut command: Command, log: Option<NamedTempFile>) -> Self {
        let mut server = Self(command.spawn().unwrap(), String::new(), log);
        let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines();
        let api = lines.next().expect("the server stopped").unwrap();
        let docs = lines.next().unwrap().unwrap();
        server.1 = api.strip_prefix("API   ").unwrap().strip_suffix("/api/v1").unwrap().to_owned();
        assert_eq!(docs, format!("Docs  {}/api/docs", server.1));
        server
    }

    fn terminate(&mut self) -> bool {
        assert!(Command::new("kill").arg(self.0.id().to_string()).status().unwrap().success());
        self.0.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        if let (Some(log), true) = (&self.2, std::thread::panicking()) {
            eprintln!("-- the server's log:\n{}", std::fs::read_to_string(log.path()).unwrap_or_default());
        }
    }
}

async fn login(url: &str, email: &str, password: &str) -> (u16, Value) {
    let body = json!({"email": email, "password": password});
    let response = reqwest::Client::new().post(format!("{url}/api/v1/auth/login")).json(&body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

pub fn create_user(dir: &Path, settings: &[(&str, &str)], arguments: &[&str], password: &str) -> Output {
    let mut command = bizcenter(dir, settings);
    command.args(["user", "create", "--password-stdin"]).args(arguments).stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

const OWNER: [&str; 8] = ["--tenant", "acme", "--email", "kim@acme.kr", "--name", "김지은", "--role", "owner"];

#[tokio::test]
async fn with_nothing_set_it_serves_on_sqlite_and_stops_on_a_signal() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(bizcenter(dir.path(), &[("PORT", "0")]));
    assert!(server.1.starts_with("http://127.0.0.1:"), "{}", server.1);
    assert!(dir.path().join("msspbiz_dev.db").exists());
    let port = server.1.rsplit(':').next().unwrap().to_owned();
    let health = bizcenter(dir.path(), &[("PORT", port.as_str())]).arg("healthcheck").output().unwrap();
    assert!(health.status.success(), "{}", text(&health));
    assert!(server.terminate());
    let health = bizcenter(dir.path(), &[("PORT", port.as_str())]).arg("healthcheck").output().unwrap();
    assert!(!health.status.success());
}

#[tokio::test]
async fn a_request_leaves_one_line_that_tells_who_asked_what() {
    let dir = tempfile::tempdir().unwrap();
    assert!(create_user(dir.path(), &[], &OWNER, "correct horse\n").status.success());
    let log = dir.path().join("log");
    let mut command = bizcenter(dir.path(), &[("PORT", "0"), ("LOG_FORMAT", "json")]);
    command.stderr(std::fs::File::create(&log).unwrap());
    let mut server = Server::start_with(command);
    let (_, body) = login(&server.1, "kim@acme.kr", "correct horse").await;
    let http = reqwest::Client::new();
    let call =
        http.get(format!("{}/api/v1/tasks/7?secret=1", server.1)).bearer_auth(body["access_token"].as_str().unwrap());
    assert_eq!(call.header("x-request-id", "the-id").send().await.unwrap().status(), 404);
    assert!(server.terminate());
    let log = std::fs::read_to_string(log).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = lines.iter().find(|line| line["span"]["request_id"] == "the-id").unwrap();
    assert_eq!(
        line["span"],
        json!({"name": "request", "request_id": "the-id", "route": "/api/v1/tasks/{task_id}", "tenant": "acme", "user": 1})
    );
    assert_eq!(
        (&line["method"], &line["path"], &line["status"]),
        (&json!("GET"), &json!("/api/v1/tasks/7"), &json!(404))
    );
    let ms = line["ms"].as_f64().unwrap();
    assert!(ms > 0.0 && line["ms"].to_string().split('.').nth(1).is_none_or(|digits| digits.len() <= 3), "{ms}");
    assert!(!log.contains("correct horse") && !log.contains("secret=1"));
}

#[tokio::test]
async fn the_secret_of_a_calendars_link_is_not_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    assert!(create_user(dir.path(), &[], &OWNER, "correct horse\n").status.success());
    let log = dir.path().join("log");
    let mut command = bizcenter(dir.path(), &[("PORT", "0"), ("LOG_FORMAT", "json")]);
    command.stderr(std::fs::File::create(&log).unwrap());
    let mut server = Server::start_with(command);
    let (_, body) = login(&server.1, "kim@acme.kr", "correct horse").await;
    let http = reqwest::Client::new();
    let made = http.post(format!("{}/api/v1/calendar/feed", server.1));
    let made = made.bearer_auth(body["access_token"].as_str().unwrap()).send().await.unwrap();
    let link = made.json::<Value>().await.unwrap()["calendar_feed"]["url"].as_str().unwrap().to_owned();
    let secret = link.strip_prefix("/api/v1/calendar/feeds/").unwrap().strip_suffix(".ics").unwrap();
    for (method, path, status) in [
        (Method::GET, link.clone(), 200),
        (Method::HEAD, link.clone(), 200),
        (Method::POST, link.clone(), 405),
        (Method::OPTIONS, link.clone(), 200),
        (Method::GET, format!("{link}?scope=nope"), 400),
        (Method::GET, format!("{link}/"), 404),
        (Method::GET, format!("/{link}"), 200),
        (Method::GET, link.replace("feeds", "feed"), 404),
        (Method::GET, link.replace("/feeds/", "/feeds/%20"), 404),
        (Method::GET, link[..link.len() - 5].to_owned(), 404),
    ] {
        let address = format!("{}{path}", server.1);
        assert_eq!(http.request(method.clone(), &address).send().await.unwrap().status(), status, "{method} {path}");
    }
    assert!(server.terminate());
    let log = std::fs::read_to_string(log).unwrap();
    assert!(!log.contains(&secret[..10]) && !log.contains(&secret[20..30]), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = lines.iter().find(|line| line["span"]["route"] == "/api/v1/calendar/feeds/{token}").unwrap();
    assert_eq!((&line["path"], &line["status"]), (&json!("/api/v1/calendar/feeds/…"), &json!(200)));
    assert_eq!((&line["span"]["tenant"], &line["span"]["user"]), (&json!("acme"), &json!(1)));
}

#[test]
fn mariadb_without_tls_is_refused_where_tls_is_required() {
    let dir = tempfile::tempdir().unwrap();
    let url = MariaDb::shared().new_database();
    let settings = [("DATABASE_URL", url.as_str()), ("DB_SSL_MODE", "required")];
    let output = bizcenter(dir.path(), &settings).arg("migrate").output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output).contains("cannot open the database (MariaDB"), "{}", text(&output));
}

#[tokio::test]
async fn a_server_whose_output_nobody_reads_serves_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    assert!(create_user(dir.path(), &[], &OWNER, "correct horse\n").status.success());
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let mut command = bizcenter(dir.path(), &[("PORT", port.as_str()), ("RUST_LOG", "warn")]);
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let server = Server(child, format!("http://127.0.0.1:{port}"), None);
    let is_up = || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        bizcenter(dir.path(), &[("PORT", port.as_str())]).arg("healthcheck").output().unwrap().status.success()
    };
    assert!(std::iter::repeat_with(is_up).take(200).any(|is_up| is_up), "it is not up");
    let (status, body) = login(&server.1, "kim@acme.kr", "correct horse").await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn the_first_owner_comes_from_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let made = create_user(dir.path(), &[], &OWNER, "correct horse\n");
    assert!(made.status.success(), "{}", text(&made));
    assert!(text(&made).contains("user 1: kim@acme.kr is owner of acme"), "{}", text(&made));
    let again = create_user(dir.path(), &[], &OWNER, "correct horse\n");
    assert!(!again.status.success());
    assert!(text(&again).contains("bizcenter: Email already registered"), "{}", text(&again));
    let server = Server::start(bizcenter(dir.path(), &[("PORT", "0")]));
    let (status, body) = login(&server.1, "kim@acme.kr", "correct horse").await;
    assert_eq!((status, &body["user"]["role"]), (200, &json!("owner")), "{body}");
}

#[test]
fn a_wrong_user_is_refused_with_every_mistake() {
    let dir = tempfile::tempdir().unwrap();
    let wrong = ["--tenant", "", "--email", "kim", "--name", "김", "--role", "owner"];
    let output = create_user(dir.path(), &[], &wrong, "short\n");
    assert!(!output.status.success());
    for part in ["tenant_id", "email", "name", "password", "Shorter than minimum length 8."] {
        assert!(text(&output).contains(part), "{part} is not in {}", text(&output));
    }
    let output =
        create_user(dir.path(), &[], &["--tenant", "a", "--email", "a@b.kr", "--name", "김지", "--role", "boss"], "x");
    assert!(
        text(&output).contains("--role must be one of: owner, admin, editor, analyst, viewer"),
        "{}",
        text(&output)
    );
}

/// Runs `user password` with this password.
fn set_password(dir: &Path, settings: &[(&str, &str)], arguments: &[&str], password: &str) -> Output {
    let mut command = bizcenter(dir, settings);
    command.args(["user", "password", "--password-stdin"]).args(arguments).stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

async fn a_forgotten_password_is_replaced(settings: &[(&str, &str)]) {
    let dir = tempfile::tempdir().unwrap();
    assert!(create_user(dir.path(), settings, &OWNER, "correct horse\n").status.success());
    let server = Server::start(bizcenter(dir.path(), &[settings, &[("PORT", "0")]].concat()));
    let (_, before) = login(&server.1, "kim@acme.kr", "correct horse").await;

    let replaced =
        set_password(dir.path(), settings, &["--email", "KIM@acme.kr", "--tenant", "acme"], "battery staple\n");
    assert!(replaced.status.success(), "{}", text(&replaced));
    assert!(text(&replaced).contains("user 1: kim@acme.kr of acme has a new password"), "{}", text(&replaced));
    assert!(!text(&replaced).contains("battery staple"));

    assert_eq!(login(&server.1, "kim@acme.kr", "correct horse").await.0, 401);
    let (status, after) = login(&server.1, "kim@acme.kr", "battery staple").await;
    assert_eq!(status, 200, "{after}");
    let (http, api) = (reqwest::Client::new(), format!("{}/api/v1", server.1));
    for (tokens, status) in [(&before, 401), (&after, 200)] {
        let body = json!({"refresh_token": tokens["refresh_token"]});
        let refreshed = http.post(format!("{api}/auth/refresh")).json(&body).send().await.unwrap();
        assert_eq!(refreshed.status(), status);
    }
    let log = http.get(format!("{api}/audit-logs?action=password_changed"));
    let log = log.bearer_auth(after["access_token"].as_str().unwrap()).send().await.unwrap();
    let log: Value = log.json().await.unwrap();
    let row = &log["audit_logs"][0];
    assert_eq!(log["total"], 1);
    assert_eq!(
        json!([row["resource_type"], row["resource_id"], row["user_id"], row["ip"], row["request_id"]]),
        json!(["user", 1, 1, null, null])
    );
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_on_sqlite() {
    a_forgotten_password_is_replaced(&[]).await;
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_on_mariadb() {
    let url = MariaDb::shared().new_database();
    a_forgotten_password_is_replaced(&[("DATABASE_URL", &url)]).await;
}

#[test]
fn the_password_of_nobody_and_a_wrong_one_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(create_user(dir.path(), &[], &OWNER, "correct horse\n").status.success());
    for (arguments, password, message) in [
        (["--email", "lee@acme.kr", "--tenant", "acme"], "battery staple", "there is no user lee@acme.kr in acme"),
        (["--email", "kim@acme.kr", "--tenant", "other"], "battery staple", "there is no user kim@acme.kr in other"),
        (["--email", "kim@acme.kr", "--tenant", "acme"], "short", "Shorter than minimum length 8."),
    ] {
        let output = set_password(dir.path(), &[], &arguments, password);
        assert!(!output.status.success());
        assert!(text(&output).contains(message), "{}", text(&output));
    }
}

#[test]
fn wrong_settings_stop_the_start_all_at_once_without_their_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let settings = [
        ("APP_ENV", "production"),
        ("USE_SQLITE", "true"),
        ("JWT_SECRET_KEY", "hunter2"),
        ("PORT", "x"),
        ("ROLE_POLICY", "x"),
    ];
    let output = bizcenter(dir.path(), &settings).output().unwrap();
    assert!(!output.status.success());
    for name in ["SECRET_KEY", "JWT_SECRET_KEY", "CONTRACT_ENCRYPTION_KEY", "PORT", "ROLE_POLICY"] {
        assert!(text(&output).contains(name), "{name} is not in {}", text(&output));
    }
    assert!(!text(&output).contains("hunter2"));
}

#[test]
fn a_broken_env_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(".env"), "PORT=0\nthis is not a setting\n").unwrap();
    let output = bizcenter(dir.path(), &[]).output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output).contains("cannot read .env: line 2 is not NAME=value"), "{}", text(&output));
    assert!(!text(&output).contains("this is not a setting"), "{}", text(&output));
}

#[test]
fn a_database_server_that_is_down_or_silent_is_told_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mysql://root:hidden@{}/biz", nobody.local_addr().unwrap());
    let settings = [("DATABASE_URL", url.as_str()), ("DB_ACQUIRE_TIMEOUT", "1")];
    let migrate = || text(&bizcenter(dir.path(), &settings).arg("migrate").output().unwrap());
    let silent = migrate();
    assert!(silent.contains("the server does not answer"), "{silent}");
    drop(nobody);
    let down = migrate();
    assert!(down.contains("Connection refused"), "{down}");
    assert!(!down.contains("hidden") && !silent.contains("hidden"), "{down}{silent}");
}

#[test]
fn commands_whose_output_nobody_reads_end_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    assert!(create_user(dir.path(), &[], &OWNER, "correct horse\n").status.success());
    for command in ["openapi", "migrate", "jobs list", "jobs run clean_up", "audit verify", "demo --tasks 1"] {
        let mut child = bizcenter(dir.path(), &[]).args(command.split(' ')).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success() && !text(&output).contains("panicked"), "{command}: {}", text(&output));
    }
}

#[test]
fn openapi_prints_the_document_that_the_server_serves() {
    let dir = tempfile::tempdir().unwrap();
    let output = bizcenter(dir.path(), &[]).arg("openapi").output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document, serde_json::to_value(bizcenter::app::document()).unwrap());
}

#[test]
fn every_command_explains_itself() {
    let dir = tempfile::tempdir().unwrap();
    let commands = [
        vec![],
        vec!["serve"],
        vec!["migrate"],
        vec!["user", "create"],
        vec!["user", "password"],
        vec!["audit", "verify"],
        vec!["openapi"],
        vec!["demo"],
        vec!["jobs", "list"],
        vec!["jobs", "run"],
        vec!["healthcheck"],
    ];
    for command in commands {
        let output = bizcenter(dir.path(), &[]).args(&command).arg("--help").output().unwrap();
        assert!(output.status.success() && output.stdout.len() > 100, "{command:?}: {}", text(&output));
    }
}

const PRODUCTION: [(&str, &str); 4] = [
    ("APP_ENV", "production"),
    ("SECRET_KEY", "0f6d1c84b7a2459e8c3f5a7b9d1e2f30"),
    ("JWT_SECRET_KEY", "1f6d1c84b7a2459e8c3f5a7b9d1e2f30"),
    ("CONTRACT_ENCRYPTION_KEY", "2f6d1c84b7a2459e8c3f5a7b9d1e2f30"),
];

#[test]
fn mariadb_in_production_refuses_to_start_with_pending_migrations() {
    let dir = tempfile::tempdir().unwrap();
    let url = MariaDb::shared().new_database();
    let settings = [&PRODUCTION[..], &[("DATABASE_URL", url.as_str()), ("PORT", "0")]].concat();
    let refused = bizcenter(dir.path(), &settings).output().unwrap();
    assert!(!refused.status.success());
    assert!(text(&refused).contains("0001 create tenants and users"), "{}", text(&refused));
    assert!(text(&refused).contains("bizcenter migrate"), "{}", text(&refused));

    let migrated = bizcenter(dir.path(), &settings).arg("migrate").output().unwrap();
    let count = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/mariadb")).unwrap().count();
    let applied = format!("applied {count}: 0001 create tenants and users");
    assert!(text(&migrated).contains(&applied), "{}", text(&migrated));
    let again = bizcenter(dir.path(), &settings).arg("migrate").output().unwrap();
    assert!(text(&again).contains("nothing to do"), "{}", text(&again));
    assert!(Server::start(bizcenter(dir.path(), &settings)).terminate());
}

fn demo_fills_a_tenant(settings: &[(&str, &str)]) {
    let dir = tempfile::tempdir().unwrap();
    let output = bizcenter(dir.path(), settings).args(["demo", "--tasks", "1200"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("owner@demo.example"), "{}", text(&output));
    let again = bizcenter(dir.path(), settings).arg("demo").output().unwrap();
    assert!(!again.status.success(), "a second demo would double the tenant");

    let settings = [settings, &[("PORT", "0"), ("RUST_LOG", "warn")]].concat();
    let server = Server::start(bizcenter(dir.path(), &settings));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        // As the document has it for an example.
        let document = serde_json::to_value(bizcenter::app::document()).unwrap();
        let example = &document["components"]["schemas"]["Login"]["properties"];
        let example = ["email", "password"].map(|field| example[field]["example"].as_str().unwrap());
        assert_eq!(example, ["owner@demo.example", "demo-password"]);
        let (status, body) = login(&server.1, example[0], example[1]).await;
        assert_eq!(status, 200, "{body}");
        let token = body["access_token"].as_str().unwrap();
        for (collection, least) in [("tasks", 1200), ("meetings", 50), ("contracts", 30)] {
            let url = format!("{}/api/v1/{collection}?limit=1000", server.1);
            let response = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
            let body: Value = response.json().await.unwrap();
            assert!(body["total"].as_i64().unwrap() >= least, "{collection}: {}", body["total"]);
            for row in body[collection].as_array().unwrap() {
                assert_eq!(row["tenant_id"], "demo");
                assert_ne!(row.get("amount"), Some(&Value::Null), "an amount does not open: {row}");
            }
        }
    });
}

#[test]
fn demo_fills_a_tenant_on_sqlite() {
    demo_fills_a_tenant(&[]);
}

#[test]
fn demo_fills_a_tenant_on_mariadb() {
    let url = MariaDb::shared().new_database();
    demo_fills_a_tenant(&[("DATABASE_URL", &url)]);
}

#[test]
fn demo_is_refused_in_production() {
    let dir = tempfile::tempdir().unwrap();
    let settings = [&PRODUCTION[..], &[("USE_SQLITE", "true")]].concat();
    let output = bizcenter(dir.path(), &settings).arg("demo").output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output).contains("production"), "{}", text(&output));
}
