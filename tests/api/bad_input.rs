//! What a client should not send: every answer is a 4xx in the one shape, soon, and nothing is written.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bizcenter::policy::Role::Owner;
use fastrand::Rng;
use form_urlencoded::Serializer;
use serde_json::{Value, json};

use crate::app::{Session, TestApp};
use crate::client::{Call, Method, Reply, without_request_id};
use crate::isolation::{Operation, PUBLIC, Rows, contents, operations, smallest_body};
use crate::on_both;

/// The largest body.
const LIMIT: usize = 1024 * 1024;
const STRING: &str = "Not a valid string.";

/// The fields of each body, by the end of its path or the operation, and by what is said of them when they hold `{}`.
const FIELDS: &str = "\
register|Not a valid email address.|email
register|Not a valid string.|password name tenant_id invite_token
login|Not a valid email address.|email
login|Not a valid string.|password
refresh|Not a valid string.|refresh_token
logout|Not a valid string.|refresh_token
logout|Not a valid boolean.|all
password|Not a valid string.|current_password new_password
invitations|Not a valid email address.|email
invitations|Must be one of: owner, admin, editor, analyst, viewer.|role
invitations|Unknown field.|id tenant_id token expires_at created_by
users|Not a valid string.|name
users|Must be one of: owner, admin, editor, analyst, viewer.|role
users|Unknown field.|id tenant_id version last_login password_hash token_generation
create_user|Not a valid email address.|email
create_user|Not a valid string.|password
create_user|Unknown field.|is_active
update_user|Not a valid boolean.|is_active
update_user|Unknown field.|email password
patch_user|Not a valid boolean.|is_active
patch_user|Unknown field.|email password
tasks|Not a valid string.|title description
tasks|Not a valid integer.|assigned_to week_number year parent_id
tasks|Not a valid datetime.|due_date
tasks|Not a valid list.|tags
tasks|Must be one of: pending, in_progress, review, completed, cancelled.|status
tasks|Must be one of: low, medium, high, urgent.|priority
tasks|Unknown field.|id tenant_id created_by created_at updated_at assignee version search_text nonsense comment_count
comments|Not a valid string.|content
comments|Unknown field.|id task_id author created_by created_at updated_at version
meetings|Not a valid string.|title location agenda notes decisions
meetings|Not a valid datetime.|meeting_date
meetings|Must be one of: draft, published, archived.|status
meetings|Unknown field.|id tenant_id attendees action_items published_at version
add_attendees|Not a valid integer.|user_id
add_attendees|Unknown field.|id meeting_id user_name version
update_attendee|Unknown field.|id meeting_id user_id version
patch_attendee|Unknown field.|id meeting_id user_id version
attendees|Not a valid string.|role
attendees|Must be one of: invited, attended, absent.|attendance
action-items|Not a valid string.|description
action-items|Not a valid integer.|assigned_to
action-items|Not a valid datetime.|due_date
action-items|Unknown field.|id meeting_id task_id assignee_name created_at version
create_action_item|Unknown field.|status
update_action_item|Must be one of: pending, in_progress, completed, cancelled.|status
patch_action_item|Must be one of: pending, in_progress, completed, cancelled.|status
contracts|Not a valid string.|contract_number customer_name title description amount currency contact_phone notes
contracts|Not a valid date.|start_date end_date
contracts|Not a valid boolean.|auto_renewal
contracts|Must be one of: draft, active, expired, terminated, renewed.|status
contracts|Not a valid email address.|contact_email
contracts|Must be one of: service, license, maintenance, nda, mou, other.|contract_type
contracts|Unknown field.|id tenant_id amount_encrypted parent_id version
renew|Not a valid string.|contract_number customer_name title description amount currency contact_phone notes
renew|Not a valid date.|start_date end_date
renew|Not a valid boolean.|auto_renewal
renew|Must be one of: draft, active.|status
renew|Must be one of: service, license, maintenance, nda, mou, other.|contract_type
renew|Not a valid email address.|contact_email
renew|Unknown field.|id tenant_id amount_encrypted parent_id version
read-all|Not a valid integer.|up_to
read-all|Unknown field.|id ids read_at
preferences|Must be one of: ko, en.|locale
preferences|Unknown field.|id user_id task_assigned in_app email";

