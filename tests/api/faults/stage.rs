//! Where requests are made to fail, and what must hold for each.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use bizcenter::policy::Role::Owner;
use serde_json::json;

use super::contents::{Change, Schema};
use super::scene::{Request, Scene};
use super::statements::Statements;
use super::told::Told;
use crate::app::TestApp;
use crate::client::{Call, Method, Reply, without_request_id};
use crate::idempotency::creating;
use crate::isolation::{Operation, Rows, operations};

/// What shows an amount even when there is nothing left to change; that leaves a row of its own.
const SHOWING: [&str; 4] = ["create_contract", "patch_contract", "renew_contract", "update_contract"];

/// A server whose database fails when told to.
pub struct Stage<'a> {
    app: &'a TestApp,
    schema: Schema,
    statements: Statements<'a>,
    operations: Vec<Operation>,
    /// Those that take an `Idempotency-Key`.
    creating: BTreeSet<String>,
    scenes: Cell<u32>,
    proven: RefCell<BTreeSet<String>>,
    told: Told,
}

/// A request that has had its effect.
struct Performance {
    written: Vec<String>,
    /// How many rows of each table were not there before, and how many are there no more.
    effect: BTreeMap<(String, bool), usize>,
}

impl<'a> Stage<'a> {
    pub async fn set(app: &'a TestApp) -> Self {
        let schema = Schema::read(app).await;
        let statements = Statements::watch(app, &schema.tables).await;
        let creating = creating(app).await.into_iter().map(|operation| operation.id).collect();
        let (operations, scenes) = (operations(app).await, Cell::default());
        Self {
            app,
            schema,
            statements,
            operations,
            creating,
            scenes,
            proven: RefCell::default(),
            told: Told::default(),
        }
    }

