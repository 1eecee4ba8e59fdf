//! Tasks by week.

use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::{Value, json};

use super::{make, travel};
use crate::app::{Session, TestApp};
use crate::client::without_request_id;
use crate::lists::invalid_query;
use crate::on_both;

const WEEKLY: &str = "/api/v1/dashboard/tasks/weekly";

/// The weeks of this query.
async fn weeks(app: &TestApp, user: &Session, query: &str) -> Vec<Value> {
    let answer = app.get(&format!("{WEEKLY}{query}")).by(user).expect(200).await;
    assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    answer["weeks"].as_array().unwrap().clone()
}

/// Year, week, first and last day and number of tasks of each week.
fn outline(weeks: &[Value]) -> Vec<Value> {
    weeks.iter().map(|week| json!([week["year"], week["week"], week["start"], week["end"], week["total"]])).collect()
}

on_both! {
    async fn each_week_tells_how_its_tasks_went_and_weeks_without_tasks_are_there(app) {
        let (user, stranger) = (app.user("test-001", Viewer).await, app.user("test-002", Owner).await);
        for (status, count) in [("pending", 1), ("in_progress", 2), ("review", 3), ("completed", 4), ("cancelled", 5)] {
            for _ in 0..count {
                make(&app, &user, "task", json!({"status": status})).await;
            }
        }
        make(&app, &user, "task", json!({"week_number": 4, "status": "completed"})).await;
        // Not among the weeks asked for, or not his.
        for (year, week_number) in [(2026, 3), (2026, 7), (2025, 6), (2027, 6)] {
            make(&app, &user, "task", json!({"year": year, "week_number": week_number})).await;
        }
        make(&app, &stranger, "task", json!({})).await;
        let nothing = json!({"pending": 0, "in_progress": 0, "review": 0, "completed": 0, "cancelled": 0});
        let mut one = nothing.clone();
        one["completed"] = json!(1);
        assert_eq!(weeks(&app, &user, "?weeks=3").await, [
            json!({
                "year": 2026, "week": 4, "start": "2026-01-19", "end": "2026-01-25", "total": 1, "completed": 1,
                "open": 0, "cancelled": 0, "by_status": one,
            }),
            json!({
                "year": 2026, "week": 5, "start": "2026-01-26", "end": "2026-02-01", "total": 0, "completed": 0,
                "open": 0, "cancelled": 0, "by_status": nothing,
            }),
            json!({
                "year": 2026, "week": 6, "start": "2026-02-02", "end": "2026-02-08", "total": 15, "completed": 4,
                "open": 6, "cancelled": 5,
                "by_status": {"pending": 1, "in_progress": 2, "review": 3, "completed": 4, "cancelled": 5},
            }),
        ]);
        assert_eq!(outline(&weeks(&app, &user, "?weeks=1").await), [
            json!([2026, 6, "2026-02-02", "2026-02-08", 15]),
        ]);
        assert_eq!(outline(&weeks(&app, &stranger, "?weeks=1").await), [
            json!([2026, 6, "2026-02-02", "2026-02-08", 1]),
        ]);
    }

    async fn there_are_twelve_weeks_by_default_and_up_to_a_hundred_and_four(app) {
        let user = app.user("test-001", Viewer).await;
        let (twelve, all) = (weeks(&app, &user, "").await, weeks(&app, &user, "?weeks=104").await);
        assert_eq!((twelve.len(), all.len()), (12, 104));
        assert_eq!(outline(&twelve)[..7], [
            json!([2025, 47, "2025-11-17", "2025-11-23", 0]), json!([2025, 48, "2025-11-24", "2025-11-30", 0]),
            json!([2025, 49, "2025-12-01", "2025-12-07", 0]), json!([2025, 50, "2025-12-08", "2025-12-14", 0]),
            json!([2025, 51, "2025-12-15", "2025-12-21", 0]), json!([2025, 52, "2025-12-22", "2025-12-28", 0]),
            json!([2026, 1, "2025-12-29", "2026-01-04", 0]),
        ]);
        assert_eq!(all[92..], twelve);
        assert_eq!(outline(&all)[0], json!([2024, 7, "2024-02-12", "2024-02-18", 0]));
        // Each of the three years is looked at.
        for (year, week_number) in [(2024, 6), (2024, 7), (2024, 52), (2025, 1), (2025, 52), (2026, 1), (2026, 6)] {
            make(&app, &user, "task", json!({"year": year, "week_number": week_number})).await;
        }
        let all = weeks(&app, &user, "?weeks=104").await;
        let busy = all.iter().filter(|week| week["total"] == 1).map(|week| json!([week["year"], week["week"]]));
        assert_eq!(busy.collect::<Vec<_>>(), [
            json!([2024, 7]), json!([2024, 52]), json!([2025, 1]), json!([2025, 52]), json!([2026, 1]),
            json!([2026, 6]),
        ]);
    }

    async fn a_year_of_fifty_three_weeks_has_its_last_one(app) {
        let user = app.user("test-001", Viewer).await;
        for (year, week_number, count) in [(2026, 52, 1), (2026, 53, 2), (2027, 1, 3), (2027, 53, 4), (2025, 53, 5)] {
            for _ in 0..count {
                make(&app, &user, "task", json!({"year": year, "week_number": week_number})).await;
            }
        }
        travel(&app, "2027-01-05T03:00:00Z");
        let user = app.user("test-001", Viewer).await;
        assert_eq!(outline(&weeks(&app, &user, "?weeks=3").await), [
            json!([2026, 52, "2026-12-21", "2026-12-27", 1]), json!([2026, 53, "2026-12-28", "2027-01-03", 2]),
            json!([2027, 1, "2027-01-04", "2027-01-10", 3]),
        ]);
    }

    async fn a_week_ends_when_it_ends_in_seoul(app) {
        for (time, week) in [("2026-02-08T14:59:59Z", 6), ("2026-02-08T15:00:00Z", 7)] {
            travel(&app, time);
            let user = app.user("test-001", Viewer).await;
            assert_eq!(weeks(&app, &user, "?weeks=1").await[0]["week"], week, "{time}");
        }
    }

    async fn a_week_ends_when_it_ends_where_the_users_are(app, APP_TIMEZONE = "America/New_York") {
        for (time, week) in [("2026-02-09T04:59:58Z", 6), ("2026-02-09T05:00:00Z", 7)] {
            travel(&app, time);
            let user = app.user("test-001", Viewer).await;
            assert_eq!(weeks(&app, &user, "?weeks=1").await[0]["week"], week, "{time}");
        }
    }

    async fn an_impossible_number_of_weeks_is_refused(app) {
        let user = app.user("test-001", Viewer).await;
        let range = "Must be greater than or equal to 1 and less than or equal to 104.";
        for (number, message) in [("0", range), ("105", range), ("x", "Not a valid integer.")] {
            let error = app.get(&format!("{WEEKLY}?weeks={number}")).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid_query(json!({"weeks": [message]})), "{number}");
        }
    }
}
