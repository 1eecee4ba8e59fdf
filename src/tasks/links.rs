//! What a task may link to: an active user of its tenant, and a top-level task.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::parents::store as parents;
use super::row::TaskRow;
use crate::auth::{self, Scope};
use crate::db::{Conn, DbResult};
use crate::error::{FieldFaults, FieldMessage};

/// The most subtasks of a task: a change of it may be one of them all.
const MAX_SUBTASKS: usize = 1000;

/// The links of a task that are new, and so to be checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Links {
    /// Assignee.
    pub assigned_to: Option<i64>,
    /// Parent.
    pub parent_id: Option<i64>,
}

impl Links {
    /// Those of a new task.
    pub fn of(task: &TaskRow) -> Self {
        Self { assigned_to: task.assigned_to, parent_id: task.parent_id }
    }

    /// Those that a change makes: a task keeps an assignee who has left.
    pub fn between(old: &TaskRow, new: &TaskRow) -> Self {
        Self {
            assigned_to: new.assigned_to.filter(|_| new.assigned_to != old.assigned_to),
            parent_id: new.parent_id.filter(|_| new.parent_id != old.parent_id),
        }
    }
}

/// Where links can lead.
#[derive(Debug)]
pub struct Targets {
    members: HashSet<i64>,
    parents: HashSet<i64>,
    /// How many subtasks each has.
    subtasks: HashMap<i64, usize>,
}

impl Targets {
    /// Looks up what these links lead to: at most three statements, however many links there are.
    pub async fn find(conn: &mut Conn, scope: &Scope, links: &[Links]) -> DbResult<Self> {
        let users: BTreeSet<i64> = links.iter().filter_map(|links| links.assigned_to).collect();
        let tasks: BTreeSet<i64> = links.iter().filter_map(|links| links.parent_id).collect();
        Ok(Self {
            members: auth::store::active_members(conn, scope, &users).await?,
            parents: parents::top_level(conn, scope, &tasks).await?,
            subtasks: parents::count_subtasks(conn, scope, &tasks).await?,
        })
    }

    /// What is wrong with these links, if one more task after the others gets them, or so many at once.
    pub fn faults(&mut self, links: Links, tasks: usize) -> FieldFaults {
        let mut faults = FieldFaults::default();
        if links.assigned_to.is_some_and(|user| !self.members.contains(&user)) {
            faults.add("assigned_to", FieldMessage::NotAMember);
        }
        if let Some(parent) = links.parent_id {
            let subtasks = self.subtasks.entry(parent).or_default();
            *subtasks = subtasks.saturating_add(tasks);
            if !self.parents.contains(&parent) {
                faults.add("parent_id", FieldMessage::NotAParent);
            } else if *subtasks > MAX_SUBTASKS {
                faults.add("parent_id", FieldMessage::TooManySubtasks(MAX_SUBTASKS));
            }
        }
        faults
    }
}

/// What is wrong with the links of a new task. Its parent is locked.
pub async fn faults_of_new(conn: &mut Conn, scope: &Scope, task: &TaskRow) -> DbResult<FieldFaults> {
    let links = Links::of(task);
    Ok(Targets::find(conn, scope, &[links]).await?.faults(links, 1))
}

/// What is wrong with the links that one patch makes of these tasks, as they were and as they are to be. They are
/// locked, with their new parent.
pub async fn faults_of_change(conn: &mut Conn, scope: &Scope, changes: &[(TaskRow, TaskRow)]) -> DbResult<FieldFaults> {
    let new: Vec<Links> = changes.iter().map(|(old, new)| Links::between(old, new)).collect();
    // The same patch makes the same links, or none where they are there already.
    let links = new.iter().fold(Links::default(), |all, links| Links {
        assigned_to: all.assigned_to.or(links.assigned_to),
        parent_id: all.parent_id.or(links.parent_id),
    });
    let subtasks = new.iter().filter(|links| links.parent_id.is_some()).count();
    let mut faults = Targets::find(conn, scope, &[links]).await?.faults(links, subtasks);
    let Some(parent) = links.parent_id else { return Ok(faults) };
    let ids: Vec<i64> = changes.iter().map(|(task, _)| task.id).collect();
    if ids.contains(&parent) {
        faults.add("parent_id", FieldMessage::NotAParent);
    } else if parents::have_subtasks(conn, scope, &ids).await? {
        faults.add("parent_id", FieldMessage::HasSubtasks);
    }
    Ok(faults)
}
