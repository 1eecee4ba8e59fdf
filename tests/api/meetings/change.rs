//! Changing meetings.

use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::{Value, json};

use super::{make, not_found, read};
use crate::app::{Session, TestApp};
use crate::client::{Method, without_request_id};
use crate::on_both;
use crate::tasks::invalid;

/// A meeting with a value in every field.
async fn make_full(app: &TestApp, user: &Session) -> Value {
    let fields = json!({
        "location": "3층", "agenda": "안건", "notes": "회의록", "decisions": "결정", "status": "published",
    });
    make(app, user, fields).await
}

on_both! {
    async fn put_and_patch_change_only_what_they_name(app) {
        let user = app.user("test-001", Viewer).await;
        let mut meeting = make_full(&app, &user).await;
        for (method, title, version, updated_at) in [
            (Method::PUT, "하나", 2, "2026-02-07T10:18:56.942016Z"),
            (Method::PATCH, "둘", 3, "2026-02-07T10:19:56.942016Z"),
        ] {
            app.advance(60);
            let call = app.call(method, "/api/v1/meetings/1").json(json!({"title": title}));
            let answer = call.by(&user).expect(200).await;
            meeting["title"] = json!(title);
            meeting["version"] = json!(version);
            meeting["updated_at"] = json!(updated_at);
            assert_eq!(answer, json!({"message": "Meeting updated successfully", "meeting": meeting}));
            assert_eq!(read(&app, &user, 1).await, meeting);
        }
    }

    async fn every_field_can_be_changed(app) {
        let user = app.user("test-001", Viewer).await;
        let mut meeting = make(&app, &user, json!({})).await;
        let changes = json!({
            "title": "새 제목", "meeting_date": "2026-03-01T00:00:00.000000Z", "location": "4층", "agenda": "새 안건",
            "notes": "새 회의록", "decisions": "새 결정", "status": "archived",
        });
        let answer = app.put("/api/v1/meetings/1", changes.clone()).by(&user).expect(200).await;
        meeting.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        meeting["version"] = json!(2);
        assert_eq!(answer["meeting"], meeting);
        assert_eq!(read(&app, &user, 1).await, meeting);
    }

    async fn null_clears_what_may_be_null(app) {
        let user = app.user("test-001", Viewer).await;
        let mut meeting = make_full(&app, &user).await;
        let nulls = json!({"location": null, "agenda": null, "notes": null, "decisions": null});
        app.patch("/api/v1/meetings/1", nulls.clone()).by(&user).expect(200).await;
        meeting.as_object_mut().unwrap().extend(nulls.as_object().unwrap().clone());
        meeting["version"] = json!(2);
        assert_eq!(read(&app, &user, 1).await, meeting);
    }

    async fn what_changes_nothing_leaves_version_and_time_alone(app) {
        let user = app.user("test-001", Viewer).await;
        let meeting = make_full(&app, &user).await;
        app.advance(60);
        let same = json!({
            "title": "주간 회의", "meeting_date": "2026-02-09T19:00:00+09:00", "location": "3층", "agenda": "안건",
            "notes": "회의록", "decisions": "결정", "status": "published",
        });
        for body in [json!({}), same] {
            for method in [Method::PUT, Method::PATCH] {
                let answer = app.call(method, "/api/v1/meetings/1").json(body.clone()).by(&user).expect(200).await;
                assert_eq!(answer["meeting"], meeting);
                assert_eq!(read(&app, &user, 1).await, meeting);
            }
        }
    }

    async fn one_wrong_field_keeps_the_right_ones_from_being_written(app) {
        let user = app.user("test-001", Viewer).await;
        let meeting = make_full(&app, &user).await;
        let body = json!({"title": "새 제목", "location": 3, "attendees": [{"user_id": user.id}]});
        for method in [Method::PUT, Method::PATCH] {
            let error = app.call(method, "/api/v1/meetings/1").json(body.clone()).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({
                "location": ["Not a valid string."], "attendees": ["Unknown field."],
            })));
        }
        assert_eq!(read(&app, &user, 1).await, meeting);
    }

    async fn a_missing_meeting_comes_before_a_wrong_body(app) {
        let user = app.user("test-001", Viewer).await;
        let stranger = app.user("test-002", Owner).await;
        let old = make(&app, &stranger, json!({})).await;
        for path in ["/api/v1/meetings/1", "/api/v1/meetings/999", "/api/v1/meetings/9223372036854775808"] {
            for call in [
                app.get(path),
                app.call(Method::PUT, path).raw("{"),
                app.call(Method::PATCH, path).bytes("{}"),
                app.patch(path, json!({"colour": "red"})),
                app.delete(path),
            ] {
                assert_eq!(without_request_id(call.by(&user).expect(404).await), not_found(), "{path}");
            }
        }
        assert_eq!(read(&app, &stranger, 1).await, old);
    }
}
