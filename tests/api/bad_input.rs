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

/// The fields of each body, by what is said of them when they hold `{}`.
const FIELDS: [(&str, &[(&str, &str)]); 6] = [
    ("register", &[("Not a valid email address.", "email"), (STRING, "password name tenant_id")]),
    ("login", &[("Not a valid email address.", "email"), (STRING, "password")]),
    ("refresh", &[(STRING, "refresh_token")]),
    (
        "tasks",
        &[
            (STRING, "title description"),
            ("Not a valid integer.", "assigned_to week_number year"),
            ("Not a valid datetime.", "due_date"),
            ("Not a valid list.", "tags"),
            ("Must be one of: pending, in_progress, review, completed, cancelled.", "status"),
            ("Must be one of: low, medium, high, urgent.", "priority"),
            ("Unknown field.", "id tenant_id created_by created_at updated_at assignee version search_text nonsense"),
        ],
    ),
    (
        "meetings",
        &[
            (STRING, "title location agenda notes decisions"),
            ("Not a valid datetime.", "meeting_date"),
            ("Must be one of: draft, published, archived.", "status"),
            ("Unknown field.", "id tenant_id attendees action_items version"),
        ],
    ),
    (
        "contracts",
        &[
            (STRING, "contract_number customer_name title description amount currency contact_phone notes"),
            ("Not a valid date.", "start_date end_date"),
            ("Not a valid boolean.", "auto_renewal"),
            ("Must be one of: draft, active, expired, terminated, renewed.", "status"),
            ("Not a valid email address.", "contact_email"),
            ("Unknown field.", "id tenant_id amount_encrypted version"),
        ],
    ),
];

/// A tenant with one row of each kind, and every operation that takes a body.
struct World<'a> {
    app: &'a TestApp,
    owner: Session,
    rows: Rows,
    operations: Vec<Operation>,
}

