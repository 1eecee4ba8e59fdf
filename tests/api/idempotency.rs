//! `Idempotency-Key`: what is sent again has no effect again.

use std::time::Duration;

use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Editor, Owner, Viewer};
use bizcenter::{db, idempotency};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::app::{Database, Session, TestApp};
use crate::client::{Call, Method, Reply, without_request_id};
use crate::isolation::{Operation, Rows, operations};
use crate::mariadb::MariaDb;
use crate::on_both;

const HOUR: i64 = 3600;

fn task(title: &str) -> Value {
    json!({"title": title, "week_number": 6, "year": 2026})
}

fn with_key(app: &TestApp, by: &Session, key: &str, body: Value) -> Call {
    app.post("/api/v1/tasks", body).by(by).header("idempotency-key", key)
}

/// What does not differ from answer to answer.
fn said(reply: &Reply) -> (u16, HeaderMap, String) {
    let mut headers = reply.headers.clone();
    for name in ["date", "x-request-id", "idempotency-replayed"] {
        headers.remove(name);
    }
    (reply.status, headers, reply.text())
}

/// The operations that document the header.
pub async fn creating(app: &TestApp) -> Vec<Operation> {
    let document = app.get("/api/openapi.json").expect(200).await;
    let takes_key = |operation: &Operation| {
        let documented = &document["paths"][&operation.path][operation.method.as_str().to_lowercase()]["parameters"];
        documented.as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "Idempotency-Key"))
    };
    operations(app).await.into_iter().filter(takes_key).collect()
}

