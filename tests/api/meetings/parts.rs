//! What a meeting shows of its attendees and action items.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::{Value, json};

use super::{make, not_found, read};
use crate::app::{Session, TestApp};
use crate::client::without_request_id;
use crate::on_both;
use crate::tasks;

async fn attend(app: &TestApp, user: &Session, meeting: i64, role: Option<&'static str>) {
    let insert = sql("insert into meeting_attendees (tenant_id, meeting_id, user_id, role, created_at, updated_at) \
                      values (?, ?, ?, ?, ?, ?)");
    let insert = insert.bind(&user.tenant).bind(meeting).bind(user.id).bind(role).bind(app.now()).bind(app.now());
    app.execute(insert).await;
}

/// An action item, for this user and with this task if given.
async fn follow_up(
    app: &TestApp,
    tenant: &Session,
    meeting: i64,
    description: &'static str,
    assignee: Option<&Session>,
    task: Option<i64>,
) {
    let insert = sql("insert into action_items (tenant_id, meeting_id, task_id, description, assigned_to, due_date, \
                      status, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    let insert = insert.bind(&tenant.tenant).bind(meeting).bind(task).bind(description);
    let insert = insert.bind(assignee.map(|user| user.id)).bind(task.map(|_| app.now())).bind("in_progress");
    app.execute(insert.bind(app.now()).bind(app.now())).await;
}

/// Two users of test-001, and two meetings with attendees and action items of theirs.
async fn prepare(app: &TestApp) -> (Session, Session) {
    let kim = app.user_named("test-001", Owner, "kim@example.com", "김영희").await;
    let hong = app.user_named("test-001", Viewer, "hong@example.com", "홍길동").await;
    make(app, &kim, json!({})).await;
    make(app, &kim, json!({})).await;
    tasks::make(app, &kim, json!({})).await;
    attend(app, &hong, 1, Some("서기")).await;
    attend(app, &kim, 2, Some("의장")).await;
    attend(app, &kim, 1, None).await;
    follow_up(app, &kim, 1, "방화벽 점검", Some(&hong), Some(1)).await;
    follow_up(app, &kim, 2, "보고서", None, None).await;
    follow_up(app, &kim, 1, "공지", None, None).await;
    (kim, hong)
}

/// What the first meeting of [`prepare`] has.
fn parts(kim: &Session, hong: &Session) -> (Value, Value) {
    let attendees = json!([
        {
            "id": 1, "meeting_id": 1, "user_id": hong.id, "user_name": "홍길동", "role": "서기", "attendance": "invited",
            "version": 1,
        },
        {
            "id": 3, "meeting_id": 1, "user_id": kim.id, "user_name": "김영희", "role": null, "attendance": "invited",
            "version": 1,
        },
    ]);
    let action_items = json!([
        {
            "id": 1, "meeting_id": 1, "task_id": 1, "description": "방화벽 점검", "assigned_to": hong.id,
            "assignee_name": "홍길동", "due_date": "2026-02-07T10:17:56.942016Z", "status": "in_progress",
            "created_at": "2026-02-07T10:17:56.942016Z", "version": 1,
        },
        {
            "id": 3, "meeting_id": 1, "task_id": null, "description": "공지", "assigned_to": null,
            "assignee_name": null, "due_date": null, "status": "in_progress",
            "created_at": "2026-02-07T10:17:56.942016Z", "version": 1,
        },
    ]);
    (attendees, action_items)
}

on_both! {
    async fn a_meeting_shows_its_attendees_and_action_items(app) {
        let (kim, hong) = prepare(&app).await;
        let meeting = read(&app, &hong, 1).await;
        let (attendees, action_items) = parts(&kim, &hong);
        assert_eq!(meeting, json!({
            "id": 1, "tenant_id": "test-001", "title": "주간 회의", "meeting_date": "2026-02-09T10:00:00.000000Z",
            "location": null, "agenda": null, "notes": null, "decisions": null, "status": "draft",
            "published_at": null, "attendees": attendees, "action_items": action_items,
            "created_at": "2026-02-07T10:17:56.942016Z", "updated_at": "2026-02-07T10:17:56.942016Z", "version": 1,
        }));
    }

    async fn a_list_shows_every_meeting_with_its_own_parts(app) {
        let (_, hong) = prepare(&app).await;
        make(&app, &hong, json!({})).await;
        let list = app.get("/api/v1/meetings?sort=id").by(&hong).expect(200).await;
        let (first, second) = (read(&app, &hong, 1).await, read(&app, &hong, 2).await);
        assert_eq!((&list["meetings"][0], &list["meetings"][1]), (&first, &second));
        assert_eq!(second["attendees"][0]["user_name"], "김영희");
        assert_eq!(second["action_items"][0]["description"], "보고서");
        assert_eq!((&list["meetings"][2]["attendees"], &list["meetings"][2]["action_items"]), (&json!([]), &json!([])));
        let page = app.get("/api/v1/meetings?sort=id&limit=1&page=2").by(&hong).expect(200).await;
        assert_eq!(page["meetings"], json!([second]));
    }

    async fn a_change_keeps_and_shows_the_parts(app) {
        let (kim, hong) = prepare(&app).await;
        let answer = app.patch("/api/v1/meetings/1", json!({"title": "새 제목"})).by(&kim).expect(200).await;
        let (attendees, action_items) = parts(&kim, &hong);
        let meeting = &answer["meeting"];
        assert_eq!((&meeting["attendees"], &meeting["action_items"]), (&attendees, &action_items));
        assert_eq!(read(&app, &kim, 1).await, *meeting);
    }

    async fn a_deleted_meeting_takes_its_parts_along(app) {
        let (kim, hong) = prepare(&app).await;
        let other = read(&app, &kim, 2).await;
        let reply = app.delete("/api/v1/meetings/1").by(&hong).send().await;
        assert_eq!((reply.status, reply.text().as_str()), (204, ""));
        for call in [
            app.get("/api/v1/meetings/1"),
            app.patch("/api/v1/meetings/1", json!({})),
            app.delete("/api/v1/meetings/1"),
        ] {
            assert_eq!(without_request_id(call.by(&kim).expect(404).await), not_found());
        }
        assert_eq!(app.count("select count(*) from meeting_attendees").await, 1);
        assert_eq!(app.count("select count(*) from action_items").await, 1);
        assert_eq!(app.count("select count(*) from tasks").await, 1);
        assert_eq!(app.get("/api/v1/meetings").by(&kim).expect(200).await["meetings"], json!([other]));
    }

    async fn another_tenant_cannot_delete_a_meeting(app) {
        let (kim, _) = prepare(&app).await;
        let stranger = app.user("test-002", Owner).await;
        let meeting = read(&app, &kim, 1).await;
        let error = app.delete("/api/v1/meetings/1").by(&stranger).expect(404).await;
        assert_eq!(without_request_id(error), not_found());
        assert_eq!(read(&app, &kim, 1).await, meeting);
    }
}
