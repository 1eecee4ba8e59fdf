//! What concerns two features at once: it stands above them, as they know nothing of each other.

mod routes;
pub mod types;
mod week;

pub use routes::router;
