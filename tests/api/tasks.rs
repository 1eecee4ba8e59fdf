//! `/tasks`.

mod assignees;
mod bulk;
mod change;
mod comments;
mod create;
mod csv;
mod delete;
mod etags;
mod paths;
mod roles;
mod subtasks;
mod validation;

use serde_json::{Value, json};

use crate::app::{Session, TestApp};

/// A task's required fields, with these in addition or instead.
pub fn task(fields: &Value) -> Value {
    let mut body = json!({"title": "주간 보고", "week_number": 6, "year": 2026});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

/// Makes a task with these fields beside the required ones.
pub async fn make(app: &TestApp, user: &Session, fields: Value) -> Value {
    app.post("/api/v1/tasks", task(&fields)).by(user).expect(201).await["task"].take()
}

/// The task as it is now.
async fn read(app: &TestApp, user: &Session, id: i64) -> Value {
    app.get(&format!("/api/v1/tasks/{id}")).by(user).expect(200).await["task"].take()
}

/// The error of a body with these wrong fields.
pub fn invalid(errors: Value) -> Value {
    let mut error = json!({"error": "Validation failed", "code": "validation_failed"});
    error["errors"] = errors;
    error
}

/// The error of a role that may not.
pub fn forbidden(required: &[&str], yours: &str) -> Value {
    json!({
        "error": "Insufficient permissions", "code": "insufficient_permissions", "required_roles": required,
        "your_role": yours,
    })
}

/// The error of a task that is not there.
fn not_found() -> Value {
    json!({"error": "Task not found", "code": "task_not_found"})
}
