//! What people say about a task.

mod routes;
mod store;
mod trail;
mod types;

pub use routes::router;
pub use trail::all_deleted;
