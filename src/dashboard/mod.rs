//! Figures over tasks, meetings and contracts at a glance: it stands above the features, as they know nothing of each
//! other, and reads their tables itself.

mod amounts;
mod calendar;
mod monthly;
mod summary;
mod trail;
mod turns;
mod types;
mod weekly;
mod workload;

use utoipa_axum::router::OpenApiRouter;

use crate::app::AppState;

pub use turns::{Turn, Turns};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    summary::router().merge(weekly::router()).merge(monthly::router()).merge(workload::router())
}