/// A tenant with one row of each kind, and every operation that takes a body.
struct World<'a> {
    app: &'a TestApp,
    owner: Session,
    rows: Rows,
    operations: Vec<Operation>,
    before: (i64, i64, [Value; 3]),
}

impl<'a> World<'a> {
    async fn new(app: &'a TestApp) -> Self {
        let owner = app.user_named("tenant-a", Owner, "kim@example.com", "Kim").await;
        let rows = Rows::make(app, &owner).await;
        let has_body = |operation: &Operation| smallest_body(&operation.id, "").is_some();
        let operations = operations(app).await.into_iter().filter(has_body).collect();
        let before = Self::contents(app, &owner).await;
        Self { app, owner, rows, operations, before }
    }

    fn call(&self, operation: &Operation) -> Call {
        let call = self.app.call(operation.method.clone(), &operation.path(&self.rows));
        if PUBLIC.contains(&operation.id.as_str()) { call } else { call.by(&self.owner) }
    }

    /// The path of the row of this kind.
    fn row(&self, kind: &str) -> String {
        let operation = self.operations.iter().find(|operation| operation.id == format!("patch_{kind}"));
        operation.unwrap().path(&self.rows)
    }

    /// Sends every operation this body and expects this refusal.
    async fn refuse(&self, body: &[u8], code: &str) -> Vec<Value> {
        let shown: String = String::from_utf8_lossy(body).chars().take(80).collect();
        let mut refusals = Vec::new();
        for operation in &self.operations {
            let reply = self.call(operation).raw(body).send().await;
            refusals.push(refusal(reply, code, &format!("{} {shown:?}", operation.id)));
        }
        refusals
    }

    /// All that is stored.
    async fn contents(app: &TestApp, owner: &Session) -> (i64, i64, [Value; 3]) {
        let users = app.count("select count(*) from users").await;
        (users, app.count("select count(*) from tenants").await, contents(app, owner).await)
    }

    async fn check_unchanged(&self) {
        assert_eq!(Self::contents(self.app, &self.owner).await, self.before);
    }
}

/// Checks that an answer is an error in the one shape, with this code if there is one; gives it without its id.
pub fn refusal(reply: Reply, code: &str, context: &str) -> Value {
    assert!((400..500).contains(&reply.status), "{context}: {} {}", reply.status, reply.text());
    assert_eq!(reply.header("content-type"), Some("application/json"), "{context}");
    let body = without_request_id(reply.json());
    assert!(code.is_empty() || body["code"] == code, "{context}: {body}");
    let is_of_the_parser = body["error"].as_str().unwrap().starts_with("Failed to decode JSON object: ");
    assert_eq!(is_of_the_parser, body["code"] == "malformed_json", "{context}: {body}");
    let (status, has_errors) = match body["code"].as_str().unwrap() {
        "malformed_json" => (400, false),
        "validation_failed" | "invalid_query" => (400, true),
        "missing_token" => (401, false),
        "contract_number_taken" | "email_taken" => (409, false),
        "body_too_large" => (413, false),
        "not_json" => (415, false),
        code => (404, !code.ends_with("not_found")),
    };
    let errors = body["errors"].as_object().map_or(0, |errors| errors.len());
    assert_eq!((reply.status, errors > 0), (status, has_errors), "{context}: {body}");
    body
}

fn faults(errors: &Value) -> Value {
    json!({"error": "Validation failed", "code": "validation_failed", "errors": errors})
}

