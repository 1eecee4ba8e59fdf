//! Who attends a meeting.

mod routes;
pub mod store;
pub mod types;

pub use routes::router;
