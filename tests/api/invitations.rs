//! `/auth/invitations`, and registration by invitation.

mod manage;
mod register;

use bizcenter::db::sql;
use serde_json::{Value, json};

use crate::app::{PASSWORD, Session, TestApp};
use crate::client::Call;

const INVITATIONS: &str = "/api/v1/auth/invitations";
const REGISTER: &str = "/api/v1/auth/register";

/// Invites somebody; gives the invitation with its token.
async fn invite(app: &TestApp, by: &Session, email: &str, role: &str) -> Value {
    app.post(INVITATIONS, json!({"email": email, "role": role})).by(by).expect(201).await["invitation"].take()
}

/// Registers with a token.
fn register(app: &TestApp, email: &str, token: &Value) -> Call {
    app.post(REGISTER, json!({"email": email, "password": PASSWORD, "name": "홍길동", "invite_token": token}))
}

/// The addresses of the invitations that count, the latest first.
async fn open(app: &TestApp, by: &Session) -> Vec<String> {
    let list = app.get(INVITATIONS).by(by).expect(200).await;
    let invitations = list["invitations"].as_array().unwrap();
    assert_eq!(list["total"], invitations.len());
    invitations.iter().map(|invitation| invitation["email"].as_str().unwrap().to_owned()).collect()
}

/// The error of a token that does not count.
fn not_valid() -> Value {
    crate::tasks::invalid(json!({"invite_token": ["Not a valid invitation for this email address."]}))
}

async fn set(app: &TestApp, user: &Session, column: &'static str, value: impl Into<bizcenter::db::Value>) {
    let update = sql("update users set ").push(column).push(" = ? where id = ?").bind(value).bind(user.id);
    assert_eq!(app.execute(update).await, 1);
}
