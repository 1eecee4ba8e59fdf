//! `/users`: who is in the tenant, and who may change what of whom.

mod afresh;
mod change;
mod create;
mod list;
mod owners;
mod roles;

use serde_json::{Value, json};

use crate::app::{Session, TestApp};

const USERS: &str = "/api/v1/users";

fn path(user: &Session) -> String {
    format!("{USERS}/{}", user.id)
}

/// The user as he was made, as those see him who manage users.
fn shown(user: &Session, name: &str, role: &str) -> Value {
    json!({
        "id": user.id, "tenant_id": user.tenant, "name": name, "role": role, "is_active": true, "version": 1,
        "email": user.email, "created_at": "2026-02-07T10:17:56.942016Z", "last_login": null,
    })
}

/// The same, as others see him.
fn for_others(mut user: Value) -> Value {
    for hidden in ["email", "created_at", "last_login"] {
        assert!(user.as_object_mut().unwrap().remove(hidden).is_some(), "{hidden} is missing");
    }
    user
}

/// The user as he is now.
async fn read(app: &TestApp, by: &Session, user: &Session) -> Value {
    app.get(&path(user)).by(by).expect(200).await["user"].take()
}
