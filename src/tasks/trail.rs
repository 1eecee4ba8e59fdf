//! What is told of a change of tasks, in its transaction: rows in the audit log, and notifications to whom it concerns.

use serde_json::Value;

use super::row::TaskRow;
use super::store::Bereft;
use super::types::Task;
use crate::audit::{self, Action, Changes, Event};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::Conn;
use crate::error::ApiError;
use crate::notifications::{self, Kind, Notice};
use crate::resource::Resource;

/// These tasks are new.
pub async fn created(conn: &mut Conn, scope: &Scope, tasks: &[TaskRow], now: Timestamp) -> Result<(), ApiError> {
    let event = |task: &TaskRow| event(Action::Created, task.id, Changes::created(&Task::from(task.clone())));
    audit::record_all(conn, scope, tasks.iter().map(event).collect(), now).await?;
    notify_assignees(conn, scope, tasks.iter(), now).await
}

/// These tasks, given as they were and as they are, have changed.
pub async fn updated(
    conn: &mut Conn,
    scope: &Scope,
    tasks: &[(TaskRow, TaskRow)],
    now: Timestamp,
) -> Result<(), ApiError> {
    let event = |(old, new): &(TaskRow, TaskRow)| {
        let changes = Changes::between(&Task::from(old.clone()), &Task::from(new.clone()));
        event(Action::Updated, new.id, changes)
    };
    audit::record_all(conn, scope, tasks.iter().map(event).collect(), now).await?;
    let reassigned = tasks.iter().filter(|(old, new)| old.assigned_to != new.assigned_to).map(|(_, new)| new);
    notify_assignees(conn, scope, reassigned, now).await
}

/// The task is gone, and this has lost it.
pub async fn deleted(
    conn: &mut Conn,
    scope: &Scope,
    task: &TaskRow,
    bereft: &Bereft,
    now: Timestamp,
) -> Result<(), ApiError> {
    let Bereft { subtasks, action_items } = bereft;
    let lost = |field: &str| Changes::default().field(field, task.id, ());
    let mut events = vec![event(Action::Deleted, task.id, Changes::deleted(&Task::from(task.clone())))];
    events.extend(subtasks.iter().map(|id| event(Action::Updated, *id, lost("parent_id"))));
    let unlinked = |id: &i64| Event::new(Action::Updated, Resource::ActionItem, *id).with(lost("task_id"));
    events.extend(action_items.iter().map(unlinked));
    audit::record_all(conn, scope, events, now).await
}

fn event(action: Action, id: i64, changes: Changes) -> Event {
    Event::new(action, Resource::Task, id).with(changes)
}

async fn notify_assignees(
    conn: &mut Conn,
    scope: &Scope,
    tasks: impl Iterator<Item = &TaskRow>,
    now: Timestamp,
) -> Result<(), ApiError> {
    let notice = |task: &TaskRow| {
        let (kind, title) = (Kind::TaskAssigned, task.title.clone());
        let notice = Notice { kind, title, resource_type: Resource::Task, resource_id: task.id };
        Some((notice, vec![task.assigned_to?]))
    };
    notifications::send_all(conn, scope, tasks.filter_map(notice).collect(), now).await
}

/// Tells that so many tasks came in with a file; each of them is told of besides.
pub async fn imported(conn: &mut Conn, scope: &Scope, count: usize, now: Timestamp) -> Result<(), ApiError> {
    let changes = Changes::default().field("tasks", Value::Null, count);
    let event = Event { action: Action::Imported, resource_type: Resource::Task, resource_id: None, changes };
    audit::record(conn, scope, event, now).await
}
