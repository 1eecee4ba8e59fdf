//! What joins rows of features that know nothing of each other: an action item and the task that it became are done
//! together, and taken up again together.

mod store;

use std::collections::BTreeMap;

use crate::audit::{self, Action, Changes, Event};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::Conn;
use crate::error::ApiError;
use crate::resource::Resource;

/// What both call it.
const DONE: &str = "completed";

/// A row that has gone from one status to another, if it has.
#[derive(Debug, Clone, Copy)]
pub struct Moved {
    /// Which one.
    pub id: i64,
    /// The status before.
    pub from: &'static str,
    /// The status after.
    pub to: &'static str,
}

impl Moved {
    /// The status for the other one to follow to, if this one is done or taken up again.
    fn following(self) -> Option<&'static str> {
        let Self { id: _, from, to } = self;
        (from != to && (from == DONE || to == DONE)).then_some(to)
    }
}

/// After tasks have moved, in the same transaction: the action items that became them follow.
pub async fn tasks_moved(conn: &mut Conn, scope: &Scope, moved: &[Moved], now: Timestamp) -> Result<(), ApiError> {
    let mut tasks: BTreeMap<&'static str, Vec<i64>> = BTreeMap::new();
    for task in moved {
        match task.following() {
            // An action item knows no review.
            Some("review") => tasks.entry("in_progress").or_default().push(task.id),
            Some(status) => tasks.entry(status).or_default().push(task.id),
            None => {}
        }
    }
    for (status, tasks) in tasks {
        let items = store::move_action_items(conn, scope, &tasks, status, now).await?;
        record(conn, scope, Resource::ActionItem, items, status, now).await?;
    }
    Ok(())
}

/// After an action item has moved, in the same transaction: the task that it became follows; `moved` names the task.
pub async fn action_item_moved(conn: &mut Conn, scope: &Scope, moved: Moved, now: Timestamp) -> Result<(), ApiError> {
    let Some(status) = moved.following() else { return Ok(()) };
    let task = store::move_task(conn, scope, moved.id, status, now).await?;
    record(conn, scope, Resource::Task, task, status, now).await
}

/// Writes down that these rows, given with the status that they had, have followed.
async fn record(
    conn: &mut Conn,
    scope: &Scope,
    resource: Resource,
    rows: Vec<(i64, String)>,
    status: &'static str,
    now: Timestamp,
) -> Result<(), ApiError> {
    let event = |(id, from): (i64, String)| {
        Event::new(Action::Updated, resource, id).with(Changes::default().field("status", from, status))
    };
    audit::record_all(conn, scope, rows.into_iter().map(event).collect(), now).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_done_or_taken_up_again_is_followed() {
        for (from, to, following) in [
            ("pending", "completed", Some("completed")),
            ("cancelled", "completed", Some("completed")),
            ("completed", "pending", Some("pending")),
            ("completed", "cancelled", Some("cancelled")),
            ("completed", "completed", None),
            ("pending", "in_progress", None),
        ] {
            assert_eq!(Moved { id: 1, from, to }.following(), following, "{from} {to}");
        }
    }
}
