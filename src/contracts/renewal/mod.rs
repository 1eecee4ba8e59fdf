//! Contracts that follow others.

mod automatic;
mod missed;
mod number;
mod release;
mod routes;
mod store;
mod term;
mod types;

pub use automatic::{Renewed, renew_itself};
pub use release::release;
pub use routes::{close, router};
pub use store::is_renewed;
