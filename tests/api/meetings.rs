//! `/meetings`.

mod action_items;
mod attendees;
mod change;
mod conversion;
mod create;
mod etags;
mod filters;
mod part_etags;
mod parts;
mod publish;
mod roles;

use serde_json::{Value, json};

use crate::app::{Session, TestApp};

/// A meeting's required fields, with these in addition or instead.
fn meeting(fields: &Value) -> Value {
    let mut body = json!({"title": "주간 회의", "meeting_date": "2026-02-09T10:00:00Z"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

/// Makes a meeting with these fields beside the required ones.
async fn make(app: &TestApp, user: &Session, fields: Value) -> Value {
    app.post("/api/v1/meetings", meeting(&fields)).by(user).expect(201).await["meeting"].take()
}

/// The meeting as it is now.
async fn read(app: &TestApp, user: &Session, id: i64) -> Value {
    app.get(&format!("/api/v1/meetings/{id}")).by(user).expect(200).await["meeting"].take()
}

/// The error of a meeting that is not there.
fn not_found() -> Value {
    json!({"error": "Meeting not found", "code": "meeting_not_found"})
}
