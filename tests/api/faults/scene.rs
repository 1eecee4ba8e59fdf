//! What a request needs to find.

use serde_json::{Value, json};

use crate::app::{Session, TestApp};
use crate::client::{Call, Method};
use crate::isolation::{Operation, Rows};

/// A tenant with one row of each kind.
pub struct Scene<'a> {
    pub app: &'a TestApp,
    pub owner: Session,
    pub rows: Rows,
}

/// A request that can be made again and again.
pub struct Request {
    /// Nobody, for those who have no token yet.
    pub by: Option<Session>,
    pub key: Option<String>,
    body: Body,
    headers: Vec<(&'static str, &'static str)>,
    ids: Vec<(&'static str, i64)>,
}

enum Body {
    None,
    Json(Value),
    Csv(String),
}

impl Scene<'_> {
    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.app.post(&self.path(path), body).by(&self.owner).expect(201).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Value {
        self.app.patch(&self.path(path), body).by(&self.owner).expect(200).await
    }

    /// One more task, with these fields.
    pub async fn task(&self, fields: Value) -> i64 {
        crate::tasks::make(self.app, &self.owner, fields).await["id"].as_i64().unwrap()
    }

    /// Makes the action item a task, and gives it.
    pub async fn convert(&self) -> i64 {
        let made = self.post("meetings/{meeting_id}/action-items/{item_id}/convert-to-task", json!({})).await;
        made["task"]["id"].as_i64().unwrap()
    }

    /// Publishes the meeting.
    pub async fn publish(&self) {
        self.app.call(Method::POST, &self.path("meetings/{meeting_id}/publish")).by(&self.owner).expect(200).await;
    }

    /// The other user of the tenant, signed in.
    pub async fn colleague(&self) -> Session {
        let (id, tenant) = (self.rows.user, self.owner.tenant.clone());
        self.app.signed_in(&Session { id, tenant, email: String::new(), token: String::new() }).await
    }

    /// An address that nobody has.
    pub fn email(&self) -> String {
        format!("new@{}.example.com", self.owner.tenant)
    }

    /// A request by the owner.
    pub fn request(&self) -> Request {
        Request { by: Some(self.owner.clone()), key: None, body: Body::None, headers: Vec::new(), ids: Vec::new() }
    }

    fn path(&self, path: &str) -> String {
        self.rows.fill(&format!("/api/v1/{path}"))
    }
}

impl Request {
    pub fn json(self, body: Value) -> Self {
        Self { body: Body::Json(body), ..self }
    }

    pub fn csv(self, body: String) -> Self {
        Self { body: Body::Csv(body), ..self }
    }

    pub fn by(self, user: Session) -> Self {
        Self { by: Some(user), ..self }
    }

    pub fn anonymous(self) -> Self {
        Self { by: None, ..self }
    }

    pub fn key(self, key: &str) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With this id in place of the scene's own.
    pub fn at(mut self, parameter: &'static str, id: i64) -> Self {
        self.ids.push((parameter, id));
        self
    }

    pub fn call(&self, app: &TestApp, operation: &Operation, rows: &Rows) -> Call {
        let path = operation.path.clone();
        let path = self.ids.iter().fold(path, |path, (name, id)| path.replace(name, &id.to_string()));
        let path = rows.fill(&path);
        assert!(!path.contains('{'), "{}: {path} has a parameter that is not in the scene", operation.id);
        let mut call = app.call(operation.method.clone(), &path);
        if let Some(user) = &self.by {
            call = call.by(user);
        }
        call = self.headers.iter().fold(call, |call, (name, value)| call.header(name, value));
        match &self.body {
            Body::None => call,
            Body::Json(body) => call.json(body.clone()),
            Body::Csv(body) => call.header("content-type", "text/csv").bytes(body.clone()),
        }
    }
}
