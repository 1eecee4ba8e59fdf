//! The link to one's own calendar.

use super::scene::{Request, Scene};
use super::stage::Stage;
use crate::client::Method;

pub const OPERATIONS: &[&str] = &["delete_calendar_feed", "replace_calendar_feed"];

pub async fn prove(stage: &Stage<'_>) {
    let replaced = ["created calendar_feed", "revoked calendar_feed"];
    stage.prove(&["replace_calendar_feed"], &replaced, &[], linked).await;
    stage.prove(&["delete_calendar_feed"], &["revoked calendar_feed"], &[], linked).await;
}

/// A request by somebody who has a link.
async fn linked(scene: &Scene<'_>) -> Request {
    let colleague = scene.colleague().await;
    scene.app.call(Method::POST, "/api/v1/calendar/feed").by(&colleague).expect(201).await;
    scene.request().by(colleague)
}
