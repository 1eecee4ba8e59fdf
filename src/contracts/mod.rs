//! Contracts, whose amounts are encrypted at rest.

mod amount;
mod routes;
pub mod store;
pub mod types;

pub use amount::{AmountCipher, AmountError, Place};
pub use routes::router;
