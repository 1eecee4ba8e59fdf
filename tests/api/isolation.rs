//! Walks the OpenAPI document: nobody reaches what is not his. An operation that nobody listed here fails the tests.

use std::borrow::Cow;

use bizcenter::db::sql;
use bizcenter::notifications::Kind;
use bizcenter::policy::Role::{self, Admin, Analyst, Editor, Owner, Viewer};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::app::{PASSWORD, Session, TestApp};
use crate::client::{Call, Method, Reply, without_request_id};
use crate::on_both;

/// The operations that need no access token, sorted. This list may only shrink. A calendar's link has a secret instead.
pub const PUBLIC: [&str; 5] = ["get_health", "read_calendar_feed", "token_refresh", "user_login", "user_register"];

type Roles = &'static [Role];

const EVERYONE: Roles = &Role::ALL;
const WRITERS: Roles = &[Owner, Admin, Editor, Analyst];
const EDITORS: Roles = &[Owner, Admin, Editor];
const MANAGERS: Roles = &[Owner, Admin];
const OWNERS: Roles = &[Owner];

/// Who may: under `ROLE_POLICY=compatible`, and under `strict` to what somebody else made.
const TABLE: &[(&str, Roles, Roles)] = &[
    ("get_current_user", EVERYONE, EVERYONE),
    ("change_password", EVERYONE, EVERYONE),
    ("logout", EVERYONE, EVERYONE),
    ("list_notifications", EVERYONE, EVERYONE),
    ("read_notification", EVERYONE, EVERYONE),
    ("read_all_notifications", EVERYONE, EVERYONE),
    ("get_notification_preferences", EVERYONE, EVERYONE),
    ("update_notification_preferences", EVERYONE, EVERYONE),
    ("patch_notification_preferences", EVERYONE, EVERYONE),
    ("issue_stream_ticket", EVERYONE, EVERYONE),
    ("stream_notifications", EVERYONE, EVERYONE),
    ("list_invitations", MANAGERS, MANAGERS),
    ("create_invitation", MANAGERS, MANAGERS),
    ("get_invitation", MANAGERS, MANAGERS),
    ("delete_invitation", MANAGERS, MANAGERS),
    ("list_users", EVERYONE, EVERYONE),
    ("create_user", MANAGERS, MANAGERS),
    ("get_user", EVERYONE, EVERYONE),
    ("update_user", MANAGERS, MANAGERS),
    ("patch_user", MANAGERS, MANAGERS),
    ("list_tasks", EVERYONE, EVERYONE),
    ("create_task", EVERYONE, WRITERS),
    ("get_task", EVERYONE, EVERYONE),
    ("update_task", EVERYONE, EDITORS),
    ("patch_task", EVERYONE, EDITORS),
    ("delete_task", EVERYONE, MANAGERS),
    ("create_tasks", EVERYONE, WRITERS),
    ("patch_tasks", EVERYONE, EDITORS),
    ("import_tasks", EVERYONE, WRITERS),
    ("list_comments", EVERYONE, EVERYONE),
    ("create_comment", EVERYONE, WRITERS),
    ("get_comment", EVERYONE, EVERYONE),
    ("update_comment", MANAGERS, MANAGERS),
    ("patch_comment", MANAGERS, MANAGERS),
    ("delete_comment", MANAGERS, MANAGERS),
    ("list_meetings", EVERYONE, EVERYONE),
    ("create_meeting", EVERYONE, WRITERS),
    ("get_meeting", EVERYONE, EVERYONE),
    ("update_meeting", EVERYONE, EDITORS),
    ("patch_meeting", EVERYONE, EDITORS),
    ("delete_meeting", EVERYONE, MANAGERS),
    ("publish_meeting", EVERYONE, EDITORS),
    ("get_meeting_calendar", EVERYONE, EVERYONE),
    ("list_attendees", EVERYONE, EVERYONE),
    ("add_attendees", EVERYONE, EDITORS),
    ("get_attendee", EVERYONE, EVERYONE),
    ("update_attendee", EVERYONE, EDITORS),
    ("patch_attendee", EVERYONE, EDITORS),
    ("delete_attendee", EVERYONE, EDITORS),
    ("list_action_items", EVERYONE, EVERYONE),
    ("create_action_item", EVERYONE, EDITORS),
    ("get_action_item", EVERYONE, EVERYONE),
    ("update_action_item", EVERYONE, EDITORS),
    ("patch_action_item", EVERYONE, EDITORS),
    ("delete_action_item", EVERYONE, EDITORS),
    ("convert_action_item", EVERYONE, EDITORS),
    ("list_contracts", EDITORS, EDITORS),
    ("create_contract", MANAGERS, MANAGERS),
    ("get_contract", EDITORS, EDITORS),
    ("update_contract", MANAGERS, MANAGERS),
    ("patch_contract", MANAGERS, MANAGERS),
    ("delete_contract", OWNERS, OWNERS),
    ("list_expiring_contracts", EDITORS, EDITORS),
    ("list_contract_history", EDITORS, EDITORS),
    ("renew_contract", MANAGERS, MANAGERS),
    ("get_calendar", EVERYONE, EVERYONE),
    ("get_calendar_feed", EVERYONE, EVERYONE),
    ("replace_calendar_feed", EVERYONE, EVERYONE),
    ("delete_calendar_feed", EVERYONE, EVERYONE),
    ("get_weekly_report", EVERYONE, EVERYONE),
    ("get_dashboard_summary", EVERYONE, EVERYONE),
    ("get_weekly_tasks", EVERYONE, EVERYONE),
    ("get_monthly_contracts", EDITORS, EDITORS),
    ("get_workload", EVERYONE, EVERYONE),
    ("list_audit_logs", MANAGERS, MANAGERS),
];

