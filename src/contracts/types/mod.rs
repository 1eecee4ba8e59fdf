//! Bodies and answers of contracts.

mod answers;
mod bodies;

pub use answers::{Contract, ContractAnswer, ContractChanged, ContractList};
pub use bodies::{ContractPatch, ContractQuery, NewContract};

use crate::db::text_enum;

text_enum! {
    /// Where a contract is in its life.
    #[derive(Default)]
    pub enum ContractStatus {
        /// Being written.
        #[default]
        Draft = "draft",
        /// In force.
        Active = "active",
        /// Past its end.
        Expired = "expired",
        /// Ended early.
        Terminated = "terminated",
        /// Followed by another one.
        Renewed = "renewed",
    }
}
