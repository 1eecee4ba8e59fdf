//! Meetings with their attendees and action items.

use bizcenter::policy::Role::Editor;
use serde_json::json;

use super::stage::Stage;

pub const OPERATIONS: &[&str] = &[
    "add_attendees",
    "convert_action_item",
    "create_action_item",
    "create_meeting",
    "delete_action_item",
    "delete_attendee",
    "delete_meeting",
    "patch_action_item",
    "patch_attendee",
    "patch_meeting",
    "publish_meeting",
    "update_action_item",
    "update_attendee",
    "update_meeting",
];

pub async fn prove(stage: &Stage<'_>) {
    prove_meetings(stage).await;
    prove_attendees(stage).await;
    prove_action_items(stage).await;
}

async fn prove_meetings(stage: &Stage<'_>) {
    stage
        .prove(&["create_meeting"], &["created meeting"], &[], async |scene| {
            let date = "2026-02-09T10:00:00Z";
            scene.request().json(json!({"title": "new", "meeting_date": date, "status": "published"}))
        })
        .await;
    stage
        .prove(&["patch_meeting", "update_meeting"], &["updated meeting"], &[], async |scene| {
            scene.request().json(json!({"title": "changed", "notes": "changed"}))
        })
        .await;
    stage
        .prove(&["patch_meeting", "update_meeting"], &["published meeting"], &["meeting_published"], async |scene| {
            scene.post("meetings/{meeting_id}/attendees", json!({"user_id": scene.rows.user})).await;
            scene.request().json(json!({"status": "published"}))
        })
        .await;
    stage
        .prove(&["publish_meeting"], &["published meeting"], &["meeting_published"], async |scene| {
            scene.post("meetings/{meeting_id}/attendees", json!({"user_id": scene.rows.user})).await;
            scene.request()
        })
        .await;
    let deleted = ["deleted action_item", "deleted attendee", "deleted attendee", "deleted meeting"];
    stage
        .prove(&["delete_meeting"], &deleted, &[], async |scene| {
            scene.post("meetings/{meeting_id}/attendees", json!({"user_id": scene.rows.user})).await;
            scene.convert().await;
            scene.request()
        })
        .await;
}

async fn prove_attendees(stage: &Stage<'_>) {
    let (created, published) = (["created attendee"; 2], ["meeting_published"; 2]);
    stage
        .prove(&["add_attendees"], &created, &published, async |scene| {
            scene.publish().await;
            let other = scene.app.user(&scene.owner.tenant, Editor).await;
            scene.request().json(json!({"attendees": [{"user_id": scene.rows.user}, {"user_id": other.id}]}))
        })
        .await;
    stage
        .prove(&["patch_attendee", "update_attendee"], &["updated attendee"], &[], async |scene| {
            scene.request().json(json!({"role": "changed", "attendance": "attended"}))
        })
        .await;
    stage.prove(&["delete_attendee"], &["deleted attendee"], &[], async |scene| scene.request()).await;
}

async fn prove_action_items(stage: &Stage<'_>) {
    stage
        .prove(&["create_action_item"], &["created action_item"], &["action_item_assigned"], async |scene| {
            scene.request().json(json!({"description": "new", "assigned_to": scene.rows.user}))
        })
        .await;
    // One that became a task.
    let (changing, updated) = (["patch_action_item", "update_action_item"], ["updated action_item", "updated task"]);
    stage
        .prove(&changing, &updated, &["action_item_assigned"], async |scene| {
            scene.convert().await;
            scene.request().json(json!({"status": "completed", "assigned_to": scene.rows.user}))
        })
        .await;
    stage
        .prove(&["delete_action_item"], &["deleted action_item"], &[], async |scene| {
            scene.convert().await;
            scene.request()
        })
        .await;
    stage
        .prove(
            &["convert_action_item"],
            &["converted action_item", "created task"],
            &["task_assigned"],
            async |scene| {
                let item = "meetings/{meeting_id}/action-items/{item_id}";
                scene.patch(item, json!({"assigned_to": scene.rows.user})).await;
                scene.request().json(json!({"priority": "high"}))
            },
        )
        .await;
}
