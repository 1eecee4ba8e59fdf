//! The faults that were found in the Flask server, by their numbers in the list of them: none is here.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Analyst, Editor, Owner, Viewer};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::app::{PASSWORD, START, Session, TestApp};
use crate::client::{Method, without_request_id};
use crate::on_both;

const REGISTER: &str = "/api/v1/auth/register";
const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const ME: &str = "/api/v1/auth/me";
const TASKS: &str = "/api/v1/tasks";
const MEETINGS: &str = "/api/v1/meetings";
const CONTRACTS: &str = "/api/v1/contracts";

fn account(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "name": "Test User", "tenant_id": "test-001"})
}

fn task() -> Value {
    json!({"title": "Report", "week_number": 6, "year": 2026})
}

fn meeting(date: &str) -> Value {
    json!({"title": "Review", "meeting_date": date})
}

fn contract(number: &str) -> Value {
    json!({
        "contract_number": number, "customer_name": "한빛정보", "title": "MDR", "amount": "100.00",
        "start_date": "2026-01-01", "end_date": "2026-12-31",
    })
}

fn with(mut body: Value, field: &str, value: impl Into<Value>) -> Value {
    body[field] = value.into();
    body
}

/// Makes something and gives its id.
async fn create(app: &TestApp, user: &Session, path: &str, body: Value) -> i64 {
    let answer = app.post(path, body).by(user).expect(201).await;
    answer.as_object().unwrap().values().find_map(|part| part["id"].as_i64()).unwrap()
}

async fn login(app: &TestApp, user: &Session) -> Value {
    app.post(LOGIN, json!({"email": user.email, "password": PASSWORD})).expect(200).await
}

fn wrong_fields(errors: Value) -> Value {
    json!({"error": "Validation failed", "code": "validation_failed", "errors": errors})
}

/// A token under the `JWT_SECRET_KEY` that the tests of forged ones set.
fn forged(claims: &Value) -> String {
    let key = EncodingKey::from_secret(b"0123456789abcdefghijklmnopqrstuvwxyzABCD");
    encode(&Header::default(), claims, &key).unwrap()
}

/// The binary with a `.env` in a directory of its own and no other setting; killed in the end.
struct Server {
    process: Child,
    url: String,
    _stdout: BufReader<ChildStdout>,
    _dir: TempDir,
}

