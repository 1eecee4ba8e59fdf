//! The filters of tasks.

use bizcenter::policy::Role::Viewer;
use serde_json::{Value, json};

use super::{found, ids, invalid_query, list, path};
use crate::app::{Session, TestApp};
use crate::client::without_request_id;
use crate::on_both;
use crate::tasks::make;

async fn make_all(app: &TestApp, user: &Session, tasks: &[Value]) {
    for task in tasks {
        make(app, user, task.clone()).await;
    }
}

/// Asserts that every query finds exactly these tasks.
async fn assert_found(app: &TestApp, user: &Session, queries: &[(&str, &str, &[i64])]) {
    for &(name, value, expected) in queries {
        assert_eq!(found(app, user, "tasks", &[(name, value)]).await, expected, "{name}={value}");
    }
}

on_both! {
    async fn tasks_are_found_by_week_and_year(app) {
        let user = app.user("test-001", Viewer).await;
        make_all(&app, &user, &[
            json!({"week_number": 6, "year": 2026}),
            json!({"week_number": 7, "year": 2026}),
            json!({"week_number": 6, "year": 2027}),
        ]).await;
        assert_found(&app, &user, &[
            ("week", "6", &[1, 3]),
            ("week", "7", &[2]),
            ("week", "8", &[]),
            ("week", "99", &[]),
            ("week", " +0_6 ", &[1, 3]),
            ("week", "０６", &[1, 3]),
            ("year", "2026", &[1, 2]),
            ("year", "2027", &[3]),
            ("year", "-1", &[]),
        ]).await;
        assert_eq!(found(&app, &user, "tasks", &[("week", "6"), ("year", "2027")]).await, [3]);
        assert_eq!(found(&app, &user, "tasks", &[("week", "7"), ("year", "2027")]).await, [0_i64; 0]);
    }

    async fn tasks_are_found_by_status_and_priority(app) {
        let user = app.user("test-001", Viewer).await;
        let statuses = ["pending", "in_progress", "review", "completed", "cancelled"];
        let priorities = ["low", "medium", "high", "urgent"];
        for status in statuses {
            for priority in priorities {
                make(&app, &user, json!({"status": status, "priority": priority})).await;
            }
        }
        for (first, status) in (1..).step_by(4).zip(statuses) {
            let expected: Vec<i64> = (first..first + 4).collect();
            assert_eq!(found(&app, &user, "tasks", &[("status", status)]).await, expected, "{status}");
        }
        for (first, priority) in (1..).zip(priorities) {
            let expected: Vec<i64> = (first..=20).step_by(4).collect();
            assert_eq!(found(&app, &user, "tasks", &[("priority", priority)]).await, expected, "{priority}");
        }
        assert_eq!(found(&app, &user, "tasks", &[("status", "review"), ("priority", "high")]).await, [11]);
        for status in ["", "done", "Pending", "pending ", "1"] {
            let error = app.get(&path("tasks", &[("status", status)])).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid_query(json!({
                "status": ["Must be one of: pending, in_progress, review, completed, cancelled."],
            })), "{status}");
        }
    }

    async fn tasks_are_found_by_assignee_and_author(app) {
        let user = app.user("test-001", Viewer).await;
        let hong = app.user("test-001", Viewer).await;
        make(&app, &user, json!({"assigned_to": hong.id})).await;
        make(&app, &hong, json!({"assigned_to": user.id})).await;
        make(&app, &hong, json!({})).await;
        let (user_id, hong_id) = (user.id.to_string(), hong.id.to_string());
        assert_found(&app, &user, &[
            ("assigned_to", &hong_id, &[1]),
            ("assigned_to", &user_id, &[2]),
            ("assigned_to", "999", &[]),
            ("created_by", &user_id, &[1]),
            ("created_by", &hong_id, &[2, 3]),
            ("created_by", "-1", &[]),
            ("created_by", "9223372036854775807", &[]),
        ]).await;
        for name in ["assigned_to", "created_by"] {
            let error = app.get(&path("tasks", &[(name, "9223372036854775808")])).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid_query(json!({name: ["Number too large."]})));
        }
    }

    async fn tasks_are_found_by_a_whole_tag(app) {
        let user = app.user("test-001", Viewer).await;
        make_all(&app, &user, &[
            json!({"tags": ["보안", "report", "보안"]}),
            json!({"tags": ["보안 점검", "Report"]}),
            json!({"tags": ["report ", "e\u{301}", ""]}),
            json!({"tags": ["é", "re%"]}),
            json!({}),
        ]).await;
        assert_found(&app, &user, &[
            ("tag", "보안", &[1]),
            ("tag", "보안 점검", &[2]),
            ("tag", "report", &[1]),
            ("tag", "Report", &[2]),
            ("tag", "report ", &[3]),
            ("tag", "re%", &[4]),
            ("tag", "re", &[]),
            ("tag", "é", &[4]),
            ("tag", "e\u{301}", &[3]),
            ("tag", "", &[3]),
            ("tag", "점검", &[]),
        ]).await;
        let answer = list(&app, &user, "tasks", &[("tag", "보안")]).await;
        assert_eq!(answer["total"], 1);
    }

    async fn a_bare_due_date_includes_its_day(app) {
        let user = app.user("test-001", Viewer).await;
        make_all(&app, &user, &[
            json!({"due_date": "2026-02-09T23:59:59.999999Z"}),
            json!({"due_date": "2026-02-10T00:00:00Z"}),
            json!({"due_date": "2026-02-10T12:00:00.5Z"}),
            json!({"due_date": "2026-02-10T23:59:59.999999Z"}),
            json!({"due_date": "2026-02-11T00:00:00Z"}),
            json!({"due_date": null}),
        ]).await;
        assert_found(&app, &user, &[
            ("due_from", "2026-02-10", &[2, 3, 4, 5]),
            ("due_from", "2026-2-10", &[2, 3, 4, 5]),
            ("due_from", "2026-02-10T00:00:00.000001Z", &[3, 4, 5]),
            ("due_from", "2026-02-10T12:00:00.5", &[3, 4, 5]),
            ("due_from", "2026-02-11T09:00:00+09:00", &[5]),
            ("due_from", "2026-02-11T00:00:00.000001Z", &[]),
            ("due_from", "0001-01-01", &[1, 2, 3, 4, 5]),
            ("due_to", "2026-02-10", &[1, 2, 3, 4]),
            ("due_to", "2026-02-09", &[1]),
            ("due_to", "2026-02-10T00:00:00", &[1, 2]),
            ("due_to", "2026-02-10 21:00:00.5+09:00", &[1, 2, 3]),
            ("due_to", "2026-02-08", &[]),
            ("due_to", "9999-12-31", &[1, 2, 3, 4, 5]),
        ]).await;
        for (from, to, expected) in [
            ("2026-02-10", "2026-02-10", &[2, 3, 4][..]),
            ("2026-02-10T00:00:00Z", "2026-02-10T00:00:00Z", &[2]),
            ("2026-02-11", "2026-02-10", &[]),
        ] {
            let between = [("due_from", from), ("due_to", to)];
            assert_eq!(found(&app, &user, "tasks", &between).await, expected, "{from} to {to}");
        }
    }

    async fn impossible_due_dates_are_refused(app) {
        let user = app.user("test-001", Viewer).await;
        for name in ["due_from", "due_to"] {
            for value in ["abc", "2026-02-30", "2026-02-10T24:00", "20260210", "1770459476", "2026-02-10T10:00 09:00"] {
                let error = app.get(&path("tasks", &[(name, value)])).by(&user).expect(400).await;
                let expected = invalid_query(json!({name: ["Not a valid datetime."]}));
                assert_eq!(without_request_id(error), expected, "{name}={value}");
            }
        }
    }

    async fn text_is_found_in_title_description_and_tags_whatever_its_case(app) {
        let user = app.user("test-001", Viewer).await;
        make_all(&app, &user, &[
            json!({"title": "주간 보안 보고", "description": "방화벽 Firewall 점검", "tags": ["관제", "보고서"]}),
            json!({"title": "Weekly REPORT"}),
            json!({"title": "École \u{fb01}le", "description": "ТЕКСТ"}),
        ]).await;
        assert_found(&app, &user, &[
            ("q", "보안", &[1]),
            ("q", "안 보", &[1]),
            ("q", "\u{1107}\u{1169}\u{110b}\u{1161}\u{11ab}", &[1]),
            ("q", "firewall", &[1]),
            ("q", "FIREWALL 점검", &[1]),
            ("q", "보고서", &[1]),
            ("q", "관제", &[1]),
            ("q", "weekly report", &[2]),
            ("q", "REPORT", &[2]),
            ("q", "ＲＥＰＯＲＴ", &[2]),
            ("q", "epor", &[2]),
            ("q", "ÉCOLE", &[3]),
            ("q", "e\u{301}cole", &[3]),
            ("q", "file", &[3]),
            ("q", "текст", &[3]),
            ("q", "ecole", &[]),
            ("q", "보안보고", &[]),
            ("q", "  ", &[]),
            ("q", "pending", &[]),
        ]).await;
    }

    async fn wildcards_in_a_search_stand_for_themselves(app) {
        let user = app.user("test-001", Viewer).await;
        make_all(&app, &user, &[
            json!({"title": "50% off_line"}),
            json!({"title": "500 offXline"}),
            json!({"title": "a!b\\c'd\"e"}),
            json!({"title": "ab\\\\c*d?[e]"}),
        ]).await;
        assert_found(&app, &user, &[
            ("q", "50%", &[1]),
            ("q", "0% o", &[1]),
            ("q", "f_l", &[1]),
            ("q", "off", &[1, 2]),
            ("q", "%%", &[]),
            ("q", "__", &[]),
            ("q", "%off%", &[]),
            ("q", "a!b", &[3]),
            ("q", "!b", &[3]),
            ("q", "!%", &[]),
            ("q", "b\\c", &[3]),
            ("q", "\\\\", &[4]),
            ("q", "c'd", &[3]),
            ("q", "d\"e", &[3]),
            ("q", "c*d", &[4]),
            ("q", "[e]", &[4]),
            ("q", "' or 1=1 -- ", &[]),
        ]).await;
    }

    async fn a_search_text_has_two_to_two_hundred_characters(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({"description": "가".repeat(200)})).await;
        let longest = "가".repeat(200);
        assert_found(&app, &user, &[("q", "가가", &[1]), ("q", &longest, &[1])]).await;
        for text in ["", "a", "보", "🚀", &"가".repeat(201)] {
            let error = app.get(&path("tasks", &[("q", text)])).by(&user).expect(400).await;
            let expected = invalid_query(json!({"q": ["Length must be between 2 and 200."]}));
            assert_eq!(without_request_id(error), expected, "{text}");
        }
    }

    async fn filters_hold_together_with_pages(app) {
        let user = app.user("test-001", Viewer).await;
        for number in 0..12 {
            let (week, tag) = (1 + number % 2, ["홀", "짝"][number / 6]);
            make(&app, &user, json!({"title": format!("보고 {number}"), "week_number": week, "tags": [tag]})).await;
        }
        let parameters = [("week", "2"), ("tag", "짝"), ("q", "보고"), ("limit", "2"), ("sort", "id")];
        let answer = list(&app, &user, "tasks", &parameters).await;
        assert_eq!((ids(&answer), &answer["total"], &answer["pages"]), (vec![8, 10], &json!(3), &json!(2)));
        let answer = list(&app, &user, "tasks", &[&parameters[..], &[("page", "2")]].concat()).await;
        assert_eq!((ids(&answer), &answer["total"]), (vec![12], &json!(3)));
    }
}