/// The smallest body of the operation, if it takes one. `mark` makes unique what must be.
pub fn smallest_body(operation: &str, mark: &str) -> Option<Value> {
    Some(match operation {
        "get_health" | "get_current_user" | "get_task" | "get_meeting" | "get_contract" => return None,
        "list_tasks" | "list_meetings" | "list_contracts" => return None,
        "delete_task" | "delete_meeting" | "delete_contract" => return None,
        "list_comments" | "get_comment" | "delete_comment" => return None,
        "publish_meeting" | "list_attendees" | "get_attendee" | "delete_attendee" | "list_action_items" => return None,
        "get_action_item" | "delete_action_item" | "convert_action_item" => return None,
        "list_expiring_contracts" | "list_contract_history" | "list_audit_logs" => return None,
        "get_meeting_calendar" | "get_calendar" | "read_calendar_feed" => return None,
        "get_calendar_feed" | "replace_calendar_feed" | "delete_calendar_feed" => return None,
        "get_weekly_report" => return None,
        "get_dashboard_summary" | "get_weekly_tasks" | "get_monthly_contracts" | "get_workload" => return None,
        "list_notifications" | "read_notification" | "get_notification_preferences" => return None,
        "issue_stream_ticket" | "stream_notifications" => return None,
        // Not JSON: see `Operation::call`.
        "import_tasks" => return None,
        "user_register" => {
            json!({"email": format!("{mark}@example.com"), "password": PASSWORD, "name": "Lee", "tenant_id": "b"})
        }
        "list_users" | "get_user" => return None,
        "list_invitations" | "get_invitation" | "delete_invitation" => return None,
        "create_user" => json!({
            "email": format!("u{}@example.com", hex::encode(mark)), "password": PASSWORD, "name": "Lee",
            "role": "viewer",
        }),
        "update_user" | "patch_user" => json!({"name": "changed"}),
        "create_invitation" => {
            json!({"email": format!("i{}@example.com", hex::encode(mark)), "role": "viewer"})
        }
        "change_password" => json!({"current_password": PASSWORD, "new_password": PASSWORD}),
        "logout" | "read_all_notifications" => json!({}),
        "update_notification_preferences" | "patch_notification_preferences" => json!({"locale": "en"}),
        "user_login" => json!({"email": "kim@example.com", "password": PASSWORD}),
        "token_refresh" => json!({"refresh_token": mark}),
        "create_task" => json!({"title": "shared", "week_number": 6, "year": 2026}),
        "create_meeting" => json!({"title": "shared", "meeting_date": "2026-02-09T10:00:00.000000Z"}),
        "create_contract" => json!({
            "contract_number": mark, "customer_name": "Shared Inc.", "title": "shared", "amount": "100.50",
            "start_date": "2026-01-01", "end_date": "2026-12-31",
        }),
        "update_task" | "patch_task" | "update_meeting" | "patch_meeting" | "update_contract" | "patch_contract" => {
            json!({"title": "changed"})
        }
        // See `Operation::call`.
        "add_attendees" => json!({"user_id": 1}),
        "update_attendee" | "patch_attendee" => json!({"role": "changed"}),
        "create_action_item" => json!({"description": "shared"}),
        "update_action_item" | "patch_action_item" => json!({"description": "changed"}),
        "renew_contract" => json!({"contract_number": mark}),
        "create_tasks" => json!({"tasks": [{"title": "shared", "week_number": 6, "year": 2026}]}),
        "patch_tasks" => json!({"ids": [1], "changes": {"title": "changed"}}),
        "create_comment" => json!({"content": "shared"}),
        "update_comment" | "patch_comment" => json!({"content": "changed"}),
        _ => panic!("{operation} is not in the table of bodies"),
    })
}

