//! Verifies a file of JSON lines that `GET /audit-logs` has given, without the database.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead};

use sha2::{Digest, Sha256};

use super::chain::problem::{Kind, Problem};
use super::chain::verifier::{Noted, fault_of_time};
use super::chain::{Entry, SealedAs};
use super::end::{End, EndLine, Ends};
use super::export::Line;
use super::key::{AuditKey, same};

/// The most problems that are kept one by one.
const MOST: usize = 1000;
/// How the line begins that ends a file.
const END: &[u8] = b"{\"end\":";
/// No filters.
const ALL_ROWS: &str = "{}";

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
    /// How many rows were not sealed when the file was made, and are not in it.
    pub unsealed: i64,
    /// What is wrong, by the number of its line.
    pub problems: Vec<(u64, Problem)>,
    /// How many more problems there are.
    pub more: u64,
}

/// Verifies every row by itself and, unless the file is of rows that were chosen, that none is missing between them;
/// and that the file is, from its first to its last line, what the server gave.
pub fn verify(
    mut lines: impl BufRead,
    key: &AuditKey,
    is_filtered: bool,
    noted: Option<Noted>,
) -> io::Result<Exported> {
    let mut check = Check {
        key,
        is_filtered,
        noted,
        number: 0,
        seen: HashSet::new(),
        gaps: Vec::new(),
        digest: Sha256::new(),
        end: Ending::None,
        exported: Exported::default(),
    };
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        check.number += 1;
        check.take(&line);
        line.clear();
    }
    Ok(check.finish())
}

/// What is known of the line that ends the file.
enum Ending {
    None,
    /// It is not as it was signed, or not of these lines.
    Forged,
    Genuine(Box<End>),
}

struct Check<'a> {
    key: &'a AuditKey,
    is_filtered: bool,
    noted: Option<Noted>,
    /// Of the line.
    number: u64,
    /// Hashes of what is drawn by lot for each row: a copy has the same.
    seen: HashSet<u64>,
    /// Numbers that are missing, with the line before which: those before the beginning of the chain may be.
    gaps: Vec<(u64, i64, i64)>,
    /// Of the lines so far.
    digest: Sha256,
    end: Ending,
    exported: Exported,
}

impl Check<'_> {
    fn take(&mut self, line: &[u8]) {
        if !matches!(self.end, Ending::None) {
            self.add(Problem::of_chain(Kind::BehindEnd));
        } else if line.starts_with(END) {
            self.end(line);
        } else {
            self.digest.update(line);
            match serde_json::from_slice::<Line>(line) {
                Ok(line) => self.row(line),
                Err(_) => self.add(Problem::of_chain(Kind::Unreadable)),
            }
        }
    }

    fn row(&mut self, line: Line) {
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
            SealedAs::Genuine => fault_of_time(entry.moment(), entry.sealed_moment()),
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
            if last.checked_add(1) != Some(seq) {
                self.exported.gaps += 1;
                if !self.is_filtered && self.gaps.len() < MOST {
                    self.gaps.push((self.number, last.saturating_add(1), seq.saturating_sub(1)));
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

    /// Takes the line that ends the file.
    fn end(&mut self, line: &[u8]) {
        let digest = hex::encode(self.digest.clone().finalize());
        let end = serde_json::from_slice::<EndLine>(line).ok().and_then(|line| line.end.genuine(self.key));
        match end.filter(|end| same(&end.digest, &digest)) {
            Some(end) => {
                self.exported.tenant.get_or_insert_with(|| end.tenant_id.clone());
                self.exported.unsealed = end.unsealed;
                self.end = Ending::Genuine(Box::new(end));
            }
            None => {
                self.end = Ending::Forged;
                self.add(Problem::of_chain(Kind::EditedFile));
            }
        }
    }

    fn finish(mut self) -> Exported {
        let end = std::mem::replace(&mut self.end, Ending::None);
        let end = match end {
            Ending::Genuine(end) => Some(*end),
            Ending::Forged => None,
            Ending::None => {
                self.add(Problem::of_chain(Kind::CutFile));
                None
            }
        };
        // Rows that retention deleted while the file was made are in it or not.
        let begin = end.as_ref().and_then(|end| end.chain.as_ref()).map(|chain| chain.first_seq);
        for (number, first, last) in std::mem::take(&mut self.gaps) {
            let first = begin.map_or(first, |begin| begin.max(first));
            if first <= last {
                self.add_at(number, Problem::of_seqs(Kind::Missing, first, last));
            }
        }
        if let Some(end) = end {
            self.compare(&end);
        }
        if let Some(Noted { seq, .. }) = self.noted.take() {
            self.add(Problem::of_seqs(Kind::RolledBack, seq, seq));
        }
        self.exported.problems.sort_by_key(|(number, _)| *number);
        self.exported
    }

    /// Compares the rows with what the server knew of the chain.
    fn compare(&mut self, end: &End) {
        let Some(Ends { first_seq, last_seq, last_seal, faults, fault_seq }) = &end.chain else {
            self.add(Problem::of_chain(Kind::ChainForged));
            return;
        };
        if *faults > 0 {
            let seq = fault_seq.unwrap_or_default();
            self.add(Problem::of_seqs(Kind::EarlierFault, seq, seq));
        }
        if self.is_filtered {
            return;
        }
        if end.query.get() != ALL_ROWS {
            self.add(Problem::of_chain(Kind::Filtered));
            return;
        }
        if let Some(first) = self.exported.first.filter(|first| first > first_seq) {
            self.add_at(1, Problem::of_seqs(Kind::Missing, *first_seq, first.saturating_sub(1)));
        }
        let last = self.exported.last.clone();
        match last {
            Some(last) if last.seq == *last_seq && !same(&last.seal, last_seal) => {
                self.add(Problem::of_seqs(Kind::HeadMismatch, last.seq, last.seq));
            }
            Some(last) if last.seq < *last_seq => {
                self.add(Problem::of_seqs(Kind::CutTail, last.seq.saturating_add(1), *last_seq));
            }
            None if first_seq <= last_seq => self.add(Problem::of_seqs(Kind::CutTail, *first_seq, *last_seq)),
            _ => {}
        }
    }

    fn add(&mut self, problem: Problem) {
        self.add_at(self.number, problem);
    }

    fn add_at(&mut self, number: u64, problem: Problem) {
        if self.exported.problems.len() < MOST {
            self.exported.problems.push((number, problem));
        } else {
            self.exported.more += 1;
        }
    }
}
