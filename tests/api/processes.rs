//! Several processes of the binary on one MariaDB, as in production: they have nothing in common but the database, and
//! go by the system's clock. Waiting has generous deadlines, since the machine may have much else to do.

mod access;
mod jobs;
mod retries;
mod sealing;
mod site;
mod stopping;
mod streams;

use serde_json::{Value, json};

use self::site::Server;
use crate::app::Session;
use crate::notifications::events::Events;

const LOGIN: &str = "/api/v1/auth/login";
const TASKS: &str = "/api/v1/tasks";

/// A new task.
fn task(title: &str) -> Value {
    json!({"title": title, "week_number": 6, "year": 2026})
}

/// A stream of the user's notifications from this server: of what comes now, or behind the last event that he has.
async fn open(server: &Server, user: &Session, last: Option<i64>) -> Events {
    let call = server.get("/api/v1/notifications/stream").by(user);
    Events::open(match last {
        Some(last) => call.header("last-event-id", &last.to_string()),
        None => call,
    })
    .await
}
