//! Who has how much to do.

use serde::Serialize;
use utoipa::ToSchema;

use super::store::{UserWorkRow, WorkRow};
use crate::policy::Role;

/// An answer with the workload.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkloadAnswer {
    /// The workload.
    pub workload: Workload,
}

/// Who has how much to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Workload {
    /// Active users, and inactive ones who have left something open: those with most open tasks first, then by name. At
    /// most 1,000.
    pub users: Vec<UserWork>,
    /// What has been given to nobody.
    pub unassigned: Work,
    /// Whether there are more users than these.
    pub truncated: bool,
}

/// A user, and what he has to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserWork {
    /// Key.
    #[schema(example = 1)]
    pub id: i64,
    /// Display name.
    #[schema(example = "Hong Gil-dong")]
    pub name: String,
    /// Role in the tenant.
    pub role: Role,
    /// Whether signing in is allowed.
    pub is_active: bool,
    /// What he has to do.
    #[serde(flatten)]
    pub work: Work,
}

/// What is to be done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Work {
    /// Tasks that are neither completed nor cancelled.
    pub open_tasks: i64,
    /// Those of them that were due before today in `APP_TIMEZONE`.
    pub overdue: i64,
    /// Those of them that are due from Monday to Sunday of this ISO week, overdue or not.
    pub due_this_week: i64,
    /// Those of them that are being checked.
    pub in_review: i64,
    /// Completed tasks whose week is this ISO week.
    pub completed_this_week: i64,
    /// Action items that are neither completed nor cancelled.
    pub open_action_items: i64,
}

impl From<UserWorkRow> for UserWork {
    fn from(row: UserWorkRow) -> Self {
        let UserWorkRow { id, name, role, is_active, work } = row;
        Self { id, name, role, is_active, work: work.into() }
    }
}

impl From<WorkRow> for Work {
    fn from(row: WorkRow) -> Self {
        let WorkRow { open_tasks, overdue, due_this_week, in_review, completed_this_week, open_action_items } = row;
        Self { open_tasks, overdue, due_this_week, in_review, completed_this_week, open_action_items }
    }
}
