//! What a user was told of contracts, and who may read it now.

use bizcenter::notifications::{Kind, Notice};
use bizcenter::policy::Role::{Editor, Owner, Viewer};
use bizcenter::resource::Resource;
use serde_json::{Value, json};

use super::events::Events;
use super::{LIST, STREAM, list, titles_of};
use crate::app::{Session, TestApp};
use crate::client::{Method, without_request_id};
use crate::on_both;

const READ_ALL: &str = "/api/v1/notifications/read-all";

async fn notify_of_contract(app: &TestApp, user: &Session, title: &str) {
    let (kind, resource_type) = (Kind::ContractExpiring, Resource::Contract);
    let notice = Notice { kind, title: title.into(), resource_type, resource_id: 3 };
    app.send_notices(&app.system(&user.tenant), vec![(notice, vec![user.id])]).await;
}

async fn give_role(app: &TestApp, owner: &Session, user: &Session, role: &str) {
    app.patch(&format!("/api/v1/users/{}", user.id), json!({"role": role})).by(owner).expect(200).await;
}

async fn read(app: &TestApp, user: &Session, id: &Value, status: u16) -> Value {
    app.call(Method::POST, &format!("{LIST}/{id}/read")).by(user).expect(status).await
}

on_both! {
    async fn who_may_see_contracts_no_more_reads_nothing_of_them(app) {
        let (owner, user) = (app.user("test-001", Owner).await, app.user("test-001", Editor).await);
        notify_of_contract(&app, &user, "secret").await;
        app.notify(&[&user], Kind::TaskAssigned, "task").await;
        let before = list(&app, &user, "sort=id").await;
        let (contract, task) = (&before["notifications"][0]["id"], &before["notifications"][1]["id"]);
        assert_eq!((&before["total"], &before["unread_count"]), (&json!(2), &json!(2)));

        give_role(&app, &owner, &user, "viewer").await;
        let user = app.signed_in(&user).await;
        let after = list(&app, &user, "sort=id").await;
        assert_eq!(after["notifications"], json!([before["notifications"][1]]));
        assert_eq!((&after["total"], &after["unread_count"]), (&json!(1), &json!(1)));
        assert_eq!(list(&app, &user, "kind=contract_expiring").await["total"], 0);
        let not_found = json!({"error": "Notification not found", "code": "notification_not_found"});
        assert_eq!(without_request_id(read(&app, &user, contract, 404).await), not_found);
        assert_eq!(app.post(READ_ALL, json!({})).by(&user).expect(200).await["updated"], 1);
        assert_eq!(read(&app, &user, task, 200).await["notification"]["title"], "task");
        let mut events = Events::open(app.get(STREAM).by(&user).header("last-event-id", "0")).await;
        assert_eq!(events.titles(1).await, ["task"]);

        // Nothing of it was lost: nobody has read it.
        give_role(&app, &owner, &user, "editor").await;
        let user = app.signed_in(&user).await;
        let again = list(&app, &user, "unread=true").await;
        assert_eq!(again["notifications"], json!([before["notifications"][0]]));
        assert_eq!(again["unread_count"], 1);
        assert_eq!(app.post(READ_ALL, json!({})).by(&user).expect(200).await["updated"], 1);
    }

    /// The role is changed in the database: through the API his tokens, and with them the stream, may end.
    async fn an_open_stream_follows_the_role(app) {
        let user = app.user("test-001", Owner).await;
        let mut events = Events::open(app.get(STREAM).by(&user)).await;
        notify_of_contract(&app, &user, "before").await;
        assert_eq!(events.titles(1).await, ["before"]);
        set_role(&app, &user, Viewer).await;
        notify_of_contract(&app, &user, "secret").await;
        app.notify(&[&user], Kind::TaskAssigned, "task").await;
        assert_eq!(events.titles(1).await, ["task"]);
        set_role(&app, &user, Owner).await;
        notify_of_contract(&app, &user, "after").await;
        assert_eq!(events.titles(1).await, ["after"]);
        assert_eq!(titles_of(&app, &user).await, ["before", "secret", "task", "after"]);
    }
}

async fn set_role(app: &TestApp, user: &Session, role: bizcenter::policy::Role) {
    app.execute(bizcenter::db::sql("update users set role = ? where id = ?").bind(role).bind(user.id)).await;
    app.state.users.forget(user.id);
}
