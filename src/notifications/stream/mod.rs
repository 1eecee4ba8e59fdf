//! Notifications as they come: Server-Sent Events (WHATWG HTML, 9.2).

mod flow;
mod routes;
mod types;

pub use routes::router;
