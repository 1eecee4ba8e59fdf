//! Who has just lost his role, or his account, makes no use of it any more: on whichever server, and however long what he
//! asked for has been waiting.

use bizcenter::policy::Role::{Admin, Owner, Viewer};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{USERS, path};
use crate::app::{PASSWORD, Session, TestApp};
use crate::client::{Call, without_request_id};
use crate::on_both;
use crate::tasks::forbidden;

const INVITATIONS: &str = "/api/v1/auth/invitations";

fn new_user(name: &str, role: &str) -> Value {
    json!({"email": format!("{name}@corp.kr"), "password": PASSWORD, "name": "Lee Jun", "role": role})
}

/// All that changes who is in the tenant, and as what: of the rogue himself, of a viewer, of accounts and invitations.
fn attempts(app: &TestApp, rogue: &Session, viewer: &Session, invitation: i64) -> Vec<Call> {
    vec![
        app.patch(&path(rogue), json!({"role": "owner"})),
        app.patch(&path(rogue), json!({"role": "owner", "is_active": true})),
        app.patch(&path(viewer), json!({"role": "admin"})),
        app.patch(&path(viewer), json!({"name": "Lee"})),
        app.post(USERS, new_user("hong", "owner")),
        app.post(USERS, new_user("hong", "viewer")),
        app.post(INVITATIONS, json!({"email": "hong@corp.kr", "role": "owner"})),
        app.post(INVITATIONS, json!({"email": "hong@corp.kr", "role": "viewer"})),
        app.delete(&format!("{INVITATIONS}/{invitation}")),
    ]
}

async fn invite(app: &TestApp, by: &Session) -> i64 {
    let made = app.post(INVITATIONS, json!({"email": "kim@corp.kr", "role": "viewer"})).by(by).expect(201).await;
    made["invitation"]["id"].as_i64().unwrap()
}

/// All users and open invitations, as their owner sees them.
async fn everybody(app: &TestApp, owner: &Session) -> [Value; 2] {
    let (users, invitations) = (app.get(USERS).by(owner), app.get(INVITATIONS).by(owner));
    [users.expect(200).await, invitations.expect(200).await]
}

on_both! {
    async fn a_demoted_owner_does_not_undo_it_on_another_server(app) {
        let (owner, rogue) = (app.user("test-001", Owner).await, app.user("test-001", Owner).await);
        let viewer = app.user("test-001", Viewer).await;
        let invitation = invite(&app, &owner).await;
        let second = app.second_instance().await;
        second.get(USERS).by(&rogue).expect(200).await;
        app.patch(&path(&rogue), json!({"role": "viewer"})).by(&owner).expect(200).await;
        let before = everybody(&app, &owner).await;
        for call in attempts(&second, &rogue, &viewer, invitation) {
            let error = without_request_id(call.by(&rogue).expect(403).await);
            assert_eq!(error, forbidden(&["owner", "admin"], "viewer"));
        }
        assert_eq!(everybody(&app, &owner).await, before);
        // What is left to him he may do.
        second.patch(&path(&rogue), json!({"name": "홍길동"})).by(&rogue).expect(200).await;
    }

    async fn who_is_an_admin_by_now_makes_no_owner_on_another_server(app) {
        let (owner, rogue) = (app.user("test-001", Owner).await, app.user("test-001", Owner).await);
        let second = app.second_instance().await;
        second.get(USERS).by(&rogue).expect(200).await;
        app.patch(&path(&rogue), json!({"role": "admin"})).by(&owner).expect(200).await;
        for call in [
            second.patch(&path(&rogue), json!({"role": "owner"})), second.patch(&path(&owner), json!({"role": "viewer"})),
            second.post(USERS, new_user("hong", "owner")),
            second.post(INVITATIONS, json!({"email": "hong@corp.kr", "role": "owner"})),
        ] {
            let error = without_request_id(call.by(&rogue).expect(403).await);
            assert_eq!(error, forbidden(&["owner"], "admin"));
        }
        second.post(USERS, new_user("hong", "admin")).by(&rogue).expect(201).await;
    }

    async fn who_is_let_in_no_more_leaves_nothing_behind_on_another_server(app) {
        let owner = app.user("test-001", Owner).await;
        let viewer = app.user("test-001", Viewer).await;
        let invitation = invite(&app, &owner).await;
        let second = app.second_instance().await;
        for by_himself in [false, true] {
            let rogue = app.user("test-001", Owner).await;
            second.get(USERS).by(&rogue).expect(200).await;
            if by_himself {
                app.post("/api/v1/auth/logout", json!({"all": true})).by(&rogue).expect(204).await;
            } else {
                app.patch(&path(&rogue), json!({"is_active": false})).by(&owner).expect(200).await;
            }
            let before = everybody(&app, &owner).await;
            for call in attempts(&second, &rogue, &viewer, invitation) {
                assert_eq!(call.by(&rogue).expect(401).await["code"], "revoked_token");
            }
            assert_eq!(everybody(&app, &owner).await, before);
        }
    }

    /// Their passwords wait to be hashed.
    async fn of_the_accounts_that_a_deactivated_admin_had_asked_for_none_is_made(app) {
        let (owner, admin) = (app.user("test-001", Owner).await, app.user("test-001", Admin).await);
        let mut calls = JoinSet::new();
        for number in 0..40 {
            calls.spawn(app.post(USERS, new_user(&format!("user-{number}"), "admin")).by(&admin).send());
        }
        calls.join_next().await.unwrap().unwrap().expect(201);
        app.patch(&path(&admin), json!({"is_active": false})).by(&owner).expect(200).await;
        let made = app.count("select count(*) from users").await;
        let (done, refused): (Vec<_>, Vec<_>) =
            calls.join_all().await.into_iter().partition(|reply| reply.status == 201);
        assert_eq!(app.count("select count(*) from users").await, made);
        // With the first one and those two.
        assert_eq!(i64::try_from(done.len()).unwrap() + 3, made);
        assert!(!refused.is_empty());
        for reply in refused {
            assert_eq!(reply.expect(401)["code"], "revoked_token");
        }
    }

    async fn of_two_owners_who_demote_each_other_at_once_the_later_one_was_no_owner_any_more(app) {
        app.user("test-001", Owner).await;
        for _ in 0..10 {
            let (one, other) = (app.user("test-001", Owner).await, app.user("test-001", Owner).await);
            let mut calls = JoinSet::new();
            for (user, by) in [(&one, &other), (&other, &one)] {
                calls.spawn(app.patch(&path(user), json!({"role": "viewer"})).by(by).send());
            }
            let (won, lost): (Vec<_>, Vec<_>) =
                calls.join_all().await.into_iter().partition(|reply| reply.status == 200);
            assert_eq!((won.len(), lost.len()), (1, 1));
            assert_eq!(without_request_id(lost[0].json()), forbidden(&["owner", "admin"], "viewer"));
        }
    }
}