on_both! {
    async fn every_creating_operation_repeats_its_first_answer(app) {
        let owner = app.user("tenant-a", Owner).await;
        let creating = creating(&app).await;
        let mut names: Vec<&str> = creating.iter().map(|operation| operation.id.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, [
            "add_attendees", "convert_action_item", "create_action_item", "create_comment", "create_contract",
            "create_invitation", "create_meeting", "create_task", "create_tasks", "create_user", "import_tasks",
            "renew_contract", "replace_calendar_feed",
        ]);
        for operation in &creating {
            let rows = Rows::make(&app, &owner).await;
            // Another path for the key's own request: not the dry run.
            let path = operation.path(&rows).replace("?dry_run=true", "");
            let request = |key: &str| operation.call_at(&app, &path, &rows, &operation.id).by(&owner).header("idempotency-key", key);
            let first = request(&operation.id).send().await;
            assert_eq!((first.status, first.header("idempotency-replayed")), (201, None), "{}: {}", operation.id, first.text());
            let again = request(&operation.id).send().await;
            assert_eq!(said(&again), said(&first), "{}", operation.id);
            assert_eq!(again.header("idempotency-replayed"), Some("true"), "{}", operation.id);
            // The same key for something else, even at another place.
            let other = with_key(&app, &owner, &operation.id, task("something else")).expect(422).await;
            assert_eq!(without_request_id(other), json!({
                "error": "This Idempotency-Key belongs to another request", "code": "idempotency_key_reused",
            }), "{}", operation.id);
        }
    }

    async fn fifty_requests_sent_twenty_times_make_fifty_rows(app) {
        let owner = app.user("test-001", Owner).await;
        let mut calls = JoinSet::new();
        for _ in 0..20 {
            for number in 0..50 {
                calls.spawn(with_key(&app, &owner, &format!("key-{number}"), task(&format!("task {number}"))).send());
            }
        }
        for reply in calls.join_all().await {
            match reply.status {
                201 => {}
                409 => assert_eq!(reply.json()["code"], "idempotency_key_in_flight"),
                _ => panic!("{} {}", reply.status, reply.text()),
            }
        }
        assert_eq!(app.count("select count(*) from tasks").await, 50);
        assert_eq!(app.count("select count(distinct title) from tasks").await, 50);
        assert_eq!(app.count("select count(*) from idempotency_keys").await, 50);
        for number in 0..50 {
            let title = format!("task {number}");
            let reply = with_key(&app, &owner, &format!("key-{number}"), task(&title)).send().await;
            assert_eq!(reply.header("idempotency-replayed"), Some("true"));
            assert_eq!(reply.expect(201)["task"]["title"], title);
        }
    }

    async fn another_body_is_refused_and_changes_nothing(app) {
        let owner = app.user("test-001", Owner).await;
        with_key(&app, &owner, "a", task("first")).expect(201).await;
        with_key(&app, &owner, "a", task("second")).expect(422).await;
        let korean = with_key(&app, &owner, "a", task("second")).header("accept-language", "ko").expect(422).await;
        assert_eq!(korean["error"], "이 Idempotency-Key는 다른 요청에 이미 사용되었습니다");
        // As it was sent counts, not what it means.
        with_key(&app, &owner, "a", json!({"title": "first", "year": 2026, "week_number": 6, "tags": []})).expect(422).await;
        assert_eq!(app.count("select count(*) from tasks").await, 1);
    }

    async fn a_key_is_its_users_own(app) {
        let (kim, lee) = (app.user("test-001", Owner).await, app.user("test-001", Owner).await);
        let stranger = app.user("test-002", Owner).await;
        for user in [&kim, &lee, &stranger] {
            let reply = with_key(&app, user, "a", task("same")).send().await;
            assert_eq!(reply.header("idempotency-replayed"), None);
            reply.expect(201);
        }
        assert_eq!(app.count("select count(*) from tasks").await, 3);
    }

    async fn what_failed_may_be_tried_again(app) {
        let owner = app.user("test-001", Owner).await;
        let (wrong, contract) = (json!({"title": ""}), |number: &str| json!({
            "contract_number": number, "customer_name": "c", "title": "t", "amount": "1", "start_date": "2026-01-01",
            "end_date": "2026-12-31",
        }));
        with_key(&app, &owner, "a", wrong).expect(400).await;
        with_key(&app, &owner, "a", task("right")).expect(201).await;
        // Refused inside the transaction.
        let send = |number: &str| app.post("/api/v1/contracts", contract(number)).by(&owner);
        send("1").expect(201).await;
        let refused = send("1").header("idempotency-key", "b").expect(409).await;
        assert_eq!(refused["code"], "contract_number_taken");
        assert_eq!(app.count("select count(*) from idempotency_keys").await, 1);
        send("2").header("idempotency-key", "b").expect(201).await;
    }

    async fn the_first_answer_stands_whatever_has_happened_since(app) {
        let owner = app.user("test-001", Owner).await;
        let first = with_key(&app, &owner, "a", task("task")).expect(201).await;
        app.patch("/api/v1/tasks/1", json!({"title": "changed"})).by(&owner).expect(200).await;
        assert_eq!(with_key(&app, &owner, "a", task("task")).expect(201).await, first);
        let comment = || app.post("/api/v1/tasks/1/comments", json!({"content": "c"})).by(&owner).header("idempotency-key", "c");
        let commented = comment().expect(201).await;
        app.delete("/api/v1/tasks/1").by(&owner).expect(204).await;
        assert_eq!(with_key(&app, &owner, "a", task("task")).expect(201).await, first);
        assert_eq!(comment().expect(201).await, commented);
        assert_eq!(app.count("select count(*) from tasks").await, 0);
    }

    async fn a_key_counts_for_a_day(app) {
        let owner = app.user("test-001", Owner).await;
        with_key(&app, &owner, "a", task("task")).expect(201).await;
        app.advance(24 * HOUR - 1);
        let owner = app.signed_in(&owner).await;
        assert_eq!(with_key(&app, &owner, "a", task("task")).send().await.header("idempotency-replayed"), Some("true"));
        app.advance(1);
        let reply = with_key(&app, &owner, "a", task("other")).send().await;
        assert_eq!(reply.header("idempotency-replayed"), None);
        assert_eq!(reply.expect(201)["task"]["id"], 2);
        assert_eq!(with_key(&app, &owner, "a", task("other")).expect(201).await["task"]["id"], 2);
    }

    async fn a_key_is_one_to_255_printable_characters(app) {
        let owner = app.user("test-001", Owner).await;
        for key in ["", &"k".repeat(256), "é", "a\tb"] {
            let refused = with_key(&app, &owner, key, task("task")).expect(400).await;
            assert_eq!(without_request_id(refused), json!({
                "error": "Idempotency-Key must have 1 to 255 printable ASCII characters",
                "code": "malformed_idempotency_key",
            }), "{key:?}");
        }
        let twice = with_key(&app, &owner, "a", task("task")).header("idempotency-key", "b").expect(400).await;
        assert_eq!(twice["code"], "malformed_idempotency_key");
        assert_eq!(app.count("select count(*) from tasks").await, 0);
        for key in ["k", &"k".repeat(255), "\"quoted, with blanks\""] {
            with_key(&app, &owner, key, task("task")).expect(201).await;
        }
    }

    async fn the_guard_stands_before_the_answer(app, ROLE_POLICY = "strict") {
        let owner = app.user("test-001", Owner).await;
        let admin = app.user("test-001", Admin).await;
        let body = json!({
            "contract_number": "1", "customer_name": "c", "title": "t", "amount": "77.10", "start_date": "2026-01-01",
            "end_date": "2026-12-31",
        });
        let send = || app.post("/api/v1/contracts", body.clone()).by(&admin).header("idempotency-key", "a");
        assert_eq!(send().expect(201).await["contract"]["amount"], "77.10");
        for role in [Editor, Viewer] {
            app.patch(&format!("/api/v1/users/{}", admin.id), json!({"role": role})).by(&owner).expect(200).await;
            send().expect(403).await;
        }
    }

    async fn an_amount_that_is_shown_once_more_is_in_the_audit_log(app) {
        let owner = app.user("test-001", Owner).await;
        let admin = app.user("test-001", Admin).await;
        let body = json!({
            "contract_number": "1", "customer_name": "c", "title": "t", "amount": "77.10", "start_date": "2026-01-01",
            "end_date": "2026-12-31", "status": "active",
        });
        let next = json!({"contract_number": "2"});
        for (id, path, body) in [(1, "/api/v1/contracts", body), (2, "/api/v1/contracts/1/renew", next)] {
            let send = || app.post(path, body.clone()).by(&admin).header("idempotency-key", path);
            let log = format!("/api/v1/audit-logs?action=viewed&resource_type=contract&resource_id={id}");
            let views = async || app.get(&log).by(&owner).expect(200).await;
            assert_eq!(send().expect(201).await["contract"]["id"], id);
            assert_eq!(views().await["total"], 0, "{path}");
            for times in 1..=2 {
                let again = send().send().await;
                assert_eq!(again.header("idempotency-replayed"), Some("true"));
                assert_eq!(again.json()["contract"]["amount"], "77.10");
                let views = views().await;
                assert_eq!((&views["total"], &views["audit_logs"][0]["user_id"]), (&json!(times), &json!(admin.id)));
            }
            // What is refused shows nothing.
            app.post(path, json!({})).by(&admin).header("idempotency-key", path).expect(422).await;
            assert_eq!(views().await["total"], 2, "{path}");
        }
    }

    async fn the_kept_answer_is_sealed(app) {
        let owner = app.user("test-001", Owner).await;
        let body = json!({
            "contract_number": "1", "customer_name": "c", "title": "t", "amount": "987654.32",
            "start_date": "2026-01-01", "end_date": "2026-12-31",
        });
        app.post("/api/v1/contracts", body).by(&owner).header("idempotency-key", "a").expect(201).await;
        assert_eq!(app.count("select count(*) from idempotency_keys where answer <> ''").await, 1);
        assert_eq!(app.count("select count(*) from idempotency_keys where answer like '%987654%'").await, 0);
    }

    async fn nobody_can_try_out_what_was_sent(app) {
        let (kim, lee) = (app.user("test-001", Owner).await, app.user("test-001", Owner).await);
        let body = task("a secret");
        for user in [&kim, &lee] {
            with_key(&app, user, "a", body.clone()).expect(201).await;
        }
        assert_eq!(app.count("select count(distinct fingerprint) from idempotency_keys").await, 2);
        for path in ["/tasks", "/api/v1/tasks"] {
            let plain = Sha256::new().chain_update(path).chain_update([0]).chain_update(body.to_string()).finalize();
            let known = sql("select count(*) from idempotency_keys where fingerprint = ?").bind(hex::encode(plain));
            assert_eq!(app.db().read().await.unwrap().count(known).await.unwrap(), 0);
        }
    }

    async fn an_answer_that_does_not_open_any_more_is_a_conflict(app) {
        let owner = app.user("test-001", Owner).await;
        with_key(&app, &owner, "a", task("task")).expect(201).await;
        let key = ("CONTRACT_ENCRYPTION_KEY", "another key of the contracts, as long as it must be");
        let other = TestApp::start_on(app.database_url.clone(), tempfile::tempdir().unwrap(), &[key]).await;
        let error = with_key(&other, &owner, "a", task("task")).expect(409).await;
        assert_eq!(without_request_id(error), json!({
            "error": "The request with this Idempotency-Key was done before; its answer can no longer be shown",
            "code": "idempotent_answer_lost",
        }));
        assert_eq!(with_key(&other, &owner, "a", task("other")).expect(422).await["code"], "idempotency_key_reused");
        assert_eq!(app.count("select count(*) from tasks").await, 1);
    }

    async fn a_key_is_looked_at_before_the_body(app) {
        let owner = app.user("test-001", Owner).await;
        with_key(&app, &owner, "a", task("task")).expect(201).await;
        let import = app.call(Method::POST, "/api/v1/tasks/import").by(&owner).header("idempotency-key", "a");
        import.header("content-type", "text/csv").bytes("title\n\"").expect(422).await;
        let broken = app.call(Method::POST, "/api/v1/tasks").by(&owner).header("idempotency-key", "a");
        broken.raw("{").expect(422).await;
    }
}

