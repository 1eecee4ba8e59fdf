//! The faults that were found in the Flask server, by their numbers in the list of them: none is here.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Analyst, Editor, Owner, Viewer};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::{PASSWORD, START, Session, TestApp};
use crate::client::{Call, Method, without_request_id};
use crate::command_line::bizcenter;
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
    json!({"contract_number": number, "customer_name": "한빛정보", "title": "MDR", "amount": "100.00",
           "start_date": "2026-01-01", "end_date": "2026-12-31"})
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

async fn error(call: Call, status: u16) -> Value {
    without_request_id(call.expect(status).await)
}

struct KilledInTheEnd(Child);

impl Drop for KilledInTheEnd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

on_both! {
    /// Bug 1.
    async fn a_role_that_may_not_is_told_so(app) {
        let cases = [(Analyst, Method::GET, 3), (Editor, Method::PUT, 2), (Admin, Method::DELETE, 1)];
        for (role, method, allowed) in cases {
            let user = app.user("test-001", role).await;
            let required = &["owner", "admin", "editor"][..allowed];
            assert_eq!(error(app.call(method, "/api/v1/contracts/1").by(&user), 403).await, json!({
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
        let tokens = app.post(LOGIN, json!({"email": user.email, "password": PASSWORD})).expect(200).await;
        let cases = [
            (app.get(ME), "missing_token"), (app.get(ME).token("garbage"), "malformed_token"),
            (app.get(ME).token(&format!("{}AAAA", user.token)), "wrong_signature"),
            (app.get(ME).token(tokens["refresh_token"].as_str().unwrap()), "access_token_required"),
            (app.call(Method::POST, REFRESH).by(&user), "refresh_token_required"),
        ];
        for (call, code) in cases {
            assert_eq!(error(call, 401).await["code"], code);
        }
        app.advance(3600);
        assert_eq!(error(app.get(ME).by(&user), 401).await["code"], "expired_token");
    }

    /// Bug 3.
    async fn a_filter_that_cannot_be_is_a_400(app) {
        let user = app.user("test-001", Viewer).await;
        for (name, value) in [("week", "abc"), ("week", ""), ("year", "2e3"), ("assigned_to", "null")] {
            let answer = error(app.get(&format!("{TASKS}?{name}={value}")).by(&user), 400).await;
            assert_eq!(answer["errors"], json!({name: ["Not a valid integer."]}), "{value}");
        }
        let answer = error(app.get("/api/v1/tasks?week=9223372036854775808").by(&user), 400).await;
        assert_eq!(answer["errors"], json!({"week": ["Number too large."]}));
    }

    /// Bug 4.
    async fn a_contract_number_is_taken_in_its_own_tenant_only(app) {
        let (owner, stranger) = (app.user("test-001", Owner).await, app.user("test-002", Owner).await);
        create(&app, &owner, CONTRACTS, contract("C-1")).await;
        let second = format!("{CONTRACTS}/{}", create(&app, &owner, CONTRACTS, contract("C-2")).await);
        for call in [app.post(CONTRACTS, contract("C-1")), app.put(&second, json!({"contract_number": "C-1"}))] {
            assert_eq!(error(call.by(&owner), 409).await["code"], "contract_number_taken");
        }
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
        assert_eq!(statuses, [vec![201_u16], vec![409; 19]].concat());
        assert_eq!(app.count("select count(*) from users").await, 1);
    }

    /// Bug 6.
    async fn nothing_too_large_or_too_deep_is_a_500(app, JWT_SECRET_KEY = "forge") {
        let user = app.user("test-001", Owner).await;
        for (path, name) in [(TASKS, "task"), (MEETINGS, "meeting"), (CONTRACTS, "contract")] {
            let answer = error(app.get(&format!("{path}/9223372036854775808")).by(&user), 404).await;
            assert_eq!(answer["code"], format!("{name}_not_found"));
        }
        let call = app.post(TASKS, with(task(), "assigned_to", 9_223_372_036_854_775_808_u64)).by(&user);
        assert_eq!(error(call, 400).await["errors"], json!({"assigned_to": ["Number too large."]}));
        let nested = format!(r#"{{"title": {}{}}}"#, "[".repeat(5000), "]".repeat(5000));
        for body in [nested.as_str(), r#"{"title": "\ud800", "week_number": 6, "year": 2026}"#] {
            let call = app.call(Method::POST, TASKS).raw(body).by(&user);
            assert_eq!(error(call, 400).await["code"], "malformed_json");
        }
        let claims = json!({"sub": "kim", "type": "access", "exp": START / 1_000_000 + 60});
        let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(b"forge")).unwrap();
        assert_eq!(error(app.get(ME).token(&token), 401).await["code"], "invalid_subject");
    }

    /// Bug 7.
    async fn an_offset_is_converted_to_utc(app) {
        let user = app.user("test-001", Viewer).await;
        let answer = app.post(TASKS, with(task(), "due_date", "2026-02-13T18:00:00+09:00")).by(&user).expect(201).await;
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
            ("to_date=2090-06-01", 2), ("to_date=2090-06-01T00:00:00", 1), ("to_date=2090-06-02T09:00:00%2B09:00", 3),
        ];
        for (query, total) in cases {
            assert_eq!(app.get(&format!("{MEETINGS}?{query}")).by(&user).expect(200).await["total"], total, "{query}");
        }
        let answer = error(app.get("/api/v1/meetings?from_date=abc").by(&user), 400).await;
        assert_eq!(answer["errors"], json!({"from_date": ["Not a valid datetime."]}));
    }

    /// Bug 9.
    async fn a_contract_makes_sense(app) {
        let owner = app.user("test-001", Owner).await;
        let body = with(with(contract("C-1"), "amount", "abc"), "currency", "한국어");
        let answer = error(app.post(CONTRACTS, with(body, "end_date", "2025-12-31")).by(&owner), 400).await;
        let errors = json!({"amount": ["Not a valid number."], "currency": ["Not a valid currency code."],
                            "end_date": ["Must not be before start_date."]});
        assert_eq!(answer["errors"], errors);
    }

    /// Bug 10.
    async fn nothing_points_at_a_task_or_user_that_is_not_there(app) {
        let user = app.user("test-001", Viewer).await;
        app.post(TASKS, with(task(), "assigned_to", 999_999)).by(&user).expect(400).await;
        let meeting = create(&app, &user, MEETINGS, meeting("2026-02-09T10:00")).await;
        let task = create(&app, &user, TASKS, task()).await;
        let item = sql("insert into action_items (tenant_id, meeting_id, task_id, description, status, created_at, \
                        updated_at) values ('test-001', ?, ?, 'Call', 'pending', ?, ?)");
        app.execute(item.bind(meeting).bind(task).bind(app.now()).bind(app.now())).await;
        let meeting = || app.get(&format!("{MEETINGS}/{meeting}")).by(&user).expect(200);
        assert_eq!(meeting().await["meeting"]["action_items"][0]["task_id"], task);
        app.delete(&format!("{TASKS}/{task}")).by(&user).expect(204).await;
        assert_eq!(meeting().await["meeting"]["action_items"][0]["task_id"], Value::Null);
    }

    /// Bug 11.
    async fn every_row_knows_its_author(app) {
        let owner = app.user("test-001", Owner).await;
        create(&app, &owner, TASKS, task()).await;
        create(&app, &owner, MEETINGS, meeting("2026-02-09T10:00")).await;
        create(&app, &owner, CONTRACTS, contract("C-1")).await;
        for table in ["tasks", "meetings", "contracts"] {
            let count = sql("select count(*) from ").push(table).push(" where created_by = ?").bind(owner.id);
            assert_eq!(app.db().read().await.unwrap().count(count).await.unwrap(), 1, "{table}");
        }
    }

    /// Bug 12.
    async fn every_error_has_one_shape_and_can_be_read_by_the_spa(app) {
        let user = app.user("test-001", Viewer).await;
        app.execute(sql("drop table task_tags")).await;
        let calls = [
            (400, app.post(TASKS, json!({})).by(&user)), (401, app.get(ME)), (403, app.get(CONTRACTS).by(&user)),
            (404, app.get("/api/v1/tasks/abc").by(&user)), (409, app.post(REGISTER, account(&user.email))),
            (405, app.delete(ME)), (500, app.post(TASKS, with(task(), "tags", json!(["a"]))).by(&user)),
        ];
        for (status, call) in calls {
            let reply = call.header("origin", "http://localhost:3001").send().await;
            assert_eq!(reply.header("access-control-allow-origin"), Some("http://localhost:3001"), "{status}");
            let body = without_request_id(reply.expect(status));
            assert!(body["error"].is_string() && body["code"].is_string() && body["message"].is_null(), "{body}");
            assert!(!body.to_string().contains("task_tags"), "{body}");
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
        for (path, key, at) in [(TASKS, "tasks", "/assignee/name"), (MEETINGS, "meetings", "/attendees/0/user_name")] {
            let answer = app.get(&format!("{path}?limit=7")).by(&user).expect(200).await;
            let names = answer[key].as_array().unwrap().iter().map(|row| row.pointer(at).unwrap());
            assert_eq!((names.collect::<Vec<_>>(), &answer["total"]), (vec![&json!("김지은"); 7], &json!(50)));
            app.get(&format!("{path}?limit=1001")).by(&user).expect(400).await;
        }
    }

    /// Bug 14.
    async fn nobody_walks_into_a_tenant_where_registration_is_closed(app, REGISTRATION = "closed") {
        let expected = json!({"error": "Registration is closed", "code": "registration_closed"});
        assert_eq!(error(app.post(REGISTER, account("kim@example.com")), 403).await, expected);
        assert_eq!(app.count("select count(*) from users").await, 0);
    }

    /// Bug 15.
    async fn a_demoted_user_keeps_nothing_by_refreshing(app) {
        let user = app.user("test-001", Owner).await;
        let tokens = app.post(LOGIN, json!({"email": user.email, "password": PASSWORD})).expect(200).await;
        app.execute(sql("update users set role = 'viewer' where id = ?").bind(user.id)).await;
        let answer = app.post(REFRESH, json!({"refresh_token": tokens["refresh_token"]})).expect(200).await;
        let call = app.get(CONTRACTS).token(answer["access_token"].as_str().unwrap());
        assert_eq!(error(call, 403).await["code"], "insufficient_permissions");
    }

    /// Bug 16.
    async fn a_deactivated_or_deleted_user_is_out_within_seconds(app) {
        let users = [app.user("test-001", Viewer).await, app.user("test-001", Viewer).await];
        let mut at_once = Vec::new();
        for user in &users {
            let tokens = app.post(LOGIN, json!({"email": user.email, "password": PASSWORD})).expect(200).await;
            let refresh = app.post(REFRESH, json!({"refresh_token": tokens["refresh_token"]}));
            at_once.extend([refresh, app.get(ME).by(user)]);
            // The server remembers for a while who may come in.
            app.get(TASKS).by(user).expect(200).await;
        }
        app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(users[0].id)).await;
        app.execute(sql("delete from users where id = ?").bind(users[1].id)).await;
        for call in at_once {
            assert_eq!(error(call, 401).await["code"], "revoked_token");
        }
        tokio::time::sleep(Duration::from_secs(6)).await;
        for user in &users {
            assert_eq!(error(app.get(TASKS).by(user), 401).await["code"], "revoked_token");
        }
    }

    /// Bug 17.
    async fn under_the_strict_policy_a_viewer_only_reads(app, ROLE_POLICY = "strict") {
        let (owner, viewer) = (app.user("test-001", Owner).await, app.user("test-001", Viewer).await);
        for (path, body) in [(TASKS, task()), (MEETINGS, meeting("2026-02-09T10:00"))] {
            let one = format!("{path}/{}", create(&app, &owner, path, body.clone()).await);
            for call in [app.post(path, body), app.put(&one, json!({"title": "x"})), app.delete(&one)] {
                assert_eq!(error(call.by(&viewer), 403).await["code"], "insufficient_permissions");
            }
            app.get(&one).by(&viewer).expect(200).await;
        }
    }

    /// Bug 18.
    async fn nobody_of_another_tenant_can_be_assigned(app) {
        let (user, stranger) = (app.user("test-001", Viewer).await, app.user("test-002", Viewer).await);
        let one = format!("{TASKS}/{}", create(&app, &user, TASKS, task()).await);
        let change = app.put(&one, json!({"assigned_to": stranger.id}));
        for call in [app.post(TASKS, with(task(), "assigned_to", stranger.id)), change] {
            let answer = error(call.by(&user), 400).await;
            assert_eq!(answer["errors"], json!({"assigned_to": ["Not an active user of this tenant."]}));
        }
    }

    /// Bug 20.
    async fn guessing_is_limited_and_tells_no_addresses(app) {
        let user = app.user("test-001", Viewer).await;
        let mut fastest = [Duration::MAX; 2];
        for _ in 0..10 {
            for (email, fastest) in [user.email.as_str(), "nobody@example.com"].into_iter().zip(&mut fastest) {
                let started = Instant::now();
                app.post(LOGIN, json!({"email": email, "password": "wrong"})).expect(401).await;
                *fastest = started.elapsed().min(*fastest);
            }
        }
        assert!(fastest[0] * 4 > fastest[1] && fastest[1] * 4 > fastest[0], "{fastest:?}");
        app.post(LOGIN, json!({"email": user.email, "password": PASSWORD})).expect(429).await;
    }

    /// Bug 21.
    async fn a_token_needs_an_end_and_a_type(app, JWT_SECRET_KEY = "forge") {
        let id = app.user("test-001", Viewer).await.id.to_string();
        for claims in [json!({"sub": id, "type": "access"}), json!({"sub": id, "exp": START / 1_000_000 + 60})] {
            let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(b"forge")).unwrap();
            assert_eq!(error(app.get(ME).token(&token), 401).await["code"], "missing_claim");
        }
    }

    /// Bug 23.
    async fn an_amount_opens_only_where_it_was_sealed(app) {
        let owner = app.user("test-001", Owner).await;
        let first = create(&app, &owner, CONTRACTS, contract("C-1")).await;
        let second = create(&app, &owner, CONTRACTS, contract("C-2")).await;
        let sealed = async |id: i64| {
            let select = sql("select amount_encrypted from contracts where id = ?").bind(id);
            app.db().read().await.unwrap().fetch_one::<(String,)>(select).await.unwrap().0
        };
        let text = sealed(first).await;
        assert!(text.starts_with("v1.") && text != sealed(second).await, "{text}");
        app.execute(sql("update contracts set amount_encrypted = ?").bind(text)).await;
        for (id, amount) in [(first, json!("100.00")), (second, Value::Null)] {
            let answer = app.get(&format!("{CONTRACTS}/{id}")).by(&owner).expect(200).await;
            assert_eq!(answer["contract"]["amount"], amount);
        }
    }

    /// Bug 24.
    async fn a_preflight_allows_no_header_that_only_the_caller_names(app) {
        let call = app.call(Method::OPTIONS, TASKS).header("access-control-request-method", "POST");
        let reply = call.header("access-control-request-headers", "authorization,x-evil").send().await;
        assert!(!reply.header("access-control-allow-headers").unwrap().contains("x-evil"), "{:?}", reply.headers);
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }

    /// Bug 25.
    async fn a_part_of_a_name_is_looked_for_to_the_letter(app) {
        let owner = app.user("test-001", Owner).await;
        for name in ["100% 보안", "100x 보안", "a_b", "axb"] {
            create(&app, &owner, CONTRACTS, with(contract(name), "customer_name", name)).await;
        }
        for (part, total) in [("100%25", 1), ("100", 2), ("A_B", 1), ("%25", 1), ("!", 0), ("", 4)] {
            let answer = app.get(&format!("{CONTRACTS}?customer_name={part}")).by(&owner).expect(200).await;
            assert_eq!(answer["total"], total, "{part}");
        }
    }
}

/// Bugs 19 and 22.
#[tokio::test]
async fn the_env_file_is_read_in_time_and_only_this_machine_is_served() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(".env"), "PORT=0\nJWT_SECRET_KEY=the-secret-of-the-env-file\n").unwrap();
    let mut server = KilledInTheEnd(bizcenter(dir.path(), &[]).stderr(Stdio::null()).spawn().unwrap());
    let lines = BufReader::new(server.0.stdout.take().unwrap()).lines().take(2).collect::<Result<Vec<_>, _>>().unwrap();
    let url = lines[0].strip_prefix("API   ").unwrap().strip_suffix("/api/v1").unwrap();
    let post = async |path: &str, body: Value| -> Value {
        let call = reqwest::Client::new().post(format!("{url}{path}")).json(&body);
        call.send().await.unwrap().json().await.unwrap()
    };
    post(REGISTER, account("kim@example.com")).await;
    let answer = post(LOGIN, json!({"email": "kim@example.com", "password": PASSWORD})).await;
    let token = answer["access_token"].as_str().unwrap();
    let verify = |secret: &[u8]| decode::<Value>(token, &DecodingKey::from_secret(secret), &Validation::default());
    assert_eq!(verify(b"the-secret-of-the-env-file").unwrap().claims["email"], "kim@example.com");
    assert!(verify(b"jwt-secret-key").is_err());
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    // Another address of this machine, where a server on all of them would answer.
    assert!(std::net::TcpStream::connect(url.replace("http://127.0.0.1:", "127.0.0.2:")).is_err());
}
