//! What is to be done, and what contracts are worth.

mod routes;
mod store;
mod types;

pub use routes::router;
