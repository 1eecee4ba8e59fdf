//! The document: complete, true, and enough for somebody who has nothing else.

mod schema;

use std::collections::BTreeSet;

use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::{Map, Value, json};

use crate::app::PASSWORD;
use crate::bad_input::refusal;
use crate::isolation::{self, PUBLIC, Rows};
use crate::on_both;
use schema::faults;

/// What each query takes.
const QUERIES: &[(&str, &str)] = &[
    (
        "list_tasks",
        "week year status priority assigned_to created_by parent_id tag due_from due_to q page limit sort cursor",
    ),
    ("list_comments", "page limit sort cursor"),
    ("import_tasks", "dry_run"),
    ("list_users", "role is_active q page limit sort cursor"),
    ("list_invitations", "page limit sort cursor"),
    ("list_meetings", "status from_date to_date q page limit sort cursor"),
    ("list_attendees", "attendance page limit sort cursor"),
    ("list_action_items", "status assigned_to page limit sort cursor"),
    ("list_contracts", "status contract_type customer_name parent_id end_from end_to q page limit sort cursor"),
    ("list_expiring_contracts", "days page limit sort cursor"),
    ("list_contract_history", "action page limit sort cursor"),
    ("get_calendar", "scope"),
    ("read_calendar_feed", "scope"),
    ("get_weekly_report", "year week format"),
    ("get_weekly_tasks", "weeks"),
    ("get_monthly_contracts", "months"),
    ("list_notifications", "unread kind page limit sort cursor"),
    ("stream_notifications", "last_event_id"),
    ("list_audit_logs", "action resource_type resource_id user_id from to page limit sort cursor"),
];

/// What query parameters refuse, and how the message begins.
const REFUSED: &[(&str, &[&str], &str)] = &[
    (
        "week year assigned_to created_by parent_id resource_id user_id days weeks months page limit last_event_id",
        &["abc", "", "1.5", "2e3", "null"],
        "Not a valid integer.",
    ),
    (
        "week year assigned_to created_by parent_id resource_id user_id page last_event_id",
        &["9223372036854775808", "-99999999999999999999"],
        "Number too large.",
    ),
    ("last_event_id", &["-1"], "Must be greater than or equal to 0."),
    ("dry_run unread", &["nope", "", "2", "TrUe"], "Not a valid boolean."),
    ("page", &["0", "-1"], "Must be greater than or equal to 1."),
    ("limit", &["0", "1001", "9223372036854775808"], "Must be greater than or equal to 1 and less than or equal to 10"),
    ("days", &["0", "366", "-1"], "Must be greater than or equal to 1 and less than or equal to 365."),
    ("weeks", &["0", "105", "-1"], "Must be greater than or equal to 1 and less than or equal to 104."),
    ("months", &["0", "61", "9223372036854775808"], "Must be greater than or equal to 1 and less than or equal to 60."),
    (
        "status priority role attendance contract_type action resource_type scope kind",
        &["nope", "", "PENDING", "%25"],
        "Must be one of: ",
    ),
    ("is_active", &["nope", "", "2", "null"], "Not a valid boolean."),
    ("format", &["nope", "", "JSON", "text/html"], "Must be one of: "),
    ("tag", &["%00", "a%00b"], "Null characters are not allowed."),
    ("q", &["", "a", "%F0%9F%9A%80"], "Length must be between 2 and 200."),
    ("customer_name q", &["%00%00"], "Null characters are not allowed."),
    (
        "due_from due_to from_date to_date from to",
        &["abc", "", "2026-13-01", "2026-02-30T00:00:00"],
        "Not a valid datetime.",
    ),
    ("end_from end_to", &["abc", "", "20260101", "2026-02-30", "2026-01-01T00:00:00"], "Not a valid date."),
    ("sort", &["nope", "", "-", "title,title", "--title", "title;drop"], "Must be one of: "),
    ("cursor", &["nope", "", "e30", "W10", "%00"], "Not a valid cursor."),
    ("cursor", &["eyJzIjoidGl0bGUiLCJ2IjpbXSwiaSI6MX0", "eyJzIjoidGl0bGUiLCJ2IjpbMV0sImkiOjF9"], "Not a valid cursor."),
];

