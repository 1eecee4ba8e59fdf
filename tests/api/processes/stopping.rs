//! A server that is told to stop.

use std::time::{Duration, Instant};

use bizcenter::db::sql;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::site::{Server, Site, until};
use super::{LOGIN, TASKS, open, task};
use crate::app::Session;

/// How long it may take when there is nothing left to wait for; what must be given up is given up after 30.
const AT_ONCE: Duration = Duration::from_secs(15);
const UNSEALED: &str = "select count(*) from audit_logs where seq is null";

/// Makes tasks until there is no answer any more; gives how many were answered.
async fn write(server: &Server, by: &Session) -> i64 {
    let mut count = 0;
    while let Ok(reply) = server.post(TASKS, task("written")).by(by).try_send().await {
        reply.expect(201);
        count += 1;
    }
    count
}

/// Waits until the server accepts no connection any more.
async fn until_closed(address: &str) {
    until("nobody is let in any more", async || TcpStream::connect(address).await.is_err()).await;
}

#[tokio::test]
async fn what_has_begun_is_finished_and_sealed_on_mariadb() {
    let site = Site::new(&[("STREAM_HEARTBEAT", "300")]).await;
    let a = site.server();
    let address = a.url.strip_prefix("http://").unwrap();
    site.user("kim@acme.kr", "owner");
    site.user("lee@acme.kr", "viewer");
    let (kim, lee) = (a.sign_in("kim@acme.kr").await, a.sign_in("lee@acme.kr").await);
    a.post(TASKS, task("in flight")).by(&kim).expect(201).await;
    let streams = [open(&a, &lee, None).await, open(&a, &lee, None).await, open(&a, &kim, None).await];
    let _silent = TcpStream::connect(address).await.unwrap();
    // A change that cannot be finished while somebody holds its row.
    let mut held = site.db.begin().await.unwrap();
    held.lock(sql("select id from tasks where id = 1")).await.unwrap();
    let change = tokio::spawn(a.patch("/api/v1/tasks/1", json!({"assigned_to": lee.id})).by(&kim).send());
    site.until_running("select id from tasks /*").await;

    let stop = async {
        until("somebody writes", async || site.count("select count(*) from tasks").await > 20).await;
        a.process.terminate();
        for events in streams {
            let rest = events.rest().await;
            assert!(rest.iter().all(|block| block.data.is_none()), "{rest:?}");
        }
        until_closed(address).await;
        assert!(!change.is_finished());
        held.rollback().await.unwrap();
        let released = Instant::now();
        let answer = change.await.unwrap().expect(200);
        assert_eq!(answer["task"]["assigned_to"], lee.id);
        released
    };
    let (one, two, three, released) = tokio::join!(write(&a, &kim), write(&a, &kim), write(&a, &kim), stop);
    let (code, said) = a.process.end().await;
    assert!(released.elapsed() < AT_ONCE, "{:?}\n{said}", released.elapsed());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("stopped"), "{said}");

    // Of each who wrote, one request may have got no answer; but what there is of it is whole.
    let answered = one + two + three;
    let written = site.count("select count(*) from tasks where title = 'written'").await;
    assert!((answered..=answered + 3).contains(&written), "{answered} were answered, {written} are there");
    for (statement, count) in [
        ("select count(*) from audit_logs where action = 'created' and resource_type = 'task'", 1 + written),
        ("select count(*) from audit_logs where action = 'updated' and resource_type = 'task'", 1),
        ("select count(*) from notifications", 1),
        (UNSEALED, 0),
    ] {
        assert_eq!(site.count(statement).await, count, "{statement}");
    }
    let (code, said) = site.run(&["audit", "verify"]).await;
    assert_eq!(code, Some(0), "{said}");
    // What the streams did not tell any more comes from the next server.
    let next = site.server();
    assert_eq!(open(&next, &lee, Some(0)).await.titles(1).await, ["in flight"]);
}

#[tokio::test]
async fn what_is_written_behind_an_answer_is_written_and_sealed_on_mariadb() {
    let site = Site::new(&[]).await;
    let a = site.server();
    site.user("lee@acme.kr", "viewer");
    // Nobody can add to the log; there is one row in it.
    let mut held = site.db.begin().await.unwrap();
    held.lock(sql("select id from audit_logs where id > 1")).await.unwrap();
    let wrong = json!({"email": "lee@acme.kr", "password": "wrong horse"});
    a.post(LOGIN, wrong).expect(401).await;
    site.until_running("insert into audit_logs").await;
    a.process.terminate();
    until_closed(a.url.strip_prefix("http://").unwrap()).await;
    // Time enough for a server that does not wait to seal what is there and to stop.
    sleep(Duration::from_millis(500)).await;
    held.rollback().await.unwrap();
    let released = Instant::now();
    let (code, said) = a.process.end().await;
    assert!(released.elapsed() < AT_ONCE, "{:?}\n{said}", released.elapsed());
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(site.count("select count(*) from audit_logs where action = 'login_failed'").await, 1);
    assert_eq!(site.count(UNSEALED).await, 0);
}
