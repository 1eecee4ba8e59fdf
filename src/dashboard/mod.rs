//! Figures over tasks, meetings and contracts at a glance: it stands above the features, as they know nothing of each
//! other, and reads their tables itself.

mod amounts;
mod calendar;
mod monthly;
mod summary;
mod types;
mod weekly;
mod workload;

use utoipa_axum::router::OpenApiRouter;

use crate::app::AppState;
use crate::meetings::action_items::types::ActionItemStatus;
use crate::tasks::types::TaskStatus;

/// Of a task that is still to be done.
const OPEN_TASK: [TaskStatus; 3] = [TaskStatus::Pending, TaskStatus::InProgress, TaskStatus::Review];
/// Of an action item that is still to be done.
const OPEN_ACTION_ITEM: [ActionItemStatus; 2] = [ActionItemStatus::Pending, ActionItemStatus::InProgress];

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    summary::router().merge(weekly::router()).merge(monthly::router()).merge(workload::router())
}
