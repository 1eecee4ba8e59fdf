//! What changes for a user on one server changes on the other.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use super::site::{Server, Site};
use super::{LOGIN, TASKS, open};
use crate::app::{PASSWORD, Session};
use crate::notifications::events::{Block, Events};

const CONTRACTS: &str = "/api/v1/contracts";
/// How long one server may not know of a change on another, five seconds, and one for the machine.
const FRESHNESS: Duration = Duration::from_secs(6);

/// Asks for the contracts until the answer is another one, which no call that begins later than promised may miss.
async fn changes_in_time(server: &Server, user: &Session, from: u16, to: u16) {
    let changed = Instant::now();
    loop {
        let asked = changed.elapsed();
        let status = server.get(CONTRACTS).by(user).send().await.status;
        if status == to {
            return;
        }
        assert_eq!(status, from);
        assert!(asked < FRESHNESS, "{} is still answered {from} after {asked:?}", user.email);
        sleep(Duration::from_millis(50)).await;
    }
}

/// Reads up to the next sign of life.
async fn heartbeat(events: &mut Events) {
    while events.block().await.expect("the stream has ended").comment.as_deref() != Some("heartbeat") {}
}

#[tokio::test]
async fn another_role_counts_on_the_other_server_within_seconds_on_mariadb() {
    let site = Site::new(&[]).await;
    let [a, b] = site.two_servers();
    for (email, role) in [("kim@acme.kr", "owner"), ("lee@acme.kr", "editor"), ("han@acme.kr", "viewer")] {
        site.user(email, role);
    }
    let kim = a.sign_in("kim@acme.kr").await;
    let (lee, han) = (b.sign_in("lee@acme.kr").await, b.sign_in("han@acme.kr").await);
    b.get(CONTRACTS).by(&lee).expect(200).await;
    b.get(CONTRACTS).by(&han).expect(403).await;
    for (user, role) in [(&lee, "viewer"), (&han, "editor")] {
        a.patch(&format!("/api/v1/users/{}", user.id), json!({"role": role})).by(&kim).expect(200).await;
    }
    tokio::join!(changes_in_time(&b, &lee, 200, 403), changes_in_time(&b, &han, 403, 200));
    b.get(TASKS).by(&lee).expect(200).await;
}

#[tokio::test]
async fn who_is_deactivated_on_one_server_is_shut_out_of_the_other_within_seconds_on_mariadb() {
    let site = Site::new(&[("STREAM_HEARTBEAT", "1")]).await;
    let [a, b] = site.two_servers();
    for (email, role) in [("kim@acme.kr", "owner"), ("lee@acme.kr", "editor"), ("han@acme.kr", "viewer")] {
        site.user(email, role);
    }
    let kim = a.sign_in("kim@acme.kr").await;
    let (lee, han) = (b.sign_in("lee@acme.kr").await, b.sign_in("han@acme.kr").await);
    let (mut lees, mut hans) = (open(&b, &lee, None).await, open(&b, &han, None).await);
    b.get(CONTRACTS).by(&lee).expect(200).await;
    heartbeat(&mut lees).await;

    let path = format!("/api/v1/users/{}", lee.id);
    a.patch(&path, json!({"is_active": false})).by(&kim).expect(200).await;
    // Whoever signs in is looked up.
    let login = json!({"email": lee.email, "password": PASSWORD});
    assert_eq!(b.post(LOGIN, login).expect(403).await["code"], "account_inactive");
    let (rest, ()) = tokio::join!(lees.rest(), changes_in_time(&b, &lee, 200, 401));
    // One sign of life a second until he was found out, and some for a slow machine.
    let heartbeat_block = Block { comment: Some("heartbeat".into()), ..Block::default() };
    assert!(rest.len() < 12 && rest.iter().all(|block| *block == heartbeat_block), "{rest:?}");
    // Nobody else's ends.
    for _ in 0..rest.len() + 2 {
        heartbeat(&mut hans).await;
    }
}
