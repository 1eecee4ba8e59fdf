//! Contracts, whose amounts are encrypted at rest.

mod access;
mod amount;
mod export;
pub mod history;
mod renewal;
mod routes;
pub mod store;
mod trail;
pub mod types;

pub use amount::{AmountCipher, AmountError, Place};
pub use routes::router;
