//! Verifies a tenant's chain row by row, in a memory that does not grow with it. It knows nothing of databases: whoever
//! has the rows feeds it.
//!
//! A row's own seal proves its place. So one bad row spoils no other: behind it, or behind a gap, the next row with a
//! good seal is the place to go on from.

use super::problem::{Kind, Problem, Problems};
use super::{Chain, Entry, SealedAs, TOLERANCE};
use crate::audit::key::{AuditKey, same};
use crate::clock::Timestamp;

/// How many rows under one number are kept to choose from; there should be one.
const MOST_LOOKS: usize = 100;

/// A head that somebody has noted elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The number of the last row then.
    pub seq: i64,
    /// Its seal.
    pub seal: String,
}

/// What verifying has shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Sealed rows that were looked at.
    pub rows: u64,
    /// Rows that are not sealed yet.
    pub unsealed: u64,
    /// The numbers of the first and the last row with a good seal.
    pub seqs: Option<(i64, i64)>,
    /// When the oldest and the latest row were written.
    pub times: Option<(Timestamp, Timestamp)>,
    /// The number and the seal of the last row, as the head has them.
    pub head: Option<Noted>,
    /// Rows have been deleted that were sealed up to this moment.
    pub deleted_until: Option<Timestamp>,
    /// What is wrong.
    pub problems: Problems,
}

/// What matters of a row.
struct Look {
    id: i64,
    is_genuine: bool,
    sealed_as: SealedAs,
    previous_seal: Option<String>,
    seal: Option<String>,
    moment: Option<Timestamp>,
    sealed_moment: Option<Timestamp>,
}

/// Verifies one tenant's chain.
pub struct Verifier<'a> {
    key: &'a AuditKey,
    tenant: &'a str,
    noted: Option<Noted>,
    /// The number that comes next; nothing while nobody knows where the chain begins.
    next: Option<i64>,
    /// The seal that the next row must name; nothing when it is not known.
    link: Option<String>,
    /// Rows under the number that is being looked at. There should be one.
    seq: i64,
    looks: Vec<Look>,
    /// Numbers from `next` on that are only taken by rows that do not belong there.
    taken: Vec<i64>,
    /// Where the chain begins and ends by now: rows are deleted and sealed while it is verified.
    begin: Option<(i64, String)>,
    end: Option<i64>,
    /// When the row before was sealed, if that is known.
    sealed_before: Option<Timestamp>,
    report: Report,
}

impl<'a> Verifier<'a> {
    /// Begins with the chain as it was before any row was read.
    pub fn new(key: &'a AuditKey, tenant: &'a str, noted: Option<Noted>, chain: Option<&Chain>) -> Self {
        let mut verifier = Self {
            key,
            tenant,
            noted,
            next: None,
            link: None,
            seq: 0,
            looks: Vec::new(),
            taken: Vec::new(),
            begin: None,
            end: None,
            sealed_before: None,
            report: Report::default(),
        };
        verifier.refresh(chain);
        match (verifier.begin.clone(), chain) {
            (Some((first, previous)), Some(chain)) => {
                (verifier.next, verifier.link) = (Some(first), Some(previous));
                (verifier.sealed_before, verifier.report.deleted_until) = (chain.deleted_until, chain.deleted_until);
                verifier.note_begin();
            }
            (None, Some(_)) => verifier.report.problems.add(Problem::of_chain(Kind::ChainForged)),
            _ => {}
        }
        verifier
    }

    /// Takes the chain as it was after the rows were read that come next.
    pub fn refresh(&mut self, chain: Option<&Chain>) {
        let (key, tenant) = (self.key, self.tenant);
        let chain = chain.filter(|chain| chain.is_genuine(key, tenant));
        self.begin = chain.map(|chain| (chain.first_seq, chain.previous_seal.clone()));
        self.end = chain.map(|chain| chain.last_seq);
    }

    /// Takes the next sealed row, in the order of numbers and then of ids.
    pub fn sealed(&mut self, entry: &Entry) {
        let Some(seq) = entry.seq else { return };
        if !self.looks.is_empty() && seq != self.seq {
            self.settle();
        }
        self.seq = seq;
        self.report.rows += 1;
        let look = Look {
            id: entry.id,
            is_genuine: entry.is_genuine(self.key, self.tenant),
            sealed_as: entry.sealed_as(self.key, self.tenant),
            previous_seal: entry.previous_seal.clone(),
            seal: entry.seal.clone(),
            moment: entry.moment(),
            sealed_moment: entry.sealed_moment(),
        };
        if self.looks.len() < MOST_LOOKS || look.sealed_as != SealedAs::Nothing {
            self.looks.push(look);
        } else {
            self.refuse(seq, &[look]);
        }
    }

