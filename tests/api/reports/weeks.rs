//! Which week a report is about, and what belongs to it.

use bizcenter::policy::Role::Viewer;
use serde_json::{Value, json};

use super::{call, make_meeting, report};
use crate::app::{Session, TestApp};
use crate::client::without_request_id;
use crate::lists::invalid_query;
use crate::{on_both, tasks};

const DAY: i64 = 86_400;
/// From the clock's start to 2027-01-01T00:00:00.942016Z.
const TO_NEW_YEAR: i64 = 328 * DAY - (10 * 3600 + 17 * 60 + 56);

/// Year, week, Monday and Sunday.
fn week(report: &Value) -> [Value; 4] {
    ["year", "week_number", "from", "to"].map(|name| report[name].clone())
}

/// The titles of the week's meetings.
async fn meetings(app: &TestApp, user: &Session, query: &str) -> Vec<Value> {
    let report = report(app, user, query).await;
    report["meetings"].as_array().unwrap().iter().map(|meeting| meeting["title"].clone()).collect()
}

/// Makes a meeting at each of these moments, which are their titles.
async fn make_meetings(app: &TestApp, user: &Session, moments: &[&str]) {
    for moment in moments {
        make_meeting(app, user, json!({"title": moment, "meeting_date": moment})).await;
    }
}