/// Two instances on one database.
async fn check_instances(database_url: String, dirs: [TempDir; 2]) {
    let [one_dir, other_dir] = dirs;
    let one = TestApp::start_on(database_url.clone(), one_dir, &[]).await;
    let other = TestApp::start_on(database_url, other_dir, &[]).await;
    let owner = one.user("test-001", Owner).await;
    let mut calls = JoinSet::new();
    for round in 0..10 {
        for number in 0..10 {
            let app = if (round + number) % 2 == 0 { &one } else { &other };
            calls.spawn(with_key(app, &owner, &format!("key-{number}"), task(&format!("task {number}"))).send());
        }
    }
    for reply in calls.join_all().await {
        assert!([201, 409].contains(&reply.status), "{} {}", reply.status, reply.text());
    }
    assert_eq!(one.count("select count(*) from tasks").await, 10);
    // The other instance knows the answer, as one does after a restart.
    let first = with_key(&one, &owner, "new", task("new")).send().await;
    let again = with_key(&other, &owner, "new", task("new")).send().await;
    assert_eq!(said(&again), said(&first));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn keys_count_on_every_instance_sqlite() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    check_instances(format!("sqlite:///{}", dirs[0].path().join("test.db").display()), dirs).await;
}

#[tokio::test]
async fn keys_count_on_every_instance_mariadb() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    check_instances(MariaDb::shared().new_database(), dirs).await;
}

