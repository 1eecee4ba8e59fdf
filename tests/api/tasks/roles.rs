//! Who may do what with tasks, under both policies.

use bizcenter::policy::Role::{self, Admin, Analyst, Editor, Owner, Viewer};
use serde_json::json;

use super::{forbidden, make, not_found, read, task};
use crate::client::without_request_id;
use crate::on_both;

on_both! {
    async fn under_the_compatible_policy_everybody_may_do_everything(app) {
        let owner = app.user("test-001", Owner).await;
        for role in Role::ALL {
            let user = app.user("test-001", role).await;
            let id = make(&app, &owner, json!({})).await["id"].as_i64().unwrap();
            let path = format!("/api/v1/tasks/{id}");
            let answer = app.patch(&path, json!({"title": "새 제목"})).by(&user).expect(200).await;
            assert_eq!(answer["task"]["title"], "새 제목");
            assert_eq!(app.delete(&path).by(&user).send().await.status, 204);
            assert_eq!(make(&app, &user, json!({})).await["created_by"], user.id);
        }
    }

    async fn under_the_strict_policy_a_viewer_only_reads(app, ROLE_POLICY = "strict") {
        let owner = app.user("test-001", Owner).await;
        let viewer = app.user("test-001", Viewer).await;
        let old = make(&app, &owner, json!({})).await;
        let error = app.post("/api/v1/tasks", task(&json!({}))).by(&viewer).expect(403).await;
        assert_eq!(without_request_id(error), forbidden(&["owner", "admin", "editor", "analyst"], "viewer"));
        for call in [app.put("/api/v1/tasks/1", json!({})), app.patch("/api/v1/tasks/1", json!({"title": "새"}))] {
            let error = without_request_id(call.by(&viewer).expect(403).await);
            assert_eq!(error, forbidden(&["owner", "admin", "editor"], "viewer"));
        }
        let error = app.delete("/api/v1/tasks/1").by(&viewer).expect(403).await;
        assert_eq!(without_request_id(error), forbidden(&["owner", "admin"], "viewer"));
        assert_eq!(read(&app, &viewer, 1).await, old);
        assert_eq!(app.get("/api/v1/tasks").by(&viewer).expect(200).await["tasks"], json!([old]));
        assert_eq!(app.count("select count(*) from tasks").await, 1);
    }

    async fn under_the_strict_policy_an_analyst_changes_what_he_created(app, ROLE_POLICY = "strict") {
        let analyst = app.user("test-001", Analyst).await;
        make(&app, &analyst, json!({})).await;
        for call in [
            app.put("/api/v1/tasks/1", json!({"title": "하나"})),
            app.patch("/api/v1/tasks/1", json!({"title": "둘"})),
        ] {
            call.by(&analyst).expect(200).await;
        }
        assert_eq!(read(&app, &analyst, 1).await["title"], "둘");
        let error = app.delete("/api/v1/tasks/1").by(&analyst).expect(403).await;
        assert_eq!(without_request_id(error), forbidden(&["owner", "admin"], "analyst"));
        assert_eq!(app.count("select count(*) from tasks").await, 1);
    }

    async fn under_the_strict_policy_an_analyst_does_not_change_anothers(app, ROLE_POLICY = "strict") {
        let analyst = app.user("test-001", Analyst).await;
        let colleague = app.user("test-001", Analyst).await;
        // Being assigned does not make a task one's own.
        let old = make(&app, &colleague, json!({"assigned_to": analyst.id})).await;
        for call in [
            app.put("/api/v1/tasks/1", json!({"title": "새 제목"})),
            app.patch("/api/v1/tasks/1", json!({"status": "completed"})),
            app.patch("/api/v1/tasks/1", json!({})),
            app.patch("/api/v1/tasks/1", json!({"colour": "red"})),
        ] {
            let error = without_request_id(call.by(&analyst).expect(403).await);
            assert_eq!(error, forbidden(&["owner", "admin", "editor"], "analyst"));
        }
        assert_eq!(read(&app, &analyst, 1).await, old);
        let missing = app.patch("/api/v1/tasks/999", json!({})).by(&analyst).expect(404).await;
        assert_eq!(without_request_id(missing), not_found());
    }

    async fn under_the_strict_policy_an_editor_changes_anyones_but_deletes_none(app, ROLE_POLICY = "strict") {
        let analyst = app.user("test-001", Analyst).await;
        let editor = app.user("test-001", Editor).await;
        make(&app, &analyst, json!({})).await;
        make(&app, &editor, json!({})).await;
        let answer = app.patch("/api/v1/tasks/1", json!({"title": "새 제목"})).by(&editor).expect(200).await;
        assert_eq!((&answer["task"]["title"], &answer["task"]["created_by"]), (&json!("새 제목"), &json!(analyst.id)));
        for path in ["/api/v1/tasks/1", "/api/v1/tasks/2"] {
            let error = app.delete(path).by(&editor).expect(403).await;
            assert_eq!(without_request_id(error), forbidden(&["owner", "admin"], "editor"));
        }
        assert_eq!(app.count("select count(*) from tasks").await, 2);
    }

    async fn under_the_strict_policy_admin_and_owner_do_everything(app, ROLE_POLICY = "strict") {
        let analyst = app.user("test-001", Analyst).await;
        for role in [Admin, Owner] {
            let user = app.user("test-001", role).await;
            let id = make(&app, &analyst, json!({})).await["id"].as_i64().unwrap();
            let path = format!("/api/v1/tasks/{id}");
            app.patch(&path, json!({"title": "새 제목"})).by(&user).expect(200).await;
            assert_eq!(app.delete(&path).by(&user).send().await.status, 204);
            make(&app, &user, json!({})).await;
        }
    }
}
