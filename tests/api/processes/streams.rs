//! A stream of notifications goes on when the server that it came from is gone.

use std::cell::Cell;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use super::site::{Server, Site};
use super::{TASKS, open};
use crate::app::Session;
use crate::notifications::events::{Block, Events};

/// What a client has of his stream, over all connections.
#[derive(Default)]
struct Seen {
    titles: Vec<String>,
    last: i64,
}

impl Seen {
    fn take(&mut self, block: Block) {
        let id = block.id.unwrap_or(self.last);
        if let Some(data) = block.data {
            assert!(id > self.last, "{id} comes behind {}", self.last);
            self.titles.push(data["title"].as_str().unwrap().to_owned());
        }
        self.last = id;
    }

    /// Reads until there are so many.
    async fn read(&mut self, events: &mut Events, count: usize) {
        while self.titles.len() < count {
            self.take(events.block().await.expect("the stream has ended"));
        }
    }

    /// Reads so many more.
    async fn read_more(&mut self, events: &mut Events, count: usize) {
        self.read(events, self.titles.len() + count).await;
    }
}

/// Gives somebody a task with this number.
async fn assign(server: &Server, by: &Session, to: &Session, number: usize) {
    let body = json!({"title": number.to_string(), "week_number": 6, "year": 2026, "assigned_to": to.id});
    server.post(TASKS, body).by(by).expect(201).await;
}

#[tokio::test]
async fn nothing_is_lost_and_nothing_comes_twice_when_a_server_is_killed_on_mariadb() {
    // No sign of life comes in time: whatever comes was noticed by itself.
    let site = Site::new(&[("STREAM_HEARTBEAT", "300")]).await;
    let [mut a, b] = site.two_servers();
    site.user("kim@acme.kr", "owner");
    site.user("lee@acme.kr", "viewer");
    let (kim, lee) = (b.sign_in("kim@acme.kr").await, a.sign_in("lee@acme.kr").await);

    let (mut seen, mut events) = (Seen::default(), open(&a, &lee, None).await);
    let started = Instant::now();
    assign(&b, &kim, &lee, 1).await;
    seen.read(&mut events, 1).await;
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());

    let is_back = Cell::new(false);
    let assign_until_he_is_back = async {
        let mut count = 1;
        while !is_back.get() {
            count += 1;
            assign(&b, &kim, &lee, count).await;
            sleep(Duration::from_millis(5)).await;
        }
        count
    };
    let read_on = async {
        seen.read_more(&mut events, 10).await;
        a.process.kill();
        // What was on its way is still read, and then the connection breaks.
        while let Ok(Some(block)) = events.try_block().await {
            seen.take(block);
        }
        events = open(&b, &lee, Some(seen.last)).await;
        seen.read_more(&mut events, 10).await;
        // Another one in the place of the first.
        a = site.server();
        events = open(&a, &lee, Some(seen.last)).await;
        seen.read_more(&mut events, 10).await;
        is_back.set(true);
    };
    let (count, ()) = tokio::join!(assign_until_he_is_back, read_on);
    seen.read(&mut events, count).await;
    // Whatever came twice would come before this one.
    assign(&b, &kim, &lee, count + 1).await;
    seen.read_more(&mut events, 1).await;
    let all: Vec<String> = (1..=count + 1).map(|number| number.to_string()).collect();
    assert_eq!(seen.titles, all);
    let list = b.get("/api/v1/notifications?limit=1").by(&lee).expect(200).await;
    assert_eq!((&list["total"], &list["last_event_id"]), (&json!(all.len()), &json!(seen.last)));
}
