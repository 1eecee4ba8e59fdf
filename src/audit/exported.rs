//! Verifies a file of JSON lines that `GET /audit-logs` has given, without the database.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead};

use super::chain::problem::{Kind, Problem};
use super::chain::verifier::Noted;
use super::chain::{Entry, SealedAs};
use super::export::Line;
use super::key::{AuditKey, same};

/// The most problems that are kept one by one.
const MOST: usize = 1000;

/// What verifying a file has shown.
#[derive(Debug, Default)]
pub struct Exported {
    /// Whose rows they are.
    pub tenant: Option<String>,
    /// How many.
    pub rows: u64,
    /// The number of the first row.
    pub first: Option<i64>,
    /// The number and the seal of the last row.
    pub last: Option<Noted>,
    /// How often the next row is not the next one of the chain.
    pub gaps: u64,
    /// What is wrong, by the number of its line.
    pub problems: Vec<(u64, Problem)>,
    /// How many more problems there are.
    pub more: u64,
}

/// Verifies every row by itself and, unless the file is of rows that were chosen, that none is missing between them.
pub fn verify(lines: impl BufRead, key: &AuditKey, is_filtered: bool, noted: Option<Noted>) -> io::Result<Exported> {
    let mut check = Check { key, is_filtered, noted, number: 0, seen: HashSet::new(), exported: Exported::default() };
    for line in lines.lines() {
        check.number += 1;
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<Line>(&line) {
            Ok(line) => check.line(line),
            Err(_) => check.add(Problem::of_chain(Kind::Unreadable)),
        }
    }
    if let Some(Noted { seq, .. }) = check.noted.take() {
        check.add(Problem::of_seqs(Kind::RolledBack, seq, seq));
    }
    Ok(check.exported)
}

struct Check<'a> {
    key: &'a AuditKey,
    is_filtered: bool,
    noted: Option<Noted>,
    /// Of the line.
    number: u64,
    /// Hashes of what is drawn by lot for each row: a copy has the same.
    seen: HashSet<u64>,
    exported: Exported,
}

impl Check<'_> {
    fn line(&mut self, line: Line) {
        let (tenant, entry) = line.into_entry();
        self.exported.rows += 1;
        let is_of_others = *self.exported.tenant.get_or_insert_with(|| tenant.clone()) != tenant;
        let sealed_as = entry.sealed_as(self.key, &tenant);
        let mut hasher = DefaultHasher::new();
        entry.nonce.hash(&mut hasher);
        let is_copy = !self.seen.insert(hasher.finish());
        let fault = match sealed_as {
            _ if is_of_others => Some(Kind::Inserted),
            SealedAs::Forged => Some(Kind::Inserted),
            _ if !entry.is_genuine(self.key, &tenant) => Some(Kind::Edited),
            SealedAs::Nothing => Some(Kind::Reordered),
            SealedAs::Genuine if is_copy => Some(Kind::Copied),
            SealedAs::Genuine => None,
        };
        if let Some(kind) = fault {
            self.add(Problem::of_row(kind, entry.seq, entry.id));
        }
        if let (Some(seq), Some(seal)) = (entry.seq, &entry.seal)
            && !is_of_others
            && sealed_as != SealedAs::Nothing
        {
            self.follow(seq, seal, &entry);
        }
    }

    /// Compares a row whose number is its own with the row before it.
    fn follow(&mut self, seq: i64, seal: &str, entry: &Entry) {
        if let Some(Noted { seq: last, seal: last_seal }) = self.exported.last.clone() {
            if seq <= last {
                let kind = if seq == last { Kind::Duplicate } else { Kind::Reordered };
                self.add(Problem::of_row(kind, Some(seq), entry.id));
                return;
            }
            if seq - last > 1 {
                self.exported.gaps += 1;
                if !self.is_filtered {
                    self.add(Problem::of_seqs(Kind::Missing, last + 1, seq - 1));
                }
            } else if !same(entry.previous_seal.as_deref().unwrap_or_default(), &last_seal) {
                self.add(Problem::of_row(Kind::Unlinked, Some(seq), entry.id));
            }
        }
        if let Some(noted) = self.noted.take_if(|noted| noted.seq == seq)
            && !same(&noted.seal, seal)
        {
            self.add(Problem::of_row(Kind::NotedDiffers, Some(seq), entry.id));
        }
        self.exported.first.get_or_insert(seq);
        self.exported.last = Some(Noted { seq, seal: seal.to_owned() });
    }

    fn add(&mut self, problem: Problem) {
        if self.exported.problems.len() < MOST {
            self.exported.problems.push((self.number, problem));
        } else {
            self.exported.more += 1;
        }
    }
}
