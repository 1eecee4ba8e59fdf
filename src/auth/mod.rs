//! Signing in: accounts, passwords, tokens, and the guard that every other feature stands behind.

mod failed_logins;
mod guard;
pub mod password;
mod routes;
pub mod store;
mod token;
pub mod types;
mod werkzeug;

pub use failed_logins::FailedLogins;
pub use guard::{KnownUsers, May, Scope};
pub use routes::router;
pub use token::{TokenType, Tokens};
