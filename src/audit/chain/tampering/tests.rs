//! Thousands of ways to tamper with a log, each of which must be found, and named at its place.

use super::{Chain, DAY, Entry, Kind, Log, Problem, moment, names};

/// What somebody with access to the database does to the log.
#[derive(Debug, Clone, Copy)]
enum Tampering {
    EditContent,
    EditCode,
    EditSeal,
    EditPreviousSeal,
    EditId,
    Renumber,
    Delete,
    CutTail,
    SwapContents,
    SwapNumbers,
    SwapIds,
    Shift,
    Duplicate,
    CopyUnsealed,
    CopyAndSeal,
    Forge,
    ForgeAndSeal,
    ForgeBeyond,
    Unseal,
    EditChain,
    DeleteChain,
    PutChainBack,
    PutOldChainBack,
    PutPartBack,
    PutRowBack,
    PutRowBackUnsealed,
    EditMoment,
}

const ALL: [Tampering; 27] = [
    Tampering::EditContent,
    Tampering::EditCode,
    Tampering::EditSeal,
    Tampering::EditPreviousSeal,
    Tampering::EditId,
    Tampering::Renumber,
    Tampering::Delete,
    Tampering::CutTail,
    Tampering::SwapContents,
    Tampering::SwapNumbers,
    Tampering::SwapIds,
    Tampering::Shift,
    Tampering::Duplicate,
    Tampering::CopyUnsealed,
    Tampering::CopyAndSeal,
    Tampering::Forge,
    Tampering::ForgeAndSeal,
    Tampering::ForgeBeyond,
    Tampering::Unseal,
    Tampering::EditChain,
    Tampering::DeleteChain,
    Tampering::PutChainBack,
    Tampering::PutOldChainBack,
    Tampering::PutPartBack,
    Tampering::PutRowBack,
    Tampering::PutRowBackUnsealed,
    Tampering::EditMoment,
];

const EDITED: &[Kind] = &[Kind::Edited];
const REORDERED: &[Kind] = &[Kind::Reordered];
const INSERTED: &[Kind] = &[Kind::Inserted];
const COPIED: &[Kind] = &[Kind::Copied];
const MISSING: &[Kind] = &[Kind::Missing];
const CUT: &[Kind] = &[Kind::CutTail];
const BEYOND: &[Kind] = &[Kind::BeyondHead];
const LATE: &[Kind] = &[Kind::SealedLate];
const GONE: &[Kind] = &[Kind::Missing, Kind::CutTail];
const ODD: &[Kind] = &[Kind::Reordered, Kind::Inserted];

