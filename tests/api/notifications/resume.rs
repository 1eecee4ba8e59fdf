//! A stream that was cut off goes on where it was.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use bizcenter::notifications::Kind;
use bizcenter::policy::Role::Viewer;
use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::events::Events;
use super::{STREAM, list};
use crate::app::{Session, TestApp};
use crate::on_both;

async fn open_after(app: &TestApp, user: &Session, last: i64) -> Events {
    Events::open(app.get(STREAM).by(user).header("last-event-id", &last.to_string())).await
}

async fn notify_all(app: &TestApp, user: &Session, numbers: RangeInclusive<usize>) {
    for number in numbers {
        app.notify(&[user], Kind::TaskAssigned, &number.to_string()).await;
    }
}

fn texts(numbers: RangeInclusive<usize>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}

/// The id that a new stream begins with.
async fn begin(app: &TestApp, user: &Session) -> i64 {
    Events::open(app.get(STREAM).by(user)).await.block().await.unwrap().id.unwrap()
}

/// Reads so many notifications behind this id, cut off and coming back again and again; gives their titles in order and
/// how often it was cut off.
async fn read_with_breaks(app: &TestApp, user: &Session, mut last: i64, count: usize) -> (Vec<String>, usize) {
    let (mut titles, mut breaks, mut rng) = (Vec::new(), 0, Rng::with_seed(7));
    while titles.len() < count {
        let mut events = open_after(app, user, last).await;
        let until_the_break = async {
            while let Some(block) = events.block().await {
                last = block.id.unwrap_or(last);
                if let Some(data) = block.data {
                    titles.push(data["title"].as_str().unwrap().to_owned());
                }
                if titles.len() >= count {
                    break;
                }
            }
        };
        let patience = Duration::from_millis(rng.u64(1..120));
        breaks += usize::from(timeout(patience, until_the_break).await.is_err());
    }
    (titles, breaks)
}

on_both! {
    async fn what_was_missed_comes_first_and_in_order(app) {
        let user = app.user("test-001", Viewer).await;
        notify_all(&app, &user, 1..=3).await;
        let mut events = open_after(&app, &user, 1).await;
        assert_eq!(events.titles(2).await, ["2", "3"]);
        let mut new = Events::open(app.get(STREAM).by(&user)).await;
        assert_eq!(new.block().await.unwrap().id, Some(3));
        notify_all(&app, &user, 4..=4).await;
        assert_eq!(events.titles(1).await, ["4"]);
        assert_eq!(new.titles(1).await, ["4"]);
        assert_eq!(open_after(&app, &user, 0).await.titles(4).await, ["1", "2", "3", "4"]);
    }

    async fn the_parameter_does_as_well_and_the_header_wins(app) {
        let user = app.user("test-001", Viewer).await;
        notify_all(&app, &user, 1..=3).await;
        let path = format!("{STREAM}?last_event_id=1");
        assert_eq!(Events::open(app.get(&path).by(&user)).await.titles(2).await, ["2", "3"]);
        // As a client that comes back by itself: the address is old, the header is new.
        let mut events = Events::open(app.get(&path).by(&user).header("last-event-id", "2")).await;
        assert_eq!(events.titles(1).await, ["3"]);
        let mut events = Events::open(app.get(&path).by(&user).header("last-event-id", "")).await;
        assert_eq!(events.titles(2).await, ["2", "3"]);
    }

    async fn a_stream_goes_on_from_a_list(app) {
        let user = app.user("test-001", Viewer).await;
        notify_all(&app, &user, 1..=2).await;
        let last = list(&app, &user, "limit=1").await["last_event_id"].as_i64().unwrap();
        notify_all(&app, &user, 3..=3).await;
        assert_eq!(open_after(&app, &user, last).await.titles(1).await, ["3"]);
    }

    async fn an_id_that_was_never_given_does_not_silence_the_stream(app) {
        let user = app.user("test-001", Viewer).await;
        notify_all(&app, &user, 1..=2).await;
        let mut streams = Vec::new();
        for last in [3, 1000, i64::MAX] {
            let mut events = open_after(&app, &user, last).await;
            assert_eq!(events.block().await.unwrap().id, Some(2));
            streams.push(events);
        }
        notify_all(&app, &user, 3..=3).await;
        for mut events in streams {
            assert_eq!(events.titles(1).await, ["3"]);
        }
    }

    async fn who_was_cut_off_before_the_first_event_misses_nothing(app) {
        let user = app.user("test-001", Viewer).await;
        notify_all(&app, &user, 1..=1).await;
        let last = begin(&app, &user).await;
        notify_all(&app, &user, 2..=2).await;
        assert_eq!(open_after(&app, &user, last).await.titles(1).await, ["2"]);
    }

    async fn more_than_is_read_at_once_comes_whole(app) {
        let user = app.user("test-001", Viewer).await;
        notify_all(&app, &user, 1..=250).await;
        let mut events = open_after(&app, &user, 0).await;
        assert_eq!(events.titles(250).await, texts(1..=250));
        notify_all(&app, &user, 251..=251).await;
        assert_eq!(events.titles(1).await, ["251"]);
    }

    /// A writer makes 500 while two readers, of two instances, are cut off at any moment and come back.
    async fn nothing_is_lost_and_nothing_comes_twice_however_often_one_comes_back(app) {
        let user = app.user("test-001", Viewer).await;
        let second = app.second_instance().await;
        let (one, two) = (begin(&app, &user).await, begin(&second, &user).await);
        let (one, two, ()) = tokio::join!(
            read_with_breaks(&app, &user, one, 500),
            read_with_breaks(&second, &user, two, 500),
            notify_all(&app, &user, 1..=500),
        );
        for (titles, breaks) in [one, two] {
            assert_eq!(titles, texts(1..=500));
            assert!(breaks > 0);
        }
    }

    async fn what_many_send_at_once_comes_once_and_with_growing_ids(app) {
        let user = app.user("test-001", Viewer).await;
        let mut events = Events::open(app.get(STREAM).by(&user)).await;
        let app = Arc::new(app);
        let mut senders = JoinSet::new();
        for sender in 0..10 {
            let (app, user) = (Arc::clone(&app), user.clone());
            senders.spawn(async move {
                for number in 0..20 {
                    app.notify(&[&user], Kind::TaskAssigned, &format!("{sender}-{number}")).await;
                }
            });
        }
        let (mut last, mut titles) = (0, BTreeSet::new());
        for _ in 0..200 {
            let (id, data) = events.next().await;
            assert!(id > last, "{id} comes behind {last}");
            last = id;
            titles.insert(data["title"].as_str().unwrap().to_owned());
        }
        assert_eq!(titles.len(), 200);
        senders.join_all().await;
    }
}
