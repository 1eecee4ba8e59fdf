//! Sends what is in the outbox.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::mailer::{Failure, Mailer, Verdict};
use super::session::Session;
use super::store::{self, Key, LetterRow, Settled, State};
use crate::app::AppState;
use crate::clock::Timestamp;
use crate::db::transaction;
use crate::error::{ApiError, Code};
use crate::policy::{Reach, ReadContracts, RolePolicy};
use crate::resource::Resource;

/// How long to wait at most before asking again for a mail server that cannot be used.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How many letters to look for at once.
const BATCH: i64 = 20;
/// How long a letter belongs to the server that has taken it, and is left alone if that one dies.
const CLAIM: TimeDelta = TimeDelta::minutes(5);
/// How long a letter waits when the mail server has begun with it and then takes none.
const PUT_OFF: TimeDelta = TimeDelta::minutes(1);
/// How many letters are sent at the same time, when one after the other takes too long.
const SENDERS: usize = 4;
/// How long a letter waits after each failed attempt; the one after that, a day later, is the last.
const RETRIES: [TimeDelta; 7] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(15),
    TimeDelta::hours(1),
    TimeDelta::hours(3),
    TimeDelta::hours(8),
    TimeDelta::hours(12),
];

/// What an attempt at a letter has led to.
enum Outcome {
    Sent,
    /// Nobody is there to read it.
    Unwanted(&'static str),
    Failed(Failure),
}

/// Whether a letter was sent.
enum Delivery {
    Sent,
    /// It was not, or another server is at it.
    Settled,
    /// It was not, and the mail server does not answer.
    Silence,
    /// It was not, since the mail server takes no letter now.
    Outage(String),
}

/// What came of one batch.
#[derive(Debug, Default)]
struct Round {
    sent: usize,
    /// Whether there may be more to do at once.
    goes_on: bool,
    /// Why the mail server cannot be used, if it is so.
    outage: Option<String>,
}

impl Round {
    /// Adds what came of a part of it.
    fn add(&mut self, part: Self) {
        let Self { sent, goes_on, outage } = part;
        self.sent += sent;
        self.goes_on &= goes_on;
        self.outage = self.outage.take().or(outage);
    }
}

/// Sends letters until told to stop; one that has been begun is finished, unless that takes too long. When e-mail is
/// off, nothing.
pub async fn run(app: AppState, stop: CancellationToken) {
    let Some(mailer) = &app.mailer else { return stop.cancelled().await };
    let patience = mailer.patience();
    let mut pause = patience.pause;
    let mut is_out = false;
    while !stop.is_cancelled() {
        let round = tokio::select! {
            round = round(&app, &stop) => round,
            // A letter that is left now is sent again, by whoever finds that its time with us is over.
            () = out_of_patience(&stop, patience.stop) => return,
        };
        let Round { goes_on, outage, .. } = round.unwrap_or_else(|error| {
            warn!(%error, "cannot work through the outbox");
            Round::default()
        });
        let was_out = is_out;
        is_out = outage.is_some();
        match (outage, was_out) {
            (Some(reason), false) => warn!(reason, "the mail server cannot be used; letters wait"),
            (Some(reason), true) => debug!(reason, "the mail server still cannot be used"),
            (None, _) => {}
        }
        if goes_on {
            continue;
        }
        pause = if is_out && was_out { (pause * 2).min(LONGEST_PAUSE) } else { patience.pause };
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(pause) => {}
        }
    }
}

async fn out_of_patience(stop: &CancellationToken, patience: Duration) {
    stop.cancelled().await;
    sleep(patience).await;
}

/// Sends a batch of the letters that are due; gives how many were sent.
pub async fn send_due(app: &AppState) -> Result<usize, ApiError> {
    let Round { sent, outage, .. } = round(app, &CancellationToken::new()).await?;
    if let Some(reason) = outage {
        warn!(reason, "the mail server cannot be used; letters wait");
    }
    Ok(sent)
}

