//! Making, changing and deleting action items.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Analyst, Editor, Owner, Viewer};
use serde_json::{Value, json};

use super::{make, not_found, read};
use crate::app::{Session, TestApp};
use crate::client::{Method, without_request_id};
use crate::lists::ids;
use crate::on_both;
use crate::tasks::{forbidden, invalid};

const ITEMS: &str = "/api/v1/meetings/1/action-items";
const FIRST: &str = "/api/v1/meetings/1/action-items/1";

fn no_item() -> Value {
    json!({"error": "Action item not found", "code": "action_item_not_found"})
}

/// Two users of test-001, and a meeting of the first one.
async fn prepare(app: &TestApp) -> (Session, Session) {
    let kim = app.user_named("test-001", Owner, "kim@example.com", "김영희").await;
    let hong = app.user_named("test-001", Viewer, "hong@example.com", "홍길동").await;
    make(app, &kim, json!({})).await;
    (kim, hong)
}

/// Makes an action item of the first meeting.
async fn add(app: &TestApp, user: &Session, body: Value) -> Value {
    app.post(ITEMS, body).by(user).expect(201).await["action_item"].take()
}

on_both! {
    async fn a_new_action_item_is_pending_and_nobodys(app) {
        let (kim, hong) = prepare(&app).await;
        let mut meeting = read(&app, &kim, 1).await;
        let reply = app.post(ITEMS, json!({"description": "방화벽 점검 🔥"})).by(&hong).send().await;
        assert_eq!(reply.header("location"), Some(FIRST));
        let item = json!({
            "id": 1, "meeting_id": 1, "task_id": null, "description": "방화벽 점검 🔥", "assigned_to": null,
            "assignee_name": null, "due_date": null, "status": "pending", "created_at": "2026-02-07T10:17:56.942016Z",
            "version": 1,
        });
        assert_eq!(reply.expect(201), json!({"message": "Action item created successfully", "action_item": item}));
        assert_eq!(app.get(FIRST).by(&kim).expect(200).await, json!({"action_item": item}));
        meeting["action_items"] = json!([item]);
        assert_eq!(read(&app, &kim, 1).await, meeting);
    }

    async fn every_field_is_kept_and_can_be_changed(app) {
        let (kim, hong) = prepare(&app).await;
        let long = "가".repeat(10_000);
        let body = json!({"description": long, "assigned_to": hong.id, "due_date": "2026-02-13T18:00:00+09:00"});
        let mut item = add(&app, &kim, body).await;
        let due_date = "2026-02-13T09:00:00.000000Z";
        assert_eq!(item, json!({
            "id": 1, "meeting_id": 1, "task_id": null, "description": long, "assigned_to": hong.id,
            "assignee_name": "홍길동", "due_date": due_date, "status": "pending",
            "created_at": "2026-02-07T10:17:56.942016Z", "version": 1,
        }));
        app.advance(60);
        for (method, change, name, version) in [
            (Method::PUT, json!({"description": "새 설명", "assigned_to": kim.id}), json!("김영희"), 2),
            (Method::PATCH, json!({"status": "in_progress"}), json!("김영희"), 3),
            (Method::PUT, json!({"assigned_to": null, "due_date": null, "status": "completed"}), json!(null), 4),
            (Method::PATCH, json!({"status": "cancelled", "due_date": "2026-03-01T00:00:00.000000Z"}), json!(null), 5),
            (Method::PUT, json!({}), json!(null), 5),
        ] {
            let answer = app.call(method, FIRST).json(change.clone()).by(&hong).expect(200).await;
            item.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            item["assignee_name"] = name;
            item["version"] = json!(version);
            assert_eq!(answer, json!({"message": "Action item updated successfully", "action_item": item}));
            assert_eq!(app.get(FIRST).by(&kim).expect(200).await, json!({"action_item": item}));
        }
    }

    async fn a_meetings_version_is_its_own(app) {
        let (kim, _) = prepare(&app).await;
        add(&app, &kim, json!({"description": "점검"})).await;
        app.patch(FIRST, json!({"status": "completed"})).by(&kim).expect(200).await;
        app.delete(FIRST).by(&kim).expect(204).await;
        let meeting = read(&app, &kim, 1).await;
        assert_eq!((&meeting["version"], &meeting["updated_at"]), (&json!(1), &meeting["created_at"]));
    }

    async fn all_wrong_fields_come_in_one_answer(app) {
        let (kim, _) = prepare(&app).await;
        let error = app.post(ITEMS, json!({})).by(&kim).expect(400).await;
        let missing = json!({"description": ["Missing data for required field."]});
        assert_eq!(without_request_id(error), invalid(missing));
        let old = add(&app, &kim, json!({"description": "점검"})).await;
        let body = json!({"description": "", "assigned_to": "x", "due_date": "2026-02-09", "task_id": 1});
        let mut errors = json!({
            "description": ["Shorter than minimum length 1."], "assigned_to": ["Not a valid integer."],
            "due_date": ["Not a valid datetime."], "task_id": ["Unknown field."],
        });
        let error = app.post(ITEMS, body.clone()).by(&kim).expect(400).await;
        assert_eq!(without_request_id(error), invalid(errors.clone()));
        let mut body = body;
        body["status"] = json!("review");
        errors["status"] = json!(["Must be one of: pending, in_progress, completed, cancelled."]);
        for method in [Method::PUT, Method::PATCH] {
            let error = app.call(method, FIRST).json(body.clone()).by(&kim).expect(400).await;
            assert_eq!(without_request_id(error), invalid(errors.clone()));
        }
        assert_eq!(app.get(FIRST).by(&kim).expect(200).await, json!({"action_item": old}));
    }

    async fn only_an_active_user_of_the_tenant_gets_one(app) {
        let (kim, hong) = prepare(&app).await;
        let stranger = app.user("test-002", Owner).await;
        add(&app, &kim, json!({"description": "점검", "assigned_to": hong.id})).await;
        app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(hong.id)).await;
        let refused = invalid(json!({"assigned_to": ["Not an active user of this tenant."]}));
        for user in [stranger.id, 987_654_321] {
            let body = json!({"description": "점검", "assigned_to": user});
            for call in [app.post(ITEMS, body.clone()), app.put(FIRST, body.clone()), app.patch(FIRST, body)] {
                assert_eq!(without_request_id(call.by(&kim).expect(400).await), refused);
            }
        }
        // Who has left keeps what he had.
        let answer = app.patch(FIRST, json!({"description": "새 점검", "assigned_to": hong.id})).by(&kim).expect(200).await;
        assert_eq!(answer["action_item"]["description"], "새 점검");
        assert_eq!(app.count("select count(*) from action_items").await, 1);
    }

    async fn who_gets_one_is_told_where_to_find_it(app) {
        let (kim, hong) = prepare(&app).await;
        make(&app, &kim, json!({})).await;
        let items = "/api/v1/meetings/2/action-items";
        let body = json!({"description": "방화벽 점검\n자세히", "assigned_to": hong.id});
        app.post(items, body).by(&kim).expect(201).await;
        let list = app.get("/api/v1/notifications").by(&hong).expect(200).await;
        assert_eq!(list["notifications"], json!([{
            "id": 1, "kind": "action_item_assigned", "title": "방화벽 점검\n자세히", "resource_type": "meeting",
            "resource_id": 2, "read_at": null, "created_at": "2026-02-07T10:17:56.942016Z",
        }]));
        app.patch(&format!("{items}/1"), json!({"assigned_to": kim.id})).by(&hong).expect(200).await;
        let list = app.get("/api/v1/notifications").by(&kim).expect(200).await;
        let told = &list["notifications"][0];
        assert_eq!((&told["resource_type"], &told["resource_id"]), (&json!("meeting"), &json!(2)));
    }

    async fn the_list_is_paged_sorted_and_filtered(app) {
        let (kim, hong) = prepare(&app).await;
        for (description, due_date, user) in [
            ("하나", json!("2026-02-11T00:00:00Z"), &kim),
            ("둘", json!("2026-02-10T00:00:00Z"), &hong),
            ("셋", json!(null), &kim),
        ] {
            app.advance(1);
            add(&app, &kim, json!({"description": description, "due_date": due_date, "assigned_to": user.id})).await;
        }
        app.patch(FIRST, json!({"status": "completed"})).by(&kim).expect(200).await;
        make(&app, &kim, json!({})).await;
        let other = json!({"description": "다른 회의"});
        app.post("/api/v1/meetings/2/action-items", other).by(&kim).expect(201).await;
        let list = app.get(ITEMS).by(&hong).expect(200).await;
        let items = read(&app, &kim, 1).await["action_items"].clone();
        assert_eq!(list, json!({
            "action_items": items, "total": 3, "page": 1, "limit": 100, "pages": 1, "next_cursor": null,
        }));
        for (query, expected) in [
            ("sort=-id", &[3, 2, 1][..]),
            ("sort=due_date", &[3, 2, 1]),
            ("sort=-due_date", &[1, 2, 3]),
            ("sort=-created_at", &[3, 2, 1]),
            ("status=completed", &[1]),
            ("status=pending", &[2, 3]),
            ("status=cancelled", &[]),
            (&format!("assigned_to={}", kim.id), &[1, 3]),
            (&format!("assigned_to={}&status=pending", kim.id), &[3]),
            ("limit=2", &[1, 2]),
            ("limit=2&page=2", &[3]),
        ] {
            let list = app.get(&format!("{ITEMS}?{query}")).by(&hong).expect(200).await;
            assert_eq!(ids(&list), expected, "{query}");
        }
        let first = app.get(&format!("{ITEMS}?sort=due_date&limit=2")).by(&hong).expect(200).await;
        let next = format!("{ITEMS}?sort=due_date&cursor={}", first["next_cursor"].as_str().unwrap());
        assert_eq!(ids(&app.get(&next).by(&hong).expect(200).await), [1]);
    }

    async fn what_is_deleted_is_gone(app) {
        let (kim, hong) = prepare(&app).await;
        add(&app, &kim, json!({"description": "하나"})).await;
        let other = add(&app, &kim, json!({"description": "둘"})).await;
        let reply = app.delete(FIRST).by(&hong).send().await;
        assert_eq!((reply.status, reply.text().as_str()), (204, ""));
        for call in [app.get(FIRST), app.put(FIRST, json!({})), app.patch(FIRST, json!({})), app.delete(FIRST)] {
            assert_eq!(without_request_id(call.by(&kim).expect(404).await), no_item());
        }
        assert_eq!(read(&app, &kim, 1).await["action_items"], json!([other]));
    }

    async fn what_is_not_there_comes_before_a_wrong_body(app) {
        let (kim, _) = prepare(&app).await;
        make(&app, &kim, json!({})).await;
        let old = add(&app, &kim, json!({"description": "점검"})).await;
        let other = "/api/v1/meetings/2/action-items/1";
        for (path, expected) in [(other, no_item()), ("/api/v1/meetings/999/action-items/1", not_found())] {
            for call in [
                app.get(path),
                app.put(path, json!({"status": "completed"})),
                app.call(Method::PUT, path).raw("{"),
                app.patch(path, json!({"colour": "red"})),
                app.delete(path),
            ] {
                assert_eq!(without_request_id(call.by(&kim).expect(404).await), expected, "{path}");
            }
        }
        let path = "/api/v1/meetings/999/action-items";
        for call in [app.get(path), app.post(path, json!({"description": "x"})), app.post(path, json!({}))] {
            assert_eq!(without_request_id(call.by(&kim).expect(404).await), not_found());
        }
        assert_eq!(app.get(FIRST).by(&kim).expect(200).await, json!({"action_item": old}));
    }

    async fn under_the_strict_policy_who_may_change_the_meeting_may_change_its_action_items(
        app,
        ROLE_POLICY = "strict"
    ) {
        let (kim, viewer) = prepare(&app).await;
        let (analyst, editor) = (app.user("test-001", Analyst).await, app.user("test-001", Editor).await);
        make(&app, &analyst, json!({})).await;
        add(&app, &editor, json!({"description": "점검"})).await;
        let own = "/api/v1/meetings/2/action-items";
        app.post(own, json!({"description": "보고"})).by(&analyst).expect(201).await;
        app.patch(&format!("{own}/2"), json!({"status": "completed"})).by(&analyst).expect(200).await;
        let refused = async |user: &Session, name: &str, collection: &str, id: i64| {
            let path = format!("{collection}/{id}");
            for call in [
                app.post(collection, json!({"description": "x"})),
                app.put(&path, json!({"description": "x"})),
                app.patch(&path, json!({})),
                app.delete(&path),
            ] {
                let error = without_request_id(call.by(user).expect(403).await);
                assert_eq!(error, forbidden(&["owner", "admin", "editor"], name));
            }
        };
        refused(&viewer, "viewer", own, 2).await;
        refused(&analyst, "analyst", ITEMS, 1).await;
        app.patch("/api/v1/meetings/2", json!({"status": "published"})).by(&kim).expect(200).await;
        refused(&analyst, "analyst", own, 2).await;
        app.patch("/api/v1/meetings/2", json!({"status": "archived"})).by(&kim).expect(200).await;
        refused(&analyst, "analyst", own, 2).await;
        let convert = format!("{own}/2/convert-to-task");
        let error = app.post(&convert, json!({})).by(&analyst).expect(403).await;
        assert_eq!(without_request_id(error), forbidden(&["owner", "admin", "editor"], "analyst"));
        app.delete(&format!("{own}/2")).by(&editor).expect(204).await;
        assert_eq!(app.get(ITEMS).by(&viewer).expect(200).await["total"], 1);
    }
}