    /// Proves of these operations, each in scenes of its own that are made alike:
    ///
    /// - It adds exactly these rows to the audit log, as `created task`, and these notifications, as `task_assigned`; a
    ///   `letter` stands in the outbox. Every row that it changes has a row in the audit log, and no other one has.
    /// - Whichever of the rows that it writes cannot be written, and on SQLite when all that it has written cannot be
    ///   committed, the answer is 500 and nothing at all has happened.
    /// - After all that it succeeds as if nothing had been.
    /// - The same again changes nothing, where it should not.
    pub async fn prove(
        &self,
        operations: &[&str],
        audited: &[&str],
        notified: &[&str],
        make: impl AsyncFn(&Scene<'_>) -> Request,
    ) {
        for id in operations {
            let operation = self.operation(id);
            let scene = self.scene().await;
            let rehearsal = self.perform(operation, &scene, &make(&scene).await, audited, notified).await;
            let scene = self.scene().await;
            let request = make(&scene).await;
            self.fail(operation, &scene, &request, &rehearsal.written).await;
            let performance = self.perform(operation, &scene, &request, audited, notified).await;
            assert_eq!(performance.written, rehearsal.written, "{id} wrote something else after its failures");
            assert_eq!(performance.effect, rehearsal.effect, "{id} had another effect after its failures");
            self.repeat(operation, &scene, &request).await;
            self.proven.borrow_mut().insert(operation.id.clone());
        }
    }

    /// Proves that this request is refused and changes nothing, whatever it had written by then.
    pub async fn refuse(&self, id: &str, status: u16, make: impl AsyncFn(&Scene<'_>) -> Request) {
        let scene = self.scene().await;
        let request = make(&scene).await;
        let before = self.schema.contents(self.app).await;
        let reply = self.call(self.operation(id), &scene, &request).send().await;
        assert_eq!(reply.status, status, "{id}: {}", reply.text());
        before.assert_same(&self.schema.contents(self.app).await, &format!("{id}, refused,"));
    }

    /// Fails unless exactly these operations were proven, with nothing excused that needs no excuse.
    pub fn finish(self, operations: &[&str]) {
        let expected: BTreeSet<String> = operations.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(self.proven.into_inner(), expected);
        self.told.finish(operations);
    }

    fn operation(&self, id: &str) -> &Operation {
        let operation = self.operations.iter().find(|operation| operation.id == id);
        operation.unwrap_or_else(|| panic!("{id} is not in the document"))
    }

    /// A tenant of its own, with one row of each kind.
    async fn scene(&self) -> Scene<'a> {
        self.scenes.set(self.scenes.get() + 1);
        let owner = self.app.user(&format!("scene-{}", self.scenes.get()), Owner).await;
        let rows = Rows::make(self.app, &owner).await;
        Scene { app: self.app, owner, rows }
    }

    /// Lets the request succeed.
    async fn perform(
        &self,
        operation: &Operation,
        scene: &Scene<'_>,
        request: &Request,
        audited: &[&str],
        notified: &[&str],
    ) -> Performance {
        let before = self.schema.contents(self.app).await;
        self.statements.record().await;
        let reply = self.call(operation, scene, request).send().await;
        let written = self.statements.written().await;
        let changes = before.changes_to(&self.schema.contents(self.app).await);
        assert_eq!(reply.status, self.success(operation), "{}: {}", operation.id, reply.text());
        assert_eq!(reply.header("idempotency-replayed"), None, "{}", operation.id);
        self.told.check(&operation.id, request, &reply, &changes, audited, notified);
        let mut effect: BTreeMap<(String, bool), usize> = BTreeMap::new();
        for Change { table, is_new, .. } in changes {
            *effect.entry((table, is_new)).or_default() += 1;
        }
        Performance { written, effect }
    }

    /// Lets the request fail at each of these rows, one after the other.
    async fn fail(&self, operation: &Operation, scene: &Scene<'_>, request: &Request, written: &[String]) {
        let before = self.schema.contents(self.app).await;
        for (index, statement) in written.iter().enumerate() {
            let what = format!("{} failing at row {} ({statement}) of {written:?}", operation.id, index + 1);
            self.statements.fail_at(index + 1).await;
            check_failure(&self.call(operation, scene, request).send().await, &what);
            before.assert_same(&self.schema.contents(self.app).await, &what);
        }
        if self.statements.can_fail_to_commit && !written.is_empty() {
            let what = format!("{} failing to commit", operation.id);
            self.statements.fail_to_commit().await;
            check_failure(&self.call(operation, scene, request).send().await, &what);
            before.assert_same(&self.schema.contents(self.app).await, &what);
        }
    }

    /// Makes the request again, if that must have no effect.
    async fn repeat(&self, operation: &Operation, scene: &Scene<'_>, request: &Request) {
        let is_creating = self.creating.contains(&operation.id);
        let has_no_effect = match operation.id.as_str() {
            "change_password" => false,
            "publish_meeting" | "read_all_notifications" | "read_notification" => true,
            _ => is_creating || operation.method == Method::PUT || operation.method == Method::PATCH,
        };
        if !has_no_effect {
            return;
        }
        let before = self.schema.contents(self.app).await;
        let reply = self.call(operation, scene, request).send().await;
        assert_eq!(reply.status, self.success(operation), "{} again: {}", operation.id, reply.text());
        assert_eq!(reply.header("idempotency-replayed").is_some(), is_creating, "{}", operation.id);
        let after = self.schema.contents(self.app).await;
        if SHOWING.contains(&operation.id.as_str()) {
            let changes = before.changes_to(&after);
            assert_eq!(changes.len(), 1, "{} again", operation.id);
            self.told.check(&operation.id, request, &reply, &changes, &["viewed contract"], &[]);
        } else {
            before.assert_same(&after, &format!("{} again", operation.id));
        }
    }

    fn call(&self, operation: &Operation, scene: &Scene<'_>, request: &Request) -> Call {
        // Or the same values, written once more, would go unnoticed.
        self.app.advance(1);
        let call = request.call(self.app, operation, &scene.rows);
        if !self.creating.contains(&operation.id) {
            return call;
        }
        let key = request.key.clone().unwrap_or_else(|| format!("{} in {}", operation.id, scene.owner.tenant));
        call.header("idempotency-key", &key)
    }

    fn success(&self, operation: &Operation) -> u16 {
        if self.creating.contains(&operation.id) { 201 } else { operation.success }
    }
}

/// A failure says nothing of the inside.
fn check_failure(reply: &Reply, what: &str) {
    assert_eq!(reply.status, 500, "{what}: {}", reply.text());
    let expected = json!({"error": "Internal Server Error", "code": "internal_error"});
    assert_eq!(without_request_id(reply.json()), expected, "{what}");
}
