//! Clients that hang up, and statements that nobody waits for any more.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use bizcenter::db::{Sql, sql};
use bizcenter::policy::Role::{Editor, Viewer};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::app::{Session, TestApp};
use crate::on_both;

/// How many connections there are.
const POOL: u64 = 4;

/// Begins the work and drops it after so many pauses, in each of which the database answers.
async fn break_off(work: impl Future, pauses: u64) {
    let mut work = pin!(work);
    for pause in 0..=pauses {
        if poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await {
            return;
        }
        if pause < pauses {
            sleep(Duration::from_millis(2)).await;
        }
    }
}

/// A statement that no connection has seen yet, so that it is prepared before it is executed.
fn unseen(text: &str, number: u64) -> Sql {
    sql(Box::leak(text.replace('#', &number.to_string()).into_boxed_str()))
}

/// Sends a request, and hangs up a little later.
async fn hang_up(app: &TestApp, by: &Session, line: &str, body: &str, after: Duration) {
    let mut client = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap();
    let (token, length) = (&by.token, body.len());
    let request = format!(
        "{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nLast-Event-ID: 0\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    client.write_all(request.as_bytes()).await.unwrap();
    sleep(after).await;
}

/// Fails unless every connection can be had at the same time.
async fn check_connections(app: &TestApp) {
    let mut held = Vec::new();
    for _ in 0..POOL {
        let mut conn = app.db().read().await.unwrap();
        assert_eq!(conn.count(sql("select count(*) from users")).await.unwrap(), 1);
        held.push(conn);
    }
}

on_both! {
    async fn a_statement_that_is_broken_off_costs_no_connection(app) {
        app.user("test-001", Viewer).await;
        for number in 0..10 * POOL {
            let mut conn = app.db().read().await.unwrap();
            break_off(conn.count(unseen("select count(*) + # from users", number)), number % 5).await;
            drop(conn);
            // And what goes on with the same connection.
            let mut conn = app.db().read().await.unwrap();
            let statement = unseen("select id from users where id <> -#", number);
            break_off(conn.fetch_all::<(i64,)>(statement), number % 3).await;
        }
        check_connections(&app).await;
    }

    async fn a_transaction_that_is_broken_off_costs_no_connection_and_leaves_nothing(app) {
        app.user("test-001", Viewer).await;
        for number in 0..10 * POOL {
            break_off(app.db().begin(), number % 3).await;
            let mut tx = app.db().begin().await.unwrap();
            tx.execute(unseen("update users set name = 'x#' where version = 1", number)).await.unwrap();
            break_off(tx.execute(unseen("update users set name = 'y#' where version = 1", number)), number % 5).await;
            drop(tx);
            let mut tx = app.db().begin().await.unwrap();
            tx.execute(unseen("update users set name = 'z#' where version = 1", number)).await.unwrap();
            break_off(tx.rollback(), number % 3).await;
        }
        check_connections(&app).await;
        assert_eq!(app.count("select count(*) from users where name like 'User%'").await, 1);
    }

    async fn clients_that_hang_up_cost_no_connection(app) {
        const PATHS: [&str; 6] = [
            "notifications/stream", "tasks?limit=1000", "tasks?status=pending", "meetings", "dashboard/summary",
            "users",
        ];
        let viewer = app.user("test-001", Viewer).await;
        for (number, path) in (0..30 * POOL).zip(PATHS.into_iter().cycle()) {
            let after = Duration::from_micros(300 * (number % 29));
            hang_up(&app, &viewer, &format!("GET /api/v1/{path}"), "", after).await;
        }
        for path in PATHS.into_iter().skip(1) {
            app.get(&format!("/api/v1/{path}")).by(&viewer).expect(200).await;
        }
        check_connections(&app).await;
    }

    async fn what_was_asked_for_is_done_though_nobody_waits_for_it(app) {
        let editor = app.user("test-001", Editor).await;
        // Nobody can write in the tenant.
        let mut held = app.db().begin().await.unwrap();
        held.lock(sql("select 1 from tenants where id = 'test-001'")).await.unwrap();
        let task = json!({"title": "x", "week_number": 6, "year": 2026}).to_string();
        hang_up(&app, &editor, "POST /api/v1/tasks", &task, Duration::from_millis(300)).await;
        sleep(Duration::from_millis(300)).await;
        held.rollback().await.unwrap();
        let released = Instant::now();
        while app.count("select count(*) from tasks").await == 0 {
            assert!(released.elapsed() < Duration::from_secs(20), "there is no task");
            sleep(Duration::from_millis(10)).await;
        }
    }
}
