//! A tenant never loses its last active owner.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Owner};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::path;
use crate::app::{Session, TestApp};
use crate::client::without_request_id;
use crate::on_both;

fn refused() -> Value {
    json!({"error": "The tenant would lose its last active owner", "code": "last_owner"})
}

async fn count_owners(app: &TestApp, tenant: &str) -> i64 {
    let count = sql("select count(*) from users where tenant_id = ? and role = 'owner' and is_active = ?");
    app.db().read().await.unwrap().count(count.bind(tenant.to_owned()).bind(true)).await.unwrap()
}

/// Sends both changes at once, each by this user; gives the statuses, the smallest first.
async fn at_once(app: &TestApp, calls: [(&Session, &Session); 2], body: &Value) -> Vec<u16> {
    let mut set = JoinSet::new();
    for (user, by) in calls {
        set.spawn(app.patch(&path(user), body.clone()).by(by).send());
    }
    let mut statuses: Vec<u16> = set.join_all().await.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    statuses
}

on_both! {
    async fn the_last_active_owner_can_neither_step_down_nor_leave(app) {
        let owner = app.user("test-001", Owner).await;
        // Neither another tenant's owner nor a former one counts.
        app.user("test-002", Owner).await;
        let former = app.user("test-001", Owner).await;
        app.patch(&path(&former), json!({"is_active": false})).by(&owner).expect(200).await;
        for body in [
            json!({"role": "admin"}), json!({"is_active": false}),
            json!({"name": "Kim", "role": "viewer", "is_active": false}),
        ] {
            let error = without_request_id(app.patch(&path(&owner), body).by(&owner).expect(409).await);
            assert_eq!(error, refused());
        }
        app.patch(&path(&owner), json!({"name": "Kim", "role": "owner"})).by(&owner).expect(200).await;
        app.patch(&path(&former), json!({"is_active": true})).by(&owner).expect(200).await;
        app.patch(&path(&owner), json!({"role": "admin"})).by(&owner).expect(200).await;
        assert_eq!(count_owners(&app, "test-001").await, 1);
    }

    async fn the_refusal_is_told_in_korean_too(app) {
        let owner = app.user("test-001", Owner).await;
        let call = app.patch(&path(&owner), json!({"role": "admin"})).by(&owner).header("accept-language", "ko");
        assert_eq!(call.expect(409).await["error"], "테넌트에 활성 소유자가 한 명도 남지 않게 됩니다");
    }

    async fn of_the_last_two_owners_who_step_down_at_once_one_stays(app) {
        let bodies = [json!({"role": "admin"}), json!({"is_active": false})];
        for (round, body) in bodies.iter().cycle().take(10).enumerate() {
            let tenant = format!("test-{round}");
            let owners = [app.user(&tenant, Owner).await, app.user(&tenant, Owner).await];
            let statuses = at_once(&app, [(&owners[0], &owners[0]), (&owners[1], &owners[1])], body).await;
            assert_eq!(statuses, [200, 409], "{body}");
            assert_eq!(count_owners(&app, &tenant).await, 1);
        }
    }

    async fn of_the_last_two_owners_who_demote_each_other_at_once_one_stays(app) {
        for round in 0..10 {
            let tenant = format!("test-{round}");
            let owners = [app.user(&tenant, Owner).await, app.user(&tenant, Owner).await];
            let calls = [(&owners[0], &owners[1]), (&owners[1], &owners[0])];
            let statuses = at_once(&app, calls, &json!({"role": "viewer"})).await;
            // The later one finds himself demoted.
            assert_eq!(statuses, [200, 403]);
            assert_eq!(count_owners(&app, &tenant).await, 1);
        }
    }

    async fn many_owners_who_leave_at_once_leave_one_behind(app) {
        let mut owners = Vec::new();
        for _ in 0..8 {
            owners.push(app.user("test-001", Owner).await);
        }
        app.user("test-001", Admin).await;
        let mut calls = JoinSet::new();
        for owner in &owners {
            calls.spawn(app.patch(&path(owner), json!({"role": "editor"})).by(owner).send());
        }
        let mut statuses: Vec<u16> = calls.join_all().await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![200; 7], vec![409]].concat());
        assert_eq!(count_owners(&app, "test-001").await, 1);
    }
}