fn document() -> Value {
    serde_json::to_value(bizcenter::app::document()).unwrap()
}

/// An operation with its method and path.
struct Operation<'a> {
    method: String,
    path: &'a str,
    id: &'a str,
    says: &'a Value,
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, says) in item.as_object().unwrap() {
            let id = says["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no id"));
            operations.push(Operation { method: method.to_uppercase(), path, id, says });
        }
    }
    operations
}

impl Operation<'_> {
    fn statuses(&self) -> Vec<&str> {
        self.says["responses"].as_object().unwrap().keys().map(String::as_str).collect()
    }

    fn schema(&self, status: &str) -> &Value {
        &self.says["responses"][status]["content"]["application/json"]["schema"]
    }

    fn parameters(&self, place: &str) -> Vec<&Value> {
        let parameters = self.says["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        parameters.iter().filter(|parameter| parameter["in"] == place).collect()
    }

    /// Whether its answer is a file for calendar programs.
    fn is_calendar(&self) -> bool {
        self.says["responses"]["200"]["content"]["text/calendar"].is_object()
    }

    /// The example of a body of CSV.
    fn csv(&self) -> Option<&str> {
        self.says["requestBody"]["content"]["text/csv"]["example"].as_str()
    }

    /// The body of the examples of its fields; with `all`, of optional ones too.
    fn example(&self, document: &Value, all: bool) -> Option<Value> {
        let schema = &self.says["requestBody"]["content"]["application/json"]["schema"];
        let whole = |schema: &Value| document.pointer(schema["$ref"].as_str()?.strip_prefix('#')?);
        let schema = whole(schema)?;
        // What has parts has no properties of its own.
        let parts = schema["allOf"].as_array().map_or_else(|| vec![schema], |parts| parts.iter().collect());
        let parts: Vec<&Value> = parts.into_iter().map(|part| whole(part).unwrap_or(part)).collect();
        let of_all = |key: &'static str| parts.iter().map(move |part| &part[key]);
        let required: Vec<&Value> = of_all("required").filter_map(Value::as_array).flatten().collect();
        let mut body = Map::new();
        for (name, property) in of_all("properties").filter_map(Value::as_object).flatten() {
            let is_required = required.iter().any(|required| *required == name);
            let whole = property["$ref"].as_str().and_then(|part| document.pointer(part.strip_prefix('#')?));
            match property.get("example").or_else(|| whole?.get("example")) {
                Some(example) if all || is_required => {
                    body.insert(name.clone(), example.clone());
                }
                // Of several names the last one is the humblest.
                None if is_required && !of_all("properties").any(|part| part[name].get("example").is_some()) => {
                    match whole.and_then(|whole| whole["enum"].as_array()?.last()) {
                        Some(example) => drop(body.insert(name.clone(), example.clone())),
                        None => panic!("{}: {name} has no example", self.id),
                    }
                }
                _ => {}
            }
        }
        Some(body.into())
    }
}

#[test]
fn the_document_is_openapi_3_1_and_names_the_api() {
    let document = document();
    assert_eq!((&document["openapi"], &document["info"]["version"]), (&json!("3.1.0"), &json!("v1")));
    assert_eq!(document["info"]["title"], "MSSP BizCenter API");
}

#[test]
fn every_operation_has_an_id_of_its_own_a_summary_a_known_tag_and_a_success() {
    let document = document();
    let tags: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = BTreeSet::new();
    for operation in operations(&document) {
        let Operation { id, says, .. } = operation;
        assert!(ids.insert(id.to_owned()), "{id} is there twice");
        assert!(says["summary"].as_str().is_some_and(|summary| summary.len() > 5), "{id} has no summary");
        let own: Vec<&Value> = says["tags"].as_array().unwrap().iter().collect();
        assert!(own.len() == 1 && tags.contains(&own[0]), "{id} has the tags {own:?}");
        assert!(operation.statuses().iter().any(|status| status.starts_with('2')), "{id} never succeeds");
    }
}

