//! What follows from a meeting.

mod change;
mod routes;
pub mod store;
pub mod types;

pub use change::{find_item, find_item_to_change};
pub use routes::router;