impl Server {
    fn start(env_file: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(".env"), env_file).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_bizcenter"));
        command.env_clear().current_dir(dir.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("API   ").unwrap().strip_suffix("/api/v1").unwrap().to_owned();
        Self { process, url, _stdout: stdout, _dir: dir }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

on_both! {
    /// Bug 1.
    async fn a_role_that_may_not_is_told_so(app) {
        let cases: [(_, _, _, &[&str]); 4] = [
            (Viewer, Method::GET, "/api/v1/contracts", &["owner", "admin", "editor"]),
            (Analyst, Method::GET, "/api/v1/contracts/1", &["owner", "admin", "editor"]),
            (Editor, Method::PUT, "/api/v1/contracts/1", &["owner", "admin"]),
            (Admin, Method::DELETE, "/api/v1/contracts/1", &["owner"]),
        ];
        for (role, method, path, required) in cases {
            let user = app.user("test-001", role).await;
            assert_eq!(without_request_id(app.call(method, path).by(&user).expect(403).await), json!({
                "error": "Insufficient permissions", "code": "insufficient_permissions", "required_roles": required,
                "your_role": role.as_str(),
            }));
        }
    }

    /// Bug 2.
    async fn a_token_failure_is_a_401_in_production_too(
        app, APP_ENV = "production", SECRET_KEY = "1123456789abcdefghijklmnopqrstuvwxyzABCD",
        JWT_SECRET_KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD",
        CONTRACT_ENCRYPTION_KEY = "2123456789abcdefghijklmnopqrstuvwxyzABCD"
    ) {
        let user = app.user("test-001", Viewer).await;
        let claims = json!({"sub": user.id.to_string(), "type": "access", "exp": START / 1_000_000 + 60});
        app.get(ME).token(&forged(&claims)).expect(200).await;
        let cases = [
            (app.get(ME), "missing_token"), (app.get(ME).token("garbage"), "malformed_token"),
            (app.get(ME).token(&forged(&with(claims.clone(), "exp", 0))), "expired_token"),
            (app.get(ME).token(&forged(&with(claims.clone(), "type", "refresh"))), "access_token_required"),
            (app.call(Method::POST, REFRESH).token(&forged(&claims)), "refresh_token_required"),
            (app.get(ME).token(&format!("{}AAAA", user.token)), "wrong_signature"),
        ];
        for (call, code) in cases {
            assert_eq!(call.expect(401).await["code"], code);
        }
    }

    /// Bug 3.
    async fn a_filter_that_cannot_be_is_a_400(app) {
        let user = app.user("test-001", Viewer).await;
        let cases = [
            ("week", "abc", "Not a valid integer."), ("week", "", "Not a valid integer."),
            ("year", "2e3", "Not a valid integer."), ("assigned_to", "null", "Not a valid integer."),
            ("assigned_to", "9223372036854775808", "Number too large."),
            ("status", "open", "Must be one of: pending, in_progress, review, completed, cancelled."),
        ];
        for (name, value, message) in cases {
            let answer = app.get(&format!("{TASKS}?{name}={value}")).by(&user).expect(400).await;
            let errors = json!({name: [message]});
            let expected = json!({"error": "Invalid query parameters", "code": "invalid_query", "errors": errors});
            assert_eq!(without_request_id(answer), expected);
        }
    }

    /// Bug 4.
    async fn a_contract_number_is_taken_in_its_own_tenant_only(app) {
        let (owner, stranger) = (app.user("test-001", Owner).await, app.user("test-002", Owner).await);
        create(&app, &owner, CONTRACTS, contract("C-1")).await;
        let second = format!("{CONTRACTS}/{}", create(&app, &owner, CONTRACTS, contract("C-2")).await);
        let change = app.put(&second, json!({"contract_number": "C-1"}));
        for call in [app.post(CONTRACTS, contract("C-1")), change] {
            let expected = json!({"error": "Contract number already exists", "code": "contract_number_taken"});
            assert_eq!(without_request_id(call.by(&owner).expect(409).await), expected);
        }
        assert_eq!(app.get(&second).by(&owner).expect(200).await["contract"]["contract_number"], "C-2");
        create(&app, &stranger, CONTRACTS, contract("C-1")).await;
    }

    /// Bug 5.
    async fn of_parallel_registrations_of_one_address_one_succeeds(app) {
        let mut calls = JoinSet::new();
        for _ in 0..20 {
            calls.spawn(app.post(REGISTER, account("kim@example.com")).send());
        }
        let mut statuses: Vec<u16> = calls.join_all().await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![201], vec![409; 19]].concat());
        assert_eq!(app.count("select count(*) from users").await, 1);
    }

