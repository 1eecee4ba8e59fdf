//! Invitations: how somebody joins a tenant in a role that was chosen for him.

mod redeem;
mod routes;
mod store;
pub mod token;
mod types;

pub use redeem::Invited;
pub use routes::router;
