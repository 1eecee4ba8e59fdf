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
use crate::policy::{Reach, ReadContracts, RolePolicy};
use crate::resource::Resource;

/// How long to wait at most before asking again for a mail server that cannot be used.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
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

/// Whether a letter was sent.
enum Delivery {
    Sent,
    /// It was not, or another server is at it.
    Settled,
    /// It was not, and the mail server does not answer.
    Silence,
}

/// What came of one batch.
#[derive(Debug, Default)]
struct Round {
    sent: usize,
    /// Whether there may be more to do at once.
    goes_on: bool,
    /// Why the mail server cannot be used, if it is so; then no letter was taken.
    outage: Option<String>,
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
            round = round(&app, mailer, &stop) => round,
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
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn out_of_patience(stop: &CancellationToken, patience: Duration) {
    stop.cancelled().await;
    tokio::time::sleep(patience).await;
}

/// Sends a batch of the letters that are due; gives how many were sent.
pub async fn send_due(app: &AppState) -> Result<usize, ApiError> {
    let Some(mailer) = &app.mailer else { return Ok(0) };
    let Round { sent, outage, .. } = round(app, mailer, &CancellationToken::new()).await?;
    if let Some(reason) = outage {
        warn!(reason, "the mail server cannot be used; letters wait");
    }
    Ok(sent)
}

async fn round(app: &AppState, mailer: &Mailer, stop: &CancellationToken) -> Result<Round, ApiError> {
    let due = store::due(&mut app.db.read().await?, app.clock.now(), BATCH).await?;
    if due.is_empty() {
        return Ok(Round::default());
    }
    // Nothing is wrong with the letters: none of them loses an attempt.
    if let Err(Failure { reason, .. }) = mailer.check().await {
        return Ok(Round { outage: Some(reason), ..Round::default() });
    }
    let is_full = i64::try_from(due.len()).is_ok_and(|found| found == BATCH);
    let mut round = Round { goes_on: is_full, ..Round::default() };
    for key in due {
        if stop.is_cancelled() {
            break;
        }
        match deliver(app, mailer, &key).await {
            Ok(Delivery::Sent) => round.sent += 1,
            Ok(Delivery::Settled) => {}
            // The others wait until the mail server was asked again: each would wait for its own timeout.
            Ok(Delivery::Silence) => {
                round.goes_on = false;
                break;
            }
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

/// Makes one attempt at the letter, unless another server is at it.
async fn deliver(app: &AppState, mailer: &Mailer, key: &Key) -> Result<Delivery, ApiError> {
    let now = app.clock.now();
    let claim = Timestamp::new(now.utc() + CLAIM);
    if !transaction!(app.db, |tx| store::claim(tx, key, now, claim).await.map_err(ApiError::from))? {
        return Ok(Delivery::Settled);
    }
    let Some((letter, is_there)) = find(app, key).await? else { return Ok(Delivery::Settled) };
    // No connection to the database is held while the mail server is spoken to.
    let outcome = match unwanted(&letter, is_there, app.role_policy) {
        Some(reason) => Outcome::Unwanted(reason),
        None => match mailer.send(&letter, now).await {
            Ok(()) => Outcome::Sent,
            Err(failure) => Outcome::Failed(failure),
        },
    };
    let delivery = match &outcome {
        Outcome::Sent => Delivery::Sent,
        Outcome::Failed(Failure { is_silence: true, .. }) => Delivery::Silence,
        Outcome::Failed(_) | Outcome::Unwanted(_) => Delivery::Settled,
    };
    let was_sent = matches!(outcome, Outcome::Sent);
    let settled = settle(&letter, outcome, app.clock.now());
    if !transaction!(app.db, |tx| store::settle(tx, key, claim, &settled).await.map_err(ApiError::from))? {
        warn!(tenant = key.tenant_id, letter = key.id, was_sent, "an attempt took so long that another one has begun");
    }
    Ok(delivery)
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
        Outcome::Failed(Failure { is_final, reason, .. }) => {
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
