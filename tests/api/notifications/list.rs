//! `GET /notifications`.

use bizcenter::db::sql;
use bizcenter::notifications::{Kind, delete_expired};
use bizcenter::policy::Role::Viewer;
use serde_json::json;

use super::{LIST, list, titles, titles_of};
use crate::app::TestApp;
use crate::client::without_request_id;
use crate::lists::invalid_query;
use crate::on_both;

/// Deletes once what is done with.
async fn delete_once(app: &TestApp) -> u64 {
    let mut tx = app.db().begin().await.unwrap();
    let deleted = delete_expired(&mut tx, &app.system("test-001"), app.now()).await.unwrap();
    tx.commit().await.unwrap();
    deleted
}

on_both! {
    async fn a_notification_tells_what_has_happened_to_what(app) {
        let user = app.user("test-001", Viewer).await;
        app.notify(&[&user], Kind::TaskAssigned, "주간 보고 🚀").await;
        let notification = json!({
            "id": 1, "kind": "task_assigned", "title": "주간 보고 🚀", "resource_type": "task", "resource_id": 7,
            "read_at": null, "created_at": "2026-02-07T10:17:56.942016Z",
        });
        assert_eq!(app.get(LIST).by(&user).expect(200).await, json!({
            "notifications": [notification], "unread_count": 1, "last_event_id": 1,
            "total": 1, "page": 1, "limit": 100, "pages": 1, "next_cursor": null,
        }));
    }

    async fn who_has_none_has_an_empty_list(app) {
        let (user, other) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        app.notify(&[&other], Kind::TaskAssigned, "x").await;
        assert_eq!(app.get(LIST).by(&user).expect(200).await, json!({
            "notifications": [], "unread_count": 0, "last_event_id": 0,
            "total": 0, "page": 1, "limit": 100, "pages": 0, "next_cursor": null,
        }));
    }

    async fn a_user_sees_his_own_and_no_others(app) {
        let users = [("test-001", "a"), ("test-001", "b"), ("test-002", "c")];
        let mut sessions = Vec::new();
        for (tenant, title) in users {
            let user = app.user(tenant, Viewer).await;
            app.notify(&[&user], Kind::TaskAssigned, title).await;
            sessions.push(user);
        }
        for (user, (_, title)) in sessions.iter().zip(users) {
            let own = list(&app, user, "").await;
            assert_eq!((titles(&own), &own["unread_count"], &own["total"]), (vec![title], &json!(1), &json!(1)));
        }
    }

    async fn the_newest_comes_first_and_pages_do_not_overlap(app) {
        let user = app.user("test-001", Viewer).await;
        for title in ["1", "2", "3", "4", "5"] {
            app.notify(&[&user], Kind::TaskCommented, title).await;
        }
        assert_eq!(titles(&list(&app, &user, "").await), ["5", "4", "3", "2", "1"]);
        assert_eq!(titles(&list(&app, &user, "sort=created_at").await), ["1", "2", "3", "4", "5"]);
        let page = list(&app, &user, "limit=2&page=2").await;
        assert_eq!((titles(&page), &page["total"], &page["pages"]), (vec!["3", "2"], &json!(5), &json!(3)));
        let next = list(&app, &user, &format!("cursor={}", page["next_cursor"].as_str().unwrap())).await;
        assert_eq!((titles(&next), next.get("total"), &next["unread_count"]), (vec!["1"], None, &json!(5)));
        let refused = app.get(&format!("{LIST}?sort=title")).by(&user).expect(400).await;
        assert_eq!(without_request_id(refused), invalid_query(json!({"sort": ["Must be one of: id, created_at."]})));
    }

    async fn filters_narrow_the_list_and_not_what_is_unread(app) {
        let user = app.user("test-001", Viewer).await;
        for (kind, title) in [
            (Kind::TaskAssigned, "a"), (Kind::TaskCommented, "b"), (Kind::TaskAssigned, "c"),
            (Kind::ContractExpiring, "d"),
        ] {
            app.notify(&[&user], kind, title).await;
        }
        app.post(&format!("{LIST}/1/read"), json!({})).by(&user).expect(200).await;
        for (query, found) in [
            ("unread=true", vec!["d", "c", "b"]), ("unread=false", vec!["a"]), ("unread=1", vec!["d", "c", "b"]),
            ("kind=task_assigned", vec!["c", "a"]), ("kind=task_assigned&unread=true", vec!["c"]),
            ("kind=contract_renewed", vec![]),
        ] {
            let list = list(&app, &user, query).await;
            assert_eq!((titles(&list), &list["unread_count"]), (found.clone(), &json!(3)), "{query}");
            assert_eq!(list["total"], found.len(), "{query}");
        }
        let refused = app.get(&format!("{LIST}?unread=nope&kind=task")).by(&user).expect(400).await;
        let kinds = "task_assigned, task_commented, task_overdue, meeting_published, action_item_assigned, \
                     contract_expiring, contract_expired, contract_renewed";
        let errors = json!({"unread": ["Not a valid boolean."], "kind": [format!("Must be one of: {kinds}.")]});
        assert_eq!(without_request_id(refused), invalid_query(errors));
    }

    async fn what_is_read_goes_after_half_a_year_and_what_is_not_stays(app) {
        let (user, stranger) = (app.user("test-001", Viewer).await, app.user("test-002", Viewer).await);
        for title in ["read", "unread"] {
            app.notify(&[&user], Kind::TaskAssigned, title).await;
            app.notify(&[&stranger], Kind::TaskAssigned, title).await;
        }
        app.execute(sql("update notifications set read_at = ? where title = 'read'").bind(app.now())).await;
        app.advance(180 * 86_400);
        app.notify(&[&user], Kind::TaskAssigned, "new").await;
        app.execute(sql("update notifications set read_at = ? where title = 'new'").bind(app.now())).await;
        assert_eq!(delete_once(&app).await, 0);
        app.advance(1);
        assert_eq!((delete_once(&app).await, delete_once(&app).await), (1, 0));
        let user = app.signed_in(&user).await;
        assert_eq!(titles_of(&app, &user).await, ["unread", "new"]);
        assert_eq!(app.count("select count(*) from notifications where tenant_id = 'test-002'").await, 2);
    }

    async fn many_are_deleted_in_several_turns(app) {
        let user = app.user("test-001", Viewer).await;
        let insert = "insert into notifications (tenant_id, user_id, seq, kind, title, resource_type, resource_id, \
                      in_app, read_at, created_at) values ";
        let row = |seq: i64| {
            vec![
                "test-001".into(), user.id.into(), seq.into(), "task_assigned".into(), "x".into(), "task".into(),
                1_i64.into(), true.into(), app.now().into(), app.now().into(),
            ]
        };
        app.execute(sql(insert).values((1..=1500).map(row))).await;
        app.advance(181 * 86_400);
        assert_eq!([delete_once(&app).await, delete_once(&app).await, delete_once(&app).await], [1000, 500, 0]);
    }
}
