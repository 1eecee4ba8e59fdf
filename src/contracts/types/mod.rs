//! Bodies and answers of contracts.

mod answers;
mod bodies;
mod queries;

pub use answers::{Contract, ContractAnswer, ContractChanged, ContractList};
pub use bodies::{ContractPatch, NewContract};
pub use queries::{ContractQuery, ExpiringQuery};

use crate::db::text_enum;

text_enum! {
    /// What kind of contract it is.
    #[derive(Default)]
    pub enum ContractType {
        /// Work for a customer.
        #[default]
        Service = "service",
        /// Software to use.
        License = "license",
        /// Upkeep.
        Maintenance = "maintenance",
        /// Silence.
        Nda = "nda",
        /// An intention.
        Mou = "mou",
        /// None of these.
        Other = "other",
    }
}

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
