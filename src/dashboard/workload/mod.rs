//! Who has how much to do.

mod routes;
mod store;
mod types;

pub use routes::router;