#[test]
fn flasks_operation_ids_are_kept() {
    let document = document();
    let ids: Vec<&str> = operations(&document).iter().map(|operation| operation.id).collect();
    let mut flasks = ["user_login", "user_register", "token_refresh", "get_current_user"].map(str::to_owned).to_vec();
    for kind in ["task", "meeting", "contract"] {
        flasks.push(format!("list_{kind}s"));
        flasks.extend(["create", "get", "update", "delete"].map(|verb| format!("{verb}_{kind}")));
    }
    for id in flasks {
        assert!(ids.contains(&id.as_str()), "{id} is gone");
    }
}

#[test]
fn every_error_that_an_operation_can_give_is_documented_in_the_one_shape() {
    let document = document();
    for operation in operations(&document).iter().filter(|operation| operation.path != "/health") {
        let has_body = !operation.says["requestBody"].is_null();
        let is_guarded = !PUBLIC.contains(&operation.id);
        let mut expected = vec!["500", "503"];
        let rules: [(bool, &[&str]); 9] = [
            (["create_user", "update_user", "patch_user", "create_invitation"].contains(&operation.id), &["409"]),
            (has_body, &["400", "413", "415"]),
            (operation.id.starts_with("list_"), &["400"]),
            (is_guarded, &["401", "403"]),
            (operation.path.contains('{'), &["404"]),
            (operation.id == "user_register", &["403", "409"]),
            (operation.id == "user_login", &["401", "403", "429"]),
            (operation.id == "token_refresh", &["401"]),
            (has_body && operation.id.ends_with("_contract"), &["409"]),
        ];
        expected.extend(rules.iter().filter(|(applies, _)| *applies).flat_map(|(_, statuses)| *statuses));
        let documented = operation.statuses().into_iter().filter(|status| !status.starts_with(['2', '3']));
        for status in expected.into_iter().chain(documented) {
            assert_eq!(operation.schema(status)["$ref"], "#/components/schemas/Error", "{} {status}", operation.id);
        }
    }
}

#[test]
fn every_operation_but_the_open_ones_asks_for_a_bearer_token() {
    let document = document();
    let scheme = &document["components"]["securitySchemes"]["bearer"];
    assert_eq!([&scheme["type"], &scheme["scheme"], &scheme["bearerFormat"]], ["http", "bearer", "JWT"]);
    // A refresh takes its token as a Bearer or in the body.
    let mut open = BTreeSet::from(["token_refresh"]);
    for operation in operations(&document) {
        match &operation.says["security"] {
            Value::Null => assert!(open.insert(operation.id)),
            security if operation.id == "token_refresh" => assert_eq!(*security, json!([{"bearer": []}, {}])),
            // `EventSource` sends no header.
            security if operation.id == "stream_notifications" => {
                assert_eq!(*security, json!([{"bearer": []}, {"ticket": []}]));
            }
            security => assert_eq!(*security, json!([{"bearer": []}]), "{}", operation.id),
        }
    }
    assert_eq!(open, BTreeSet::from(PUBLIC));
}

#[test]
fn a_key_that_is_still_running_is_told_beside_other_conflicts() {
    let document = document();
    let operations = operations(&document);
    let takes_key = |operation: &&Operation<'_>| {
        operation.parameters("header").iter().any(|parameter| parameter["name"] == "Idempotency-Key")
    };
    let described =
        |operation: &Operation<'_>| operation.says["responses"]["409"]["description"].as_str().unwrap().to_owned();
    for operation in operations.iter().filter(takes_key) {
        let text = described(operation);
        assert!(text.contains("The first request with this `Idempotency-Key` is still running, or"), "{text}");
    }
    let user = operations.iter().find(|operation| operation.id == "create_user").unwrap();
    assert!(described(user).starts_with("The e-mail address is taken. Or: "), "{}", described(user));
}

