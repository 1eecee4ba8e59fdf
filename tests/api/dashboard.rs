//! `/dashboard`.

mod amounts;
mod monthly;
mod summary;
mod trail;
mod turns;
mod weekly;
mod workload;

use std::sync::atomic::{AtomicU32, Ordering};

use bizcenter::clock::Timestamp;
use serde_json::{Value, json};

use crate::app::{Session, TestApp};

/// The summary as this user sees it.
async fn summary(app: &TestApp, user: &Session) -> Value {
    app.get("/api/v1/dashboard/summary").by(user).expect(200).await["summary"].take()
}

/// Makes a row of this kind with these fields beside the required ones; gives it as it is then.
async fn make(app: &TestApp, user: &Session, kind: &str, fields: Value) -> Value {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let mut body = match kind {
        "task" => json!({"title": "주간 보고", "week_number": 6, "year": 2026}),
        "meeting" => json!({"title": "주간 회의", "meeting_date": "2026-02-09T01:00:00Z"}),
        _ => json!({
            "contract_number": NUMBER.fetch_add(1, Ordering::SeqCst).to_string(), "customer_name": "한빛정보",
            "title": "보안 관제", "amount": "1000.10", "start_date": "2026-01-01", "end_date": "2026-12-31",
        }),
    };
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    app.post(&format!("/api/v1/{kind}s"), body).by(user).expect(201).await[kind].take()
}

/// Adds an action item to a meeting, with this status in the end.
async fn make_action_item(app: &TestApp, user: &Session, meeting: &Value, status: &str, assigned_to: Option<i64>) {
    let items = format!("/api/v1/meetings/{}/action-items", meeting["id"]);
    let body = json!({"description": "점검", "assigned_to": assigned_to});
    let item = app.post(&items, body).by(user).expect(201).await["action_item"].take();
    app.patch(&format!("{items}/{}", item["id"]), json!({"status": status})).by(user).expect(200).await;
}

/// Moves the server's clock on to this time; who has signed in before has to do so again.
fn travel(app: &TestApp, to: &str) {
    let to = Timestamp::new(to.parse().unwrap());
    assert!(to > app.now(), "the clock only moves on");
    app.advance(to.seconds() - app.now().seconds());
}
