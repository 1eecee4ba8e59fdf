//! The line that ends an export as JSON lines: what it holds, signed.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::key::{AuditKey, same};

/// The line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndLine {
    /// What it says.
    pub end: End,
}

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Whose rows.
    pub tenant_id: String,
    /// When they had been read.
    pub made_at: String,
    /// The filters that chose them; `{}` for all rows.
    pub query: Box<RawValue>,
    /// How many rows.
    pub rows: u64,
    /// The number of the first one.
    pub first_seq: Option<i64>,
    /// The number of the last one.
    pub last_seq: Option<i64>,
    /// How many rows were not sealed when the file began; they are not in it.
    pub unsealed: i64,
    /// Where the chain began and ended; nothing when that was missing or not as it was signed.
    pub chain: Option<Ends>,
    /// SHA-256 of all lines before this one, with their line ends.
    pub digest: String,
    /// The code of all of it.
    pub mac: String,
}

/// Where the chain began and ended.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ends {
    /// The number of the first row, when the file ended.
    pub first_seq: i64,
    /// The number of the last row, when it began.
    pub last_seq: i64,
    /// Its seal.
    pub last_seal: String,
    /// How often the server had come upon tampering.
    pub faults: i64,
    /// At which number the last time.
    pub fault_seq: Option<i64>,
}

impl End {
    /// With its code.
    pub fn signed(self, key: &AuditKey) -> serde_json::Result<Self> {
        let bare = Self { mac: String::new(), ..self };
        let mac = key.sign("export").text(&serde_json::to_string(&bare)?).finish();
        Ok(Self { mac, ..bare })
    }

    /// As it was signed, or nothing.
    pub fn genuine(self, key: &AuditKey) -> Option<Self> {
        let mac = self.mac.clone();
        self.signed(key).ok().filter(|end| same(&end.mac, &mac))
    }
}
