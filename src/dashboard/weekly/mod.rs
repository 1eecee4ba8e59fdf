//! How tasks went, week by week.

mod routes;
mod store;
mod types;

pub use routes::router;
