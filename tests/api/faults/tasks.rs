//! Tasks and comments.

use serde_json::json;

use super::stage::Stage;

pub const OPERATIONS: &[&str] = &[
    "create_comment",
    "create_task",
    "create_tasks",
    "delete_comment",
    "delete_task",
    "import_tasks",
    "patch_comment",
    "patch_task",
    "patch_tasks",
    "update_comment",
    "update_task",
];

const DAY: i64 = 86_400;

pub async fn prove(stage: &Stage<'_>) {
    prove_one(stage).await;
    prove_mirrored(stage).await;
    prove_many(stage).await;
    prove_comments(stage).await;
}

async fn prove_one(stage: &Stage<'_>) {
    let create = ["create_task"];
    stage
        .prove(&create, &["created task"], &["task_assigned"], async |scene| {
            scene.request().json(json!({
                "title": "new", "week_number": 6, "year": 2026, "tags": ["a", "b"], "parent_id": scene.rows.task,
                "assigned_to": scene.rows.user,
            }))
        })
        .await;
    // Somebody who wants a letter, too.
    stage
        .prove(&create, &["created task"], &["letter", "task_assigned"], async |scene| {
            let wish = json!({"kinds": {"task_assigned": {"email": true}}});
            let colleague = scene.colleague().await;
            scene.app.patch("/api/v1/notifications/preferences", wish).by(&colleague).expect(200).await;
            scene.request().json(json!({
                "title": "new", "week_number": 6, "year": 2026, "assigned_to": scene.rows.user,
            }))
        })
        .await;
    // With a key that counts no more.
    stage
        .prove(&create, &["created task"], &[], async |scene| {
            let body = json!({"title": "new", "week_number": 6, "year": 2026});
            let call = scene.app.post("/api/v1/tasks", body.clone()).by(&scene.owner);
            call.header("idempotency-key", "old").expect(201).await;
            scene.app.advance(DAY);
            scene.request().json(body).by(scene.app.signed_in(&scene.owner).await).key("old")
        })
        .await;
    stage
        .prove(&["patch_task", "update_task"], &["updated task"], &["task_assigned"], async |scene| {
            let (first, second) = (scene.task(json!({})).await, scene.task(json!({})).await);
            scene.patch("tasks/{task_id}", json!({"tags": ["a", "b"], "parent_id": first})).await;
            scene.request().json(json!({
                "title": "changed", "tags": ["b", "c"], "parent_id": second, "assigned_to": scene.rows.user,
            }))
        })
        .await;
}

/// The task that an action item became.
async fn prove_mirrored(stage: &Stage<'_>) {
    let deleted =
        ["deleted comment", "deleted comment", "deleted task", "updated action_item", "updated task", "updated task"];
    stage
        .prove(&["patch_task"], &["updated action_item", "updated task"], &[], async |scene| {
            let task = scene.convert().await;
            scene.request().json(json!({"status": "completed"})).at("{task_id}", task)
        })
        .await;
    stage
        .prove(&["delete_task"], &deleted, &[], async |scene| {
            let task = scene.convert().await;
            scene.task(json!({"parent_id": task})).await;
            scene.task(json!({"parent_id": task})).await;
            scene.patch(&format!("tasks/{task}"), json!({"tags": ["a", "b"]})).await;
            scene.post(&format!("tasks/{task}/comments"), json!({"content": "first"})).await;
            scene.post(&format!("tasks/{task}/comments"), json!({"content": "second"})).await;
            scene.request().at("{task_id}", task)
        })
        .await;
}

async fn prove_many(stage: &Stage<'_>) {
    let (created, assigned) = (["created task"; 3], ["task_assigned"; 3]);
    stage
        .prove(&["create_tasks"], &created, &assigned[..2], async |scene| {
            let task = |title: &str| json!({"title": title, "week_number": 6, "year": 2026});
            let (mut first, mut second, third) = (task("first"), task("second"), task("third"));
            first["assigned_to"] = scene.rows.user.into();
            first["parent_id"] = scene.rows.task.into();
            second["assigned_to"] = scene.rows.user.into();
            second["tags"] = json!(["a", "b"]);
            scene.request().json(json!({"tasks": [first, second, third]}))
        })
        .await;
    let updated = ["updated action_item", "updated task", "updated task", "updated task"];
    stage
        .prove(&["patch_tasks"], &updated, &assigned, async |scene| {
            let (converted, parent) = (scene.convert().await, scene.task(json!({})).await);
            let tagged = scene.task(json!({"tags": ["a"]})).await;
            let changes = json!({
                "title": "changed", "status": "completed", "tags": ["b"], "parent_id": parent,
                "assigned_to": scene.rows.user,
            });
            scene.request().json(json!({"ids": [scene.rows.task, converted, tagged], "changes": changes}))
        })
        .await;
    stage
        .prove(&["import_tasks"], &["created task", "created task", "imported task"], &assigned[..1], async |scene| {
            let user = scene.rows.user;
            let lines = format!("title,week_number,year,assigned_to,tags\nfirst,6,2026,{user},a;b\nsecond,7,2026,,\n");
            scene.request().csv(lines)
        })
        .await;
}

async fn prove_comments(stage: &Stage<'_>) {
    stage
        .prove(&["create_comment"], &["created comment"], &["task_commented"], async |scene| {
            scene.patch("tasks/{task_id}", json!({"assigned_to": scene.rows.user})).await;
            scene.request().json(json!({"content": "new"}))
        })
        .await;
    stage
        .prove(&["patch_comment", "update_comment"], &["updated comment"], &[], async |scene| {
            scene.request().json(json!({"content": "changed"}))
        })
        .await;
    stage.prove(&["delete_comment"], &["deleted comment"], &[], async |scene| scene.request()).await;
}
