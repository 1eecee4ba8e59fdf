//! Contracts.

use serde_json::json;

use super::stage::Stage;

pub const OPERATIONS: &[&str] =
    &["create_contract", "delete_contract", "patch_contract", "renew_contract", "update_contract"];

pub async fn prove(stage: &Stage<'_>) {
    stage
        .prove(&["create_contract"], &["created contract"], &[], async |scene| {
            scene.request().json(json!({
                "contract_number": "new", "customer_name": "c", "title": "new", "amount": "100.50",
                "start_date": "2026-01-01", "end_date": "2026-12-31",
            }))
        })
        .await;
    stage
        .prove(&["patch_contract", "update_contract"], &["updated contract"], &[], async |scene| {
            scene.request().json(json!({"title": "changed", "amount": "200.00", "status": "active"}))
        })
        .await;
    stage
        .prove(&["renew_contract"], &["created contract", "renewed contract"], &[], async |scene| {
            scene.patch("contracts/{contract_id}", json!({"status": "active"})).await;
            scene.request().json(json!({"contract_number": "next", "amount": "300.00"}))
        })
        .await;
    // Who changes nothing has seen the amount.
    stage
        .prove(&["patch_contract", "update_contract"], &["viewed contract"], &[], async |scene| {
            scene.request().json(json!({}))
        })
        .await;
    // One that another one follows.
    stage
        .prove(&["delete_contract"], &["deleted contract", "updated contract"], &[], async |scene| {
            scene.post("contracts/{contract_id}/renew", json!({"contract_number": "next"})).await;
            scene.request()
        })
        .await;
}
