//! The audit log: `/audit-logs`, and the chain behind it.

mod command_line;
mod exports;
mod limits;
mod list;
mod retention;
mod sealing;
mod tampering;
mod undoing;

use bizcenter::audit::chain::problem::Kind;
use bizcenter::audit::chain::verifier::Report;
use bizcenter::audit::{self, Action, Changes, Event, seal, verify};
use bizcenter::auth::Scope;
use bizcenter::db::sql;
use bizcenter::resource::Resource;
use serde_json::json;

use crate::app::{Session, TestApp};

const AUDIT_LOGS: &str = "/api/v1/audit-logs";
const NOW: &str = "2026-02-07T10:17:56.942016Z";

/// What the user's requests may do, and the operator's command line with his name.
fn scope(app: &TestApp, user: &Session) -> Scope {
    Scope::operator(&user.tenant, user.id, app.state.audit_key.clone())
}

/// Writes down that the user has done this.
async fn record(app: &TestApp, user: &Session, events: Vec<Event>) {
    let mut tx = app.db().begin().await.unwrap();
    audit::record_all(&mut tx, &scope(app, user), events, app.now()).await.unwrap();
    tx.commit().await.unwrap();
}

/// Events on tasks with these ids.
fn events(ids: std::ops::RangeInclusive<i64>) -> Vec<Event> {
    let change = |id: i64| Changes::between(&json!({"title": "업무"}), &json!({"title": format!("업무 {id}")}));
    ids.map(|id| Event::new(Action::Updated, Resource::Task, id).with(change(id))).collect()
}

/// Seals what is written.
async fn seal_all(app: &TestApp) {
    seal::seal_all(app.db(), &app.state.audit_key, app.now()).await.unwrap();
}

/// What verifying the tenant's log in the database shows.
async fn verified(app: &TestApp, tenant: &str) -> Report {
    let mut conn = app.db().read().await.unwrap();
    verify::verify(&mut conn, &app.state.audit_key, &tenant.into(), None, app.now()).await.unwrap()
}

/// What is wrong with the tenant's log: what, and from which number to which.
async fn problems(app: &TestApp, tenant: &str) -> Vec<(Kind, Option<(i64, i64)>)> {
    let report = verified(app, tenant).await;
    report.problems.list.into_iter().map(|problem| (problem.kind, problem.seqs)).collect()
}

/// How many rows the tenant's log has.
async fn count(app: &TestApp, tenant: &str) -> i64 {
    let count = sql("select count(*) from audit_logs where tenant_id = ?").bind(tenant.to_owned());
    app.db().read().await.unwrap().count(count).await.unwrap()
}