/// On MariaDB another instance's transaction is told from a lock that lasts.
#[tokio::test]
async fn a_request_that_is_running_elsewhere_is_a_conflict_soon_mariadb() {
    let app = TestApp::start_with(Database::MariaDb, &[]).await;
    let owner = app.user("test-001", Owner).await;
    let mut elsewhere = app.db().begin().await.unwrap();
    let insert = "insert into idempotency_keys (tenant_id, user_id, idempotency_key, fingerprint, answer, created_at) \
                  values ('test-001', ?, 'a', '', '', '2026-02-07 10:17:56')";
    elsewhere.execute(db::sql(insert).bind(owner.id)).await.unwrap();
    let refused = with_key(&app, &owner, "a", task("task")).expect(409).await;
    assert_eq!(
        without_request_id(refused),
        json!({
            "error": "A request with this Idempotency-Key is still running", "code": "idempotency_key_in_flight",
        })
    );
    elsewhere.rollback().await.unwrap();
    with_key(&app, &owner, "a", task("task")).expect(201).await;
}

/// The key refers to its user; who changes him has not taken the key.
#[tokio::test]
async fn a_user_who_is_being_changed_is_no_conflict_mariadb() {
    let app = TestApp::start_with(Database::MariaDb, &[]).await;
    let owner = app.user("test-001", Owner).await;
    let mut elsewhere = app.db().begin().await.unwrap();
    elsewhere.execute(db::sql("delete from users where id = ?").bind(owner.id)).await.unwrap();
    let call = tokio::spawn(with_key(&app, &owner, "a", task("task")).send());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!call.is_finished());
    elsewhere.rollback().await.unwrap();
    call.await.unwrap().expect(201);
}

/// Cleaning up takes no key but those that it deletes.
#[tokio::test]
async fn a_key_that_comes_while_others_are_deleted_is_no_conflict_mariadb() {
    let app = TestApp::start_with(Database::MariaDb, &[]).await;
    let owner = app.user("test-001", Owner).await;
    for key in ["b", "d", "f"] {
        with_key(&app, &owner, key, task(key)).expect(201).await;
    }
    app.advance(25 * HOUR);
    let owner = app.signed_in(&owner).await;
    let mut cleaning = app.db().begin().await.unwrap();
    let deleted = idempotency::delete_expired(&mut cleaning, &app.system("test-001"), app.now(), 2).await.unwrap();
    assert_eq!(deleted, 2);
    for key in ["a", "c", "e", "g"] {
        with_key(&app, &owner, key, task(key)).expect(201).await;
    }
    cleaning.commit().await.unwrap();
    assert_eq!(app.count("select count(*) from idempotency_keys").await, 5);
}
