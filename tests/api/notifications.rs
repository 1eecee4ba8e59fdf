//! `/notifications`.

pub mod events;
mod instances;
mod list;
mod preferences;
mod read;
mod resume;
mod roles;
mod sending;
mod stream;
mod tickets;

use serde_json::{Value, json};

use crate::app::{Session, TestApp};

const LIST: &str = "/api/v1/notifications";
const STREAM: &str = "/api/v1/notifications/stream";
const TICKET: &str = "/api/v1/notifications/stream-ticket";
const PREFERENCES: &str = "/api/v1/notifications/preferences";

/// The answer of the list to this query.
async fn list(app: &TestApp, user: &Session, query: &str) -> Value {
    app.get(&format!("{LIST}?{query}")).by(user).expect(200).await
}

/// The titles of a list, in its order.
fn titles(list: &Value) -> Vec<&str> {
    list["notifications"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect()
}

/// The titles of all that the user has, the oldest first.
async fn titles_of(app: &TestApp, user: &Session) -> Vec<String> {
    titles(&list(app, user, "sort=id&limit=1000").await).into_iter().map(str::to_owned).collect()
}

/// A ticket of this user.
async fn ticket(app: &TestApp, user: &Session) -> String {
    let answer = app.post(TICKET, Value::Null).by(user).expect(200).await;
    answer["ticket"].as_str().unwrap().to_owned()
}

/// The error of a token or ticket with this code and text.
fn unauthorized(code: &str, text: &str) -> Value {
    json!({"error": text, "msg": text, "code": code})
}