/// What must be found: at most how many problems, and of which kinds at which number.
type Expected = (usize, Vec<(&'static [Kind], i64)>);

fn edit(log: &mut Log, seq: i64, change: impl FnOnce(&mut Entry)) {
    change(log.entries.iter_mut().find(|entry| entry.seq == Some(seq)).unwrap());
}

fn edited(text: &str) -> String {
    if text.ends_with('x') { format!("{text}y") } else { format!("{text}x") }
}

fn edit_some(value: &mut Option<String>) {
    *value = Some(value.as_deref().map_or_else(String::new, edited));
}

/// Edits one of the columns that tell what was done.
fn edit_content(entry: &mut Entry, column: usize) {
    match column {
        0 => entry.nonce = edited(&entry.nonce),
        1 => entry.action = edited(&entry.action),
        2 => entry.resource_type = edited(&entry.resource_type),
        3 => edit_some(&mut entry.resource_id),
        4 => edit_some(&mut entry.user_id),
        5 => edit_some(&mut entry.ip),
        6 => edit_some(&mut entry.user_agent),
        7 => edit_some(&mut entry.request_id),
        8 => entry.changes = edited(&entry.changes),
        9 => entry.created_at = entry.created_at.map(|at| moment(at.micros() + 1)),
        10 => entry.created_at = None,
        _ => entry.user_agent = entry.user_agent.is_none().then(String::new),
    }
}

fn edit_chain(chain: &mut Chain, column: usize) {
    match column {
        0 => chain.last_seq -= 1,
        1 => chain.last_seal = edited(&chain.last_seal),
        2 => chain.last_sealed_at = Some(moment(0)),
        3 => chain.faults += 1,
        4 => chain.fault_seq = Some(1),
        5 => chain.fault_at = Some(moment(0)),
        6 => chain.first_seq += 1,
        7 => chain.previous_seal = edited(&chain.previous_seal),
        8 => chain.deleted_until = Some(moment(0)),
        _ => chain.mac = edited(&chain.mac),
    }
}

fn unsealed(entry: &Entry, id: i64) -> Entry {
    Entry { id, seq: None, previous_seal: None, seal: None, sealed_at: None, ..entry.clone() }
}

/// Exchanges what two rows say.
fn swap_contents(log: &mut Log, one: &Entry, other: &Entry) {
    for (at, from) in [(one, other), (other, one)] {
        let Entry { id, seq, previous_seal, seal, sealed_at, .. } = at.clone();
        let content = from.clone();
        edit(log, at.seq.unwrap(), |entry| *entry = Entry { id, seq, previous_seal, seal, sealed_at, ..content });
    }
}

/// Lets the log go on for days, until retention has deleted all rows of before.
fn outlive(log: &mut Log) {
    log.now += 3 * DAY;
    log.write(2);
    log.seal();
    log.retain(1);
}

/// Tampers with the log, and gives what must be found.
fn tamper(log: &mut Log, tampering: Tampering) -> Expected {
    log.seal();
    let sealed = log.sealed();
    let (first, last) = (log.chain().first_seq, log.chain().last_seq);
    let row = sealed[log.rng.usize(..sealed.len())].clone();
    let others: Vec<&Entry> = sealed.iter().filter(|entry| entry.id != row.id).collect();
    let other = others[log.rng.usize(..others.len())].clone();
    let (seq, other_seq) = (row.seq.unwrap(), other.seq.unwrap());
    let at = |kinds: &'static [Kind]| (1, vec![(kinds, seq)]);
    let at_both = (2, vec![(REORDERED, seq), (REORDERED, other_seq)]);
    let of_chain = (1, vec![]);
    log.last_id += 1;
    let new_id = log.last_id;
    match tampering {
        Tampering::EditContent => {
            let column = log.rng.usize(..12);
            edit(log, seq, |entry| edit_content(entry, column));
            at(EDITED)
        }
        Tampering::EditCode => {
            edit(log, seq, |entry| entry.mac = edited(&entry.mac));
            at(EDITED)
        }
        Tampering::EditSeal => {
            edit(log, seq, |entry| edit_some(&mut entry.seal));
            at(REORDERED)
        }
        Tampering::EditPreviousSeal => {
            edit(log, seq, |entry| edit_some(&mut entry.previous_seal));
            at(REORDERED)
        }
        Tampering::EditId => {
            edit(log, seq, |entry| entry.id = new_id);
            at(REORDERED)
        }
        Tampering::Renumber => {
            let mut to = log.rng.i64(first - 3..last + 6);
            if to == seq {
                to = last + 6;
            }
            edit(log, seq, |entry| entry.seq = Some(to));
            (2, vec![(GONE, seq), (ODD, to)])
        }
        Tampering::Delete => {
            log.entries.retain(|entry| entry.id != row.id);
            at(if seq == last { CUT } else { MISSING })
        }
        Tampering::CutTail => {
            log.entries.retain(|entry| entry.seq < Some(seq));
            (1, (seq..=last).map(|seq| (CUT, seq)).collect())
        }
        Tampering::SwapContents => {
            swap_contents(log, &row, &other);
            at_both
        }
        Tampering::SwapNumbers => {
            // Under no number in between, or `edit` would find the wrong one.
            edit(log, seq, |entry| entry.seq = Some(i64::MAX));
            edit(log, other_seq, |entry| entry.seq = Some(seq));
            edit(log, i64::MAX, |entry| entry.seq = Some(other_seq));
            at_both
        }
        Tampering::SwapIds => {
            edit(log, seq, |entry| entry.id = other.id);
            edit(log, other_seq, |entry| entry.id = row.id);
            at_both
        }
        Tampering::Shift => {
            for entry in log.entries.iter_mut().filter(|entry| entry.seq >= Some(seq)) {
                entry.seq = entry.seq.map(|seq| seq + 1);
            }
            let mut expected: Vec<_> = (seq + 1..=last + 1).map(|seq| (ODD, seq)).collect();
            expected.push((GONE, seq));
            (2, expected)
        }
        Tampering::Duplicate => {
            log.entries.push(Entry { id: new_id, ..row });
            (2, vec![(INSERTED, seq), (COPIED, seq)])
        }
        Tampering::CopyUnsealed => {
            log.entries.push(unsealed(&row, new_id));
            of_chain
        }
        Tampering::CopyAndSeal => {
            log.entries.push(unsealed(&row, new_id));
            log.seal();
            // Sealed late as well, if the row is old.
            (2, vec![(COPIED, last + 1)])
        }
        Tampering::Forge => {
            log.entries.push(Entry { action: "updated!".into(), nonce: "forged".into(), ..unsealed(&row, new_id) });
            of_chain
        }
        Tampering::ForgeAndSeal => {
            log.entries.push(Entry { action: "updated!".into(), nonce: "forged".into(), ..unsealed(&row, new_id) });
            log.write(2);
            log.seal();
            log.write(1);
            log.seal();
            (1, vec![(INSERTED, last + 1)])
        }
        Tampering::ForgeBeyond => {
            let to = last + log.rng.i64(1..4);
            log.entries.push(Entry { id: new_id, seq: Some(to), nonce: "forged".into(), ..row });
            log.write(2);
            if log.rng.bool() {
                log.seal();
            }
            (1, vec![(INSERTED, to)])
        }
        Tampering::Unseal => {
            edit(log, seq, |entry| *entry = unsealed(&row, row.id));
            log.seal();
            // Sealed late as well, if the row is old.
            (2, vec![(GONE, seq)])
        }
        Tampering::EditChain => {
            let column = log.rng.usize(..10);
            edit_chain(log.chain(), column);
            of_chain
        }
        Tampering::DeleteChain => {
            log.chain = None;
            of_chain
        }
        Tampering::PutChainBack => {
            let chain = log.chain.clone();
            log.write(2);
            log.seal();
            log.chain = chain;
            (1, vec![(BEYOND, last + 1), (BEYOND, last + 2)])
        }
        Tampering::PutOldChainBack => {
            let chain = log.chain.clone();
            outlive(log);
            log.chain = chain;
            let missing = (first..=last).map(|seq| (MISSING, seq));
            (2, missing.chain([(BEYOND, last + 1), (BEYOND, last + 2)]).collect())
        }
        Tampering::PutPartBack => {
            let before = log.chain().clone();
            outlive(log);
            let now = log.chain().clone();
            let Chain { first_seq, previous_seal, deleted_until, .. } = before;
            log.chain = Some(Chain { first_seq, previous_seal, deleted_until, ..now });
            of_chain
        }
        Tampering::EditMoment => {
            edit(log, seq, |entry| entry.sealed_at = entry.sealed_at.map(|at| moment(at.micros() - DAY)));
            at(REORDERED)
        }
        Tampering::PutRowBack => {
            outlive(log);
            log.entries.push(row);
            at(INSERTED)
        }
        Tampering::PutRowBackUnsealed => {
            outlive(log);
            log.entries.push(unsealed(&row, row.id));
            log.seal();
            (1, vec![(LATE, last + 3)])
        }
    }
}

#[test]
fn every_tampering_is_found_and_named_at_its_place() {
    for tampering in ALL {
        for seed in 0..100 {
            let mut log = Log::grown(seed);
            let (count, expected) = tamper(&mut log, tampering);
            let problems = log.problems();
            assert!((1..=count).contains(&problems.len()), "{tampering:?} {seed}: {problems:?}");
            for (kinds, seq) in expected {
                assert!(names(&problems, kinds, seq), "{tampering:?} {seed}: no {kinds:?} at {seq} in {problems:?}");
            }
        }
    }
}

#[test]
fn several_at_once_are_found_too_and_neither_sealing_nor_retention_covers_them_up() {
    for seed in 0..800 {
        let mut log = Log::grown(seed);
        // What another one undoes, or reaches no row, proves nothing: the first one is checked alone above.
        for _ in 0..log.rng.usize(1..3) {
            let tampering = ALL[log.rng.usize(..15)];
            tamper(&mut log, tampering);
            if log.problems().is_empty() || log.sealed().len() < 2 || log.chain.is_none() {
                break;
            }
        }
        if log.problems().is_empty() {
            continue;
        }
        let before = log.problems();
        log.write(2);
        log.seal();
        assert_ne!(log.problems(), [], "{seed}: sealing covers up {before:?}");
        log.now += DAY;
        log.write(2);
        log.seal();
        let kept = log.rng.usize(1..4);
        log.retain(kept);
        assert_ne!(log.problems(), [], "{seed}: retention covers up {before:?}");
    }
}

#[test]
fn a_forged_or_deleted_chain_is_remembered_when_sealing_goes_on_and_forgotten_with_the_rows() {
    for seed in 0..50 {
        for tampering in [Tampering::EditChain, Tampering::DeleteChain] {
            let mut log = Log::grown(seed);
            tamper(&mut log, tampering);
            log.write(1);
            log.seal();
            let fault = log.chain().last_seq;
            assert!(names(&log.problems(), &[Kind::EarlierFault], fault), "{tampering:?} {seed}");
            outlive(&mut log);
            assert_eq!(log.problems(), [], "{tampering:?} {seed}");
        }
    }
}

#[test]
fn a_tail_that_is_cut_off_under_a_forged_chain_is_remembered() {
    for seed in 0..50 {
        let mut log = Log::grown(seed);
        log.seal();
        let sealed = log.sealed();
        let kept = &sealed[log.rng.usize(..sealed.len() - 1)];
        log.entries.retain(|entry| entry.seq <= kept.seq);
        let chain = log.chain();
        (chain.last_seq, chain.last_seal) = (kept.seq.unwrap(), kept.seal.clone().unwrap());
        assert_eq!(log.problems(), [Problem::of_chain(Kind::ChainForged)], "{seed}");
        log.write(3);
        log.seal();
        assert!(log.problems().iter().any(|problem| problem.kind == Kind::EarlierFault), "{seed}");
    }
}
