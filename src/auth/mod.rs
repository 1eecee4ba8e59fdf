//! Signing in: accounts, passwords, tokens, and the guard that every other feature stands behind.

mod calendar_feeds;
mod failed_logins;
mod guard;
mod invitations;
mod known_users;
mod login_failure;
pub mod password;
mod routes;
mod secret;
mod sessions;
pub mod store;
mod stream_tickets;
mod token;
pub mod types;
mod werkzeug;

pub use calendar_feeds::FeedOwner;
pub use failed_logins::FailedLogins;
pub use guard::{May, Scope};
pub use known_users::KnownUsers;
pub use routes::router;
pub use stream_tickets::{Right, StreamUser};
pub use token::{SessionTokens, TokenType, Tokens};
