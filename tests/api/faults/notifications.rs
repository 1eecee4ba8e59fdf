//! Notifications, and who wants them how.

use serde_json::json;

use super::scene::{Request, Scene};
use super::stage::Stage;

pub const OPERATIONS: &[&str] = &[
    "issue_stream_ticket",
    "patch_notification_preferences",
    "read_all_notifications",
    "read_notification",
    "update_notification_preferences",
];

pub async fn prove(stage: &Stage<'_>) {
    stage
        .prove(&["read_notification"], &[], &[], async |scene| {
            let (request, notifications) = notified(scene).await;
            request.at("{notification_id}", notifications[0])
        })
        .await;
    stage.prove(&["read_all_notifications"], &[], &[], async |scene| notified(scene).await.0).await;
    let preferences = ["patch_notification_preferences", "update_notification_preferences"];
    stage
        .prove(&preferences, &["updated preferences"], &[], async |scene| {
            let kinds = |email: bool| json!({"task_commented": {"email": email}, "task_assigned": {"email": email}});
            let before = json!({"kinds": kinds(true)});
            scene.patch("notifications/preferences", before).await;
            let mut kinds = kinds(false);
            kinds["meeting_published"] = json!({"in_app": false});
            scene.request().json(json!({"locale": "en", "kinds": kinds}))
        })
        .await;
    stage.prove(&["issue_stream_ticket"], &[], &[], async |scene| scene.request()).await;
}

/// A request by somebody who has two notifications, and their ids.
async fn notified(scene: &Scene<'_>) -> (Request, Vec<i64>) {
    let colleague = scene.colleague().await;
    scene.task(json!({"assigned_to": colleague.id})).await;
    scene.task(json!({"assigned_to": colleague.id})).await;
    let list = scene.app.get("/api/v1/notifications").by(&colleague).expect(200).await;
    let ids: Vec<i64> =
        list["notifications"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    (scene.request().by(colleague), ids)
}
