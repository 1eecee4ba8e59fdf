//! Sessions and what ends them: signing out, and a new password.

mod routes;
pub mod store;
mod types;

pub use routes::router;
