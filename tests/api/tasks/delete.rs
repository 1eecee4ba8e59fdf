//! Deleting tasks, and what goes with them.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::json;

use super::{make, not_found, read};
use crate::client::without_request_id;
use crate::on_both;

on_both! {
    async fn a_deleted_task_is_gone(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({"tags": ["보안"]})).await;
        let other = make(&app, &user, json!({"tags": ["보안"]})).await;
        let reply = app.delete("/api/v1/tasks/1").by(&user).send().await;
        assert_eq!((reply.status, reply.text().as_str()), (204, ""));
        for call in [
            app.get("/api/v1/tasks/1"),
            app.put("/api/v1/tasks/1", json!({})),
            app.patch("/api/v1/tasks/1", json!({"title": "새 제목"})),
            app.delete("/api/v1/tasks/1"),
        ] {
            assert_eq!(without_request_id(call.by(&user).expect(404).await), not_found());
        }
        let list = app.get("/api/v1/tasks").by(&user).expect(200).await;
        assert_eq!((&list["tasks"], &list["total"]), (&json!([other]), &json!(1)));
        assert_eq!(app.count("select count(*) from task_tags").await, 1);
    }

    async fn comments_go_with_their_task_and_action_items_stay_without_it(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        make(&app, &user, json!({})).await;
        for (task, content) in [(1_i64, "첫 댓글"), (1, "둘째 댓글"), (2, "다른 업무의 댓글")] {
            let insert = sql("insert into task_comments (tenant_id, task_id, content, created_at, updated_at, \
                              created_by) values (?, ?, ?, ?, ?, ?)");
            let insert = insert.bind(&user.tenant).bind(task).bind(content).bind(app.now()).bind(app.now());
            app.execute(insert.bind(user.id)).await;
        }
        let meeting = json!({"title": "주간 회의", "meeting_date": "2026-02-09T10:00:00Z"});
        app.post("/api/v1/meetings", meeting).by(&user).expect(201).await;
        for task in [1_i64, 2] {
            let insert = sql("insert into action_items (tenant_id, meeting_id, task_id, description, status, \
                              created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?)");
            let insert = insert.bind(&user.tenant).bind(1_i64).bind(task).bind("후속 조치").bind("pending");
            app.execute(insert.bind(app.now()).bind(app.now())).await;
        }
        let mut meeting = app.get("/api/v1/meetings/1").by(&user).expect(200).await;
        assert_eq!(meeting["meeting"]["action_items"][0]["task_id"], 1);

        assert_eq!(app.delete("/api/v1/tasks/1").by(&user).send().await.status, 204);

        assert_eq!(app.count("select count(*) from task_comments where task_id = 1").await, 0);
        assert_eq!(app.count("select count(*) from task_comments where task_id = 2").await, 1);
        meeting["meeting"]["action_items"][0]["task_id"] = json!(null);
        meeting["meeting"]["action_items"][0]["version"] = json!(2);
        assert_eq!(app.get("/api/v1/meetings/1").by(&user).expect(200).await, meeting);
        let log = app.get("/api/v1/audit-logs?resource_type=action_item").by(&user).expect(200).await;
        let told = &log["audit_logs"][0];
        assert_eq!((&log["total"], &told["action"], &told["resource_id"]), (&json!(1), &json!("updated"), &json!(1)));
        assert_eq!(told["changes"], json!({"task_id": {"from": 1, "to": null}}));
    }

    async fn another_tenants_task_cannot_be_deleted(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        let task = make(&app, &user, json!({})).await;
        let error = app.delete("/api/v1/tasks/1").by(&stranger).expect(404).await;
        assert_eq!(without_request_id(error), not_found());
        assert_eq!(read(&app, &user, 1).await, task);
    }
}
