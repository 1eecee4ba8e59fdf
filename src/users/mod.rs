//! The users of a tenant, for whoever picks one and for those who manage them.

mod routes;
pub mod store;
pub mod types;

pub use routes::router;
