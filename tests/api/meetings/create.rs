//! Making meetings: defaults, values and their rules.

use bizcenter::policy::Role::Viewer;
use serde_json::json;

use super::{make, meeting, read};
use crate::client::without_request_id;
use crate::on_both;
use crate::tasks::invalid;

on_both! {
    async fn a_new_meeting_has_flasks_fields_and_defaults(app) {
        let user = app.user("test-001", Viewer).await;
        let body = json!({"title": "주간 회의 🗓", "meeting_date": "2026-02-09T10:00:00"});
        let reply = app.post("/api/v1/meetings", body).by(&user).send().await;
        assert_eq!(reply.header("location"), Some("/api/v1/meetings/1"));
        let created = reply.expect(201);
        assert_eq!(created, json!({
            "message": "Meeting created successfully",
            "meeting": {
                "id": 1, "tenant_id": "test-001", "title": "주간 회의 🗓",
                "meeting_date": "2026-02-09T10:00:00.000000Z", "location": null, "agenda": null, "notes": null,
                "decisions": null, "status": "draft", "published_at": null, "attendees": [], "action_items": [],
                "created_at": "2026-02-07T10:17:56.942016Z", "updated_at": "2026-02-07T10:17:56.942016Z", "version": 1,
            },
        }));
        let read = app.get("/api/v1/meetings/1").by(&user).expect(200).await;
        assert_eq!(read, json!({"meeting": created["meeting"]}));
        assert_eq!(app.get("/api/v1/meetings").by(&user).expect(200).await, json!({
            "meetings": [created["meeting"]], "total": 1, "page": 1, "limit": 100, "pages": 1, "next_cursor": null,
        }));
    }

    async fn every_field_is_kept_exactly(app) {
        let user = app.user("test-001", Viewer).await;
        let long = "회의록 ".repeat(10_000);
        let fields = json!({
            "title": " 🚀 e\u{301} é ", "location": "", "agenda": "1. 보안\r\n2. \"관제\"\t\\", "notes": long,
            "decisions": "%_!'", "status": "archived", "meeting_date": "2026-02-09T10:00:00.000001+09:00",
        });
        let made = make(&app, &user, fields).await;
        assert_eq!(made, json!({
            "id": 1, "tenant_id": "test-001", "title": " 🚀 e\u{301} é ", "location": "",
            "agenda": "1. 보안\r\n2. \"관제\"\t\\", "notes": long, "decisions": "%_!'", "status": "archived",
            "meeting_date": "2026-02-09T01:00:00.000001Z", "published_at": null, "attendees": [], "action_items": [],
            "created_at": "2026-02-07T10:17:56.942016Z", "updated_at": "2026-02-07T10:17:56.942016Z", "version": 1,
        }));
        assert_eq!(read(&app, &user, 1).await, made);
    }

    async fn title_and_date_are_required(app) {
        let user = app.user("test-001", Viewer).await;
        let error = app.post("/api/v1/meetings", json!({})).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid(json!({
            "title": ["Missing data for required field."], "meeting_date": ["Missing data for required field."],
        })));
    }

    async fn all_wrong_fields_come_in_one_answer(app) {
        let user = app.user("test-001", Viewer).await;
        let body = json!({
            "title": "가".repeat(256), "meeting_date": "2026-02-09", "location": "가".repeat(256), "agenda": 1,
            "notes": ["a"], "decisions": true, "status": "public", "attendees": [], "action_items": [], "id": 1,
            "created_by": 1,
        });
        let error = app.post("/api/v1/meetings", body).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid(json!({
            "title": ["Length must be between 1 and 255."],
            "meeting_date": ["Not a valid datetime."],
            "location": ["Longer than maximum length 255."],
            "agenda": ["Not a valid string."],
            "notes": ["Not a valid string."],
            "decisions": ["Not a valid string."],
            "status": ["Must be one of: draft, published, archived."],
            "attendees": ["Unknown field."],
            "action_items": ["Unknown field."],
            "id": ["Unknown field."],
            "created_by": ["Unknown field."],
        })));
        assert_eq!(app.count("select count(*) from meetings").await, 0);
    }

    async fn fields_that_are_not_nullable_refuse_null(app) {
        let user = app.user("test-001", Viewer).await;
        let old = make(&app, &user, json!({})).await;
        let nulls = json!({"title": null, "meeting_date": null, "status": null});
        let errors = json!({
            "title": ["Field may not be null."], "meeting_date": ["Field may not be null."],
            "status": ["Field may not be null."],
        });
        for call in [
            app.post("/api/v1/meetings", meeting(&nulls)),
            app.put("/api/v1/meetings/1", nulls.clone()),
            app.patch("/api/v1/meetings/1", nulls),
        ] {
            assert_eq!(without_request_id(call.by(&user).expect(400).await), invalid(errors.clone()));
        }
        assert_eq!(read(&app, &user, 1).await, old);
    }
}
