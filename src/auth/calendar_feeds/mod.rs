//! The link by which a user's calendar program, which can send no token in a header, reads his calendar: its path ends
//! with a secret.

mod owner;
mod routes;
mod store;
mod types;

pub use owner::FeedOwner;
pub use routes::router;
