//! `/reports`.

mod bodies;
mod forms;
mod hostile;
mod lateness;
mod limits;
mod weeks;

use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::{Value, json};

use crate::app::{Session, TestApp};
use crate::client::Call;
use crate::tasks;

/// A call for the report with these query parameters.
fn call(app: &TestApp, user: &Session, query: &str) -> Call {
    app.get(&format!("/api/v1/reports/weekly?{query}")).by(user)
}

/// The report as JSON.
async fn report(app: &TestApp, user: &Session, query: &str) -> Value {
    call(app, user, query).expect(200).await["report"].take()
}

/// Makes a meeting and gives its path.
async fn make_meeting(app: &TestApp, user: &Session, fields: Value) -> String {
    let reply = app.post("/api/v1/meetings", fields).by(user).send().await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.header("location").unwrap().to_owned()
}

/// Makes an action item of the meeting at this path.
async fn make_action_item(app: &TestApp, user: &Session, meeting: &str, fields: Value, status: &str) {
    let items = format!("{meeting}/action-items");
    let made = app.post(&items, fields).by(user).expect(201).await;
    let item = format!("{items}/{}", made["action_item"]["id"]);
    app.patch(&item, json!({"status": status})).by(user).expect(200).await;
}

/// The tasks and meetings of two users around this week, 2026-W06, and another tenant's.
async fn make_week(app: &TestApp) -> (Session, Session) {
    let kim = app.user_named("tenant-a", Owner, "kim@example.com", "김지은").await;
    let lee = app.user_named("tenant-a", Viewer, "lee@example.com", "Lee").await;
    for task in [
        json!({"title": "방화벽 점검", "status": "completed", "priority": "high", "assigned_to": kim.id,
               "due_date": "2026-02-05T09:00:00Z"}),
        json!({"title": "Write report", "status": "in_progress", "priority": "urgent", "assigned_to": kim.id,
               "due_date": "2026-02-06T14:59:59.999999Z"}),
        json!({"title": "Patch servers", "assigned_to": kim.id, "due_date": "2026-02-06T15:00:00Z"}),
        json!({"title": "Old audit", "status": "review", "priority": "low", "assigned_to": kim.id, "week_number": 5,
               "due_date": "2026-01-30T00:00:00Z"}),
        json!({"title": "Old and done", "status": "completed", "assigned_to": kim.id, "week_number": 5,
               "due_date": "2026-01-30T00:00:00Z"}),
        json!({"title": "Old without a due date", "assigned_to": kim.id, "week_number": 5}),
        json!({"title": "Idea", "priority": "low"}),
        json!({"title": "Dropped", "status": "cancelled", "assigned_to": lee.id, "due_date": "2026-02-02T00:00:00Z"}),
        json!({"title": "Next week's", "assigned_to": lee.id, "week_number": 7, "due_date": "2026-02-02T00:00:00Z"}),
        json!({"title": "Long overdue", "assigned_to": lee.id, "year": 2025, "week_number": 52,
               "due_date": "2025-12-26T00:00:00Z"}),
    ] {
        tasks::make(app, &kim, task).await;
    }
    let fields = json!({
        "title": "주간 회의", "meeting_date": "2026-02-02T01:00:00Z", "location": "3층 회의실", "status": "published",
        "decisions": "라이선스 갱신\n\n방화벽 교체",
    });
    let weekly = make_meeting(app, &kim, fields).await;
    let attendees = json!([{"user_id": kim.id}, {"user_id": lee.id, "attendance": "absent"}]);
    app.post(&format!("{weekly}/attendees"), json!({"attendees": attendees})).by(&kim).expect(201).await;
    make_action_item(app, &kim, &weekly, json!({"description": "견적 받기"}), "completed").await;
    let item = json!({"description": "교체 일정 공지", "assigned_to": lee.id});
    make_action_item(app, &kim, &weekly, item, "pending").await;
    make_action_item(app, &kim, &weekly, json!({"description": "인쇄"}), "cancelled").await;
    for (title, date) in [
        ("Last minute", "2026-02-08T14:59:59.999999Z"),
        ("Next week's", "2026-02-08T15:00:00Z"),
        ("Last week's", "2026-02-01T14:59:59.999999Z"),
    ] {
        make_meeting(app, &kim, json!({"title": title, "meeting_date": date})).await;
    }
    make_other_tenant(app).await;
    (kim, lee)
}

/// Rows that are in no report of tenant-a.
async fn make_other_tenant(app: &TestApp) {
    let stranger = app.user_named("tenant-b", Owner, "other@example.com", "Stranger").await;
    for week in [5, 6] {
        let task = json!({"title": "Stranger's", "assigned_to": stranger.id, "week_number": week,
                          "due_date": "2026-01-01T00:00:00Z"});
        tasks::make(app, &stranger, task).await;
    }
    let fields = json!({"title": "Stranger's", "meeting_date": "2026-02-03T01:00:00Z"});
    let meeting = make_meeting(app, &stranger, fields).await;
    app.post(&format!("{meeting}/attendees"), json!({"user_id": stranger.id})).by(&stranger).expect(201).await;
    make_action_item(app, &stranger, &meeting, json!({"description": "Stranger's"}), "pending").await;
}
