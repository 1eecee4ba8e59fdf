//! The filters of meetings.

use bizcenter::policy::Role::Viewer;
use serde_json::json;

use super::make;
use crate::client::without_request_id;
use crate::lists::{found, invalid_query, path};
use crate::on_both;

on_both! {
    async fn a_bare_date_includes_its_day(app) {
        let user = app.user("test-001", Viewer).await;
        for moment in [
            "2026-02-09T23:59:59.999999Z",
            "2026-02-10T00:00:00Z",
            "2026-02-10T23:59:59.999999Z",
            "2026-02-11T00:00:00Z",
        ] {
            make(&app, &user, json!({"meeting_date": moment})).await;
        }
        for (parameters, expected) in [
            (&[("from_date", "2026-02-10")][..], &[2, 3, 4][..]),
            (&[("from_date", "2026-02-10T00:00:00")], &[2, 3, 4]),
            (&[("from_date", "2026-02-10T09:00:00+09:00")], &[2, 3, 4]),
            (&[("from_date", "2026-02-10T09:00:00.000001+09:00")], &[3, 4]),
            (&[("from_date", "2026-02-12")], &[]),
            (&[("to_date", "2026-02-10")], &[1, 2, 3]),
            (&[("to_date", "2026-02-10T00:00:00")], &[1, 2]),
            (&[("to_date", "2026-02-11T09:00:00+09:00")], &[1, 2, 3, 4]),
            (&[("to_date", "2026-02-11T08:59:59.999999+09:00")], &[1, 2, 3]),
            (&[("to_date", "2026-02-08")], &[]),
            (&[("from_date", "2026-02-10"), ("to_date", "2026-02-10")], &[2, 3]),
            (&[("from_date", "2026-02-11"), ("to_date", "2026-02-10")], &[]),
        ] {
            assert_eq!(found(&app, &user, "meetings", parameters).await, expected, "{parameters:?}");
        }
    }

    async fn impossible_dates_are_refused_at_once(app) {
        let user = app.user("test-001", Viewer).await;
        for value in ["abc", "2026-02-30", "2026-02-10T24:00:00", "20260210", "2026-02-10T10:00:00 09:00"] {
            let query = path("meetings", &[("from_date", value), ("to_date", value), ("status", "public"), ("q", "a")]);
            let error = app.get(&query).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid_query(json!({
                "from_date": ["Not a valid datetime."],
                "to_date": ["Not a valid datetime."],
                "status": ["Must be one of: draft, published, archived."],
                "q": ["Length must be between 2 and 200."],
            })), "{value}");
        }
    }

    async fn meetings_are_found_by_status(app) {
        let user = app.user("test-001", Viewer).await;
        for status in ["draft", "published", "archived", "draft"] {
            make(&app, &user, json!({"status": status})).await;
        }
        for (status, expected) in [("draft", &[1, 4][..]), ("published", &[2]), ("archived", &[3])] {
            assert_eq!(found(&app, &user, "meetings", &[("status", status)]).await, expected, "{status}");
        }
    }

    async fn text_is_found_in_every_text_of_a_meeting(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({
            "title": "주간 보안 회의", "location": "Room 3층", "agenda": "방화벽 50%", "notes": "Firewall_log",
            "decisions": "École",
        })).await;
        make(&app, &user, json!({"title": "Other", "notes": "firewallXlog 500"})).await;
        for (text, expected) in [
            ("보안", &[1][..]),
            ("room 3", &[1]),
            ("방화벽", &[1]),
            ("FIREWALL", &[1, 2]),
            ("l_l", &[1]),
            ("50%", &[1]),
            ("école", &[1]),
            ("OTHER", &[2]),
            ("%%", &[]),
            ("draft", &[]),
        ] {
            assert_eq!(found(&app, &user, "meetings", &[("q", text)]).await, expected, "{text}");
        }
        let change = json!({"notes": null, "agenda": "점검"});
        app.patch("/api/v1/meetings/1", change).by(&user).expect(200).await;
        assert_eq!(found(&app, &user, "meetings", &[("q", "firewall")]).await, [2]);
        assert_eq!(found(&app, &user, "meetings", &[("q", "점검")]).await, [1]);
    }
}