    /// Takes a row that was not sealed at this moment.
    pub fn unsealed(&mut self, entry: &Entry, now: Timestamp) {
        self.report.unsealed += 1;
        let fault = if !entry.is_genuine(self.key, self.tenant) {
            Some(Kind::Inserted)
        } else if lies_behind(entry.moment(), Some(now)) {
            Some(Kind::Unsealed)
        } else {
            None
        };
        if fault != Some(Kind::Inserted) {
            self.see(entry.moment());
        }
        if let Some(kind) = fault {
            self.report.problems.add(Problem::of_row(kind, None, entry.id));
        }
    }

    /// Takes a row that is there a second time.
    pub fn copied(&mut self, seq: Option<i64>, id: i64) {
        self.report.problems.add(Problem::of_row(Kind::Copied, seq, id));
    }

    /// Judges the rows under the number that was looked at last.
    pub fn settle(&mut self) {
        let (seq, mut looks) = (self.seq, std::mem::take(&mut self.looks));
        if looks.is_empty() {
            return;
        }
        let holder = looks.iter().position(|look| look.sealed_as != SealedAs::Nothing);
        if self.next.is_some_and(|next| seq < next) {
            // Deleted long ago, and back.
            looks.iter().for_each(|look| self.add(Kind::Inserted, seq, look));
        } else if let Some(holder) = holder {
            let look = looks.remove(holder);
            self.reach(seq);
            self.hold(seq, &look);
            self.refuse(seq, &looks);
            (self.next, self.link) = (Some(seq.saturating_add(1)), look.seal);
        } else if self.next == Some(seq) {
            let look = looks.remove(looks.iter().position(|look| look.is_genuine).unwrap_or(0));
            self.misplaced(seq, &look);
            self.refuse(seq, &looks);
            // Its seal may be what was edited: nobody knows what the next row should name.
            (self.next, self.link) = (Some(seq.saturating_add(1)), None);
        } else {
            if self.next.is_some() {
                self.taken.push(seq);
            }
            looks.iter().for_each(|look| self.misplaced(seq, look));
        }
    }

    /// What is wrong so far.
    pub fn problems(&self) -> &Problems {
        &self.report.problems
    }

    /// Ends with the chain as it was before and after the last row was read, when it was the same.
    pub fn finish(mut self, chain: Option<&Chain>) -> Report {
        self.settle();
        self.refresh(chain);
        match chain {
            None => self.report.problems.add(Problem::of_chain(Kind::ChainMissing)),
            Some(chain) if self.end.is_some() => self.finish_at(chain),
            Some(_) => {
                let forged = Problem::of_chain(Kind::ChainForged);
                // Unless it was so from the beginning.
                if !self.report.problems.list.contains(&forged) {
                    self.report.problems.add(forged);
                }
            }
        }
        if let Some(Noted { seq, .. }) = self.noted.take() {
            self.report.problems.add(Problem::of_seqs(Kind::RolledBack, seq, seq));
        }
        self.report
    }

    /// Compares the end with a head that can be trusted.
    fn finish_at(&mut self, chain: &Chain) {
        self.report.head = Some(Noted { seq: chain.last_seq, seal: chain.last_seal.clone() });
        if chain.faults > 0 {
            let seq = chain.fault_seq.unwrap_or_default();
            self.report.problems.add(Problem::of_seqs(Kind::EarlierFault, seq, seq));
        }
        self.skip_deleted(None);
        let Some(next) = self.next else { return };
        // What is known to have been sealed, here or before the checkpoint.
        let deleted = self.begin.as_ref().map(|(first, _)| first.saturating_sub(1));
        let sealed = self.report.seqs.map(|(_, last)| last).max(deleted);
        let (last, is_last) = (chain.last_seq, chain.last_seq == next.saturating_sub(1));
        if last >= next {
            self.missing(Kind::CutTail, next, last);
        } else if let Some(sealed) = sealed.filter(|sealed| last < *sealed) {
            self.report.problems.add(Problem::of_seqs(Kind::BeyondHead, last.saturating_add(1), sealed));
        } else if is_last && self.link.as_ref().is_some_and(|link| !same(link, &chain.last_seal)) {
            self.report.problems.add(Problem::of_seqs(Kind::HeadMismatch, last, last));
        }
    }

    /// Goes on to this number, at which there is a row with a good seal.
    fn reach(&mut self, seq: i64) {
        self.skip_deleted(Some(seq));
        match self.next {
            Some(next) if next < seq => {
                self.missing(Kind::Missing, next, seq.saturating_sub(1));
                self.link = None;
            }
            Some(_) => {}
            None => self.link = None,
        }
        self.taken.clear();
    }

