//! Contracts that follow others.

mod routes;
mod store;
mod term;
mod types;

pub use routes::router;
