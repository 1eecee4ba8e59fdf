//! What leaves a row in the audit log by being seen: who gets no row gets nothing to see.

use serde_json::json;

use super::scene::{Request, Scene};
use super::stage::Stage;

pub const OPERATIONS: &[&str] = &[
    "get_contract",
    "get_dashboard_summary",
    "get_monthly_contracts",
    "list_audit_logs",
    "list_contract_history",
    "list_contracts",
    "list_expiring_contracts",
    "list_meetings",
    "list_tasks",
];
/// Those that leave a row only by being taken as a file.
pub const ONLY_AS_FILES: &[&str] = &["list_audit_logs", "list_meetings", "list_tasks"];

pub async fn prove(stage: &Stage<'_>) {
    let contracts = ["get_contract", "list_contract_history", "list_contracts", "list_expiring_contracts"];
    stage
        .prove(&contracts, &["viewed contract"], &[], async |scene| {
            scene.patch("contracts/{contract_id}", json!({"status": "active", "end_date": "2026-02-20"})).await;
            scene.request()
        })
        .await;
    let sums = ["get_dashboard_summary", "get_monthly_contracts"];
    stage.prove(&sums, &["viewed contract"], &[], async |scene| scene.request()).await;
    stage.prove(&["list_audit_logs"], &["exported audit_log"], &[], file).await;
    stage.prove(&["list_contracts"], &["exported contract"], &[], file).await;
    stage.prove(&["list_meetings"], &["exported meeting"], &[], file).await;
    stage.prove(&["list_tasks"], &["exported task"], &[], file).await;
}

async fn file(scene: &Scene<'_>) -> Request {
    scene.request().header("accept", "text/csv")
}