/// The body with blanks behind it, so long in all.
fn padded(body: &Value, length: usize) -> Vec<u8> {
    let mut bytes = body.to_string().into_bytes();
    bytes.resize(length, b' ');
    bytes
}

fn of_length(unit: &str, length: usize) -> String {
    unit.chars().cycle().take(length).collect()
}

/// Any text, often one that breaks or passes a check.
fn any_text(rng: &mut Rng) -> String {
    let known = "\0 -1 6 1e400 9223372036854775808 0001-01-01 9999-12-31T23:59:59Z % ' \u{feff} KRW 12.5 draft";
    match rng.usize(..4) {
        0 => String::new(),
        1 => (0..rng.usize(..300)).map(|_| rng.char(..)).collect(),
        _ => rng.choice(known.split(' ').collect::<Vec<_>>()).unwrap().to_owned(),
    }
}

/// Any JSON value.
fn any_value(rng: &mut Rng, depth: usize) -> Value {
    match rng.usize(..if depth > 3 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(rng.i64(..) >> rng.u32(..64)),
        3 => json!(f64::from_bits(rng.u64(..))),
        4 | 5 => json!(any_text(rng)),
        6 => (0..rng.usize(..5)).map(|_| any_value(rng, depth + 1)).collect(),
        _ => (0..rng.usize(..5)).map(|_| (any_text(rng), any_value(rng, depth + 1))).collect(),
    }
}

