//! Which kinds of notifications a user wants, how they reach him, and in which language.

mod routes;
mod store;
mod types;

pub use routes::router;
pub use types::{KindPreference, Locale};
