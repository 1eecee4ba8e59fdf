//! One change, one transaction.

use std::time::Duration;

use super::{Conn, lost_to_another_transaction};
use crate::error::ApiError;

/// How often a transaction that lost to another one is tried in all.
const ATTEMPTS: u32 = 5;
/// The longest pause after the first attempt, in microseconds; after each other one it may be twice as long.
const PAUSE: u64 = 10_000;

/// Runs a block in one transaction on the writer and commits it; an error from the block rolls it back.
///
/// `transaction!(db, |tx| { … })` gives a `Result<T, ApiError>`; `tx` is a `&mut Conn`, and `?` leaves the block. The
/// block may run several times: where MariaDB prefers another transaction, the attempt is undone and starts over.
/// A failed COMMIT is not tried again, since it may have happened.
///
/// A macro, since an async closure that borrows its surroundings is not `Send` enough for a handler.
macro_rules! transaction {
    ($db:expr, |$tx:ident| $block:expr) => {{
        let mut attempts = $crate::db::Attempts::default();
        loop {
            let mut transaction = match $db.begin().await {
                Ok(transaction) => transaction,
                Err(error) => break Err($crate::error::ApiError::from(error)),
            };
            let outcome: Result<_, $crate::error::ApiError> = async {
                let $tx = &mut transaction;
                $block
            }
            .await;
            if let Some(outcome) = attempts.settle(transaction, outcome).await {
                break outcome;
            }
        }
    }};
}

pub(crate) use transaction;

/// Counts the attempts of one transaction.
#[derive(Debug, Default)]
pub struct Attempts(u32);

impl Attempts {
    /// Commits or rolls back; nothing when the block should run again.
    pub async fn settle<T>(&mut self, transaction: Conn, outcome: Result<T, ApiError>) -> Option<Result<T, ApiError>> {
        self.0 += 1;
        match outcome {
            Ok(value) => Some(transaction.commit().await.map(|()| value).map_err(ApiError::from)),
            Err(error) => {
                if let Err(rollback) = transaction.rollback().await {
                    tracing::warn!(error = %rollback, "rollback failed; the connection is dropped");
                }
                let lost = error.database().is_some_and(lost_to_another_transaction);
                if !lost || self.0 >= ATTEMPTS {
                    return Some(Err(error));
                }
                tokio::time::sleep(pause(self.0)).await;
                None
            }
        }
    }
}

/// Drawn by lot: those who lost to each other would only meet again.
fn pause(attempts: u32) -> Duration {
    Duration::from_micros(fastrand::u64(..PAUSE << attempts.saturating_sub(1)))
}
