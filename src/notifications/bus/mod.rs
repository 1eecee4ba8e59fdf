//! Looks into the database for whom there is something new, whichever instance made it, and wakes his streams here.

mod store;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use self::store::NewestRow;
use crate::app::AppState;
use crate::db::DbResult;

/// How often to look while somebody listens.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long a look may take: a query on a connection whose other end is gone may never end by itself.
const LONGEST_LOOK: Duration = Duration::from_secs(10);
/// How long to wait after a failure.
const BACK_OFF: Duration = Duration::from_secs(5);
/// How long a transaction may take to commit after its row got an id; no request takes longer. What comes later still is
/// found by the streams themselves.
const SLACK: Duration = Duration::from_secs(40);
/// How many ids to look back at the start, for transactions that have not ended then.
const LOOK_BACK: i64 = 1000;

/// Runs until it is told to stop.
pub async fn run(app: AppState, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = watch(&app) => {}
    }
}

async fn watch(app: &AppState) {
    loop {
        app.subscribers.any().await;
        let mut window = None;
        while !app.subscribers.are_none() {
            let pause = pause_after(look(app, &mut window), LONGEST_LOOK).await;
            sleep(pause).await;
        }
    }
}

/// Has a look, and breaks it off if it takes too long; gives how long to wait for the next one.
async fn pause_after(look: impl Future<Output = DbResult<()>>, longest: Duration) -> Duration {
    match timeout(longest, look).await {
        Ok(Ok(())) => return INTERVAL,
        Ok(Err(error)) => warn!(%error, "cannot look for new notifications"),
        Err(_) => warn!("a look for new notifications took too long"),
    }
    BACK_OFF
}

async fn look(app: &AppState, window: &mut Option<Window>) -> DbResult<()> {
    let mut conn = app.db.read().await?;
    let window = match window {
        Some(window) => window,
        None => window.insert(Window::up_to(store::last_id(&mut conn).await?)),
    };
    let found = store::newest(&mut conn, window.start).await?;
    drop(conn);
    for user in window.move_on(found, Instant::now()) {
        app.subscribers.wake(user);
    }
    Ok(())
}

/// The rows that may still change: ids are given before the commit, and so a smaller one may come after a larger one.
#[derive(Debug)]
struct Window {
    /// Only rows behind this id are looked at.
    start: i64,
    /// Since when an id has been there.
    marks: VecDeque<(Instant, i64)>,
    /// The newest `seq` of each user in the window.
    known: HashMap<i64, i64>,
}

impl Window {
    fn up_to(id: i64) -> Self {
        Self { start: (id - LOOK_BACK).max(0), marks: VecDeque::new(), known: HashMap::new() }
    }

    /// Takes what is in the window now; gives the users for whom there is something new.
    fn move_on(&mut self, found: Vec<NewestRow>, now: Instant) -> Vec<i64> {
        let last = found.iter().map(|row| row.id).max();
        if let Some(last) = last.filter(|last| self.marks.back().is_none_or(|(_, id)| id < last)) {
            self.marks.push_back((now, last));
        }
        while let Some((_, id)) = self.marks.pop_front_if(|(since, _)| now.duration_since(*since) >= SLACK) {
            self.start = id;
        }
        let newest: HashMap<i64, i64> = found.into_iter().map(|row| (row.user_id, row.seq)).collect();
        let known = std::mem::replace(&mut self.known, newest);
        let is_new = |(user, seq): &(&i64, &i64)| known.get(*user) != Some(*seq);
        self.known.iter().filter(is_new).map(|(user, _)| *user).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[(i64, i64, i64)]) -> Vec<NewestRow> {
        rows.iter().map(|(user_id, seq, id)| NewestRow { user_id: *user_id, seq: *seq, id: *id }).collect()
    }

    #[tokio::test]
    async fn a_look_that_hangs_is_broken_off() {
        let (short, long) = (Duration::from_millis(10), Duration::from_secs(60));
        assert_eq!(pause_after(std::future::pending(), short).await, BACK_OFF);
        assert_eq!(pause_after(async { Err(sqlx::Error::PoolTimedOut) }, long).await, BACK_OFF);
        assert_eq!(pause_after(async { Ok(()) }, long).await, INTERVAL);
    }

    #[test]
    fn a_user_is_woken_when_his_newest_one_is_another() {
        let (mut window, now) = (Window::up_to(0), Instant::now());
        let mut users = window.move_on(rows(&[(1, 1, 10), (2, 7, 11)]), now);
        users.sort_unstable();
        assert_eq!(users, [1, 2]);
        assert_eq!(window.move_on(rows(&[(1, 1, 10), (2, 7, 11)]), now), [0_i64; 0]);
        // A smaller id that was committed later.
        assert_eq!(window.move_on(rows(&[(1, 1, 10), (2, 7, 11), (3, 1, 9)]), now), [3]);
        assert_eq!(window.move_on(rows(&[(1, 2, 12), (2, 7, 11), (3, 1, 9)]), now), [1]);
    }

    #[test]
    fn the_window_moves_on_behind_the_slack() {
        let (mut window, start) = (Window::up_to(5000), Instant::now());
        assert_eq!(window.start, 4000);
        window.move_on(rows(&[(1, 1, 5001)]), start);
        window.move_on(rows(&[(1, 2, 5002)]), start + SLACK / 2);
        assert_eq!(window.start, 4000);
        window.move_on(rows(&[(1, 2, 5002)]), start + SLACK);
        assert_eq!(window.start, 5001);
        window.move_on(Vec::new(), start + SLACK * 2);
        assert_eq!((window.start, window.known.len()), (5002, 0));
    }
}
