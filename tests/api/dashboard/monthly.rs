//! Contracts by month.

use bizcenter::policy::Role::{Admin, Analyst, Editor, Owner, Viewer};
use serde_json::{Value, json};

use super::{make, travel};
use crate::app::{Session, TestApp};
use crate::client::without_request_id;
use crate::lists::invalid_query;
use crate::on_both;
use crate::tasks::forbidden;

const MONTHLY: &str = "/api/v1/dashboard/contracts/monthly";

/// The months of this query.
async fn months(app: &TestApp, user: &Session, query: &str) -> Vec<Value> {
    let answer = app.get(&format!("{MONTHLY}{query}")).by(user).expect(200).await;
    assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    answer["months"].as_array().unwrap().clone()
}

/// Month, and how many contracts start, end and are new in it.
fn outline(months: &[Value]) -> Vec<Value> {
    months.iter().map(|month| json!([month["month"], month["starting"], month["ending"], month["new"]])).collect()
}

on_both! {
    async fn each_month_tells_what_started_and_ended_in_it_and_what_is_new(app) {
        let (user, stranger) = (app.user("test-001", Owner).await, app.user("test-002", Owner).await);
        for (start_date, end_date, status, currency, amount) in [
            ("2025-11-30", "2025-12-01", "expired", "KRW", "1"),
            ("2025-12-01", "2025-12-31", "terminated", "KRW", "2.50"),
            ("2025-12-31", "2026-02-28", "active", "KRW", "3"),
            ("2025-12-15", "2026-03-01", "draft", "EUR", "4.125"),
            ("2026-02-01", "2026-12-31", "renewed", "USD", "999999999999999999.9999"),
            ("2026-02-28", "2026-12-31", "active", "USD", "999999999999999999.9999"),
            ("2026-03-01", "2026-12-31", "active", "USD", "5"),
        ] {
            make(&app, &user, "contract", json!({
                "start_date": start_date, "end_date": end_date, "status": status, "currency": currency,
                "amount": amount,
            })).await;
        }
        make(&app, &stranger, "contract", json!({"start_date": "2026-02-01", "end_date": "2026-02-02"})).await;
        let expected = [
            json!({
                "month": "2025-12", "starting": 3, "ending": 2, "new": 0,
                "started_amounts": [
                    {"currency": "EUR", "total": "4.125", "count": 1, "unreadable": 0},
                    {"currency": "KRW", "total": "5.50", "count": 2, "unreadable": 0},
                ],
            }),
            json!({"month": "2026-01", "starting": 0, "ending": 0, "new": 0, "started_amounts": []}),
            json!({
                "month": "2026-02", "starting": 2, "ending": 1, "new": 7,
                "started_amounts": [
                    {"currency": "USD", "total": "1999999999999999999.9998", "count": 2, "unreadable": 0},
                ],
            }),
        ];
        assert_eq!(months(&app, &user, "?months=3").await, expected);
        assert_eq!(months(&app, &user, "?months=1").await, expected[2..]);
    }

    async fn editors_see_no_amounts_and_others_nothing(app) {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, "contract", json!({"start_date": "2026-02-01", "amount": "1"})).await;
        let month = json!({"month": "2026-02", "starting": 1, "ending": 0, "new": 1});
        for role in [Owner, Admin, Editor] {
            let mut expected = month.clone();
            if role != Editor {
                expected["started_amounts"] = json!([{"currency": "KRW", "total": "1", "count": 1, "unreadable": 0}]);
            }
            let user = app.user("test-001", role).await;
            let reply = app.get(&format!("{MONTHLY}?months=1")).by(&user).send().await;
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{role:?}");
            assert_eq!(reply.expect(200), json!({"months": [expected]}), "{role:?}");
        }
        for (role, name) in [(Analyst, "analyst"), (Viewer, "viewer")] {
            let user = app.user("test-001", role).await;
            for query in ["", "?months=0"] {
                let error = app.get(&format!("{MONTHLY}{query}")).by(&user).expect(403).await;
                assert_eq!(without_request_id(error), forbidden(&["owner", "admin", "editor"], name), "{query}");
            }
        }
    }

    async fn there_are_twelve_months_by_default_and_up_to_sixty(app) {
        let user = app.user("test-001", Editor).await;
        let (twelve, all) = (months(&app, &user, "").await, months(&app, &user, "?months=60").await);
        let names = |months: &[Value]| months.iter().map(|month| month["month"].clone()).collect::<Vec<_>>();
        assert_eq!(names(&twelve), [
            "2025-03", "2025-04", "2025-05", "2025-06", "2025-07", "2025-08", "2025-09", "2025-10", "2025-11",
            "2025-12", "2026-01", "2026-02",
        ]);
        assert_eq!((all.len(), &all[0]["month"]), (60, &json!("2021-03")));
        assert_eq!(all[48..], twelve);
    }

    async fn a_month_ends_when_it_ends_in_seoul(app) {
        travel(&app, "2026-02-28T14:59:59Z");
        let user = app.user("test-001", Owner).await;
        make(&app, &user, "contract", json!({"start_date": "2026-02-28", "end_date": "2026-02-28"})).await;
        assert_eq!(outline(&months(&app, &user, "?months=1").await), [json!(["2026-02", 1, 1, 1])]);
        travel(&app, "2026-02-28T15:00:00Z");
        let user = app.user("test-001", Owner).await;
        make(&app, &user, "contract", json!({"start_date": "2026-03-01", "end_date": "2026-03-31"})).await;
        assert_eq!(outline(&months(&app, &user, "?months=2").await), [
            json!(["2026-02", 1, 1, 1]), json!(["2026-03", 1, 1, 1]),
        ]);
    }

    async fn a_month_ends_when_it_ends_where_the_users_are(app, APP_TIMEZONE = "America/New_York") {
        for (time, month) in [("2026-03-01T04:59:58Z", "2026-02"), ("2026-03-01T05:00:00Z", "2026-03")] {
            travel(&app, time);
            let user = app.user("test-001", Owner).await;
            make(&app, &user, "contract", json!({})).await;
            assert_eq!(outline(&months(&app, &user, "?months=1").await), [json!([month, 0, 0, 1])], "{time}");
        }
    }

    async fn an_impossible_number_of_months_is_refused(app) {
        let user = app.user("test-001", Owner).await;
        let range = "Must be greater than or equal to 1 and less than or equal to 60.";
        for (number, message) in [("0", range), ("61", range), ("x", "Not a valid integer.")] {
            let error = app.get(&format!("{MONTHLY}?months={number}")).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid_query(json!({"months": [message]})), "{number}");
        }
    }
}