async fn round(app: &AppState, stop: &CancellationToken) -> Result<Round, ApiError> {
    let Some(mailer) = &app.mailer else { return Ok(Round::default()) };
    let due = store::due(&mut app.db.read().await?, app.clock.now(), BATCH).await?;
    if due.is_empty() {
        return Ok(Round::default());
    }
    // Nothing is wrong with the letters: none of them loses an attempt.
    let session = match mailer.open().await {
        Ok(session) => session,
        Err(Failure { reason, .. }) => return Ok(Round { outage: Some(reason), ..Round::default() }),
    };
    let mut round = Round { goes_on: i64::try_from(due.len()).is_ok_and(|found| found == BATCH), ..Round::default() };
    let batch = Arc::new(Batch { due: Mutex::new(due.into()), stop: stop.child_token() });
    let mut senders = JoinSet::new();
    senders.spawn(send_batch(app.clone(), Arc::clone(&batch), Some(session)));
    let mut error = None;
    loop {
        let ended = tokio::select! {
            ended = senders.join_next() => ended,
            // Whoever sends is held up by a letter: the others shall not wait for it.
            () = sleep(mailer.patience().next), if senders.len() < SENDERS && !batch.is_done() => {
                senders.spawn(send_batch(app.clone(), Arc::clone(&batch), None));
                continue;
            }
        };
        match ended {
            Some(Ok(Ok(part))) => round.add(part),
            Some(Ok(Err(broken))) => error = Some(broken),
            Some(Err(breakdown)) => error = Some(ApiError::internal(breakdown)),
            None => return error.map_or(Ok(round), Err),
        }
    }
}

/// The letters of a round, which several senders share.
struct Batch {
    due: Mutex<VecDeque<Key>>,
    /// No other letter is begun.
    stop: CancellationToken,
}

