//! What verifying can find.

use std::fmt;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A row's content is not what was written.
    Edited,
    /// Rows are gone.
    Missing,
    /// The last rows are gone.
    CutTail,
    /// A row that the server did not write, or not like that, or not here.
    Inserted,
    /// A row that is there twice.
    Copied,
    /// Two rows were sealed under one number.
    Duplicate,
    /// A genuine row, but not at the place where it was sealed.
    Reordered,
    /// A genuine row, but sealed after another one than the one before it.
    Unlinked,
    /// A genuine row that was sealed long after it was written.
    SealedLate,
    /// A genuine row that should have been sealed long ago.
    Unsealed,
    /// A genuine row that says that it was written long after it was sealed.
    Ahead,
    /// A genuine row that was sealed long before the one before it.
    SetBack,
    /// Rows are sealed that the head knows nothing of.
    BeyondHead,
    /// The chain's ends are not as they were signed.
    ChainForged,
    /// The tenant has no chain.
    ChainMissing,
    /// The head names another seal than the last row has.
    HeadMismatch,
    /// The server itself came upon tampering before.
    EarlierFault,
    /// The row of the noted head is not there.
    RolledBack,
    /// The noted head is another one.
    NotedDiffers,
    /// The noted head is from before the first row.
    NotedTooOld,
    /// A line of an export that is none.
    Unreadable,
    /// An export without the line that ends it.
    CutFile,
    /// An export that is not, as a whole, what the server gave.
    EditedFile,
    /// Lines behind the one that ends an export.
    BehindEnd,
    /// An export of chosen rows, which were not said to be chosen.
    Filtered,
}

impl Kind {
    /// Whether a clock that was wrong or a server that was down explains it. It is told for as long as the row is there,
    /// and is not kept beyond that.
    pub const fn is_of_time(self) -> bool {
        matches!(self, Self::SealedLate | Self::Unsealed | Self::Ahead | Self::SetBack)
    }

    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Edited => "edited: the content is not what was written",
            Self::Missing => "missing",
            Self::CutTail => "cut tail: the last rows are missing",
            Self::Inserted => "inserted: the server wrote no such row here",
            Self::Copied => "inserted: a copy of another row",
            Self::Duplicate => "duplicate: two rows were sealed under one number",
            Self::Reordered => "reordered: it was not sealed at this place, or its number, id or seal was edited",
            Self::Unlinked => "reordered: it was sealed after another row than the one before it",
            Self::SealedLate => {
                "sealed late: over ten minutes after it was written; no server was sealing, or the chain was undone and \
                 sealed anew"
            }
            Self::Unsealed => "unsealed for over ten minutes: no server is sealing, or something keeps it from that",
            Self::Ahead => "ahead: written over ten minutes after it was sealed; the writer's clock was wrong",
            Self::SetBack => "set back: sealed over ten minutes before the row before it; a server's clock was wrong",
            Self::BeyondHead => "beyond the head: the chain's row has been put back to an earlier one",
            Self::ChainForged => "chain forged: its beginning and end are not as they were signed",
            Self::ChainMissing => "chain missing: the tenant's row that tells where it begins and ends is gone",
            Self::HeadMismatch => "head: it names another seal than this row has",
            Self::EarlierFault => "found before: the server came upon tampering; its log tells more",
            Self::RolledBack => "noted head not found: the row is gone, or the database has been put back to before it",
            Self::NotedDiffers => "noted head differs: another row was sealed here",
            Self::NotedTooOld => "noted head too old: its row has been deleted, so it proves nothing",
            Self::Unreadable => "unreadable",
            Self::CutFile => "cut: the line that ends the file is missing",
            Self::EditedFile => "the file is not as the server gave it: lines are missing, were added or edited",
            Self::BehindEnd => "behind the line that ends the file",
            Self::Filtered => "the file holds chosen rows only; say --filtered to verify it as such",
        }
    }
}

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: Kind,
    /// From which number to which; nothing for a row that is not sealed, and for the chain itself.
    pub seqs: Option<(i64, i64)>,
    /// The row, if it is one.
    pub id: Option<i64>,
}

impl Problem {
    /// With the chain itself.
    pub fn of_chain(kind: Kind) -> Self {
        Self { kind, seqs: None, id: None }
    }

    /// With these numbers.
    pub fn of_seqs(kind: Kind, first: i64, last: i64) -> Self {
        Self { kind, seqs: Some((first, last)), id: None }
    }

    /// With this row.
    pub fn of_row(kind: Kind, seq: Option<i64>, id: i64) -> Self {
        Self { kind, seqs: seq.map(|seq| (seq, seq)), id: Some(id) }
    }

    /// Whether it is about this number.
    pub fn names(&self, seq: i64) -> bool {
        self.seqs.is_some_and(|(first, last)| (first..=last).contains(&seq))
    }

    /// Takes up the next one if it only goes on where this one ends.
    fn extend(&mut self, next: &Self) -> bool {
        match (&mut self.seqs, next.seqs) {
            (Some((_, last)), Some((first, end))) if self.kind == next.kind && last.checked_add(1) == Some(first) => {
                *last = end;
                self.id = None;
                true
            }
            _ => false,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.seqs, self.id) {
            (Some((first, last)), _) if first != last => write!(formatter, "seq {first} to {last}: ")?,
            (Some((seq, _)), Some(id)) => write!(formatter, "seq {seq} (id {id}): ")?,
            (Some((seq, _)), None) => write!(formatter, "seq {seq}: ")?,
            (None, Some(id)) => write!(formatter, "not sealed (id {id}): ")?,
            (None, None) => {}
        }
        formatter.write_str(self.kind.text())
    }
}

/// The most problems that are kept one by one.
const MOST: usize = 1000;

/// Problems, as many as are worth showing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    /// In the order in which they were found; those that go on where another ends are one.
    pub list: Vec<Problem>,
    /// How many more there are.
    pub more: u64,
}

impl Problems {
    /// Adds one.
    pub fn add(&mut self, problem: Problem) {
        let is_taken_up = self.list.last_mut().is_some_and(|last| last.extend(&problem));
        if is_taken_up {
            return;
        }
        if self.list.len() < MOST {
            self.list.push(problem);
        } else {
            self.more += 1;
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.list.len() as u64 + self.more
    }
}
