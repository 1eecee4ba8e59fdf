//! What is told of a change of tasks, in its transaction: rows in the audit log, and notifications to whom it concerns.

use std::collections::BTreeMap;

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

/// So many more tasks than one are told of together.
const MANY: usize = 3;
/// How much of a title stands before the number of the others, in characters.
const TITLE_LENGTH: usize = 240;

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

/// Tells each assignee of his tasks: of a few each by itself, of many once.
async fn notify_assignees(
    conn: &mut Conn,
    scope: &Scope,
    tasks: impl Iterator<Item = &TaskRow>,
    now: Timestamp,
) -> Result<(), ApiError> {
    let mut by_assignee: BTreeMap<i64, Vec<&TaskRow>> = BTreeMap::new();
    for task in tasks {
        if let Some(assignee) = task.assigned_to {
            by_assignee.entry(assignee).or_default().push(task);
        }
    }
    let mut notices = Vec::new();
    for (assignee, tasks) in by_assignee {
        let titles = match tasks.as_slice() {
            [first, others @ ..] if others.len() >= MANY => vec![(first.id, and_more(&first.title, others.len()))],
            few => few.iter().map(|task| (task.id, task.title.clone())).collect(),
        };
        notices.extend(titles.into_iter().map(|(id, title)| {
            let notice = Notice { kind: Kind::TaskAssigned, title, resource_type: Resource::Task, resource_id: id };
            (notice, vec![assignee])
        }));
    }
    notifications::send_all(conn, scope, notices, now).await
}

/// Tells that so many tasks came in with a file; each of them is told of besides.
pub async fn imported(conn: &mut Conn, scope: &Scope, count: usize, now: Timestamp) -> Result<(), ApiError> {
    let changes = Changes::default().field("tasks", Value::Null, count);
    let event = Event { action: Action::Imported, resource_type: Resource::Task, resource_id: None, changes };
    audit::record(conn, scope, event, now).await
}

/// The title of the first of several, in words of no language. It leaves room for the number, since what is too long is cut
/// off at the end.
fn and_more(title: &str, others: usize) -> String {
    let title: String = title.chars().take(TITLE_LENGTH).collect();
    format!("{title} (+{others})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_title_leaves_room_for_the_number() {
        assert_eq!(and_more("주간 보고", 11), "주간 보고 (+11)");
        let long = and_more(&"가".repeat(255), 4999);
        assert!(long.ends_with("가 (+4999)") && long.chars().count() <= 255, "{long}");
    }
}
