//! Who may do what with meetings, under both policies.

use bizcenter::policy::Role::{self, Admin, Analyst, Editor, Owner, Viewer};
use serde_json::json;

use super::{make, meeting, read};
use crate::client::without_request_id;
use crate::on_both;
use crate::tasks::forbidden;

on_both! {
    async fn under_the_compatible_policy_everybody_may_do_everything(app) {
        let owner = app.user("test-001", Owner).await;
        for role in Role::ALL {
            let user = app.user("test-001", role).await;
            let id = make(&app, &owner, json!({})).await["id"].as_i64().unwrap();
            let path = format!("/api/v1/meetings/{id}");
            let answer = app.patch(&path, json!({"status": "published"})).by(&user).expect(200).await;
            assert_eq!(answer["meeting"]["status"], "published");
            assert_eq!(app.delete(&path).by(&user).send().await.status, 204);
            make(&app, &user, json!({"status": "published"})).await;
        }
    }

    async fn under_the_strict_policy_a_viewer_only_reads(app, ROLE_POLICY = "strict") {
        let owner = app.user("test-001", Owner).await;
        let viewer = app.user("test-001", Viewer).await;
        let old = make(&app, &owner, json!({"status": "published"})).await;
        let path = "/api/v1/meetings/1";
        for (call, required) in [
            (app.post("/api/v1/meetings", meeting(&json!({}))), &["owner", "admin", "editor", "analyst"][..]),
            (app.put(path, json!({})), &["owner", "admin", "editor"]),
            (app.patch(path, json!({"title": "새 제목"})), &["owner", "admin", "editor"]),
            (app.delete(path), &["owner", "admin"]),
        ] {
            let error = without_request_id(call.by(&viewer).expect(403).await);
            assert_eq!(error, forbidden(required, "viewer"));
        }
        assert_eq!(read(&app, &viewer, 1).await, old);
        assert_eq!(app.get("/api/v1/meetings").by(&viewer).expect(200).await["meetings"], json!([old]));
    }

    async fn under_the_strict_policy_an_analyst_changes_what_he_created(app, ROLE_POLICY = "strict") {
        let analyst = app.user("test-001", Analyst).await;
        let editor = app.user("test-001", Editor).await;
        make(&app, &analyst, json!({})).await;
        let old = make(&app, &editor, json!({})).await;
        let answer = app.patch("/api/v1/meetings/1", json!({"status": "archived"})).by(&analyst).expect(200).await;
        assert_eq!(answer["meeting"]["status"], "archived");
        for call in [app.put("/api/v1/meetings/2", json!({})), app.patch("/api/v1/meetings/2", json!({"title": "새"}))] {
            let error = without_request_id(call.by(&analyst).expect(403).await);
            assert_eq!(error, forbidden(&["owner", "admin", "editor"], "analyst"));
        }
        assert_eq!(read(&app, &analyst, 2).await, old);
        let error = app.delete("/api/v1/meetings/1").by(&analyst).expect(403).await;
        assert_eq!(without_request_id(error), forbidden(&["owner", "admin"], "analyst"));
    }

    async fn under_the_strict_policy_an_analyst_does_not_publish(app, ROLE_POLICY = "strict") {
        let analyst = app.user("test-001", Analyst).await;
        let published = json!({"status": "published"});
        let old = make(&app, &analyst, json!({})).await;
        for call in [
            app.post("/api/v1/meetings", meeting(&published)),
            app.put("/api/v1/meetings/1", published.clone()),
            app.patch("/api/v1/meetings/1", json!({"title": "새 제목", "status": "published"})),
        ] {
            let error = without_request_id(call.by(&analyst).expect(403).await);
            assert_eq!(error, forbidden(&["owner", "admin", "editor"], "analyst"));
        }
        assert_eq!(read(&app, &analyst, 1).await, old);
        assert_eq!(app.count("select count(*) from meetings").await, 1);
    }

    async fn under_the_strict_policy_an_analyst_does_not_change_what_is_published(app, ROLE_POLICY = "strict") {
        let analyst = app.user("test-001", Analyst).await;
        let editor = app.user("test-001", Editor).await;
        make(&app, &analyst, json!({})).await;
        app.patch("/api/v1/meetings/1", json!({"status": "published"})).by(&editor).expect(200).await;
        let old = read(&app, &analyst, 1).await;
        for body in [json!({"status": "draft"}), json!({"status": "archived"}), json!({"title": "새 제목"}), json!({})] {
            let error = app.patch("/api/v1/meetings/1", body).by(&analyst).expect(403).await;
            assert_eq!(without_request_id(error), forbidden(&["owner", "admin", "editor"], "analyst"));
        }
        assert_eq!(read(&app, &analyst, 1).await, old);
        app.patch("/api/v1/meetings/1", json!({"status": "draft"})).by(&editor).expect(200).await;
        let answer = app.patch("/api/v1/meetings/1", json!({"title": "새 제목"})).by(&analyst).expect(200).await;
        assert_eq!(answer["meeting"]["title"], "새 제목");
    }

    async fn under_the_strict_policy_an_analyst_does_not_change_what_was_put_away_after_it_was_published(
        app,
        ROLE_POLICY = "strict"
    ) {
        let analyst = app.user("test-001", Analyst).await;
        let editor = app.user("test-001", Editor).await;
        let path = "/api/v1/meetings/1";
        make(&app, &analyst, json!({"decisions": "갱신"})).await;
        for status in ["published", "archived"] {
            app.patch(path, json!({"status": status})).by(&editor).expect(200).await;
        }
        let old = read(&app, &analyst, 1).await;
        let forged = json!({"decisions": "위조", "status": "draft"});
        for body in [forged, json!({"status": "draft"}), json!({"decisions": "위조"}), json!({})] {
            let error = app.patch(path, body).by(&analyst).expect(403).await;
            assert_eq!(without_request_id(error), forbidden(&["owner", "admin", "editor"], "analyst"));
        }
        assert_eq!(read(&app, &analyst, 1).await, old);
        // What an editor has made a draft again is written again; but it does not become minutes by putting it away.
        app.patch(path, json!({"status": "draft"})).by(&editor).expect(200).await;
        let answer = app.patch(path, json!({"decisions": "다시"})).by(&analyst).expect(200).await;
        assert_eq!(answer["meeting"]["published_at"], old["published_at"]);
        for status in ["archived", "published"] {
            app.patch(path, json!({"status": status})).by(&analyst).expect(403).await;
        }
        app.patch(path, json!({"status": "archived"})).by(&editor).expect(200).await;
        // What was never published is his own.
        make(&app, &analyst, json!({"status": "archived"})).await;
        app.patch("/api/v1/meetings/2", json!({"status": "draft"})).by(&analyst).expect(200).await;
    }

    async fn under_the_strict_policy_an_editor_publishes_but_does_not_delete(app, ROLE_POLICY = "strict") {
        let analyst = app.user("test-001", Analyst).await;
        let editor = app.user("test-001", Editor).await;
        make(&app, &analyst, json!({})).await;
        for status in ["published", "draft", "archived", "published"] {
            let answer = app.patch("/api/v1/meetings/1", json!({"status": status})).by(&editor).expect(200).await;
            assert_eq!(answer["meeting"]["status"], status);
        }
        make(&app, &editor, json!({"status": "published"})).await;
        for path in ["/api/v1/meetings/1", "/api/v1/meetings/2"] {
            let error = app.delete(path).by(&editor).expect(403).await;
            assert_eq!(without_request_id(error), forbidden(&["owner", "admin"], "editor"));
        }
        assert_eq!(app.count("select count(*) from meetings").await, 2);
    }

    async fn under_the_strict_policy_admin_and_owner_delete(app, ROLE_POLICY = "strict") {
        let analyst = app.user("test-001", Analyst).await;
        for role in [Admin, Owner] {
            let user = app.user("test-001", role).await;
            let id = make(&app, &analyst, json!({})).await["id"].as_i64().unwrap();
            assert_eq!(app.delete(&format!("/api/v1/meetings/{id}")).by(&user).send().await.status, 204);
        }
        assert_eq!(app.count("select count(*) from meetings").await, 0);
    }
}