    /// Leaves out what retention has deleted since the walk began; up to this number, if there is one.
    fn skip_deleted(&mut self, seq: Option<i64>) {
        let (Some(next), Some((first, previous))) = (self.next, &self.begin) else { return };
        if *first <= next {
            return;
        }
        match seq {
            // The row has been deleted since it was read.
            Some(seq) if seq < *first => {
                if next < seq {
                    (self.next, self.link) = (Some(seq), None);
                }
            }
            _ => (self.next, self.link) = (Some(*first), Some(previous.clone())),
        }
    }

    /// Judges the row whose place this is.
    fn hold(&mut self, seq: i64, look: &Look) {
        let is_linked = match (&self.link, &look.previous_seal) {
            (Some(link), Some(previous)) => same(link, previous),
            _ => true,
        };
        let fault = match look.sealed_as {
            SealedAs::Forged => Some(Kind::Inserted),
            _ if !look.is_genuine => Some(Kind::Edited),
            _ if !is_linked => Some(Kind::Unlinked),
            _ if lies_behind(look.sealed_moment, self.sealed_before) => Some(Kind::SetBack),
            _ => fault_of_time(look.moment, look.sealed_moment),
        };
        if let Some(kind) = fault {
            self.add(kind, seq, look);
        }
        if look.is_genuine {
            self.see(look.moment);
        }
        // So that a wrong clock is told once, and makes nothing of the rows behind.
        self.sealed_before = look.sealed_moment;
        let first = self.report.seqs.map_or(seq, |(first, _)| first);
        self.report.seqs = Some((first, seq));
        self.compare_noted(seq, look.seal.as_deref().unwrap_or_default());
    }

    /// Reports a row at a place where it was not sealed, and where no other one was found.
    fn misplaced(&mut self, seq: i64, look: &Look) {
        let is_beyond = self.end.is_some_and(|end| seq > end);
        let kind = match (look.is_genuine, is_beyond) {
            (true, _) => Kind::Reordered,
            (false, true) => Kind::Inserted,
            (false, false) => Kind::Edited,
        };
        self.add(kind, seq, look);
    }

    /// Reports rows under a number that belongs to another one.
    fn refuse(&mut self, seq: i64, looks: &[Look]) {
        for look in looks {
            let kind = if look.sealed_as == SealedAs::Nothing { Kind::Inserted } else { Kind::Duplicate };
            self.add(kind, seq, look);
        }
    }

    fn add(&mut self, kind: Kind, seq: i64, look: &Look) {
        self.report.problems.add(Problem::of_row(kind, Some(seq), look.id));
    }

    /// Reports numbers without a row, but for those that have been reported with one that does not belong there.
    fn missing(&mut self, kind: Kind, first: i64, last: i64) {
        let mut next = first;
        for taken in std::mem::take(&mut self.taken) {
            if taken > last {
                break;
            }
            if next < taken {
                self.report.problems.add(Problem::of_seqs(kind, next, taken.saturating_sub(1)));
            }
            next = taken.saturating_add(1);
        }
        if next <= last {
            self.report.problems.add(Problem::of_seqs(kind, next, last));
        }
    }

    fn see(&mut self, moment: Option<Timestamp>) {
        let Some(moment) = moment else { return };
        let (oldest, latest) = self.report.times.unwrap_or((moment, moment));
        self.report.times = Some((oldest.min(moment), latest.max(moment)));
    }

    /// The noted head may be of the row before the first one, or of one that was deleted.
    fn note_begin(&mut self) {
        let Some((first, previous)) = self.begin.clone() else { return };
        self.compare_noted(first.saturating_sub(1), &previous);
        if let Some(noted) = self.noted.take_if(|noted| noted.seq < first) {
            self.report.problems.add(Problem::of_seqs(Kind::NotedTooOld, noted.seq, noted.seq));
        }
    }

    fn compare_noted(&mut self, seq: i64, seal: &str) {
        if let Some(noted) = self.noted.take_if(|noted| noted.seq == seq)
            && !same(&noted.seal, seal)
        {
            self.report.problems.add(Problem::of_seqs(Kind::NotedDiffers, seq, seq));
        }
    }
}

/// What is wrong with a row that was written and sealed at these moments.
pub fn fault_of_time(moment: Option<Timestamp>, sealed: Option<Timestamp>) -> Option<Kind> {
    if lies_behind(moment, sealed) {
        Some(Kind::SealedLate)
    } else if lies_behind(sealed, moment) {
        Some(Kind::Ahead)
    } else {
        None
    }
}

/// Whether a moment is far before another one.
fn lies_behind(moment: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    match (moment, other) {
        (Some(moment), Some(other)) => moment.micros().saturating_add(TOLERANCE) < other.micros(),
        _ => false,
    }
}
