//! Meetings with their attendees and action items.

mod routes;
pub mod store;
pub mod types;

pub use routes::router;
