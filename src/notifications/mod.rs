//! Notifications: what has happened to a user's work, as a list and as a stream.
//!
//! Whoever causes one calls [`send()`] in the transaction of its cause. It knows no feature. Between instances the database
//! is the bus: each one looks there for whom it has open streams.

pub mod bus;
mod preferences;
mod routes;
mod send;
mod store;
mod stream;
mod subscribers;
mod types;

pub use preferences::Locale;
pub use send::{Notice, send, send_all};
pub use store::delete_expired;
pub use subscribers::Subscribers;
pub use types::NotificationKind as Kind;

use utoipa_axum::router::OpenApiRouter;

use crate::app::AppState;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    routes::router().merge(preferences::router()).merge(stream::router())
}
