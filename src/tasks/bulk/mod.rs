//! Many tasks at once: all of them or none.

mod drafts;
mod routes;
mod store;
mod types;

pub use drafts::{Draft, check, insert};
pub use routes::router;
