//! A database that goes away and comes back.

use std::time::{Duration, Instant};

use bizcenter::policy::Role::Owner;
use serde_json::json;

use crate::app::TestApp;
use crate::client::without_request_id;
use crate::mariadb::MariaDb;

#[tokio::test]
async fn a_hanging_mariadb_gives_503_within_the_acquire_timeout_and_heals() {
    // A server of its own, since it is stopped as it stands.
    let server = MariaDb::start(&tempfile::tempdir().unwrap().keep());
    let settings = [("DB_ACQUIRE_TIMEOUT", "2")];
    let app = TestApp::start_on(server.new_database(), tempfile::tempdir().unwrap(), &settings).await;
    let owner = app.user("test-001", Owner).await;
    app.get("/api/v1/tasks").by(&owner).expect(200).await;

    server.signal("-STOP");
    let started = Instant::now();
    let reply = app.get("/api/v1/tasks").by(&owner).send().await;
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(reply.header("retry-after").is_some());
    assert_eq!(
        without_request_id(reply.expect(503)),
        json!({"error": "Service temporarily unavailable", "code": "unavailable"})
    );
    // Nothing of the database is needed for this.
    app.get("/health").expect(200).await;

    server.signal("-CONT");
    let healed = Instant::now();
    while app.get("/api/v1/tasks").by(&owner).send().await.status != 200 {
        assert!(healed.elapsed() < Duration::from_secs(20), "it does not heal");
    }
}

#[tokio::test]
async fn a_restarted_mariadb_is_found_again() {
    let dir = tempfile::tempdir().unwrap().keep();
    let server = MariaDb::start(&dir);
    let url = server.new_database();
    let app = TestApp::start_on(url, tempfile::tempdir().unwrap(), &[("DB_ACQUIRE_TIMEOUT", "1")]).await;
    let owner = app.user("test-001", Owner).await;
    app.get("/api/v1/tasks").by(&owner).expect(200).await;

    server.kill();
    let started = Instant::now();
    app.get("/api/v1/tasks").by(&owner).expect(503).await;
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());

    let _again = MariaDb::start(&dir);
    let healed = Instant::now();
    while app.get("/api/v1/tasks").by(&owner).send().await.status != 200 {
        assert!(healed.elapsed() < Duration::from_secs(20), "it does not heal");
    }
}
