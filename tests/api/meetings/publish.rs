//! Publishing meetings.

use bizcenter::policy::Role::{Analyst, Editor, Owner, Viewer};
use serde_json::json;

use super::{make, not_found, read};
use crate::app::Session;
use crate::client::without_request_id;
use crate::on_both;
use crate::tasks::forbidden;

const PUBLISH: &str = "/api/v1/meetings/1/publish";
const FIRST: &str = "2026-02-07T10:18:56.942016Z";

on_both! {
    async fn a_published_meeting_knows_when(app) {
        let user = app.user("test-001", Viewer).await;
        let mut meeting = make(&app, &user, json!({})).await;
        app.advance(60);
        let answer = app.post(PUBLISH, json!({})).by(&user).expect(200).await;
        meeting["status"] = json!("published");
        meeting["published_at"] = json!(FIRST);
        meeting["updated_at"] = json!(FIRST);
        meeting["version"] = json!(2);
        assert_eq!(answer, json!({"message": "Meeting published successfully", "meeting": meeting}));
        assert_eq!(read(&app, &user, 1).await, meeting);
        app.advance(60);
        let again = app.post(PUBLISH, json!({})).by(&user).expect(200).await;
        assert_eq!(again["meeting"], meeting);
    }

    async fn a_meeting_is_published_first_only_once(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({})).await;
        app.advance(60);
        app.put("/api/v1/meetings/1", json!({"status": "published"})).by(&user).expect(200).await;
        for status in ["draft", "published", "archived"] {
            app.advance(60);
            let answer = app.patch("/api/v1/meetings/1", json!({"status": status})).by(&user).expect(200).await;
            assert_eq!(answer["meeting"]["status"], status);
            assert_eq!(answer["meeting"]["published_at"], FIRST);
        }
        let answer = app.post(PUBLISH, json!({})).by(&user).expect(200).await;
        assert_eq!(answer["meeting"]["status"], "published");
        assert_eq!((&answer["meeting"]["published_at"], &answer["meeting"]["version"]), (&json!(FIRST), &json!(6)));
    }

    async fn attendees_hear_of_it_once(app) {
        let (kim, hong) = (app.user("test-001", Owner).await, app.user("test-001", Viewer).await);
        let lee = app.user("test-001", Viewer).await;
        make(&app, &kim, json!({})).await;
        let attend = async |user: &Session| {
            app.post("/api/v1/meetings/1/attendees", json!({"user_id": user.id})).by(&kim).expect(201).await;
        };
        attend(&hong).await;
        for status in ["published", "archived", "published", "draft", "published"] {
            app.patch("/api/v1/meetings/1", json!({"status": status})).by(&kim).expect(200).await;
        }
        app.post(PUBLISH, json!({})).by(&kim).expect(200).await;
        attend(&lee).await;
        for user in [&hong, &lee] {
            let list = app.get("/api/v1/notifications").by(user).expect(200).await;
            let told = &list["notifications"][0];
            assert_eq!((&list["total"], &told["kind"]), (&json!(1), &json!("meeting_published")));
        }
        // The log tells of each time.
        let log = app.get("/api/v1/audit-logs?action=published&resource_type=meeting").by(&kim).expect(200).await;
        assert_eq!(log["total"], 3);
    }

    async fn a_meeting_may_be_made_published(app) {
        let user = app.user("test-001", Viewer).await;
        let meeting = make(&app, &user, json!({"status": "published"})).await;
        assert_eq!(meeting["published_at"], meeting["created_at"]);
        let archived = make(&app, &user, json!({"status": "archived"})).await;
        assert_eq!(archived["published_at"], json!(null));
        let error = app.patch("/api/v1/meetings/2", json!({"published_at": null})).by(&user).expect(400).await;
        assert_eq!(error["errors"], json!({"published_at": ["Unknown field."]}));
    }

    async fn a_meeting_that_is_not_there_is_not_published(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        let old = make(&app, &stranger, json!({})).await;
        for path in [PUBLISH, "/api/v1/meetings/999/publish"] {
            assert_eq!(without_request_id(app.post(path, json!({})).by(&user).expect(404).await), not_found());
        }
        assert_eq!(read(&app, &stranger, 1).await, old);
    }

    async fn under_the_strict_policy_editors_publish(app, ROLE_POLICY = "strict") {
        let analyst = app.user("test-001", Analyst).await;
        let editor = app.user("test-001", Editor).await;
        let viewer = app.user("test-001", Viewer).await;
        let old = make(&app, &analyst, json!({})).await;
        for (user, name) in [(&analyst, "analyst"), (&viewer, "viewer")] {
            let error = app.post(PUBLISH, json!({})).by(user).expect(403).await;
            assert_eq!(without_request_id(error), forbidden(&["owner", "admin", "editor"], name));
        }
        assert_eq!(read(&app, &viewer, 1).await, old);
        app.post(PUBLISH, json!({})).by(&editor).expect(200).await;
    }
}
