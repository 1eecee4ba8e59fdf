//! What is found wrong only in the transaction, when some of it has been written already.

use serde_json::json;

use super::stage::Stage;
use crate::app::PASSWORD;

pub async fn prove(stage: &Stage<'_>) {
    refuse_what_is_taken(stage).await;
    refuse_what_was_done(stage).await;
    refuse_what_may_not_be(stage).await;
}

async fn refuse_what_is_taken(stage: &Stage<'_>) {
    let contract = json!({
        "contract_number": "taken", "customer_name": "c", "title": "new", "amount": "1", "start_date": "2026-01-01",
        "end_date": "2026-12-31",
    });
    for operation in ["create_contract", "patch_contract", "renew_contract"] {
        stage
            .refuse(operation, 409, async |scene| {
                scene.post("contracts", contract.clone()).await;
                let number = json!({"contract_number": "taken"});
                scene.request().json(if operation == "create_contract" { contract.clone() } else { number })
            })
            .await;
    }
    stage
        .refuse("create_invitation", 409, async |scene| {
            scene.request().json(json!({"email": scene.owner.email, "role": "viewer"}))
        })
        .await;
    stage
        .refuse("user_register", 409, async |scene| {
            let (email, tenant) = (&scene.owner.email, &scene.owner.tenant);
            let body = json!({"email": email, "password": PASSWORD, "name": "Lee", "tenant_id": tenant});
            scene.request().anonymous().json(body)
        })
        .await;
}

async fn refuse_what_was_done(stage: &Stage<'_>) {
    stage
        .refuse("renew_contract", 409, async |scene| {
            scene.post("contracts/{contract_id}/renew", json!({"contract_number": "first"})).await;
            scene.request().json(json!({"contract_number": "second"}))
        })
        .await;
    stage
        .refuse("convert_action_item", 409, async |scene| {
            scene.convert().await;
            scene.request().json(json!({}))
        })
        .await;
    // One of them attends already.
    stage
        .refuse("add_attendees", 409, async |scene| {
            let attendees = json!([{"user_id": scene.rows.user}, {"user_id": scene.owner.id}]);
            scene.request().json(json!({"attendees": attendees}))
        })
        .await;
}

async fn refuse_what_may_not_be(stage: &Stage<'_>) {
    // The tenant's last owner.
    stage
        .refuse("patch_user", 409, async |scene| {
            scene.request().json(json!({"role": "viewer"})).at("{user_id}", scene.owner.id)
        })
        .await;
    stage
        .refuse("patch_tasks", 400, async |scene| {
            scene.request().json(json!({"ids": [scene.rows.task, 987_654_321], "changes": {"title": "changed"}}))
        })
        .await;
    let conditional = [
        "delete_action_item",
        "delete_attendee",
        "delete_contract",
        "delete_meeting",
        "delete_task",
        "convert_action_item",
    ];
    for operation in conditional {
        stage.refuse(operation, 412, async |scene| scene.request().header("if-match", "\"0\"")).await;
    }
}
