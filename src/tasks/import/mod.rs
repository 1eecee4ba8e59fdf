//! Tasks from CSV.

mod reader;
mod routes;
mod types;

pub use routes::router;
