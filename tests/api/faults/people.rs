//! Accounts, sessions, invitations and users.

use bizcenter::policy::Role::Editor;
use serde_json::{Value, json};

use super::scene::Scene;
use super::stage::Stage;
use crate::app::{PASSWORD, Session};

pub const OPERATIONS: &[&str] = &[
    "change_password",
    "create_invitation",
    "create_user",
    "delete_invitation",
    "logout",
    "patch_user",
    "token_refresh",
    "update_user",
    "user_login",
    "user_register",
];

/// A new user of the scene's tenant, who signs in.
async fn sign_in(scene: &Scene<'_>) -> (Session, Value) {
    let user = scene.app.user(&scene.owner.tenant, Editor).await;
    let login = json!({"email": user.email, "password": PASSWORD});
    let tokens = scene.app.post("/api/v1/auth/login", login).expect(200).await;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    (Session { token, ..user }, tokens["refresh_token"].clone())
}

pub async fn prove(stage: &Stage<'_>) {
    prove_accounts(stage).await;
    prove_sessions(stage).await;
    prove_invitations(stage).await;
    prove_users(stage).await;
}

async fn prove_accounts(stage: &Stage<'_>) {
    // In a tenant that is not there yet.
    stage
        .prove(&["user_register"], &["registered user"], &[], async |scene| {
            let tenant = format!("{}-new", scene.owner.tenant);
            let body = json!({"email": scene.email(), "password": PASSWORD, "name": "Lee", "tenant_id": tenant});
            scene.request().anonymous().json(body)
        })
        .await;
    stage
        .prove(&["user_register"], &["registered user"], &[], async |scene| {
            let made = scene.post("auth/invitations", json!({"email": scene.email(), "role": "editor"})).await;
            let token = &made["invitation"]["token"];
            let body = json!({"email": scene.email(), "password": PASSWORD, "name": "Lee", "invite_token": token});
            scene.request().anonymous().json(body)
        })
        .await;
}

async fn prove_sessions(stage: &Stage<'_>) {
    stage
        .prove(&["user_login"], &["login session"], &[], async |scene| {
            scene.request().anonymous().json(json!({"email": scene.owner.email, "password": PASSWORD}))
        })
        .await;
    stage
        .prove(&["token_refresh"], &[], &[], async |scene| {
            let (_, refresh_token) = sign_in(scene).await;
            scene.request().anonymous().json(json!({"refresh_token": refresh_token}))
        })
        .await;
    stage
        .prove(&["change_password"], &["password_changed user"], &[], async |scene| {
            let (user, _) = sign_in(scene).await;
            scene.request().by(user).json(json!({"current_password": PASSWORD, "new_password": "another password"}))
        })
        .await;
    stage
        .prove(&["logout"], &["logout session"], &[], async |scene| {
            let (user, refresh_token) = sign_in(scene).await;
            scene.request().by(user).json(json!({"refresh_token": refresh_token, "all": true}))
        })
        .await;
}

async fn prove_invitations(stage: &Stage<'_>) {
    // In the place of an open one.
    stage
        .prove(&["create_invitation"], &["invited invitation", "revoked invitation"], &[], async |scene| {
            scene.post("auth/invitations", json!({"email": scene.email(), "role": "editor"})).await;
            scene.request().json(json!({"email": scene.email(), "role": "viewer"}))
        })
        .await;
    stage.prove(&["delete_invitation"], &["revoked invitation"], &[], async |scene| scene.request()).await;
}

async fn prove_users(stage: &Stage<'_>) {
    stage
        .prove(&["create_user"], &["created user"], &[], async |scene| {
            let body = json!({"email": scene.email(), "password": PASSWORD, "name": "Lee", "role": "editor"});
            scene.request().json(body)
        })
        .await;
    stage
        .prove(&["patch_user", "update_user"], &["updated user"], &[], async |scene| {
            scene.request().json(json!({"name": "changed", "role": "editor", "is_active": false}))
        })
        .await;
}
