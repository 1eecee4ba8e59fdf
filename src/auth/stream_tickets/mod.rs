//! Who may open a stream, and for how long. A browser's `EventSource` sends no header, and a token must not stand in an
//! address, where logs and histories keep it; a ticket counts once and only for a moment.

mod right;
mod routes;
mod store;
mod types;

pub use right::{Right, StreamUser};
pub use routes::router;
