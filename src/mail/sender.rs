//! Sends what is in the outbox.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::mailer::{Failure, Mailer};
use super::store::{self, Key, LetterRow, Settled, State};
use crate::app::AppState;
use crate::clock::Timestamp;
use crate::db::transaction;
use crate::error::{ApiError, Code};

/// How long to wait before looking for letters again.
const PAUSE: Duration = Duration::from_secs(5);
/// How many letters to look for at once.
const BATCH: i64 = 20;
/// How long a letter belongs to the server that has taken it, and is left alone if that one dies.
const CLAIM: TimeDelta = TimeDelta::minutes(5);
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

/// What came of one batch.
#[derive(Debug, Default)]
struct Round {
    sent: usize,
    /// Whether there may be more to do at once.
    goes_on: bool,
}

/// Sends letters until told to stop; one that has been begun is finished. When e-mail is off, nothing.
pub async fn run(app: AppState, stop: CancellationToken) {
    let Some(mailer) = &app.mailer else { return stop.cancelled().await };
    while !stop.is_cancelled() {
        let round = round(&app, mailer, &stop).await.unwrap_or_else(|error| {
            warn!(%error, "cannot work through the outbox");
            Round::default()
        });
        if !round.goes_on {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}

/// Sends a batch of the letters that are due; gives how many were sent.
pub async fn send_due(app: &AppState) -> Result<usize, ApiError> {
    match &app.mailer {
        Some(mailer) => Ok(round(app, mailer, &CancellationToken::new()).await?.sent),
        None => Ok(0),
    }
}

async fn round(app: &AppState, mailer: &Mailer, stop: &CancellationToken) -> Result<Round, ApiError> {
    let due = store::due(&mut app.db.read().await?, app.clock.now(), BATCH).await?;
    if due.is_empty() {
        return Ok(Round::default());
    }
    // Once for all of them: each would wait for its own timeout.
    let outage = mailer.check().await.err();
    if let Some(Failure { reason, .. }) = &outage {
        warn!(reason, letters = due.len(), "the mail server cannot be used; letters wait");
    }
    let is_full = i64::try_from(due.len()).is_ok_and(|found| found == BATCH);
    let mut round = Round { sent: 0, goes_on: is_full && outage.is_none() };
    for key in due {
        if stop.is_cancelled() {
            break;
        }
        match deliver(app, mailer, &key, outage.as_ref()).await {
            Ok(sent) => round.sent += usize::from(sent),
            Err(error) if error.code() == Code::Unavailable => return Err(error),
            // The others shall not wait for this one, which is tried again when nobody has it any more.
            Err(error) => {
                warn!(tenant = key.tenant_id, letter = key.id, %error, "cannot work on a letter");
                round.goes_on = false;
            }
        }
    }
    Ok(round)
}

/// Makes one attempt at the letter, unless another server is at it; gives whether it was sent.
async fn deliver(app: &AppState, mailer: &Mailer, key: &Key, outage: Option<&Failure>) -> Result<bool, ApiError> {
    let now = app.clock.now();
    let claim = Timestamp::new(now.utc() + CLAIM);
    if !transaction!(app.db, |tx| store::claim(tx, key, now, claim).await.map_err(ApiError::from))? {
        return Ok(false);
    }
    // No transaction is open while the mail server is spoken to.
    let Some(letter) = store::find(&mut app.db.read().await?, key).await? else { return Ok(false) };
    let outcome = match (unwanted(&letter), outage) {
        (Some(reason), _) => Outcome::Unwanted(reason),
        (None, Some(failure)) => Outcome::Failed(failure.clone()),
        (None, None) => match mailer.send(&letter, now).await {
            Ok(()) => Outcome::Sent,
            Err(failure) => Outcome::Failed(failure),
        },
    };
    let was_sent = matches!(outcome, Outcome::Sent);
    let settled = settle(&letter, outcome, app.clock.now());
    if !transaction!(app.db, |tx| store::settle(tx, key, claim, &settled).await.map_err(ApiError::from))? {
        warn!(tenant = key.tenant_id, letter = key.id, was_sent, "an attempt took so long that another one has begun");
    }
    Ok(was_sent)
}

/// Why the letter is not to be sent any more, if it is so; that may have changed since it was put into the outbox.
fn unwanted(letter: &LetterRow) -> Option<&'static str> {
    match (letter.is_active, letter.wants_mail) {
        (false, _) => Some("the user is not active any more"),
        (true, Some(true)) => None,
        (true, _) => Some("the user does not want it any more"),
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
        Outcome::Failed(Failure { is_final, reason }) => {
            let reason: String = reason.chars().take(255).collect();
            let retry = usize::try_from(*attempts).ok().and_then(|attempts| RETRIES.get(attempts));
            match retry.filter(|_| !is_final) {
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
