//! Tasks to make, and everything that is wrong with them.

use super::super::links::{Links, Targets};
use super::super::row::TaskRow;
use super::super::types::NewTask;
use super::super::{store, trail};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::Conn;
use crate::error::{ApiError, FieldFault, FieldFaults};

/// A task to make.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Where in the request it stands: an index, or a line.
    pub place: String,
    /// The task, or what is wrong with it as it stands.
    pub task: Result<NewTask, FieldFaults>,
}

/// The rows of the tasks, or all that is wrong with any of them, by place. However many there are, it takes the same
/// few statements.
pub async fn check(conn: &mut Conn, scope: &Scope, drafts: &[Draft], now: Timestamp) -> Result<Vec<TaskRow>, ApiError> {
    let mut faults = FieldFaults::default();
    let (mut places, mut rows) = (Vec::new(), Vec::new());
    for Draft { place, task } in drafts {
        match task {
            Ok(task) => {
                places.push(place);
                rows.push(task.clone().into_row(scope, now));
            }
            Err(wrong) => faults.add(place, FieldFault::Parts(wrong.clone())),
        }
    }
    let links: Vec<Links> = rows.iter().map(Links::of).collect();
    let parents: Vec<i64> = links.iter().filter_map(|links| links.parent_id).collect();
    store::lock(conn, scope, &parents).await?;
    let mut targets = Targets::find(conn, scope, &links).await?;
    for (place, links) in places.into_iter().zip(links) {
        let wrong = targets.faults(links, 1);
        if !wrong.is_empty() {
            faults.add(place, FieldFault::Parts(wrong));
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(ApiError::fields(faults)) }
}

/// Makes the tasks, if nothing is wrong with any of them, and gives their ids in the same order.
pub async fn insert(conn: &mut Conn, scope: &Scope, drafts: &[Draft], now: Timestamp) -> Result<Vec<i64>, ApiError> {
    let mut rows = check(conn, scope, drafts, now).await?;
    let ids = store::insert_many(conn, scope, &rows).await?;
    for (row, id) in rows.iter_mut().zip(&ids) {
        row.id = *id;
    }
    trail::created(conn, scope, &rows, now).await?;
    Ok(ids)
}