/// An operation in the document.
pub struct Operation {
    pub id: String,
    pub method: Method,
    pub path: String,
    /// The status of success.
    pub success: u16,
}

/// Every operation in the document.
pub async fn operations(app: &TestApp) -> Vec<Operation> {
    let document = app.get("/api/openapi.json").expect(200).await;
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let statuses = operation["responses"].as_object().unwrap().keys().map(|key| key.parse::<u16>().unwrap());
            operations.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                success: statuses.min().unwrap(),
            });
        }
    }
    operations
}

async fn guarded(app: &TestApp) -> Vec<Operation> {
    operations(app).await.into_iter().filter(|operation| !PUBLIC.contains(&operation.id.as_str())).collect()
}

impl Operation {
    fn has_id(&self) -> bool {
        self.path.contains('{')
    }

    pub fn path(&self, rows: &Rows) -> String {
        let path = rows.fill(&self.path);
        assert!(!path.contains('{'), "{}: {path} has a parameter that is not in the table of rows", self.id);
        // The smallest of its successes.
        if self.id == "import_tasks" { format!("{path}?dry_run=true") } else { path }
    }

    /// A call of it on these rows, with the smallest body.
    pub fn call(&self, app: &TestApp, rows: &Rows, mark: &str) -> Call {
        self.call_at(app, &self.path(rows), rows, mark)
    }

    /// The same at another path.
    pub fn call_at(&self, app: &TestApp, path: &str, rows: &Rows, mark: &str) -> Call {
        let call = app.call(self.method.clone(), path);
        match smallest_body(&self.id, mark) {
            Some(_) if self.id == "add_attendees" => call.json(json!({"user_id": rows.user})),
            Some(body) => call.json(body),
            None if self.id == "import_tasks" => {
                call.header("content-type", "text/csv").bytes("title,week_number,year\nshared,6,2026")
            }
            None => call,
        }
    }
}

/// One row of each kind.
#[derive(Clone)]
pub struct Rows {
    pub task: i64,
    pub meeting: i64,
    pub contract: i64,
    /// Of the task.
    pub comment: i64,
    /// Of the meeting.
    pub attendee: i64,
    /// Of the meeting.
    pub action_item: i64,
    /// A viewer.
    pub user: i64,
    pub invitation: i64,
    /// The secret of the owner's calendar link.
    pub calendar_feed: Cow<'static, str>,
    /// Of the owner.
    pub notification: i64,
}

