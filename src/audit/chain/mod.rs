//! The chain that a tenant's rows are sealed into, as plain values: what a row's code and seal are made of, how rows
//! are added at the end, and how old ones go from the beginning.
//!
//! * A row's **code** is made by its writer, from all that the row says. It proves that the server wrote it.
//! * A row's **seal** is made later, from its number, its id, its code, the moment and the seal before it. It proves
//!   the row's place, and that it was sealed then: whoever undoes seals to leave a row out gets new ones, of a later
//!   moment.
//! * The **ends** of the chain ([`Chain`]) are signed as a whole: the last seal, so that rows cannot be cut off at the
//!   end, the first row that must be there and the seal before it, so that old rows can go, and what the server found.

mod ends;
pub mod problem;
pub mod store;
pub mod verifier;

pub use ends::Chain;

use super::key::{AuditKey, same};
use crate::clock::Timestamp;
use crate::db::{Stored, readable};

/// How far apart the moments may be at which a row was written and sealed, and the clocks of two servers, in
/// microseconds. Rows are sealed a second or two after they were written.
pub const TOLERANCE: i64 = 10 * 60 * 1_000_000;

/// All that a row says, as it is signed.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Drawn by lot, so that no two rows are alike.
    pub nonce: &'a str,
    /// What was done.
    pub action: &'a str,
    /// To what.
    pub resource_type: &'a str,
    /// To which one.
    pub resource_id: Option<&'a str>,
    /// By whom.
    pub user_id: Option<&'a str>,
    /// From where.
    pub ip: Option<&'a str>,
    /// With what.
    pub user_agent: Option<&'a str>,
    /// In which request.
    pub request_id: Option<&'a str>,
    /// The JSON of what changed, to the letter.
    pub changes: &'a str,
    /// When; nothing for what cannot be read.
    pub created_at: Option<Timestamp>,
}

impl Facts<'_> {
    /// The row's code.
    pub fn sign(&self, key: &AuditKey, tenant: &str) -> String {
        let Self {
            nonce,
            action,
            resource_type,
            resource_id,
            user_id,
            ip,
            user_agent,
            request_id,
            changes,
            created_at,
        } = *self;
        let created_at = created_at.map(|moment| moment.micros().to_string());
        let signing = key.sign("row").text(tenant).text(nonce).text(action).text(resource_type).maybe(resource_id);
        let signing = signing.maybe(user_id).maybe(ip).maybe(user_agent).maybe(request_id).text(changes);
        signing.maybe(created_at.as_deref()).finish()
    }
}

/// A row as the database has it. Whoever can write there can put in anything, so every column is read as what is
/// stored there, whatever it is.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Entry {
    /// Key.
    pub id: i64,
    /// Number in the chain; nothing while it is not sealed.
    pub seq: Option<i64>,
    /// Drawn by lot.
    #[sqlx(try_from = "Stored<String>")]
    pub nonce: String,
    /// What was done.
    #[sqlx(try_from = "Stored<String>")]
    pub action: String,
    /// To what.
    #[sqlx(try_from = "Stored<String>")]
    pub resource_type: String,
    /// To which one.
    #[sqlx(try_from = "Stored<String>")]
    pub resource_id: Option<String>,
    /// By whom.
    #[sqlx(try_from = "Stored<String>")]
    pub user_id: Option<String>,
    /// From where.
    #[sqlx(try_from = "Stored<String>")]
    pub ip: Option<String>,
    /// With what.
    #[sqlx(try_from = "Stored<String>")]
    pub user_agent: Option<String>,
    /// In which request.
    #[sqlx(try_from = "Stored<String>")]
    pub request_id: Option<String>,
    /// The JSON of what changed.
    #[sqlx(try_from = "Stored<String>")]
    pub changes: String,
    /// When.
    #[sqlx(try_from = "Stored<Timestamp>")]
    pub created_at: Option<Timestamp>,
    /// The row's code.
    #[sqlx(try_from = "Stored<String>")]
    pub mac: String,
    /// The seal before its own.
    #[sqlx(try_from = "Stored<String>")]
    pub previous_seal: Option<String>,
    /// Its seal.
    #[sqlx(try_from = "Stored<String>")]
    pub seal: Option<String>,
    /// When it was sealed.
    #[sqlx(try_from = "Stored<Timestamp>")]
    pub sealed_at: Option<Timestamp>,
}

/// Who sealed a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedAs {
    /// The server, which found its code right.
    Genuine,
    /// The server, which found its code wrong.
    Forged,
    /// Nobody, at this place.
    Nothing,
}

impl Entry {
    /// When it was written, if that can be read.
    pub fn moment(&self) -> Option<Timestamp> {
        self.created_at.and_then(readable)
    }

    /// When it was sealed, if that can be read.
    pub fn sealed_moment(&self) -> Option<Timestamp> {
        self.sealed_at.and_then(readable)
    }

    /// The code that a row with this content has.
    pub fn sign(&self, key: &AuditKey, tenant: &str) -> String {
        let facts = Facts {
            nonce: &self.nonce,
            action: &self.action,
            resource_type: &self.resource_type,
            resource_id: self.resource_id.as_deref(),
            user_id: self.user_id.as_deref(),
            ip: self.ip.as_deref(),
            user_agent: self.user_agent.as_deref(),
            request_id: self.request_id.as_deref(),
            changes: &self.changes,
            created_at: self.moment(),
        };
        facts.sign(key, tenant)
    }

    /// Whether its content is what its writer signed.
    pub fn is_genuine(&self, key: &AuditKey, tenant: &str) -> bool {
        same(&self.mac, &self.sign(key, tenant))
    }

    /// Whether its seal is of its number, its id, its code, its moment and the seal that it names before its own.
    pub fn sealed_as(&self, key: &AuditKey, tenant: &str) -> SealedAs {
        let (Some(seq), Some(previous_seal), Some(seal)) = (self.seq, &self.previous_seal, &self.seal) else {
            return SealedAs::Nothing;
        };
        let Some(sealed_at) = self.sealed_moment() else { return SealedAs::Nothing };
        let is = |is_genuine| {
            same(seal, &Place { seq, id: self.id, previous_seal, sealed_at }.seal(key, tenant, is_genuine, &self.mac))
        };
        if is(true) {
            SealedAs::Genuine
        } else if is(false) {
            SealedAs::Forged
        } else {
            SealedAs::Nothing
        }
    }
}

/// A row's place in the chain.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    seq: i64,
    id: i64,
    previous_seal: &'a str,
    sealed_at: Timestamp,
}

impl Place<'_> {
    /// The seal of the row with this code. One whose code is wrong is sealed as such: it must not hold up the others,
    /// and nobody can later pretend that it was right.
    fn seal(self, key: &AuditKey, tenant: &str, is_genuine: bool, mac: &str) -> String {
        let Self { seq, id, previous_seal, sealed_at } = self;
        let purpose = if is_genuine { "seal" } else { "seal of a forged row" };
        let signing = key.sign(purpose).text(tenant).number(seq).number(id).text(previous_seal);
        signing.number(sealed_at.micros()).text(mac).finish()
    }
}

/// A seal for a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The row.
    pub id: i64,
    /// Its number.
    pub seq: i64,
    /// The seal before.
    pub previous_seal: String,
    /// Its seal.
    pub seal: String,
    /// When.
    pub sealed_at: Timestamp,
    /// Whether its code is right.
    pub is_genuine: bool,
}

#[cfg(test)]
mod tests;