impl<'a> World<'a> {
    async fn new(app: &'a TestApp) -> Self {
        let owner = app.user_named("tenant-a", Owner, "kim@example.com", "Kim").await;
        let rows = Rows::make(app, &owner).await;
        let has_body = |operation: &Operation| smallest_body(&operation.id, "").is_some();
        let operations = operations(app).await.into_iter().filter(has_body).collect();
        Self { app, owner, rows, operations }
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
    async fn contents(&self) -> (i64, i64, i64, i64, i64, [Value; 3]) {
        (
            self.app.count("select count(*) from tenants").await,
            self.app.count("select count(*) from users").await,
            self.app.count("select count(*) from tasks").await,
            self.app.count("select count(*) from meetings").await,
            self.app.count("select count(*) from contracts").await,
            contents(self.app, &self.owner).await,
        )
    }
}

/// Checks that an answer is an error in the one shape, and gives it without its id.
fn error(reply: &Reply, context: &str) -> Value {
    assert!((400..500).contains(&reply.status), "{context}: {} {}", reply.status, reply.text());
    assert_eq!(reply.header("content-type"), Some("application/json"), "{context}");
    let body = without_request_id(reply.json());
    assert!(body["error"].as_str().is_some_and(|text| !text.is_empty()), "{context}: {body}");
    let is_about_fields = matches!(body["code"].as_str(), Some("validation_failed" | "invalid_query"));
    let has_fields = body["errors"].as_object().is_some_and(|errors| !errors.is_empty());
    assert_eq!(has_fields, is_about_fields, "{context}: {body}");
    body
}

fn refusal(reply: Reply, code: &str, context: &str) -> Value {
    let body = error(&reply, context);
    assert_eq!(body["code"], code, "{context}: {body}");
    let status = match code {
        "missing_token" => 401,
        "body_too_large" => 413,
        "not_json" => 415,
        _ if code.ends_with("not_found") => 404,
        _ => 400,
    };
    assert_eq!(reply.status, status, "{context}: {body}");
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
    let known =
        "\0 -1 6 1e400 9223372036854775808 0001-01-01 9999-12-31T23:59:59Z 2026-02-30 % ' \u{feff} KRW 12.5 draft";
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
        let before = world.contents().await;
        let utf16 = |to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { "\u{feff}{}".encode_utf16().flat_map(to_bytes).collect() };
        let texts = [
            "{", "}", "[1,]", "nul", "NaN", "{} {}", "{,}", "{\"a\": }", "{'a': 'x'}", "{\"a\": \"x\",}", "{\"a\": \"\n\"}",
            "{\"a\": \"\\x\"}", "{\"a\": Infinity}", "{\"a\": 1e400}", "{\"a\": -1e400}", "{\"a\": 01}", "{\"a\": \"\\ud800\"}",
            "{\"\\udc00\": 1}", "{\"a\": \"\\ud800\\ud800\"}", "{\"a\": 1} // why", "\u{feff}\u{feff}{}", "title=x&year=2026",
        ];
        let bytes = [b"{\"a\": \"\xff\"}".to_vec(), b"{\"\xc3\": 1}".to_vec(), b"{\"a\": \"\xed\xa0\x80\"}".to_vec()];
        let bodies = texts.map(|text| text.as_bytes().to_vec()).into_iter().chain(bytes);
        for body in bodies.chain([utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)]) {
            for refused in world.refuse(&body, "malformed_json").await {
                assert!(refused["error"].as_str().unwrap().starts_with("Failed to decode JSON object: "), "{refused}");
            }
        }
        assert_eq!(world.contents().await, before);
    }

    async fn an_empty_or_blank_body_is_refused_everywhere(app) {
        let world = World::new(&app).await;
        let before = world.contents().await;
        for (body, operation) in ["", " \r\n\t "].iter().flat_map(|body| world.operations.iter().map(move |on| (body, on))) {
            // Without a body to read the token from, it is the header that is missing.
            let code = if operation.id == "token_refresh" { "missing_token" } else { "malformed_json" };
            refusal(world.call(operation).raw(*body).send().await, code, &operation.id);
        }
        assert_eq!(world.contents().await, before);
    }

    async fn a_body_that_is_no_object_is_refused_everywhere(app) {
        let world = World::new(&app).await;
        let before = world.contents().await;
        for body in ["null", "true", "false", "0", "1.5", "\"title\"", "[]", "[{\"title\": \"x\"}]"] {
            for refused in world.refuse(body.as_bytes(), "validation_failed").await {
                assert_eq!(refused, faults(&json!({"_schema": ["Invalid input type."]})), "{body}");
            }
        }
        assert_eq!(world.contents().await, before);
    }

    async fn ten_thousand_levels_of_nesting_are_refused_soon(app) {
        let world = World::new(&app).await;
        let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        for body in [nested("[", "]"), nested("{\"a\":", "}"), format!("{{\"a\":{}}}", nested("[", "]")), "[".repeat(99_999)] {
            let refused = tokio::time::timeout(Duration::from_secs(10), world.refuse(body.as_bytes(), "malformed_json"));
            refused.await.expect("answers within ten seconds");
        }
    }

    async fn a_wrong_type_and_a_null_character_are_named_in_every_field(app) {
        let world = World::new(&app).await;
        let before = world.contents().await;
        for (wrong, in_text) in [(json!({}), STRING), (json!("\0"), "Null characters are not allowed.")] {
            for operation in &world.operations {
                let (_, fields) = FIELDS.iter().find(|(name, _)| operation.path.contains(name)).unwrap();
                let (mut body, mut errors) = (json!({}), json!({}));
                for (message, names) in *fields {
                    for name in names.split(' ') {
                        body[name] = wrong.clone();
                        errors[name] = json!([if *message == STRING { in_text } else { message }]);
                    }
                }
                let reply = world.call(operation).json(body).send().await;
                assert_eq!(refusal(reply, "validation_failed", &operation.id), faults(&errors), "{}", operation.id);
            }
        }
        assert_eq!(world.contents().await, before);
    }

    async fn a_number_out_of_range_is_named(app) {
        let world = World::new(&app).await;
        let before = world.contents().await;
        let huge = "9223372036854775808 -9223372036854775809 1e30 1000000000000000000000000000000 \"9223372036854775808\"";
        for (field, numbers, message) in [
            ("assigned_to", huge.to_owned(), "Number too large."),
            ("assigned_to", "9223372036854775807 -9223372036854775808 0 -1".into(), "Not an active user of this tenant."),
            ("week_number", format!("0 54 -1 0.9 {huge}"), "Must be greater than or equal to 1 and less than or equal to 53."),
            ("year", format!("2019 2101 {huge}"), "Must be greater than or equal to 2020 and less than or equal to 2100."),
        ] {
            for number in numbers.split(' ') {
                // Of a repeated key the last one counts.
                let body = format!(r#"{{"title": "b", "week_number": 6, "year": 2026, "{field}": {number}}}"#);
                for operation in world.operations.iter().filter(|operation| operation.id.ends_with("_task")) {
                    let reply = world.call(operation).raw(body.as_str()).send().await;
                    assert_eq!(refusal(reply, "validation_failed", &body), faults(&json!({field: [message]})), "{body}");
                }
            }
        }
        assert_eq!(world.contents().await, before);
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
                assert!(names.split(' ').all(|name| made[name] == text), "{made}");
                assert!(kind != "task" || made["tags"] == body["tags"], "{made}");
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
        let patch = |kind: &str, body: Value| app.patch(&world.row(kind), body).by(&world.owner).send();
        for (kind, field, min, max) in [
            ("task", "title", 1, 255), ("meeting", "title", 1, 255), ("meeting", "location", 0, 255),
            ("contract", "contract_number", 1, 100), ("contract", "customer_name", 1, 255), ("contract", "title", 1, 255),
            ("contract", "contact_phone", 0, 50),
        ] {
            let between = format!("Length must be between {min} and {max}.");
            let message = if min == 0 { format!("Longer than maximum length {max}.") } else { between };
            for unit in ["", "a", "🚀", "한", "e\u{301}"] {
                let (longest, too_long) = (of_length(unit, max), of_length(unit, max + 1));
                let expected = if unit.is_empty() && min > 0 { 400 } else { 200 };
                let answer = patch(kind, json!({field: longest})).await.expect(expected);
                assert!(expected == 400 || answer[kind][field] == longest, "{field}: {answer}");
                if unit.is_empty() { continue }
                let reply = patch(kind, json!({field: too_long})).await;
                assert_eq!(refusal(reply, "validation_failed", field), faults(&json!({field: [message]})));
            }
        }
        let tags = |count, length| json!({"tags": vec![of_length("🚀", length); count]});
        assert_eq!(patch("task", tags(100, 100)).await.expect(200)["task"]["tags"], tags(100, 100)["tags"]);
        for (tags, errors) in [
            (tags(101, 1), json!(["Longer than maximum length 100."])),
            (tags(1, 101), json!({"0": ["Longer than maximum length 100."]})),
        ] {
            assert_eq!(refusal(patch("task", tags).await, "validation_failed", "tags"), faults(&json!({"tags": errors})));
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
        let before = world.contents().await;
        for operation in &world.operations {
            let body = padded(&smallest_body(&operation.id, "C-2").unwrap(), LIMIT + 1);
            refusal(world.call(operation).raw(body).send().await, "body_too_large", &operation.id);
        }
        assert_eq!(world.contents().await, before);
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
        let before = world.contents().await;
        let refused = ["", "json", "text/json", "text/plain", "application/xml", "application/jsonp", "multipart/form-data"];
        for operation in &world.operations {
            let body = || smallest_body(&operation.id, "C-2").unwrap().to_string();
            refusal(world.call(operation).bytes(body()).send().await, "not_json", &operation.id);
            for kind in refused {
                refusal(world.call(operation).header("content-type", kind).bytes(body()).send().await, "not_json", kind);
            }
        }
        assert_eq!(world.contents().await, before);
        for kind in ["application/json; charset=utf-8", "application/json ;charset=x", "APPLICATION/JSON", "application/vnd.api+json"] {
            for operation in world.operations.iter().filter(|operation| operation.id.starts_with("create_")) {
                let body = smallest_body(&operation.id, kind).unwrap().to_string();
                world.call(operation).header("content-type", kind).bytes(body).expect(201).await;
            }
        }
    }
}