impl Rows {
    const MISSING: Self = Self {
        task: 987_654_321,
        meeting: 987_654_321,
        contract: 987_654_321,
        comment: 987_654_321,
        attendee: 987_654_321,
        action_item: 987_654_321,
        user: 987_654_321,
        invitation: 987_654_321,
        calendar_feed: Cow::Borrowed("missing"),
        notification: 987_654_321,
    };

    pub async fn make(app: &TestApp, owner: &Session) -> Self {
        let task = create(app, owner, "task", "").await;
        let meeting = create(app, owner, "meeting", "").await;
        let contract = create_active_contract(app, owner, &format!("C-{task}")).await;
        let comment = create_in(app, owner, &format!("tasks/{task}/comments"), "comment").await;
        let user = app.user(&owner.tenant, Viewer).await.id;
        let invitation = create_in(app, owner, "auth/invitations", "invitation").await;
        let attendees = format!("/api/v1/meetings/{meeting}/attendees");
        let added = app.post(&attendees, json!({"user_id": owner.id})).by(owner).expect(201).await;
        let attendee = added["attendees"][0]["id"].as_i64().unwrap();
        let action_item = create_in(app, owner, &format!("meetings/{meeting}/action-items"), "action_item").await;
        let calendar_feed = make_calendar_feed(app, owner).await.into();
        let notification = notification_of(app, owner).await;
        Self { task, meeting, contract, comment, attendee, action_item, user, invitation, calendar_feed, notification }
    }

    /// The path with these rows' ids for its parameters.
    pub fn fill(&self, path: &str) -> String {
        let Self { task, meeting, contract, comment, attendee, action_item, .. } = self;
        let Self { user, invitation, calendar_feed, notification, .. } = self;
        let ids = [
            ("{task_id}", task),
            ("{meeting_id}", meeting),
            ("{contract_id}", contract),
            ("{comment_id}", comment),
            ("{attendee_id}", attendee),
            ("{item_id}", action_item),
            ("{user_id}", user),
            ("{invitation_id}", invitation),
            ("{notification_id}", notification),
        ];
        let path = path.replace("{token}", calendar_feed);
        ids.iter().fold(path, |path, (name, id)| path.replace(name, &id.to_string()))
    }
}

/// Notifies this user; gives the notification's id.
pub async fn notification_of(app: &TestApp, user: &Session) -> i64 {
    app.notify(&[user], Kind::TaskAssigned, "shared").await;
    let list = app.get("/api/v1/notifications?limit=1").by(user).expect(200).await;
    list["notifications"][0]["id"].as_i64().unwrap()
}

async fn create(app: &TestApp, by: &Session, kind: &str, mark: &str) -> i64 {
    let body = smallest_body(&format!("create_{kind}"), mark).unwrap();
    let made = app.post(&format!("/api/v1/{kind}s"), body).by(by).expect(201).await;
    made[kind]["id"].as_i64().unwrap()
}

/// Makes a contract that can be renewed.
async fn create_active_contract(app: &TestApp, by: &Session, number: &str) -> i64 {
    let mut body = smallest_body("create_contract", number).unwrap();
    body["status"] = json!("active");
    let made = app.post("/api/v1/contracts", body).by(by).expect(201).await;
    made["contract"]["id"].as_i64().unwrap()
}

/// Makes a row that belongs to another one.
async fn create_in(app: &TestApp, by: &Session, collection: &str, kind: &str) -> i64 {
    let body = smallest_body(&format!("create_{kind}"), "").unwrap();
    let made = app.post(&format!("/api/v1/{collection}"), body).by(by).expect(201).await;
    made[kind]["id"].as_i64().unwrap()
}

/// Makes this user a calendar link and gives its secret.
pub async fn make_calendar_feed(app: &TestApp, by: &Session) -> String {
    let made = app.call(Method::POST, "/api/v1/calendar/feed").by(by).expect(201).await;
    let url = made["calendar_feed"]["url"].as_str().unwrap();
    url.strip_prefix("/api/v1/calendar/feeds/").unwrap().strip_suffix(".ics").unwrap().to_owned()
}

