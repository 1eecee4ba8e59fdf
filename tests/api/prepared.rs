//! Many statements on one connection.

use bizcenter::db::sql;

use crate::app::{Database, TestApp};

/// Each that had to make room for another one would cost a round trip, and on many networks some 40 ms.
#[tokio::test]
async fn hundreds_of_texts_stay_prepared_on_mariadb() {
    let app = TestApp::start_with(Database::MariaDb, &[]).await;
    let mut conn = app.db().read().await.unwrap();
    for number in 0..490 {
        let text: &'static str = Box::leak(format!("select count(*) + {number} from users").into_boxed_str());
        assert_eq!(conn.count(sql(text)).await.unwrap(), number);
    }
    let closed: (String, String) = conn.fetch_one(sql("show session status like 'Com_stmt_close'")).await.unwrap();
    assert_eq!(closed.1, "0");
}
