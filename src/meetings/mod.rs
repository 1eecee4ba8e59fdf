//! Meetings with their attendees and action items.

pub mod action_items;
pub mod attendees;
mod change;
mod export;
mod routes;
pub mod store;
pub mod trail;
pub mod types;

pub use routes::router;