/// All rows of the tenant, as its owner sees them.
pub async fn contents(app: &TestApp, owner: &Session) -> [Value; 3] {
    let list = async |kind: &str| app.get(&format!("/api/v1/{kind}?limit=1000")).by(owner).expect(200).await;
    [list("tasks").await, list("meetings").await, list("contracts").await]
}

async fn sign_in(app: &TestApp, user: &Session) -> Value {
    app.post("/api/v1/auth/login", json!({"email": user.email, "password": PASSWORD})).expect(200).await
}

/// All that an answer says, apart from the request's id and the time.
fn said(reply: &Reply) -> (u16, HeaderMap, String) {
    let mut headers = reply.headers.clone();
    let id = headers.remove("x-request-id").unwrap();
    headers.remove("date");
    (reply.status, headers, reply.text().replace(id.to_str().unwrap(), ""))
}

/// Lets each role call each operation on rows of the owner.
async fn check_roles(app: &TestApp, is_strict: bool) {
    let owner = app.user("tenant-a", Owner).await;
    let operations = guarded(app).await;
    for (name, _, _) in TABLE.iter().copied() {
        assert!(operations.iter().any(|operation| operation.id == name), "{name} is not in the document");
    }
    for role in Role::ALL {
        for operation in &operations {
            // Some operations end the caller's session.
            let caller = app.user("tenant-a", role).await;
            let row = TABLE.iter().copied().find(|(name, _, _)| *name == operation.id);
            let (_, compatible, strict) = row.unwrap_or_else(|| panic!("{} is not in the table", operation.id));
            let may = if is_strict { strict } else { compatible };
            let rows = if operation.has_id() {
                // A notification is for its own user alone.
                Rows { notification: notification_of(app, &caller).await, ..Rows::make(app, &owner).await }
            } else {
                Rows::MISSING
            };
            let mark = format!("{}-{}", operation.id, role.as_str());
            if operation.id == "get_calendar_feed" {
                make_calendar_feed(app, &caller).await;
            }
            let reply = operation.call(app, &rows, &mark).by(&caller).send().await;
            let expected = if may.contains(&role) { operation.success } else { 403 };
            assert_eq!(reply.status, expected, "{mark}: {}", reply.text());
            if reply.status == 403 {
                assert_eq!(without_request_id(reply.json()), refusal(may, role), "{mark}");
            }
        }
    }
}

fn refusal(required: Roles, yours: Role) -> Value {
    let (error, code) = ("Insufficient permissions", "insufficient_permissions");
    json!({"error": error, "code": code, "required_roles": required, "your_role": yours})
}