impl Batch {
    fn next(&self) -> Option<Key> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).pop_front().filter(|_| !self.stop.is_cancelled())
    }

    fn is_done(&self) -> bool {
        self.stop.is_cancelled() || self.due.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// Sends one letter after the other, in a conversation that is begun anew when a failure has ended it.
async fn send_batch(app: AppState, batch: Arc<Batch>, mut session: Option<Session>) -> Result<Round, ApiError> {
    let mut part = Round { goes_on: true, ..Round::default() };
    let Some(mailer) = &app.mailer else { return Ok(part) };
    while let Some(key) = batch.next() {
        let open = match session.take() {
            Some(session) => Ok(session),
            None => mailer.open().await,
        };
        let outage = match open {
            Ok(open) => match deliver(&app, mailer, open, &key).await {
                Ok((left, delivery)) => {
                    session = left;
                    part.sent += usize::from(matches!(delivery, Delivery::Sent));
                    match delivery {
                        Delivery::Sent | Delivery::Settled => continue,
                        // The others wait until the mail server was asked again: each would wait for its own timeout.
                        Delivery::Silence => None,
                        Delivery::Outage(reason) => Some(reason),
                    }
                }
                Err(error) if error.code() == Code::Unavailable => {
                    batch.stop.cancel();
                    return Err(error);
                }
                // The others shall not wait for this one, which is tried again when nobody has it any more.
                Err(error) => {
                    warn!(tenant = key.tenant_id, letter = key.id, %error, "cannot work on a letter");
                    part.goes_on = false;
                    continue;
                }
            },
            Err(Failure { reason, .. }) => Some(reason),
        };
        batch.stop.cancel();
        part.goes_on = false;
        part.outage = outage;
    }
    if let Some(session) = session {
        session.close();
    }
    Ok(part)
}

/// Makes one attempt at the letter, unless another server is at it. Gives back the conversation if it can go on.
async fn deliver(
    app: &AppState,
    mailer: &Mailer,
    session: Session,
    key: &Key,
) -> Result<(Option<Session>, Delivery), ApiError> {
    let now = app.clock.now();
    let claim = Timestamp::new(now.utc() + CLAIM);
    if !transaction!(app.db, |tx| store::claim(tx, key, now, claim).await.map_err(ApiError::from))? {
        return Ok((Some(session), Delivery::Settled));
    }
    let Some((letter, is_there)) = find(app, key).await? else { return Ok((Some(session), Delivery::Settled)) };
    // No connection to the database is held while the mail server is spoken to.
    let (session, outcome) = match unwanted(&letter, is_there, app.role_policy) {
        Some(reason) => (Some(session), Outcome::Unwanted(reason)),
        None => {
            let (session, sent) = mailer.send(session, &letter, now).await;
            (session, sent.map_or_else(Outcome::Failed, |()| Outcome::Sent))
        }
    };
    let delivery = match &outcome {
        Outcome::Sent => Delivery::Sent,
        Outcome::Failed(Failure { verdict: Verdict::Silence, .. }) => Delivery::Silence,
        Outcome::Failed(Failure { verdict: Verdict::Outage, reason }) => Delivery::Outage(reason.clone()),
        Outcome::Failed(_) | Outcome::Unwanted(_) => Delivery::Settled,
    };
    let was_sent = matches!(outcome, Outcome::Sent);
    let settled = settle(&letter, outcome, app.clock.now());
    if !transaction!(app.db, |tx| store::settle(tx, key, claim, &settled).await.map_err(ApiError::from))? {
        warn!(tenant = key.tenant_id, letter = key.id, was_sent, "an attempt took so long that another one has begun");
    }
    Ok((session, delivery))
}

/// The letter, and whether there still is what it tells of.
async fn find(app: &AppState, key: &Key) -> Result<Option<(LetterRow, bool)>, ApiError> {
    let mut conn = app.db.read().await?;
    let Some(letter) = store::find(&mut conn, key).await? else { return Ok(None) };
    let is_there = store::is_there(&mut conn, &letter).await?;
    Ok(Some((letter, is_there)))
}

/// Why the letter is not to be sent any more, if it is so; that may have changed since it was put into the outbox.
fn unwanted(letter: &LetterRow, is_there: bool, policy: RolePolicy) -> Option<&'static str> {
    let is_of_contract = letter.resource_type == Resource::Contract;
    if !letter.is_active {
        Some("the user is not active any more")
    } else if letter.wants_mail != Some(true) {
        Some("the user does not want it any more")
    } else if is_of_contract && policy.reach::<ReadContracts>(letter.role) == Reach::Nothing {
        Some("the user may not read contracts any more")
    } else if !is_there {
        Some("what it tells of is gone")
    } else {
        None
    }
}

fn settle(letter: &LetterRow, outcome: Outcome, now: Timestamp) -> Settled {
    let LetterRow { tenant_id, id, attempts, .. } = letter;
    let done = |state, last_error, sent_at| Settled {
        state,
        attempts: attempts + 1,
        next_attempt_at: now,
        last_error,
        sent_at,
    };
    match outcome {
        Outcome::Sent => done(State::Sent, None, Some(now)),
        Outcome::Unwanted(reason) => done(State::Dead, Some(reason.to_owned()), None),
        Outcome::Failed(Failure { verdict, reason }) => {
            let reason: String = reason.chars().take(255).collect();
            if verdict == Verdict::Outage {
                // It loses no attempt, but others come first the next time: it might be because of this one after all.
                let next_attempt_at = Timestamp::new(now.utc() + PUT_OFF);
                return Settled { attempts: *attempts, next_attempt_at, ..done(State::Pending, Some(reason), None) };
            }
            let retry = usize::try_from(*attempts).ok().and_then(|attempts| RETRIES.get(attempts));
            match retry.filter(|_| verdict != Verdict::Final) {
                Some(retry) => {
                    debug!(tenant = tenant_id, letter = id, attempts, reason, "a letter is tried again later");
                    let next_attempt_at = Timestamp::new(now.utc() + *retry);
                    Settled { next_attempt_at, ..done(State::Pending, Some(reason), None) }
                }
                None => {
                    warn!(tenant = tenant_id, letter = id, attempts, reason, "a letter is given up");
                    done(State::Dead, Some(reason), None)
                }
            }
        }
    }
}