on_both! {
    async fn it_is_about_this_week_where_the_users_are(app) {
        let user = app.user("tenant-a", Viewer).await;
        let this = [json!(2026), json!(6), json!("2026-02-02"), json!("2026-02-08")];
        for query in ["", "year=2026", "week=6", "year=2026&week=6"] {
            assert_eq!(week(&report(&app, &user, query).await), this, "{query}");
        }
        app.advance(TO_NEW_YEAR);
        let user = app.user("tenant-a", Viewer).await;
        let last = [json!(2026), json!(53), json!("2026-12-28"), json!("2027-01-03")];
        assert_eq!(week(&report(&app, &user, "").await), last);
        // A year has its own count of weeks.
        let refused = without_request_id(call(&app, &user, "year=2027").expect(400).await);
        let message = "Must be greater than or equal to 1 and less than or equal to 52.";
        assert_eq!(refused, invalid_query(json!({"week": [message]})));
        // The last second of Sunday in Seoul, and the first one of Monday.
        app.advance(2 * DAY + 15 * 3600 - 1);
        let user = app.user("tenant-a", Viewer).await;
        assert_eq!(week(&report(&app, &user, "").await), last);
        app.advance(1);
        let next = [json!(2027), json!(1), json!("2027-01-04"), json!("2027-01-10")];
        assert_eq!(week(&report(&app, &user, "").await), next);
    }

    async fn tasks_of_a_week_that_does_not_exist_are_in_no_report_but_carried_over(app) {
        let user = app.user("tenant-a", Viewer).await;
        for status in ["pending", "completed"] {
            let task = json!({"week_number": 53, "year": 2025, "due_date": "2025-12-30T00:00:00Z", "status": status});
            tasks::make(&app, &user, task).await;
        }
        for (query, carried_over) in [("year=2025&week=52", 0), ("year=2026&week=1", 1)] {
            let counts = json!({"done": 0, "open": 0, "late": 0, "cancelled": 0, "carried_over": carried_over});
            assert_eq!(report(&app, &user, query).await["totals"]["tasks"], counts, "{query}");
        }
    }

    async fn a_week_that_does_not_exist_is_refused(app) {
        let user = app.user("tenant-a", Viewer).await;
        let range = |min, max| {
            json!([format!("Must be greater than or equal to {min} and less than or equal to {max}.")])
        };
        for (query, errors) in [
            ("year=2025&week=53", json!({"week": range(1, 52)})),
            ("year=2027&week=53", json!({"week": range(1, 52)})),
            ("week=54", json!({"week": range(1, 53)})),
            ("week=0", json!({"week": range(1, 53)})),
            ("week=-1", json!({"week": range(1, 53)})),
            ("year=2019", json!({"year": range(2020, 2100)})),
            ("year=2101", json!({"year": range(2020, 2100)})),
            ("year=0&week=99", json!({"year": range(2020, 2100), "week": range(1, 53)})),
            ("year=x&week=6.5", json!({"year": ["Not a valid integer."], "week": ["Not a valid integer."]})),
        ] {
            let refused = call(&app, &user, query).expect(400).await;
            assert_eq!(without_request_id(refused), invalid_query(errors), "{query}");
        }
        for query in ["year=2026&week=53", "year=2020&week=53", "year=2100&week=52", "week=53"] {
            call(&app, &user, query).expect(200).await;
        }
    }

    async fn the_weeks_around_new_year_are_iso_weeks(app) {
        let user = app.user("tenant-a", Viewer).await;
        make_meetings(&app, &user, &[
            "2025-12-28T14:59:59.999999Z", "2025-12-28T15:00:00.000000Z", "2026-01-04T14:59:59.999999Z",
            "2026-01-04T15:00:00.000000Z", "2026-12-27T15:00:00.000000Z", "2027-01-01T00:00:00.000000Z",
            "2027-01-03T14:59:59.999999Z", "2027-01-03T15:00:00.000000Z",
        ]).await;
        for (year, number) in [(2025, 52), (2026, 1), (2026, 53), (2027, 1)] {
            tasks::make(&app, &user, json!({"year": year, "week_number": number})).await;
        }
        for (query, expected, days, found) in [
            ("year=2025&week=52", 1, ["2025-12-22", "2025-12-28"], &["2025-12-28T14:59:59.999999Z"][..]),
            ("year=2026&week=1", 2, ["2025-12-29", "2026-01-04"], &[
                "2025-12-28T15:00:00.000000Z", "2026-01-04T14:59:59.999999Z",
            ]),
            ("year=2026&week=53", 3, ["2026-12-28", "2027-01-03"], &[
                "2026-12-27T15:00:00.000000Z", "2027-01-01T00:00:00.000000Z", "2027-01-03T14:59:59.999999Z",
            ]),
            ("year=2027&week=1", 4, ["2027-01-04", "2027-01-10"], &["2027-01-03T15:00:00.000000Z"]),
        ] {
            let report = report(&app, &user, query).await;
            assert_eq!([&report["from"], &report["to"]], days, "{query}");
            assert_eq!(report["people"][0]["open"][0]["id"], expected, "{query}");
            assert_eq!(report["totals"]["tasks"]["open"], 1, "{query}");
            assert_eq!(report["totals"]["meetings"], found.len(), "{query}");
            assert_eq!(meetings(&app, &user, query).await, found, "{query}");
        }
    }

    async fn a_sunday_night_in_utc_is_a_monday_in_seoul(app) {
        let user = app.user("tenant-a", Viewer).await;
        make_meetings(&app, &user, &["2026-02-08T23:30:00Z"]).await;
        assert_eq!(meetings(&app, &user, "week=6").await, Vec::<Value>::new());
        assert_eq!(meetings(&app, &user, "week=7").await, ["2026-02-08T23:30:00Z"]);
        let text = call(&app, &user, "week=7&format=markdown").send().await.text();
        assert!(text.contains("\n### 2026-02-09 08:30 2026-02-08T23:30:00Z\n"), "{text}");
    }

    async fn in_utc_it_is_a_sunday(app, APP_TIMEZONE = "UTC") {
        let user = app.user("tenant-a", Viewer).await;
        make_meetings(&app, &user, &["2026-02-08T23:30:00Z", "2026-02-09T00:00:00Z"]).await;
        assert_eq!(meetings(&app, &user, "week=6").await, ["2026-02-08T23:30:00Z"]);
        assert_eq!(meetings(&app, &user, "week=7").await, ["2026-02-09T00:00:00Z"]);
        assert_eq!(report(&app, &user, "").await["timezone"], "UTC");
    }

    async fn a_week_with_a_change_of_clocks_has_no_gap(app, APP_TIMEZONE = "America/New_York") {
        let user = app.user("tenant-a", Viewer).await;
        // Clocks go forward on 2026-03-08.
        make_meetings(&app, &user, &[
            "2026-03-02T05:00:00Z", "2026-03-09T03:59:59Z", "2026-03-09T04:00:00Z",
        ]).await;
        assert_eq!(meetings(&app, &user, "week=10").await, ["2026-03-02T05:00:00Z", "2026-03-09T03:59:59Z"]);
        assert_eq!(meetings(&app, &user, "week=11").await, ["2026-03-09T04:00:00Z"]);
        let text = call(&app, &user, "format=markdown").send().await.text();
        assert!(text.contains("Written: 2026-02-07 05:17 (America/New\\_York)"), "{text}");
    }
}