on_both! {
    async fn every_operation_but_the_public_ones_demands_an_access_token(app) {
        let kim = app.user_named("tenant-a", Owner, "kim@example.com", "Kim").await;
        let rows = Rows::make(&app, &kim).await;
        let tokens = sign_in(&app, &kim).await;
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let before = contents(&app, &kim).await;
        let mut open = Vec::new();
        for operation in operations(&app).await {
            let mark = if operation.id == "token_refresh" { refresh } else { "anonymous" };
            let reply = operation.call(&app, &rows, mark).send().await;
            if reply.status == operation.success {
                open.push(operation.id);
                continue;
            }
            assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{}", operation.id);
            let text = "Missing Authorization Header";
            let refused = json!({"error": text, "msg": text, "code": "missing_token"});
            assert_eq!(without_request_id(reply.expect(401)), refused, "{}", operation.id);
            let refused = operation.call(&app, &rows, mark).token(refresh).expect(401).await;
            assert_eq!(refused["code"], "access_token_required", "{}", operation.id);
        }
        open.sort();
        assert_eq!(open, PUBLIC);
        assert_eq!(contents(&app, &kim).await, before);
    }

    async fn each_role_may_do_what_the_compatible_table_says(app) {
        check_roles(&app, false).await;
    }

    async fn each_role_may_do_what_the_strict_table_says(app, ROLE_POLICY = "strict") {
        check_roles(&app, true).await;
    }

    async fn a_role_that_may_not_is_told_so_before_row_and_body_are_looked_at(app) {
        let viewer = app.user("tenant-a", Viewer).await;
        for operation in guarded(&app).await.iter().filter(|operation| operation.id.contains("contract")) {
            let call = app.call(operation.method.clone(), &operation.path(&Rows::MISSING)).raw("{").by(&viewer);
            assert_eq!(call.expect(403).await["your_role"], "viewer", "{}", operation.id);
        }
    }

    async fn a_strict_analyst_changes_what_he_made_and_nothing_else(app, ROLE_POLICY = "strict") {
        let (owner, analyst) = (app.user("tenant-a", Owner).await, app.user("tenant-a", Analyst).await);
        for kind in ["task", "meeting"] {
            let own = format!("/api/v1/{kind}s/{}", create(&app, &analyst, kind, "").await);
            let others = format!("/api/v1/{kind}s/{}", create(&app, &owner, kind, "").await);
            let before = app.get(&others).by(&owner).expect(200).await;
            for method in [Method::PUT, Method::PATCH] {
                let change = json!({"title": method.as_str()});
                app.call(method.clone(), &own).json(change.clone()).by(&analyst).expect(200).await;
                let answer = app.call(method, &others).json(change).by(&analyst).expect(403).await;
                assert_eq!(without_request_id(answer), refusal(EDITORS, Analyst));
            }
            assert_eq!(app.get(&others).by(&owner).expect(200).await, before);
        }
    }

    async fn another_tenants_row_is_no_row(app) {
        let (kim, lee) = (app.user("tenant-a", Owner).await, app.user("tenant-b", Owner).await);
        let rows = Rows::make(&app, &kim).await;
        let item = "insert into action_items (tenant_id, meeting_id, task_id, description, status, created_at, \
                    updated_at) values ('tenant-a', ?, ?, 'x', 'pending', ?, ?)";
        app.execute(sql(item).bind(rows.meeting).bind(rows.task).bind(app.now()).bind(app.now())).await;
        let before = contents(&app, &kim).await;
        for operation in guarded(&app).await.iter().filter(|operation| operation.has_id()) {
            let missing = operation.call(&app, &Rows::MISSING, "x").by(&lee).send().await;
            assert_eq!(missing.status, 404, "{}", operation.id);
            let foreign = operation.call(&app, &rows, "x").by(&lee).send().await;
            assert_eq!(said(&foreign), said(&missing), "{}", operation.id);
            // A wrong body tells nothing either.
            let foreign = app.call(operation.method.clone(), &operation.path(&rows)).raw("{").by(&lee).send().await;
            assert_eq!(said(&foreign), said(&missing), "{}", operation.id);
        }
        assert_eq!(contents(&app, &kim).await, before);
    }

    async fn what_belongs_to_another_tenants_row_is_not_found_under_ones_own(app) {
        let (kim, lee) = (app.user("tenant-a", Owner).await, app.user("tenant-b", Owner).await);
        let (theirs, own) = (Rows::make(&app, &kim).await, Rows::make(&app, &lee).await);
        let before = (contents(&app, &kim).await, contents(&app, &lee).await);
        let under_own = |rows: &Rows| {
            let Rows { comment, attendee, action_item, .. } = *rows;
            Rows { comment, attendee, action_item, ..own.clone() }
        };
        let is_part = |operation: &&Operation| operation.path.matches('{').count() > 1;
        for operation in guarded(&app).await.iter().filter(is_part) {
            let missing = operation.call(&app, &under_own(&Rows::MISSING), "x").by(&lee).send().await;
            assert_eq!(missing.status, 404, "{}", operation.id);
            let foreign = operation.call(&app, &under_own(&theirs), "x").by(&lee).send().await;
            assert_eq!(said(&foreign), said(&missing), "{}", operation.id);
        }
        assert_eq!((contents(&app, &kim).await, contents(&app, &lee).await), before);
    }

    async fn another_tenants_lists_are_empty(app) {
        let (kim, lee) = (app.user("tenant-a", Owner).await, app.user("tenant-b", Owner).await);
        Rows::make(&app, &kim).await;
        for operation in guarded(&app).await.into_iter().filter(|operation| !operation.has_id()) {
            let Some(key) = operation.id.strip_prefix("list_") else { continue };
            // He who asks is a user himself, no contract of the rows ends soon, and rows leave more than one trace.
            if ["users", "expiring_contracts", "audit_logs"].contains(&key) {
                continue;
            }
            assert_eq!(app.get(&operation.path).by(&kim).expect(200).await["total"], 1, "{key}");
            let mut empty = json!({"total": 0, "page": 1, "limit": 100, "pages": 0, "next_cursor": null});
            empty[key] = json!([]);
            if key == "notifications" {
                empty["unread_count"] = json!(0);
                empty["last_event_id"] = json!(0);
            }
            assert_eq!(app.get(&operation.path).by(&lee).expect(200).await, empty, "{key}");
        }
    }

    async fn another_tenants_user_is_refused_in_a_body_like_one_that_does_not_exist(app) {
        let (kim, lee) = (app.user("tenant-a", Owner).await, app.user("tenant-b", Owner).await);
        let task = format!("/api/v1/tasks/{}", create(&app, &lee, "task", "").await);
        let before = contents(&app, &lee).await;
        let calls = [(Method::POST, "/api/v1/tasks"), (Method::PUT, task.as_str()), (Method::PATCH, task.as_str())];
        for (method, path) in calls {
            let assign = |user: i64| {
                let body = json!({"title": "x", "week_number": 6, "year": 2026, "assigned_to": user});
                app.call(method.clone(), path).json(body).by(&lee).send()
            };
            let (foreign, missing) = (assign(kim.id).await, assign(987_654_321).await);
            assert_eq!(said(&foreign), said(&missing), "{method}");
            let errors = json!({"assigned_to": ["Not an active user of this tenant."]});
            let refused = json!({"error": "Validation failed", "code": "validation_failed", "errors": errors});
            assert_eq!(without_request_id(foreign.expect(400)), refused);
        }
        assert_eq!(contents(&app, &lee).await, before);
    }

    async fn another_tenants_cursor_and_every_filter_and_order_show_only_own_rows(app) {
        let (kim, lee) = (app.user("tenant-a", Owner).await, app.user("tenant-b", Owner).await);
        for number in 0..4 {
            for owner in [&kim, &lee] {
                app.advance(1);
                let task = create(&app, owner, "task", "").await;
                let more = json!({"tags": ["shared"], "due_date": "2026-02-10T00:00:00Z", "assigned_to": owner.id});
                app.put(&format!("/api/v1/tasks/{task}"), more).by(owner).expect(200).await;
                create(&app, owner, "meeting", "").await;
                create(&app, owner, "contract", &format!("C-{number}")).await;
            }
        }
        let lists = [
            ("tasks", "week=6&year=2026&status=pending&priority=medium&tag=shared&due_from=2026-2-1&due_to=2026-3-1\
                       &q=shared"),
            ("meetings", "status=draft&from_date=2026-02-09&to_date=2026-02-09&q=shared"),
            ("contracts", "status=draft&customer_name=shared&end_from=2026-12-31&end_to=2026-12-31&q=shared"),
        ];
        for (key, filters) in lists {
            let list = async |by: &Session, query: &str| app.get(&format!("/api/v1/{key}?{query}")).by(by).send().await;
            let own = |page: &Value, count: usize, query: &str| {
                let rows = page[key].as_array().unwrap();
                assert!(rows.iter().all(|row| row["tenant_id"] == "tenant-b"), "{key} {query}: {page}");
                assert_eq!(rows.len(), count, "{key} {query}");
            };
            for query in filters.split('&').chain([filters]) {
                let page = list(&lee, query).await.expect(200);
                own(&page, 4, query);
                assert_eq!(page["total"], 4, "{key} {query}");
            }
            let refused = list(&lee, "sort=none").await.expect(400);
            let fields = refused["errors"]["sort"][0].as_str().unwrap().strip_prefix("Must be one of: ").unwrap();
            for field in fields.trim_end_matches('.').split(", ") {
                // Of kim, lee, kim, lee, … kim's second page begins behind his second row, seen from either end.
                for (sort, beyond) in [(field.to_owned(), 3), (format!("-{field}"), 2)] {
                    own(&list(&lee, &format!("sort={sort}")).await.expect(200), 4, &sort);
                    let page = list(&kim, &format!("sort={sort}&limit=2")).await.expect(200);
                    let cursor = page["next_cursor"].as_str().unwrap();
                    own(&list(&lee, &format!("cursor={cursor}")).await.expect(200), beyond, &sort);
                }
            }
        }
        for filter in ["assigned_to", "created_by"] {
            let query = format!("/api/v1/tasks?{filter}={}", kim.id);
            assert_eq!(app.get(&query).by(&lee).expect(200).await["total"], 0, "{filter}");
            assert_eq!(app.get(&query).by(&kim).expect(200).await["total"], 4, "{filter}");
        }
    }

    async fn tenants_that_look_alike_are_different_tenants(app) {
        let names = ["acme", "ACME", "acme ", " acme", "acme%", "acm_", "acm\u{e9}", "acme\u{301}", "ａｃｍｅ"];
        let mut tenants = Vec::new();
        for name in names {
            let owner = app.user(name, Owner).await;
            let contract = create(&app, &owner, "contract", "C-1").await;
            tenants.push((owner, format!("/api/v1/contracts/{contract}")));
        }
        for (owner, own) in &tenants {
            let list = app.get("/api/v1/contracts").by(owner).expect(200).await;
            assert_eq!((&list["total"], &list["contracts"][0]["tenant_id"]), (&json!(1), &json!(owner.tenant)));
            for (_, path) in &tenants {
                app.get(path).by(owner).expect(if path == own { 200 } else { 404 }).await;
            }
        }
    }

    async fn a_user_who_is_inactive_or_gone_has_no_valid_token(app) {
        let owner = app.user("tenant-a", Owner).await;
        let rows = Rows::make(&app, &owner).await;
        let (inactive, gone) = (app.user("tenant-a", Owner).await, app.user("tenant-a", Owner).await);
        let tokens = [sign_in(&app, &inactive).await, sign_in(&app, &gone).await];
        app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(inactive.id)).await;
        app.execute(sql("delete from users where id = ?").bind(gone.id)).await;
        let text = "Token has been revoked";
        let refused = json!({"error": text, "msg": text, "code": "revoked_token"});
        for operation in guarded(&app).await {
            for user in [&inactive, &gone] {
                let answer = operation.call(&app, &rows, "revoked").by(user).expect(401).await;
                assert_eq!(without_request_id(answer), refused, "{}", operation.id);
            }
        }
        for token in tokens.map(|tokens| tokens["refresh_token"].clone()) {
            let answer = app.post("/api/v1/auth/refresh", json!({"refresh_token": token})).expect(401).await;
            assert_eq!(without_request_id(answer), refused);
        }
    }

    async fn role_and_tenant_come_from_the_database_and_not_from_the_token(app) {
        let (kim, lee) = (app.user("tenant-a", Owner).await, app.user("tenant-b", Owner).await);
        app.user("tenant-c", Owner).await;
        app.execute(sql("update users set role = ? where id = ?").bind("viewer").bind(kim.id)).await;
        app.execute(sql("delete from notification_counters where user_id = ?").bind(lee.id)).await;
        app.execute(sql("update users set tenant_id = ? where id = ?").bind("tenant-c").bind(lee.id)).await;
        assert_eq!(app.get("/api/v1/contracts").by(&kim).expect(403).await["your_role"], "viewer");
        create(&app, &lee, "task", "").await;
        assert_eq!(app.get("/api/v1/tasks").by(&lee).expect(200).await["tasks"][0]["tenant_id"], "tenant-c");
    }
}
