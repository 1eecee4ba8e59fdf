//! What goes through one open stream. While nothing happens it holds no connection to the database and little memory.

use std::convert::Infallible;
use std::fmt::Write as _;

use axum::body::Bytes;
use axum::http::StatusCode;
use futures_util::stream::{self, Stream};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::debug;

use super::super::store::{self, NotificationRow};
use super::super::subscribers::Subscription;
use super::super::types::Notification;
use crate::app::AppState;
use crate::auth::{Right, Scope};
use crate::error::{ApiError, Code};

/// Milliseconds after which a client that was cut off comes back.
const RETRY: u32 = 3000;
/// The most notifications to read at once.
const STEP: i64 = 100;
/// A comment, which keeps the connection alive.
const HEARTBEAT: &[u8] = b": heartbeat\n\n";

/// An open stream.
pub struct Flow {
    app: AppState,
    scope: Scope,
    right: Right,
    subscription: Subscription,
    /// The `seq` of the last notification that was sent.
    last: i64,
    greeting: Option<Bytes>,
    /// Whether to read before waiting.
    is_behind: bool,
    /// When the next sign of life is due.
    beat: Instant,
}

/// Why a stream goes on.
enum Wake {
    /// There may be something new.
    News,
    /// A sign of life is due, or the right to read ends.
    Due,
    /// The server stops, or the user has opened too many others since.
    Stop,
}

impl Flow {
    /// A stream of what comes behind the `seq` `last`.
    pub fn new(app: AppState, scope: Scope, right: Right, subscription: Subscription, last: i64) -> Self {
        // An id without data is no event, but the client keeps it: whoever is cut off before the first event has it.
        let greeting = format!(": connected\nretry: {RETRY}\nid: {last}\n\n").into();
        Self { app, scope, right, subscription, last, greeting: Some(greeting), is_behind: true, beat: Instant::now() }
    }

    /// The pieces of the answer.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
        stream::unfold(self, Self::go_on)
    }

    async fn go_on(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let piece = match self.greeting.take() {
            Some(greeting) => greeting,
            None => self.next_piece().await?,
        };
        self.beat = Instant::now() + self.app.stream_heartbeat;
        Some((Ok(piece), self))
    }

    /// The next piece; nothing when the stream ends.
    async fn next_piece(&mut self) -> Option<Bytes> {
        loop {
            if self.right.left(self.app.clock.now()).is_zero() {
                return None;
            }
            if Instant::now() >= self.beat {
                // It waits for nothing, and after it comes a look into the database, whether the last one failed or not.
                self.is_behind = true;
                return Some(Bytes::from_static(HEARTBEAT));
            }
            if !self.is_behind {
                match self.wait().await {
                    Wake::News => {}
                    Wake::Due => continue,
                    Wake::Stop => return None,
                }
            }
            let read = tokio::select! {
                () = self.app.stopping.cancelled() => return None,
                () = self.subscription.replaced() => return None,
                read = timeout_at(self.beat, self.read_in_turn()) => read,
            };
            let rows = match read.unwrap_or_else(|_| Err(Code::Unavailable.into())) {
                Ok(rows) => rows,
                Err(error) if error.code().status() == StatusCode::UNAUTHORIZED => return None,
                Err(error) => {
                    // After the next sign of life comes the next attempt.
                    debug!(user = self.scope.user(), %error, "cannot read notifications for a stream");
                    Vec::new()
                }
            };
            self.is_behind = i64::try_from(rows.len()).is_ok_and(|count| count >= STEP);
            if let Some(row) = rows.last() {
                self.last = row.seq;
                return Some(events(rows));
            }
        }
    }

    async fn wait(&mut self) -> Wake {
        let pause = self.beat.saturating_duration_since(Instant::now()).min(self.right.left(self.app.clock.now()));
        tokio::select! {
            () = self.app.stopping.cancelled() => Wake::Stop,
            is_open = self.subscription.woken() => if is_open { Wake::News } else { Wake::Stop },
            () = sleep(pause) => Wake::Due,
        }
    }

    async fn read_in_turn(&self) -> Result<Vec<NotificationRow>, ApiError> {
        let _turn = self.app.subscribers.turn().await;
        // In a box of its own, made when it is its turn: a stream that waits need not keep room for it.
        Box::pin(self.read()).await
    }

    /// What is new, as long as the user may read it.
    async fn read(&self) -> Result<Vec<NotificationRow>, ApiError> {
        let scope = self.right.scope(&self.app, &self.scope).await?;
        let mut conn = self.app.db.read().await?;
        Ok(store::after(&mut conn, &scope, self.last, STEP).await?)
    }
}

/// Notifications as events.
fn events(rows: Vec<NotificationRow>) -> Bytes {
    let mut text = String::new();
    for row in rows {
        let seq = row.seq;
        // What can be answered always serializes, and JSON has no line ends.
        let data = serde_json::to_string(&Notification::from(row)).unwrap_or_default();
        let _ = write!(text, "id: {seq}\nevent: notification\ndata: {data}\n\n");
    }
    text.into()
}
