//! How many answers with sums are made at the same time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::error::{ApiError, Code};

/// The most: each of them keeps a connection and a thread busy for as long as it takes to read every contract.
const MOST: u32 = 2;
/// How long a request waits for its turn before it is answered 503.
const PATIENCE: Duration = Duration::from_secs(10);

/// Turns at answers with sums.
#[derive(Debug)]
pub struct Turns(Arc<Semaphore>);

/// A turn, until it is dropped.
pub type Turn = OwnedSemaphorePermit;

impl Turns {
    /// Fewer at once than there are connections, so that every other request finds one.
    pub fn beside_others(connections: u32) -> Self {
        let at_once = connections.saturating_sub(1).clamp(1, MOST);
        Self(Arc::new(Semaphore::new(at_once as usize)))
    }

    /// Waits for a turn. To be called without a connection in hand.
    pub async fn take(&self) -> Result<Turn, ApiError> {
        self.take_within(PATIENCE).await
    }

    async fn take_within(&self, patience: Duration) -> Result<Turn, ApiError> {
        let turn = timeout(patience, Arc::clone(&self.0).acquire_owned()).await;
        turn.map_err(|_| Code::Unavailable)?.map_err(ApiError::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_has_waited_for_too_long_is_told_to_come_back() {
        let short = Duration::from_millis(10);
        for (connections, at_once) in [(1, 1), (2, 1), (3, 2), (1000, 2)] {
            let turns = Turns::beside_others(connections);
            let mut taken = Vec::new();
            for _ in 0..at_once {
                taken.push(turns.take_within(short).await.unwrap());
            }
            assert_eq!(turns.take_within(short).await.unwrap_err().code(), Code::Unavailable, "{connections}");
            taken.pop();
            drop(turns.take_within(short).await.unwrap());
        }
    }
}