    /// Bug 6.
    async fn nothing_that_a_caller_can_write_is_a_500(app, JWT_SECRET_KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD") {
        let user = app.user("test-001", Owner).await;
        for (path, code) in [(TASKS, "task_not_found"), (MEETINGS, "meeting_not_found"), (CONTRACTS, "contract_not_found")] {
            for id in ["9223372036854775807", "9223372036854775808", &"9".repeat(100)] {
                assert_eq!(app.get(&format!("{path}/{id}")).by(&user).expect(404).await["code"], code);
            }
        }
        let answer = app.post(TASKS, with(task(), "assigned_to", 9_223_372_036_854_775_808_u64)).by(&user).expect(400).await;
        assert_eq!(without_request_id(answer), wrong_fields(json!({"assigned_to": ["Number too large."]})));
        let nested = format!(r#"{{"title": {}{}}}"#, "[".repeat(5000), "]".repeat(5000));
        for body in [nested.as_str(), r#"{"title": "\ud800", "week_number": 6, "year": 2026}"#, "[".repeat(9999).as_str()] {
            let answer = app.call(Method::POST, TASKS).raw(body).by(&user).expect(400).await;
            assert_eq!(answer["code"], "malformed_json");
        }
        let token = forged(&json!({"sub": "kim", "type": "access", "exp": START / 1_000_000 + 60}));
        assert_eq!(app.get(ME).token(&token).expect(401).await["code"], "invalid_subject");
    }

    /// Bug 7.
    async fn an_offset_is_converted_to_utc(app) {
        let user = app.user("test-001", Viewer).await;
        let body = with(task(), "due_date", "2026-02-13T18:00:00+09:00");
        let answer = app.post(TASKS, body).by(&user).expect(201).await;
        assert_eq!(answer["task"]["due_date"], "2026-02-13T09:00:00.000000Z");
        let answer = app.post(MEETINGS, meeting("2026-02-13T00:30:00-0130")).by(&user).expect(201).await;
        assert_eq!(answer["meeting"]["meeting_date"], "2026-02-13T02:00:00.000000Z");
    }

    /// Bug 8.
    async fn dates_of_meetings_are_compared_as_time(app) {
        let user = app.user("test-001", Viewer).await;
        for date in ["2090-06-01T00:00:00", "2090-06-01T23:59:59.999999", "2090-06-02T00:00:00"] {
            create(&app, &user, MEETINGS, meeting(date)).await;
        }
        let cases = [
            ("from_date=2090-06-01T00:00:00", 3), ("from_date=2090-06-01", 3), ("from_date=2090-06-01T00:00:01", 2),
            ("to_date=2090-06-01", 2), ("to_date=2090-06-01T00:00:00", 1), ("to_date=2090-06-02T08:59:59%2B09:00", 2),
        ];
        for (query, total) in cases {
            assert_eq!(app.get(&format!("{MEETINGS}?{query}")).by(&user).expect(200).await["total"], total, "{query}");
        }
        for name in ["from_date", "to_date"] {
            let answer = app.get(&format!("{MEETINGS}?{name}=abc")).by(&user).expect(400).await;
            assert_eq!(answer["errors"], json!({name: ["Not a valid datetime."]}));
        }
    }

    /// Bug 9.
    async fn a_contract_makes_sense(app) {
        let owner = app.user("test-001", Owner).await;
        let body = with(with(contract("C-1"), "amount", "abc"), "currency", "한국어");
        let answer = app.post(CONTRACTS, with(body, "end_date", "2025-12-31")).by(&owner).expect(400).await;
        assert_eq!(without_request_id(answer), wrong_fields(json!({
            "amount": ["Not a valid number."], "currency": ["Not a valid currency code."],
            "end_date": ["Must not be before start_date."],
        })));
        let path = format!("{CONTRACTS}/{}", create(&app, &owner, CONTRACTS, contract("C-1")).await);
        for change in [json!({"amount": ""}), json!({"currency": "ABC"}), json!({"start_date": "2027-01-01"})] {
            app.put(&path, change).by(&owner).expect(400).await;
        }
    }

    /// Bug 10.
    async fn a_deleted_task_leaves_no_action_item_behind_that_points_at_it(app) {
        let user = app.user("test-001", Viewer).await;
        let body = with(task(), "assigned_to", 999_999);
        let expected = wrong_fields(json!({"assigned_to": ["Not an active user of this tenant."]}));
        assert_eq!(without_request_id(app.post(TASKS, body).by(&user).expect(400).await), expected);
        let (task, meeting) = (
            create(&app, &user, TASKS, task()).await, create(&app, &user, MEETINGS, meeting("2026-02-09T10:00")).await,
        );
        let item = sql("insert into action_items (tenant_id, meeting_id, task_id, description, status, created_at, \
                        updated_at) values ('test-001', ?, ?, 'Call', 'pending', ?, ?)");
        app.execute(item.bind(meeting).bind(task).bind(app.now()).bind(app.now())).await;
        let item = async || app.get(&format!("{MEETINGS}/{meeting}")).by(&user).expect(200).await["meeting"]["action_items"][0].take();
        assert_eq!(item().await["task_id"], task);
        app.delete(&format!("{TASKS}/{task}")).by(&user).expect(204).await;
        assert_eq!((&item().await["task_id"], &item().await["description"]), (&Value::Null, &json!("Call")));
    }

    /// Bug 11.
    async fn every_row_knows_its_author(app) {
        let owner = app.user("test-001", Owner).await;
        assert_eq!(app.post(TASKS, task()).by(&owner).expect(201).await["task"]["created_by"], owner.id);
        create(&app, &owner, MEETINGS, meeting("2026-02-09T10:00")).await;
        create(&app, &owner, CONTRACTS, contract("C-1")).await;
        for table in ["select count(*) from tasks where created_by = ?", "select count(*) from meetings where created_by = ?",
                      "select count(*) from contracts where created_by = ?"] {
            assert_eq!(app.db().read().await.unwrap().count(sql(table).bind(owner.id)).await.unwrap(), 1, "{table}");
        }
    }

    /// Bug 12.
    async fn every_error_has_one_shape_and_can_be_read_by_the_spa(app) {
        let user = app.user("test-001", Viewer).await;
        app.execute(sql("drop table task_tags")).await;
        let calls = [
            (400, app.post(TASKS, json!({}))), (401, app.get(ME).token("garbage")), (403, app.get(CONTRACTS)),
            (404, app.get("/nowhere")), (404, app.get("/api/v1/tasks/abc")), (405, app.delete(ME)),
            (409, app.post(REGISTER, account(&user.email))), (415, app.call(Method::POST, TASKS)),
            (500, app.post(TASKS, with(task(), "tags", json!(["a"])))),
        ];
        for (status, call) in calls {
            let call = if status == 401 { call } else { call.by(&user) };
            let reply = call.header("origin", "http://localhost:3001").send().await;
            assert_eq!(reply.header("access-control-allow-origin"), Some("http://localhost:3001"), "{status}");
            assert_eq!(reply.header("content-type"), Some("application/json"), "{status}");
            let body = without_request_id(reply.expect(status));
            assert!(body["error"].is_string() && body["code"].is_string() && body["message"].is_null(), "{body}");
            let expected = json!({"error": "Internal Server Error", "code": "internal_error"});
            assert!(status != 500 || body == expected, "{body}");
        }
    }

    /// Bug 13.
    async fn a_list_is_no_longer_than_its_limit(app) {
        let user = app.user_named("test-001", Viewer, "kim@example.com", "김지은").await;
        for _ in 0..50 {
            create(&app, &user, TASKS, with(task(), "assigned_to", user.id)).await;
            create(&app, &user, MEETINGS, meeting("2026-02-09T10:00")).await;
        }
        app.execute(sql("insert into meeting_attendees (tenant_id, meeting_id, user_id, created_at, updated_at) \
                         select tenant_id, id, created_by, created_at, updated_at from meetings")).await;
        for (path, key) in [(TASKS, "tasks"), (MEETINGS, "meetings")] {
            let answer = app.get(&format!("{path}?limit=7&page=8")).by(&user).expect(200).await;
            let counts = ["total", "page", "limit", "pages"].map(|name| answer[name].as_i64().unwrap());
            assert_eq!((answer[key].as_array().unwrap().len(), counts), (1, [50, 8, 7, 8]));
            let answer = app.get(&format!("{path}?limit=7")).by(&user).expect(200).await;
            let names: Vec<_> = answer[key].as_array().unwrap().iter().map(|row| match path {
                TASKS => &row["assignee"]["name"],
                _ => &row["attendees"][0]["user_name"],
            }).collect();
            assert_eq!(names, ["김지은"; 7]);
            assert_eq!(app.get(path).by(&user).expect(200).await["limit"], 100);
            app.get(&format!("{path}?limit=1001")).by(&user).expect(400).await;
        }
    }
}
