//! The calendar of a user: meetings, and what is due. It stands above the features, whose rows it reads.

mod content;
mod routes;
mod store;
pub mod types;

pub use routes::router;
