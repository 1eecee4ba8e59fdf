//! Which contracts started, ended and were made, month by month.

mod routes;
mod store;
mod types;

pub use routes::router;