on_both! {
    async fn a_body_that_is_not_json_is_refused_everywhere(app) {
        let world = World::new(&app).await;
        let texts = r#"{ | } | [1,] | nul | NaN | {} {} | {,} | {"a": } | {'a': 'x'} | {"a": "x",} | {"a": "\x"}
            | {"a": 01} | {"a": Infinity} | {"a": 1e400} | {"a": -1e400} | {"a": "\ud800"} | {"a": "\ud800\ud800"}
            | {"\udc00": 1} | title=x&year=2026 | {"a": 1} // why | {"a": "x}"#;
        let bytes: [&[u8]; 5] =
            [b"[\"\n\"]", b"[\"\xff\"]", b"[\"\xed\xa0\x80\"]", b"\xff\xfe{\0}\0", b"\xfe\xff\0{\0}"];
        for body in texts.split('|').map(str::as_bytes).chain(bytes) {
            world.refuse(body, "malformed_json").await;
        }
        world.check_unchanged().await;
    }

    async fn an_empty_or_blank_body_is_refused_everywhere(app) {
        let world = World::new(&app).await;
        // These take no body as well.
        let takes_none = |operation: &&Operation| ["logout", "read_all_notifications"].contains(&operation.id.as_str());
        for operation in world.operations.iter().filter(|operation| !takes_none(operation)) {
            // Without a body to read the token from, it is the header that is missing.
            let code = if operation.id == "token_refresh" { "missing_token" } else { "malformed_json" };
            for body in ["", " \r\n\t "] {
                refusal(world.call(operation).raw(body).send().await, code, &operation.id);
            }
        }
        world.check_unchanged().await;
    }

    async fn a_body_that_is_no_object_is_refused_everywhere(app) {
        let world = World::new(&app).await;
        for body in ["null", "true", "false", "0", "1.5", "\"title\"", "[]", "[{\"title\": \"x\"}]"] {
            for refused in world.refuse(body.as_bytes(), "validation_failed").await {
                assert_eq!(refused, faults(&json!({"_schema": ["Invalid input type."]})), "{body}");
            }
        }
        world.check_unchanged().await;
    }

    async fn ten_thousand_levels_of_nesting_are_refused_soon(app) {
        let world = World::new(&app).await;
        let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        for body in [nested("[", "]"), nested("{\"a\":", "}"), "[".repeat(99_999)] {
            let all = world.refuse(body.as_bytes(), "malformed_json");
            tokio::time::timeout(Duration::from_secs(10), all).await.expect("answers within ten seconds");
        }
    }

    async fn a_wrong_type_and_a_null_character_are_named_in_every_field(app) {
        let world = World::new(&app).await;
        for (wrong, in_text) in [(json!({}), STRING), (json!("\0"), "Null characters are not allowed.")] {
            for operation in &world.operations {
                let (mut body, mut errors) = (json!({}), json!({}));
                let place = operation.path.split('/').rfind(|part| !part.starts_with('{'));
                let is_of = |name: &str| Some(name) == place || name == operation.id;
                for line in FIELDS.lines().filter(|line| line.split('|').next().is_some_and(is_of)) {
                    let (message, names) = line.split_once('|').unwrap().1.split_once('|').unwrap();
                    for name in names.split(' ') {
                        body[name] = wrong.clone();
                        errors[name] = json!([if message == STRING { in_text } else { message }]);
                    }
                }
                if body == json!({}) {
                    continue;
                }
                let reply = world.call(operation).json(body).send().await;
                assert_eq!(refusal(reply, "validation_failed", &operation.id), faults(&errors), "{}", operation.id);
            }
        }
        world.check_unchanged().await;
    }

    async fn a_number_out_of_range_is_named(app) {
        let world = World::new(&app).await;
        let huge = r#"9223372036854775808 -9223372036854775809 "9223372036854775808" 1000000000000000000000000000000"#;
        let range = |min, max| format!("Must be greater than or equal to {min} and less than or equal to {max}.");
        let nobody = "9223372036854775807 -9223372036854775808 0 -1".to_owned();
        for (field, numbers, message) in [
            ("assigned_to", huge.to_owned(), "Number too large.".to_owned()),
            ("assigned_to", nobody, "Not an active user of this tenant.".to_owned()),
            ("week_number", format!("0 54 -1 0.9 {huge}"), range(1, 53)),
            ("year", format!("2019 2101 {huge}"), range(2020, 2100)),
        ] {
            for number in numbers.split(' ') {
                // Of a repeated key the last one counts.
                let body = format!(r#"{{"title": "b", "week_number": 6, "year": 2026, "{field}": {number}}}"#);
                for operation in world.operations.iter().filter(|operation| operation.id.ends_with("_task")) {
                    let reply = world.call(operation).raw(body.as_str()).send().await;
                    assert_eq!(refusal(reply, "validation_failed", &body), faults(&json!({field: [message]})));
                }
            }
        }
        world.check_unchanged().await;
    }

    async fn text_is_kept_to_the_letter(app) {
        let owner = app.user("tenant-a", Owner).await;
        let texts = [
            "주간 보고 🚀👩\u{200d}👩\u{200d}👧", "\u{1112}\u{1161}\u{11ab}", "한", "e\u{301}", "é", "שלום \u{202e}עולם", "null",
            "  blanks around  ", "tab\tline\r\nend\u{1}\u{7f}", r#"\ " ' ` % _ ! ?"#, "'; drop table tasks; --",
            "<script>alert(1)</script>", "\u{feff}mark", "\u{fffd}\u{10ffff}",
        ];
        for text in texts {
            for (kind, names) in [
                ("task", "title description"),
                ("meeting", "title location agenda notes decisions"),
                ("contract", "contract_number customer_name title description contact_phone notes"),
            ] {
                let mut body = smallest_body(&format!("create_{kind}"), text).unwrap();
                names.split(' ').for_each(|name| body[name] = json!(text));
                if kind == "task" {
                    body["tags"] = json!([text, text]);
                }
                let reply = app.post(&format!("/api/v1/{kind}s"), body.clone()).by(&owner).send().await;
                let path = reply.header("location").unwrap().to_owned();
                let made = reply.expect(201)[kind].clone();
                assert!(body.as_object().unwrap().iter().all(|(name, value)| made[name] == *value), "{made}");
                assert_eq!(app.get(&path).by(&owner).expect(200).await[kind], made);
                // The database finds it equal too: nothing has changed.
                assert_eq!(app.put(&path, body).by(&owner).expect(200).await[kind], made);
            }
            let query = Serializer::new(String::new()).append_pair("tag", text).finish();
            assert_eq!(app.get(&format!("/api/v1/tasks?{query}")).by(&owner).expect(200).await["total"], 1, "{text:?}");
        }
    }

    async fn text_is_as_long_as_allowed_in_code_points_and_no_longer(app) {
        let world = World::new(&app).await;
        let units = ["a", "🚀", "한", "e\u{301}"];
        let patch = |kind: &str, body: Value| app.patch(&world.row(kind), body).by(&world.owner).send();
        for (kind, fields, min, max) in [
            ("task", "title", 1, 255), ("meeting", "title", 1, 255), ("meeting", "location", 0, 255),
            ("contract", "customer_name title", 1, 255), ("contract", "contract_number", 1, 100),
            ("contract", "contact_phone", 0, 50),
        ] {
            let between = format!("Length must be between {min} and {max}.");
            let message = if min == 0 { format!("Longer than maximum length {max}.") } else { between };
            for (field, unit) in fields.split(' ').flat_map(|field| units.map(|unit| (field, unit))) {
                let (longest, too_long) = (of_length(unit, max), of_length(unit, max + 1));
                assert_eq!(patch(kind, json!({field: longest})).await.expect(200)[kind][field], longest);
                let refused = refusal(patch(kind, json!({field: too_long})).await, "validation_failed", field);
                assert_eq!(refused, faults(&json!({field: [message]})));
                assert_eq!(patch(kind, json!({field: ""})).await.status, if min == 0 { 200 } else { 400 }, "{field}");
            }
        }
        let tags = |count, length| json!({"tags": vec![of_length("🚀", length); count]});
        assert_eq!(patch("task", tags(100, 100)).await.expect(200)["task"]["tags"], tags(100, 100)["tags"]);
        let message = json!(["Longer than maximum length 100."]);
        for (tags, errors) in [(tags(101, 1), message.clone()), (tags(1, 101), json!({"0": message}))] {
            let refused = refusal(patch("task", tags).await, "validation_failed", "tags");
            assert_eq!(refused, faults(&json!({"tags": errors})));
        }
        let account = |more: usize| json!({
            "email": format!("{}@example.com", "a".repeat(243 + more)), "password": "🔑".repeat(1024 + more),
            "name": "김".repeat(100 + more), "tenant_id": "🏢".repeat(50 + more),
        });
        let reply = app.post("/api/v1/auth/register", account(1)).send().await;
        assert_eq!(refusal(reply, "validation_failed", "register"), faults(&json!({
            "email": ["Longer than maximum length 255."], "password": ["Longer than maximum length 1024."],
            "name": ["Length must be between 2 and 100."], "tenant_id": ["Length must be between 1 and 50."],
        })));
        app.post("/api/v1/auth/register", account(0)).expect(201).await;
    }

    async fn a_body_may_have_a_mebibyte_and_no_byte_more(app) {
        let world = World::new(&app).await;
        for operation in &world.operations {
            let body = padded(&smallest_body(&operation.id, "C-2").unwrap(), LIMIT + 1);
            refusal(world.call(operation).raw(body).send().await, "body_too_large", &operation.id);
        }
        world.check_unchanged().await;
        // The last of these letters becomes eleven times as long in the folded text that is searched.
        for letter in ["a", "한", "\u{fdfa}"] {
            let mut body = smallest_body("create_task", "").unwrap();
            body["description"] = json!(letter.repeat((LIMIT - 100) / letter.len()));
            let call = app.call(Method::POST, "/api/v1/tasks").raw(padded(&body, LIMIT));
            assert!(call.by(&world.owner).expect(201).await["task"]["description"] == body["description"], "{letter}");
        }
    }

    async fn only_json_by_its_content_type_is_read(app) {
        let world = World::new(&app).await;
        for operation in &world.operations {
            let call = || world.call(operation).bytes(smallest_body(&operation.id, "C-2").unwrap().to_string());
            refusal(call().send().await, "not_json", &operation.id);
            for kind in ["", "text/json", "text/plain", "application/xml", "application/jsonp", "multipart/form-data"] {
                refusal(call().header("content-type", kind).send().await, "not_json", kind);
            }
        }
        world.check_unchanged().await;
        for kind in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json;x=y"] {
            for operation in world.operations.iter().filter(|operation| operation.id.starts_with("create_")) {
                let body = smallest_body(&operation.id, kind).unwrap().to_string();
                world.call(operation).header("content-type", kind).bytes(body).expect(201).await;
            }
        }
    }

    async fn what_looks_odd_but_is_right_is_taken(app) {
        let owner = app.user("tenant-a", Owner).await;
        let raw = "\u{feff}{\"title\": 1, \"week_number\": 6, \"year\": 2026, \"title\": \"last\"}";
        let made = app.call(Method::POST, "/api/v1/tasks").raw(raw).by(&owner).expect(201).await;
        assert_eq!(made["task"]["title"], "last");
        let (first, last) = ("0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z");
        for (kind, field, value) in [
            ("task", "due_date", first), ("meeting", "meeting_date", first), ("contract", "start_date", &first[..10]),
            ("task", "due_date", last), ("meeting", "meeting_date", last), ("contract", "end_date", &last[..10]),
        ] {
            let mut body = smallest_body(&format!("create_{kind}"), value).unwrap();
            body[field] = json!(value);
            let made = app.post(&format!("/api/v1/{kind}s"), body).by(&owner).expect(201).await;
            assert_eq!(made[kind][field], value);
        }
    }

    async fn no_body_and_no_query_is_ever_a_server_error(app) {
        let world = World::new(&app).await;
        let mut rng = Rng::with_seed(20_260_207);
        let fields: Vec<&str> = FIELDS.lines().flat_map(|line| line.rsplit('|').next().unwrap().split(' ')).collect();
        let names = "page limit sort cursor q week year status priority assigned_to created_by parent_id tag due_from \
                     due_to from_date to_date customer_name end_from end_to".split(' ').collect::<Vec<_>>();
        let is_tried =
            |operation: &&Operation| ["create_", "update_"].iter().any(|verb| operation.id.starts_with(verb));
        for _ in 0..300 {
            for operation in world.operations.iter().filter(is_tried) {
                let mut body = smallest_body(&operation.id, &any_text(&mut rng)).unwrap();
                for _ in 0..rng.usize(..5) {
                    body[*rng.choice(&fields).unwrap()] = any_value(&mut rng, 0);
                }
                let body = if rng.usize(..9) == 0 { any_value(&mut rng, 0) } else { body };
                let reply = world.call(operation).json(body.clone()).send().await;
                if !matches!(reply.status, 200 | 201) {
                    refusal(reply, "", &format!("{} {body}", operation.id));
                }
            }
            let mut query = Serializer::new(String::new());
            for _ in 0..rng.usize(1..4) {
                query.append_pair(rng.choice(&names).unwrap(), &any_text(&mut rng));
            }
            let place = json!([any_value(&mut rng, 4), any_text(&mut rng)]);
            let cursor = json!({"s": "-created_at,title", "v": place, "i": rng.i64(..)}).to_string();
            let list = rng.choice(["tasks", "meetings", "contracts"]).unwrap();
            for query in [query.finish(), format!("cursor={}", BASE64_URL_SAFE_NO_PAD.encode(cursor))] {
                let reply = app.get(&format!("/api/v1/{list}?{query}")).by(&world.owner).send().await;
                if reply.status != 200 {
                    refusal(reply, "invalid_query", &query);
                }
            }
        }
    }
}
