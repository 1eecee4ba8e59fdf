//! Seals are undone so that the server makes new ones, retention is made to forget, and clocks are wrong.

use super::{Chain, DAY, Entry, Kind, Log, Problem, SECOND, START, moment, names};

const MINUTE: i64 = 60 * SECOND;

/// Takes the seals off the rows behind this number.
fn unseal_behind(log: &mut Log, seq: i64) {
    for entry in log.entries.iter_mut().filter(|entry| entry.seq > Some(seq)) {
        (entry.seq, entry.previous_seal, entry.seal, entry.sealed_at) = (None, None, None, None);
    }
}

/// Ten rows, sealed in two parts a quarter of an hour apart; with the chain as it was between them.
fn ten() -> (Log, Chain) {
    let mut log = Log::new(7);
    log.write(5);
    log.seal();
    let between = log.chain().clone();
    log.now += 15 * MINUTE;
    log.write(5);
    log.seal();
    assert_eq!(log.problems(), []);
    (log, between)
}

/// A row that is written now and says that it was then.
fn write_at(log: &mut Log, micros: i64) {
    log.write(1);
    let key = log.key.clone();
    let entry = log.entries.last_mut().unwrap();
    entry.created_at = Some(moment(micros));
    entry.mac = entry.sign(&key, super::TENANT);
}

#[test]
fn without_its_chain_a_log_is_not_sealed_as_if_it_were_new() {
    for wait in [0, 11 * MINUTE] {
        let (mut log, _) = ten();
        log.chain = None;
        unseal_behind(&mut log, 0);
        log.entries.retain(|entry| entry.id != 4);
        assert!(log.problems().contains(&Problem::of_chain(Kind::ChainMissing)));
        log.now += wait;
        log.seal();
        assert!(names(&log.problems(), &[Kind::EarlierFault], 1), "{:?}", log.problems());
        log.write(1);
        log.seal();
        assert!(names(&log.problems(), &[Kind::SealedLate], 1), "{:?}", log.problems());
    }
}

#[test]
fn rows_that_are_sealed_anew_behind_an_earlier_chain_are_sealed_late() {
    for wait in [0, 20 * MINUTE, 30 * DAY] {
        for is_reordered in [false, true] {
            let (mut log, between) = ten();
            log.now += wait;
            log.chain = Some(between);
            unseal_behind(&mut log, 5);
            if is_reordered {
                for entry in log.entries.iter_mut().filter(|entry| entry.id > 5) {
                    entry.id = 20 - entry.id;
                }
            } else {
                log.entries.retain(|entry| entry.id != 7);
            }
            log.write(1);
            log.seal();
            // Rows of the last ten minutes can be: that is the limit, which only a server that runs takes away.
            let is_late = log.problems().iter().any(|problem| problem.kind == Kind::SealedLate);
            assert_eq!(is_late, wait > 0, "{wait}: {:?}", log.problems());
        }
    }
}

#[test]
fn a_row_that_stays_unsealed_is_a_problem_after_ten_minutes() {
    let mut log = Log::new(1);
    log.write(1);
    log.now += 9 * MINUTE;
    assert_eq!(log.problems(), []);
    log.now += 2 * MINUTE;
    assert_eq!(log.problems(), [Problem::of_row(Kind::Unsealed, None, 1)]);
    log.seal();
    assert_eq!(log.problems(), [Problem::of_row(Kind::SealedLate, Some(1), 1)]);
}

#[test]
fn the_least_number_and_id_of_all_hide_no_row() {
    for seq in [None, Some(i64::MIN)] {
        let (mut log, _) = ten();
        let forged = Entry { id: i64::MIN, seq, nonce: "forged".into(), ..log.entries[0].clone() };
        log.entries.push(forged);
        let problems = log.problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!((problems[0].kind, problems[0].id), (Kind::Inserted, Some(i64::MIN)));
    }
}

#[test]
fn retention_of_rows_days_apart_leaves_no_problem_between_its_batches() {
    let mut log = Log::new(2);
    let mut moments = Vec::new();
    for _ in 0..12 {
        log.write(3);
        log.seal();
        moments.push(log.now);
        log.now += 6 * 60 * MINUTE;
    }
    for then in moments {
        log.retain_from(moment(then + 1));
        assert_eq!(log.problems(), []);
        assert_eq!(log.chain().deleted_until, Some(moment(then)));
    }
    assert_eq!(log.entries.len(), 0);
}

#[test]
fn retention_launders_nothing() {
    // The chain is made wrong while rows are removed, and put back afterwards.
    let (mut log, _) = ten();
    let saved = log.chain().clone();
    log.entries.retain(|entry| entry.seq >= Some(6));
    log.entries[0].created_at = Some(moment(START - 90 * DAY));
    log.chain().mac = "0".repeat(64);
    log.retain_from(moment(START - 30 * DAY));
    assert_eq!(log.entries.len(), 5);
    log.chain = Some(saved);
    assert!(names(&log.problems(), &[Kind::Missing], 3), "{:?}", log.problems());
    // What retention has noted is not taken back with an earlier chain.
    let (mut log, _) = ten();
    let saved = log.chain().clone();
    log.entries.remove(1);
    log.now += DAY;
    log.write(3);
    log.seal();
    log.retain(3);
    assert_eq!(log.problems(), [Problem::of_seqs(Kind::EarlierFault, 2, 2)]);
    log.chain = Some(saved);
    unseal_behind(&mut log, 10);
    log.seal();
    assert!(names(&log.problems(), &[Kind::Missing], 5), "{:?}", log.problems());
}

#[test]
fn a_wrong_clock_is_named_at_its_row_and_at_no_other() {
    let (mut log, _) = ten();
    // Of who writes: ahead by days and by years, and behind.
    for (id, micros, kind) in [(11, log.now + 3 * DAY, Kind::Ahead), (12, log.now + 3650 * DAY, Kind::Ahead)] {
        write_at(&mut log, micros);
        log.seal();
        log.write(2);
        log.seal();
        assert!(log.problems().contains(&Problem::of_row(
            kind,
            Some(id + (id - 11) * 2),
            log.entries.len() as i64 - 2
        )));
        assert_eq!(log.problems().len() as i64, id - 10);
    }
    // Of who seals: by a month, and then right again.
    let right = log.now;
    log.now += 30 * DAY;
    log.write(1);
    log.seal();
    log.now = right;
    log.write(3);
    log.seal();
    log.write(3);
    log.seal();
    let back = log.problems().into_iter().filter(|problem| problem.kind == Kind::SetBack).count();
    assert_eq!((back, log.problems().len()), (1, 3), "{:?}", log.problems());
    // Retention goes on, and keeps none of it for good.
    log.now += 91 * DAY;
    log.retain_from(moment(log.now - 90 * DAY));
    assert_eq!((log.entries.len(), log.chain().first_seq), (7, 17));
    log.now += 30 * DAY;
    log.retain_from(moment(log.now - 90 * DAY));
    assert_eq!((log.entries.len(), log.problems()), (0, vec![]));
}

#[test]
fn rows_that_were_sealed_in_the_future_do_not_stop_retention() {
    let (mut log, _) = ten();
    let right = log.now;
    log.now += 3650 * DAY;
    log.write(2);
    log.seal();
    log.now = right + MINUTE;
    log.write(2);
    log.seal();
    log.now += 91 * DAY;
    log.write(1);
    log.seal();
    log.retain_from(moment(log.now - 90 * DAY));
    assert_eq!((log.entries.len(), log.problems()), (1, vec![]));
}
