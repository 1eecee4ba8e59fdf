//! Contracts that end soon.

use bizcenter::policy::Role::{Admin, Editor, Owner, Viewer};
use serde_json::{Value, json};

use super::make;
use crate::app::{Session, TestApp};
use crate::client::without_request_id;
use crate::lists::{ids, invalid_query};
use crate::on_both;

const EXPIRING: &str = "/api/v1/contracts/expiring";

/// Contracts that end on these days; today is 2026-02-07.
async fn prepare(app: &TestApp, user: &Session, days: &[&str]) {
    for (number, day) in days.iter().enumerate() {
        let dates = json!({"contract_number": number.to_string(), "status": "active", "end_date": day});
        make(app, user, dates).await;
    }
}

/// The ids of what this query finds, in their order.
async fn found(app: &TestApp, user: &Session, query: &str) -> Vec<i64> {
    ids(&app.get(&format!("{EXPIRING}{query}")).by(user).expect(200).await)
}

on_both! {
    async fn active_contracts_that_end_within_thirty_days_are_listed_the_soonest_first(app) {
        let user = app.user("test-001", Owner).await;
        let days = ["2026-03-09", "2026-02-06", "2026-02-07", "2026-03-10", "2026-02-20", "2026-02-20"];
        prepare(&app, &user, &days).await;
        for (number, status) in ["draft", "expired", "terminated", "renewed"].into_iter().enumerate() {
            let number = format!("other-{number}");
            make(&app, &user, json!({"contract_number": number, "status": status, "end_date": "2026-02-20"})).await;
        }
        assert_eq!(found(&app, &user, "").await, [3, 5, 6, 1]);
        assert_eq!(found(&app, &user, "?days=30").await, [3, 5, 6, 1]);
        assert_eq!(found(&app, &user, "?days=31").await, [3, 5, 6, 1, 4]);
        assert_eq!(found(&app, &user, "?days=1").await, [3]);
        assert_eq!(found(&app, &user, "?sort=-end_date").await, [1, 6, 5, 3]);
    }

    async fn the_answer_is_a_page_of_contracts(app) {
        let user = app.user("test-001", Admin).await;
        prepare(&app, &user, &["2026-02-09", "2026-02-08", "2026-02-10"]).await;
        let first = app.get(&format!("{EXPIRING}?limit=2")).by(&user).send().await;
        assert_eq!(first.header("cache-control"), Some("no-store"));
        let mut first = first.expect(200);
        let cursor = first["next_cursor"].take();
        let list = app.get("/api/v1/contracts?sort=end_date").by(&user).expect(200).await;
        assert_eq!(first, json!({
            "contracts": [list["contracts"][0], list["contracts"][1]], "total": 3, "page": 1, "limit": 2, "pages": 2,
            "next_cursor": null,
        }));
        let next = format!("{EXPIRING}?limit=2&cursor={}", cursor.as_str().unwrap());
        let rest = app.get(&next).by(&user).expect(200).await;
        assert_eq!(rest, json!({"contracts": [list["contracts"][2]], "next_cursor": null}));
        let editor = app.user("test-001", Editor).await;
        let seen = app.get(EXPIRING).by(&editor).expect(200).await;
        let amounts: Vec<&Value> = seen["contracts"].as_array().unwrap().iter().map(|row| &row["amount"]).collect();
        assert_eq!(amounts, ["***", "***", "***"]);
        let viewer = app.user("test-001", Viewer).await;
        assert_eq!(app.get(EXPIRING).by(&viewer).expect(403).await["your_role"], "viewer");
        let stranger = app.user("test-002", Owner).await;
        assert_eq!(found(&app, &stranger, "?days=365").await, [0_i64; 0]);
    }

    async fn a_day_ends_when_it_ends_in_seoul(app) {
        let user = app.user("test-001", Owner).await;
        prepare(&app, &user, &["2026-02-07", "2026-02-09"]).await;
        // It is 19:17 in Seoul; in five hours it is the next day there, and not yet in UTC.
        assert_eq!(found(&app, &user, "?days=1").await, [1]);
        app.advance(5 * 3600);
        let user = app.user("test-001", Owner).await;
        assert_eq!(found(&app, &user, "?days=1").await, [2]);
    }

    async fn a_day_ends_when_it_ends_where_the_users_are(app, APP_TIMEZONE = "America/New_York") {
        let user = app.user("test-001", Owner).await;
        prepare(&app, &user, &["2026-02-07", "2026-02-09"]).await;
        for (hours, expected) in [(5, 1), (14, 2)] {
            app.advance(hours * 3600);
            let user = app.user("test-001", Owner).await;
            assert_eq!(found(&app, &user, "?days=1").await, [expected], "{hours}");
        }
    }

    async fn impossible_parameters_are_refused_at_once(app) {
        let user = app.user("test-001", Owner).await;
        let range = "Must be greater than or equal to 1 and less than or equal to 365.";
        for (days, message) in [
            ("0", range),
            ("366", range),
            ("-1", range),
            ("99999999999999999999", range),
            ("x", "Not a valid integer."),
            ("", "Not a valid integer."),
        ] {
            let path = format!("{EXPIRING}?days={days}&page=0&status=nonsense");
            let error = app.get(&path).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid_query(json!({
                "days": [message], "page": ["Must be greater than or equal to 1."],
            })), "{days}");
        }
    }
}