#[test]
fn every_parameter_is_documented() {
    let document = document();
    for operation in operations(&document) {
        let names = |place| operation.parameters(place).iter().map(|name| name["name"].as_str().unwrap()).collect();
        let (in_path, in_query): (Vec<&str>, Vec<&str>) = (names("path"), names("query"));
        let braces = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        assert_eq!(in_path, braces.collect::<Vec<_>>(), "{}", operation.id);
        let expected = QUERIES.iter().find(|(id, _)| *id == operation.id).map_or("", |(_, names)| *names);
        assert_eq!(in_query.join(" "), expected, "{}", operation.id);
        for parameter in operation.parameters("path") {
            let kind = if parameter["name"] == "token" { "string" } else { "integer" };
            assert_eq!((&parameter["required"], &parameter["schema"]["type"]), (&json!(true), &json!(kind)));
        }
        for parameter in operation.parameters("header") {
            let kind = if parameter["name"] == "Last-Event-ID" { "integer" } else { "string" };
            assert_eq!(parameter["schema"]["type"], kind, "{} {parameter}", operation.id);
        }
        for parameter in operation.parameters("query") {
            assert!(parameter["description"].as_str().is_some_and(|text| text.len() > 5), "{parameter}");
        }
    }
}

#[test]
fn the_operations_and_their_statuses_are_these() {
    let document = document();
    let mut lines = Vec::new();
    for operation in operations(&document) {
        let Operation { method, path, id, .. } = &operation;
        lines.push(format!("{method} {path} {id} {}", operation.statuses().join(" ")));
    }
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"), @r"
    DELETE /api/v1/auth/invitations/{invitation_id} delete_invitation 204 401 403 404 500 503
    DELETE /api/v1/calendar/feed delete_calendar_feed 204 401 403 500 503
    DELETE /api/v1/contracts/{contract_id} delete_contract 204 401 403 404 412 500 503
    DELETE /api/v1/meetings/{meeting_id} delete_meeting 204 401 403 404 412 500 503
    DELETE /api/v1/meetings/{meeting_id}/action-items/{item_id} delete_action_item 204 401 403 404 412 500 503
    DELETE /api/v1/meetings/{meeting_id}/attendees/{attendee_id} delete_attendee 204 401 403 404 412 500 503
    DELETE /api/v1/tasks/{task_id} delete_task 204 401 403 404 412 500 503
    DELETE /api/v1/tasks/{task_id}/comments/{comment_id} delete_comment 204 401 403 404 412 500 503
    GET /api/v1/audit-logs list_audit_logs 200 400 401 403 500 503
    GET /api/v1/auth/invitations list_invitations 200 400 401 403 500 503
    GET /api/v1/auth/invitations/{invitation_id} get_invitation 200 401 403 404 500 503
    GET /api/v1/auth/me get_current_user 200 401 403 500 503
    GET /api/v1/calendar.ics get_calendar 200 304 400 401 403 500 503
    GET /api/v1/calendar/feed get_calendar_feed 200 401 403 404 500 503
    GET /api/v1/calendar/feeds/{token} read_calendar_feed 200 304 400 404 500 503
    GET /api/v1/contracts list_contracts 200 400 401 403 500 503
    GET /api/v1/contracts/expiring list_expiring_contracts 200 400 401 403 500 503
    GET /api/v1/contracts/{contract_id} get_contract 200 304 401 403 404 500 503
    GET /api/v1/contracts/{contract_id}/history list_contract_history 200 400 401 403 404 500 503
    GET /api/v1/dashboard/contracts/monthly get_monthly_contracts 200 400 401 403 500 503
    GET /api/v1/dashboard/summary get_dashboard_summary 200 401 403 500 503
    GET /api/v1/dashboard/tasks/weekly get_weekly_tasks 200 400 401 403 500 503
    GET /api/v1/dashboard/workload get_workload 200 401 403 500 503
    GET /api/v1/meetings list_meetings 200 400 401 403 500 503
    GET /api/v1/meetings/{meeting_id} get_meeting 200 304 401 403 404 500 503
    GET /api/v1/meetings/{meeting_id}/action-items list_action_items 200 400 401 403 404 500 503
    GET /api/v1/meetings/{meeting_id}/action-items/{item_id} get_action_item 200 304 401 403 404 500 503
    GET /api/v1/meetings/{meeting_id}/attendees list_attendees 200 400 401 403 404 500 503
    GET /api/v1/meetings/{meeting_id}/attendees/{attendee_id} get_attendee 200 304 401 403 404 500 503
    GET /api/v1/meetings/{meeting_id}/calendar.ics get_meeting_calendar 200 304 401 403 404 500 503
    GET /api/v1/notifications list_notifications 200 400 401 403 500 503
    GET /api/v1/notifications/preferences get_notification_preferences 200 401 403 500 503
    GET /api/v1/notifications/stream stream_notifications 200 400 401 403 500 503
    GET /api/v1/reports/weekly get_weekly_report 200 400 401 403 500 503
    GET /api/v1/tasks list_tasks 200 400 401 403 500 503
    GET /api/v1/tasks/{task_id} get_task 200 304 401 403 404 500 503
    GET /api/v1/tasks/{task_id}/comments list_comments 200 400 401 403 404 500 503
    GET /api/v1/tasks/{task_id}/comments/{comment_id} get_comment 200 304 401 403 404 500 503
    GET /api/v1/users list_users 200 400 401 403 500 503
    GET /api/v1/users/{user_id} get_user 200 304 401 403 404 500 503
    GET /health get_health 200
    PATCH /api/v1/contracts/{contract_id} patch_contract 200 400 401 403 404 409 412 413 415 500 503
    PATCH /api/v1/meetings/{meeting_id} patch_meeting 200 400 401 403 404 412 413 415 500 503
    PATCH /api/v1/meetings/{meeting_id}/action-items/{item_id} patch_action_item 200 400 401 403 404 412 413 415 500 503
    PATCH /api/v1/meetings/{meeting_id}/attendees/{attendee_id} patch_attendee 200 400 401 403 404 412 413 415 500 503
    PATCH /api/v1/notifications/preferences patch_notification_preferences 200 400 401 403 413 415 500 503
    PATCH /api/v1/tasks/bulk patch_tasks 200 400 401 403 413 415 500 503
    PATCH /api/v1/tasks/{task_id} patch_task 200 400 401 403 404 412 413 415 500 503
    PATCH /api/v1/tasks/{task_id}/comments/{comment_id} patch_comment 200 400 401 403 404 412 413 415 500 503
    PATCH /api/v1/users/{user_id} patch_user 200 400 401 403 404 409 412 413 415 500 503
    POST /api/v1/auth/invitations create_invitation 201 400 401 403 409 413 415 422 500 503
    POST /api/v1/auth/login user_login 200 400 401 403 413 415 429 500 503
    POST /api/v1/auth/logout logout 204 400 401 403 413 415 500 503
    POST /api/v1/auth/refresh token_refresh 200 400 401 403 413 415 500 503
    POST /api/v1/auth/register user_register 201 400 403 409 413 415 500 503
    POST /api/v1/calendar/feed replace_calendar_feed 201 400 401 403 409 422 500 503
    POST /api/v1/contracts create_contract 201 400 401 403 409 413 415 422 500 503
    POST /api/v1/contracts/{contract_id}/renew renew_contract 201 400 401 403 404 409 412 413 415 422 500 503
    POST /api/v1/meetings create_meeting 201 400 401 403 409 413 415 422 500 503
    POST /api/v1/meetings/{meeting_id}/action-items create_action_item 201 400 401 403 404 409 413 415 422 500 503
    POST /api/v1/meetings/{meeting_id}/action-items/{item_id}/convert-to-task convert_action_item 201 400 401 403 404 409 412 413 415 422 500 503
    POST /api/v1/meetings/{meeting_id}/attendees add_attendees 201 400 401 403 404 409 413 415 422 500 503
    POST /api/v1/meetings/{meeting_id}/publish publish_meeting 200 401 403 404 412 500 503
    POST /api/v1/notifications/read-all read_all_notifications 200 400 401 403 413 415 500 503
    POST /api/v1/notifications/stream-ticket issue_stream_ticket 200 401 403 500 503
    POST /api/v1/notifications/{notification_id}/read read_notification 200 401 403 404 500 503
    POST /api/v1/tasks create_task 201 400 401 403 409 413 415 422 500 503
    POST /api/v1/tasks/bulk create_tasks 201 400 401 403 409 413 415 422 500 503
    POST /api/v1/tasks/import import_tasks 200 201 400 401 403 409 413 415 422 500 503
    POST /api/v1/tasks/{task_id}/comments create_comment 201 400 401 403 404 409 413 415 422 500 503
    POST /api/v1/users create_user 201 400 401 403 409 413 415 422 500 503
    PUT /api/v1/auth/password change_password 200 400 401 403 413 415 429 500 503
    PUT /api/v1/contracts/{contract_id} update_contract 200 400 401 403 404 409 412 413 415 500 503
    PUT /api/v1/meetings/{meeting_id} update_meeting 200 400 401 403 404 412 413 415 500 503
    PUT /api/v1/meetings/{meeting_id}/action-items/{item_id} update_action_item 200 400 401 403 404 412 413 415 500 503
    PUT /api/v1/meetings/{meeting_id}/attendees/{attendee_id} update_attendee 200 400 401 403 404 412 413 415 500 503
    PUT /api/v1/notifications/preferences update_notification_preferences 200 400 401 403 413 415 500 503
    PUT /api/v1/tasks/{task_id} update_task 200 400 401 403 404 412 413 415 500 503
    PUT /api/v1/tasks/{task_id}/comments/{comment_id} update_comment 200 400 401 403 404 412 413 415 500 503
    PUT /api/v1/users/{user_id} update_user 200 400 401 403 404 409 412 413 415 500 503
    ");
}

