//! Weekly tasks: their rows, subtasks and comments, many at once, and as CSV.

mod bulk;
mod comments;
mod export;
mod import;
mod links;
mod parents;
mod routes;
pub mod row;
pub mod store;
pub mod trail;
pub mod types;

use utoipa_axum::router::OpenApiRouter;

use crate::app::AppState;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    routes::router().merge(bulk::router()).merge(import::router()).merge(comments::router())
}
