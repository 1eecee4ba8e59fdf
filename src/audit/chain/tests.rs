//! A log in memory, written, sealed, cut and verified as the one in the database, and tampered with in every way there
//! is.

#[path = "tampering/tests.rs"]
mod tampering;
#[path = "undoing/tests.rs"]
mod undoing;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use fastrand::Rng;

use super::ends::MOST_BELIEVED;
use super::problem::{Kind, Problem};
use super::verifier::{Noted, Report, Verifier};
use super::*;
use crate::audit::retention::Cut;

const TENANT: &str = "acme";
/// 2026-02-07T10:17:56.942016Z.
const START: i64 = 1_770_459_476_942_016;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

fn key() -> AuditKey {
    AuditKey::new(&"a secret".to_owned().into())
}

fn moment(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

/// The log of one tenant.
struct Log {
    key: AuditKey,
    rng: Rng,
    now: i64,
    last_id: i64,
    chain: Option<Chain>,
    entries: Vec<Entry>,
}

impl Log {
    fn new(seed: u64) -> Self {
        let chain = Some(Chain::new(&key(), TENANT));
        Self { key: key(), rng: Rng::with_seed(seed), now: START, last_id: 0, chain, entries: Vec::new() }
    }

    /// A log with a past: sealed in parts, perhaps cut by retention, perhaps with rows that are not sealed yet.
    fn grown(seed: u64) -> Self {
        let mut log = Self::new(seed);
        for _ in 0..log.rng.usize(2..5) {
            let count = log.rng.usize(1..6);
            log.write(count);
            log.seal();
        }
        if log.rng.u8(..10) < 4 {
            log.now += DAY;
            log.retain(2);
            let count = log.rng.usize(2..6);
            log.write(count);
            log.seal();
        }
        let count = log.rng.usize(0..3);
        log.write(count);
        log
    }

    fn write(&mut self, count: usize) {
        for _ in 0..count {
            self.last_id += 1;
            self.now += self.rng.i64(0..60 * SECOND);
            let mut entry = Entry {
                id: self.last_id,
                seq: None,
                nonce: format!("{:032x}", self.rng.u128(..)),
                action: ["created", "updated", "deleted"][self.rng.usize(..3)].to_owned(),
                resource_type: "task".to_owned(),
                resource_id: self.rng.bool().then(|| self.last_id.to_string()),
                user_id: self.rng.bool().then(|| "7".to_owned()),
                ip: Some("192.0.2.1".to_owned()),
                user_agent: self.rng.bool().then(|| "curl/8".to_owned()),
                request_id: None,
                changes: r#"{"title":{"from":"가","to":"나"}}"#.to_owned(),
                created_at: Some(moment(self.now - self.rng.i64(0..5) * SECOND)),
                mac: String::new(),
                previous_seal: None,
                seal: None,
                sealed_at: None,
            };
            entry.mac = entry.sign(&self.key, TENANT);
            self.entries.push(entry);
        }
    }

    /// As `seal::seal_batch`.
    fn seal(&mut self) {
        let (mut unsealed, mut sealed): (Vec<Entry>, Vec<Entry>) =
            std::mem::take(&mut self.entries).into_iter().partition(|entry| entry.seq.is_none());
        unsealed.sort_by_key(|entry| entry.id);
        sealed.sort_by_key(|entry| (entry.seq, entry.id));
        if !unsealed.is_empty() {
            let last: Vec<Entry> = sealed.iter().rev().cloned().collect();
            let mut chain = match self.chain.take() {
                Some(chain) if chain.is_genuine(&self.key, TENANT) => chain,
                found => Chain::recovered(&self.key, TENANT, found, sealed.first(), &last, moment(self.now)),
            };
            let links = chain.append(&self.key, TENANT, &unsealed, moment(self.now));
            for (entry, link) in unsealed.iter_mut().zip(links) {
                let Link { id: _, seq, previous_seal, seal, sealed_at, is_genuine: _ } = link;
                (entry.seq, entry.previous_seal, entry.seal) = (Some(seq), Some(previous_seal), Some(seal));
                entry.sealed_at = Some(sealed_at);
            }
            self.chain = Some(chain);
        }
        self.entries = sealed;
        self.entries.append(&mut unsealed);
    }

    /// As `retention::delete_expired`, for what was sealed before the row that is so many from the end.
    fn retain(&mut self, kept: usize) {
        let sealed = self.sealed();
        let Some(first) = sealed.len().checked_sub(kept).and_then(|at| sealed.get(at)) else { return };
        let Some(older_than) = first.sealed_moment() else { return };
        self.retain_from(older_than);
    }

    fn retain_from(&mut self, older_than: Timestamp) {
        let (key, tenant): (AuditKey, Arc<str>) = (self.key.clone(), TENANT.into());
        let cut = Cut { key: &key, tenant: &tenant, older_than, now: moment(self.now) };
        let mut sealed = self.sealed();
        sealed.truncate(cut.count_expired(&sealed).0);
        let copies: HashSet<String> = self.copies().into_iter().map(|(_, _, nonce)| nonce).collect();
        let Some(chain) = self.chain.as_mut().filter(|chain| chain.is_genuine(&key, TENANT)) else { return };
        cut.advance(chain, &sealed, &copies);
        self.entries.retain(|entry| sealed.iter().all(|gone| gone != entry));
    }

    /// As the statement `copies`.
    fn copies(&self) -> Vec<(Option<i64>, i64, String)> {
        let mut alike: HashMap<&str, Vec<&Entry>> = HashMap::new();
        for entry in &self.entries {
            alike.entry(&entry.nonce).or_default().push(entry);
        }
        let copies = alike.into_values().flat_map(|mut alike| {
            alike.sort_by_key(|entry| (entry.seq.unwrap_or(i64::MAX), entry.id));
            alike.split_off(1)
        });
        copies.map(|entry| (entry.seq, entry.id, entry.nonce.clone())).collect()
    }

    fn sealed(&self) -> Vec<Entry> {
        let mut sealed: Vec<Entry> = self.entries.iter().filter(|entry| entry.seq.is_some()).cloned().collect();
        sealed.sort_by_key(|entry| (entry.seq, entry.id));
        sealed
    }

    /// What may happen between two statements of the verifier; some day nothing does.
    fn go_on(&mut self, round: usize) {
        if round < 20 && self.rng.u8(..3) == 0 {
            self.now += DAY;
            self.write(2);
            self.seal();
            let kept = self.rng.usize(1..8);
            self.retain(kept);
        }
    }

    fn verify(&self) -> Report {
        self.verify_noted(None)
    }

    /// As `verify::verify`.
    fn verify_noted(&self, noted: Option<Noted>) -> Report {
        let mut verifier = Verifier::new(&self.key, TENANT, noted, self.chain.as_ref());
        self.sealed().iter().for_each(|entry| verifier.sealed(entry));
        self.entries.iter().filter(|entry| entry.seq.is_none()).for_each(|entry| {
            verifier.unsealed(entry, moment(self.now));
        });
        self.copies().into_iter().for_each(|(seq, id, _)| verifier.copied(seq, id));
        verifier.finish(self.chain.as_ref())
    }

    fn problems(&self) -> Vec<Problem> {
        self.verify().problems.list
    }

    fn chain(&mut self) -> &mut Chain {
        self.chain.as_mut().unwrap()
    }

    fn head(&self) -> Noted {
        let chain = self.chain.as_ref().unwrap();
        Noted { seq: chain.last_seq, seal: chain.last_seal.clone() }
    }
}

/// Whether one of these problems is of one of these kinds and about this number.
fn names(problems: &[Problem], kinds: &[Kind], seq: i64) -> bool {
    problems.iter().any(|problem| kinds.contains(&problem.kind) && problem.names(seq))
}

#[test]
fn a_log_that_nobody_tampered_with_has_no_problem() {
    for seed in 0..300 {
        let mut log = Log::grown(seed);
        assert_eq!(log.problems(), [], "{seed}");
        log.seal();
        let report = log.verify();
        assert_eq!(report.problems.list, [], "{seed}");
        let chain = log.chain();
        assert_eq!(report.seqs, Some((chain.first_seq, chain.last_seq)));
        assert_eq!((report.rows, report.unsealed), ((chain.last_seq - chain.first_seq + 1) as u64, 0));
    }
}

#[test]
fn nothing_at_all_is_no_problem() {
    let report = Log::new(0).verify();
    assert_eq!((report.rows, report.unsealed, report.problems.list), (0, 0, vec![]));
    let mut log = Log::new(0);
    log.write(2);
    assert_eq!((log.problems(), log.verify().unsealed), (vec![], 2));
}

#[test]
fn the_chain_still_verifies_after_every_row_was_deleted() {
    let mut log = Log::new(1);
    log.write(5);
    log.seal();
    log.retain_from(moment(log.now + DAY));
    assert_eq!((log.entries.len(), log.problems()), (0, vec![]));
    assert_eq!((log.chain().first_seq, log.chain().last_seq), (6, 5));
    log.now += 2 * DAY;
    log.write(1);
    log.seal();
    assert_eq!((log.problems(), log.sealed()[0].seq), (vec![], Some(6)));
}

#[test]
fn rows_that_are_deleted_and_sealed_while_the_log_is_verified_are_no_problem() {
    for seed in 0..200 {
        let mut log = Log::grown(seed);
        log.seal();
        let key = log.key.clone();
        let mut verifier = Verifier::new(&key, TENANT, None, log.chain.as_ref());
        let mut place: store::Place = None;
        let mut before = log.chain.clone();
        for round in 0.. {
            log.go_on(round);
            let beyond = log.sealed().into_iter().filter(|entry| Some((entry.seq.unwrap(), entry.id)) > place);
            let entries: Vec<Entry> = beyond.take(3).collect();
            log.go_on(round);
            let after = log.chain.clone();
            verifier.refresh(after.as_ref());
            entries.iter().for_each(|entry| verifier.sealed(entry));
            place = entries.last().map(|last| (last.seq.unwrap(), last.id)).or(place);
            if entries.is_empty() && before == after {
                break;
            }
            before = after;
        }
        assert_eq!(verifier.finish(before.as_ref()).problems.list, [], "{seed}");
    }
}

#[test]
fn a_noted_head_is_found_again_until_its_row_is_deleted() {
    for seed in 0..100 {
        let mut log = Log::grown(seed);
        log.seal();
        let noted = log.head();
        log.now += DAY;
        log.write(3);
        log.seal();
        assert_eq!(log.verify_noted(Some(noted.clone())).problems.list, [], "{seed}");
        let other = Noted { seal: log.head().seal, ..noted };
        let differs = [Problem::of_seqs(Kind::NotedDiffers, noted.seq, noted.seq)];
        assert_eq!(log.verify_noted(Some(other)).problems.list, differs, "{seed}");
        // Up to the row behind it the checkpoint has its seal.
        log.retain(3);
        assert_eq!(log.verify_noted(Some(noted.clone())).problems.list, [], "{seed}");
        log.retain_from(moment(log.now + DAY));
        let old = [Problem::of_seqs(Kind::NotedTooOld, noted.seq, noted.seq)];
        assert_eq!(log.verify_noted(Some(noted)).problems.list, old, "{seed}");
    }
}

#[test]
fn a_log_that_was_put_back_as_a_whole_shows_only_against_a_noted_head() {
    let mut log = Log::grown(3);
    log.seal();
    let (entries, chain) = (log.entries.clone(), log.chain.clone());
    log.write(2);
    log.seal();
    let noted = log.head();
    (log.entries, log.chain) = (entries, chain);
    assert_eq!(log.problems(), []);
    let gone = [Problem::of_seqs(Kind::RolledBack, noted.seq, noted.seq)];
    assert_eq!(log.verify_noted(Some(noted.clone())).problems.list, gone);
    // And when other rows have been sealed under the same numbers.
    log.write(3);
    log.seal();
    let differs = [Problem::of_seqs(Kind::NotedDiffers, noted.seq, noted.seq)];
    assert_eq!((log.problems(), log.verify_noted(Some(noted)).problems.list), (vec![], differs.to_vec()));
}

#[test]
fn no_number_comes_a_second_time_under_another_key_or_behind_a_forged_head() {
    let mut log = Log::new(5);
    let next = |log: &mut Log| {
        log.write(1);
        log.seal();
        log.chain().last_seq
    };
    assert_eq!([next(&mut log), next(&mut log), next(&mut log)], [1, 2, 3]);
    log.key = AuditKey::new(&"another secret".to_owned().into());
    assert_eq!([next(&mut log), next(&mut log)], [4, 5]);
    // Only the head still tells how many there were.
    log.entries.clear();
    log.key = key();
    assert_eq!(next(&mut log), 6);
    // Only the rows do.
    log.chain = None;
    log.key = AuditKey::new(&"another secret".to_owned().into());
    assert_eq!(next(&mut log), 7);
    log.chain().last_seq = 0;
    assert_eq!(next(&mut log), 8);
    for number in 1..4 {
        log.chain().last_seq = i64::MAX;
        assert_eq!(next(&mut log), MOST_BELIEVED + number);
    }
}

#[test]
fn under_another_key_nothing_verifies() {
    let mut log = Log::new(5);
    log.write(600);
    log.seal();
    log.key = AuditKey::new(&"another secret".to_owned().into());
    let problems = log.problems();
    let kinds: Vec<Kind> = problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [Kind::ChainForged, Kind::Edited]);
    assert_eq!(problems[1].seqs, Some((1, 600)));
}
