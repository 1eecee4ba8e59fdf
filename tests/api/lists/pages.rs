//! Pages by number, and what a list's query may be.

use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::json;

use super::{found, ids, invalid_query, list, path};
use crate::client::without_request_id;
use crate::on_both;
use crate::tasks::make;

on_both! {
    async fn an_empty_list_has_its_whole_shape(app) {
        let user = app.user("test-001", Owner).await;
        for collection in ["tasks", "meetings", "contracts"] {
            let empty = list(&app, &user, collection, &[]).await;
            assert_eq!(empty, json!({
                collection: [], "total": 0, "page": 1, "limit": 100, "pages": 0, "next_cursor": null,
            }));
        }
    }

    async fn a_list_without_a_query_shows_the_newest_hundred(app) {
        let user = app.user("test-001", Viewer).await;
        for number in 0..101 {
            if number % 10 == 0 {
                app.advance(1);
            }
            make(&app, &user, json!({})).await;
        }
        let answer = app.get("/api/v1/tasks").by(&user).expect(200).await;
        assert_eq!(ids(&answer), (2..=101).rev().collect::<Vec<i64>>());
        for (name, value) in [("total", 101), ("page", 1), ("limit", 100), ("pages", 2)] {
            assert_eq!(answer[name], value, "{name}");
        }
        assert!(answer["next_cursor"].is_string());
        assert_eq!(list(&app, &user, "tasks", &[("sort", "-created_at")]).await, answer);
    }

    async fn meetings_and_contracts_show_the_latest_first(app) {
        let user = app.user("test-001", Owner).await;
        for (number, day) in [(1, 10), (2, 12), (3, 11), (4, 12)] {
            let meeting = json!({"title": "회의", "meeting_date": format!("2026-02-{day}T10:00:00Z")});
            app.post("/api/v1/meetings", meeting).by(&user).expect(201).await;
            let contract = json!({
                "contract_number": number.to_string(), "customer_name": "한빛", "title": "관제", "amount": "1",
                "start_date": "2026-01-01", "end_date": format!("2026-02-{day}"),
            });
            app.post("/api/v1/contracts", contract).by(&user).expect(201).await;
        }
        for collection in ["meetings", "contracts"] {
            assert_eq!(ids(&list(&app, &user, collection, &[]).await), [4, 2, 3, 1], "{collection}");
        }
    }

    async fn pages_follow_one_another_without_gap_or_overlap(app) {
        let user = app.user("test-001", Viewer).await;
        let mut tasks = Vec::new();
        for _ in 0..10 {
            tasks.insert(0, make(&app, &user, json!({})).await);
        }
        for (page, range) in [("1", 0..4), ("2", 4..8), ("3", 8..10), ("4", 10..10), ("9223372036854775807", 10..10)] {
            let mut answer = list(&app, &user, "tasks", &[("page", page), ("limit", "4")]).await;
            let cursor = answer["next_cursor"].take();
            assert_eq!(cursor.is_string(), range.end < 10, "{page}");
            assert_eq!(answer, json!({
                "tasks": tasks[range], "total": 10, "page": page.parse::<i64>().unwrap(), "limit": 4, "pages": 3,
                "next_cursor": null,
            }));
        }
    }

    async fn a_page_that_holds_all_rows_is_the_last(app) {
        let user = app.user("test-001", Viewer).await;
        for _ in 0..4 {
            make(&app, &user, json!({})).await;
        }
        for (limit, pages) in [("4", 1), ("1000", 1), ("2", 2), ("1", 4)] {
            let answer = list(&app, &user, "tasks", &[("limit", limit)]).await;
            assert_eq!(answer["next_cursor"].is_null(), pages == 1, "{limit}");
            assert_eq!((&answer["total"], &answer["pages"]), (&json!(4), &json!(pages)), "{limit}");
        }
    }

    async fn page_and_limit_have_bounds(app) {
        let user = app.user("test-001", Viewer).await;
        let (page, limit) = (
            "Must be greater than or equal to 1.",
            "Must be greater than or equal to 1 and less than or equal to 1000.",
        );
        for (name, value, message) in [
            ("limit", "0", limit),
            ("limit", "1001", limit),
            ("limit", "-1", limit),
            ("limit", "99999999999999999999", limit),
            ("limit", "ten", "Not a valid integer."),
            ("limit", "10.0", "Not a valid integer."),
            ("limit", "", "Not a valid integer."),
            ("page", "0", page),
            ("page", "-1", page),
            ("page", "9223372036854775808", "Number too large."),
            ("page", "one", "Not a valid integer."),
            ("page", "", "Not a valid integer."),
        ] {
            for collection in ["tasks", "meetings"] {
                let error = app.get(&path(collection, &[(name, value)])).by(&user).expect(400).await;
                assert_eq!(without_request_id(error), invalid_query(json!({name: [message]})), "{name}={value}");
            }
        }
    }

    async fn all_wrong_parameters_come_in_one_answer(app) {
        let user = app.user("test-001", Viewer).await;
        let error = app.get(&path("tasks", &[
            ("week", "abc"), ("year", ""), ("status", "done"), ("priority", "Low"), ("assigned_to", "null"),
            ("created_by", "1.5"), ("due_from", "yesterday"), ("due_to", "2026-02-30"), ("q", "a"), ("page", "0"),
            ("limit", "1001"), ("sort", "colour"), ("cursor", "nonsense"),
        ])).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid_query(json!({
            "week": ["Not a valid integer."],
            "year": ["Not a valid integer."],
            "status": ["Must be one of: pending, in_progress, review, completed, cancelled."],
            "priority": ["Must be one of: low, medium, high, urgent."],
            "assigned_to": ["Not a valid integer."],
            "created_by": ["Not a valid integer."],
            "due_from": ["Not a valid datetime."],
            "due_to": ["Not a valid datetime."],
            "q": ["Length must be between 2 and 200."],
            "page": ["Must be greater than or equal to 1."],
            "limit": ["Must be greater than or equal to 1 and less than or equal to 1000."],
            "sort": [
                "Must be one of: created_at, updated_at, due_date, title, status, priority, year, week_number, id.",
            ],
            "cursor": ["Not a valid cursor."],
        })));
    }

    async fn unknown_parameters_are_ignored(app) {
        let user = app.user("test-001", Viewer).await;
        let task = make(&app, &user, json!({})).await;
        let unknown = [("per_page", "0"), ("Week", "7"), ("id", "abc"), ("title", "x"), ("", ""), ("week_number", "7")];
        let answer = list(&app, &user, "tasks", &unknown).await;
        assert_eq!(answer, json!({
            "tasks": [task], "total": 1, "page": 1, "limit": 100, "pages": 1, "next_cursor": null,
        }));
    }

    async fn the_first_of_repeated_parameters_counts(app) {
        let user = app.user("test-001", Viewer).await;
        for week in [6, 7] {
            make(&app, &user, json!({"week_number": week})).await;
        }
        assert_eq!(found(&app, &user, "tasks", &[("week", "6"), ("week", "7"), ("week", "abc")]).await, [1]);
        let answer = list(&app, &user, "tasks", &[("limit", "1"), ("limit", "0"), ("sort", "id"), ("sort", "x")]).await;
        assert_eq!((ids(&answer), &answer["limit"]), (vec![1], &json!(1)));
        let error = app.get(&path("tasks", &[("week", "abc"), ("week", "6")])).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid_query(json!({"week": ["Not a valid integer."]})));
    }

    async fn another_tenants_rows_are_neither_shown_nor_counted(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        for (number, author) in [(1, &user), (2, &stranger), (3, &stranger), (4, &user), (5, &stranger)] {
            make(&app, author, json!({"tags": ["공통"]})).await;
            let meeting = json!({"title": "주간 보고", "meeting_date": "2026-02-09T10:00:00Z"});
            app.post("/api/v1/meetings", meeting).by(author).expect(201).await;
            let contract = json!({
                "contract_number": number.to_string(), "customer_name": "한빛", "title": "주간 보고", "amount": "1",
                "start_date": "2026-01-01", "end_date": "2026-12-31",
            });
            app.post("/api/v1/contracts", contract).by(author).expect(201).await;
        }
        for collection in ["tasks", "meetings", "contracts"] {
            for parameters in [&[("limit", "100")][..], &[("q", "보고")], &[("limit", "2")], &[("tag", "공통")]] {
                let answer = list(&app, &user, collection, parameters).await;
                assert_eq!(ids(&answer), [4, 1], "{collection} {parameters:?}");
                assert_eq!((&answer["total"], &answer["next_cursor"]), (&json!(2), &json!(null)), "{collection}");
            }
        }
        let authors = list(&app, &user, "tasks", &[("created_by", &stranger.id.to_string())]).await;
        assert_eq!((ids(&authors), &authors["total"]), (vec![], &json!(0)));
    }
}