on_both! {
    async fn both_places_serve_the_handlers_document(app) {
        for place in ["/api/openapi.json", "/api/v1/swagger.json"] {
            let reply = app.get(place).send().await;
            assert_eq!(reply.header("content-type"), Some("application/json"), "{place}");
            assert!(reply.expect(200) == document(), "{place}");
        }
    }

    async fn the_documents_examples_work_as_they_are(app) {
        let document = document();
        let kim = app.user_named("test-001", Owner, "owner@example.com", "Kim").await;
        let lee = app.user_named("test-002", Owner, "other@example.com", "Lee").await;
        // Nobody makes one by a call.
        isolation::notification_of(&app, &kim).await;
        // What makes a row comes before what needs it; who signs in must have registered. No example is a valid token.
        let order = ["POST", "PUT", "PATCH", "GET", "DELETE"];
        let mut operations = operations(&document);
        operations.retain(|operation| !["token_refresh", "read_calendar_feed"].contains(&operation.id));
        operations.sort_by_key(|operation| {
            let depth = operation.path.matches('/').count();
            let position = order.iter().position(|method| *method == operation.method);
            // What belongs to a row goes before it.
            (position, if operation.method == "DELETE" { usize::MAX - depth } else { depth })
        });
        operations.sort_by_key(|operation| operation.id != "user_register");
        for operation in &operations {
            let mut path = operation.path.to_owned();
            for parameter in operation.parameters("path") {
                let name = format!("{{{}}}", parameter["name"].as_str().unwrap());
                path = path.replace(&name, &parameter["example"].to_string());
            }
            for parameter in operation.parameters("query").iter().filter(|parameter| !parameter["example"].is_null()) {
                let mark = if path.contains('?') { '&' } else { '?' };
                path = format!("{path}{mark}{}={}", parameter["name"], parameter["example"]).replace('"', "");
            }
            // The examples of its fields make a draft, which is not renewed.
            if operation.id == "renew_contract" {
                app.patch("/api/v1/contracts/1", json!({"status": "active"})).by(&kim).expect(200).await;
            }
            let call = || app.call(operation.method.parse().unwrap(), &path);
            let success = operation.statuses()[0].parse().unwrap();
            if let Some(csv) = operation.csv() {
                call().header("content-type", "text/csv").bytes(csv).by(&kim).expect(success).await;
                continue;
            }
            if operation.is_calendar() {
                assert_eq!(call().by(&kim).send().await.status, success, "{path}");
                continue;
            }
            // Whose session ends cannot go on.
            let other = app.user("test-001", Viewer).await;
            let caller = if ["change_password", "logout"].contains(&operation.id) { &other } else { &kim };
            let answer = match operation.example(&document, true) {
                Some(body) if PUBLIC.contains(&operation.id) => call().json(body).expect(success).await,
                Some(body) => call().json(body).by(caller).expect(success).await,
                None => call().by(caller).expect(success).await,
            };
            // The example of a contract does not end soon, and the audit log needs no example.
            let may_be_empty = ["list_expiring_contracts", "list_audit_logs"].contains(&operation.id);
            if operation.id.starts_with("list_") && !may_be_empty {
                assert_ne!(answer["total"], 0, "{path} does not find what the example of a new row made");
            }
            // An address is one account over all tenants.
            if operation.id.starts_with("create_") && !operation.path.contains('{') && operation.id != "create_user" {
                call().json(operation.example(&document, false).unwrap()).by(&lee).expect(201).await;
            }
        }
    }

    async fn answers_have_the_documented_shape(app) {
        let document = document();
        let documented = operations(&document);
        let kim = app.user_named("tenant-a", Owner, "kim@example.com", "Kim").await;
        let login = app.post("/api/v1/auth/login", json!({"email": kim.email, "password": PASSWORD})).expect(200).await;
        for operation in isolation::operations(&app).await {
            // Some operations end the caller's session.
            let caller = app.user("tenant-a", Owner).await;
            let own = isolation::notification_of(&app, &caller).await;
            let rows = Rows { notification: own, ..Rows::make(&app, &kim).await };
            let more = json!({"assigned_to": kim.id, "due_date": "2026-02-10T00:00:00Z", "tags": ["a"]});
            app.put(&format!("/api/v1/tasks/{}", rows.task), more).by(&kim).expect(200).await;
            let item = json!({"description": "x", "assigned_to": kim.id, "due_date": "2026-02-10T00:00:00Z"});
            let items = format!("/api/v1/meetings/{}/action-items", rows.meeting);
            app.post(&items, item).by(&kim).expect(201).await;
            let is_refresh = operation.id == "token_refresh";
            let mark = if is_refresh { login["refresh_token"].as_str().unwrap() } else { operation.id.as_str() };
            let call = operation.call(&app, &rows, mark);
            if operation.id == "get_calendar_feed" {
                isolation::make_calendar_feed(&app, &caller).await;
            }
            let reply = if PUBLIC.contains(&operation.id.as_str()) { call } else { call.by(&caller) }.send().await;
            assert_eq!(reply.status, operation.success, "{}", operation.id);
            let says = documented.iter().find(|says| says.id == operation.id).unwrap();
            if says.is_calendar() {
                assert_eq!(reply.header("content-type"), Some("text/calendar; charset=utf-8"), "{}", operation.id);
                continue;
            }
            let schema = says.schema(&reply.status.to_string());
            let is_json = reply.status != 204 && operation.id != "stream_notifications";
            assert_eq!(schema.is_null(), !is_json, "{} {}", operation.id, reply.status);
            assert_eq!(faults(&document, schema, &reply.json(), &operation.id), Vec::<String>::new());
        }
    }

    async fn a_page_by_cursor_and_each_kind_of_error_have_the_documented_shape(app) {
        let (kim, lee) = (app.user("tenant-a", Owner).await, app.user("tenant-a", Viewer).await);
        for _ in 0..2 {
            Rows::make(&app, &kim).await;
        }
        let first = app.get("/api/v1/tasks?limit=1").by(&kim).expect(200).await;
        let second = format!("/api/v1/tasks?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
        for (call, status, name) in [
            (app.get(&second).by(&kim), 200, "TaskList"),
            (app.get("/api/v1/tasks?week=x").by(&kim), 400, "Error"),
            (app.post("/api/v1/tasks", json!({"tags": [1, "a", null]})).by(&kim), 400, "Error"),
            (app.post("/api/v1/tasks/bulk", json!({"tasks": [{"tags": [1]}]})).by(&kim), 400, "Error"),
            (app.get("/api/v1/tasks"), 401, "Error"),
            (app.get("/api/v1/contracts").by(&lee), 403, "Error"),
            (app.get("/api/v1/tasks/987654321").by(&kim), 404, "Error"),
        ] {
            let schema = json!({"$ref": format!("#/components/schemas/{name}")});
            assert_eq!(faults(&document(), &schema, &call.expect(status).await, name), Vec::<String>::new());
        }
    }

    async fn every_query_parameter_refuses_what_it_cannot_take(app) {
        let (document, kim) = (document(), app.user("tenant-a", Owner).await);
        let made = Rows::make(&app, &kim).await;
        for operation in operations(&document) {
            for parameter in operation.parameters("query") {
                let name = parameter["name"].as_str().unwrap();
                let rows = REFUSED.iter().filter(|(names, _, _)| names.split(' ').any(|own| own == name));
                let rows = rows.flat_map(|(_, values, message)| values.iter().map(move |value| (*value, *message)));
                let rows: Vec<(&str, &str)> = rows.collect();
                assert!(!rows.is_empty(), "{name} is not in the table");
                for (value, message) in rows {
                    let path = format!("{}?{name}={value}", made.fill(operation.path));
                    let call = app.call(operation.method.parse().unwrap(), &path).by(&kim);
                    let refused = refusal(call.send().await, "invalid_query", &path);
                    let errors = refused["errors"].as_object().unwrap();
                    assert_eq!((errors.len(), errors[name].as_array().unwrap().len()), (1, 1), "{path}: {refused}");
                    assert!(errors[name][0].as_str().unwrap().starts_with(message), "{path}: {refused}");
                }
            }
        }
    }

    async fn every_path_parameter_takes_a_whole_number_and_nothing_else(app) {
        let (document, kim) = (document(), app.user("tenant-a", Owner).await);
        let rows = Rows::make(&app, &kim).await;
        let has_id = |operation: &&Operation<'_>| operation.path.contains("_id}");
        for operation in operations(&document).iter().filter(has_id) {
            // Of a row that belongs to another one, its own id.
            let (start, rest) = operation.path.rsplit_once('{').unwrap();
            let (name, end) = rest.split_once("_id}").unwrap();
            let name = if name == "item" { "action_item" } else { name };
            let (start, of_row) = (rows.fill(start), format!("{name}_not_found"));
            for (ids, code) in [
                ("0 987654321 9223372036854775807 9223372036854775808 111111111111111111111111111111", of_row.as_str()),
                ("abc -1 +1 1.5 1e3 %20 %00 %ff 1%2F2 1;a null 0x1", "not_found"),
            ] {
                for id in ids.split(' ') {
                    let path = format!("{start}{id}{end}");
                    let call = app.call(operation.method.parse().unwrap(), &path).raw("{").by(&kim);
                    refusal(call.send().await, code, &format!("{} {path}", operation.method));
                }
            }
        }
    }
}
