//! Many statements on one connection.

use std::time::{Duration, Instant};

use bizcenter::db::sql;

use crate::app::{Database, TestApp};
use crate::deadline::Deadline;

#[tokio::test]
async fn hundreds_of_texts_are_prepared_without_waiting_on_mariadb() {
    let _deadline = Deadline::new();
    let app = TestApp::start_with(Database::MariaDb, &[]).await;
    let mut conn = app.db().read().await.unwrap();
    let started = Instant::now();
    for number in 0..490 {
        let text: &'static str = Box::leak(format!("select count(*) + {number} from users").into_boxed_str());
        assert_eq!(conn.count(sql(text)).await.unwrap(), number);
    }
    // Each that had to make room for itself would take 40 ms.
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}
