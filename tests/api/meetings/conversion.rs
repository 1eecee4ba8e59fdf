//! Action items that become tasks.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Analyst, Editor, Owner, Viewer};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{make, not_found};
use crate::app::{Session, TestApp};
use crate::client::{Method, without_request_id};
use crate::on_both;
use crate::tasks::{forbidden, invalid};

const ITEM: &str = "/api/v1/meetings/1/action-items/1";
const CONVERT: &str = "/api/v1/meetings/1/action-items/1/convert-to-task";
const TASK: &str = "/api/v1/tasks/1";

/// An owner, and a meeting of his with an action item that has these fields besides a description.
async fn prepare(app: &TestApp, fields: Value) -> (Session, Value) {
    let kim = app.user_named("test-001", Owner, "kim@example.com", "김영희").await;
    make(app, &kim, json!({})).await;
    let mut body = json!({"description": "방화벽 점검"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let item = app.post("/api/v1/meetings/1/action-items", body).by(&kim).expect(201).await["action_item"].take();
    (kim, item)
}

/// The statuses of the task and of its action item.
async fn statuses(app: &TestApp, user: &Session) -> (Value, Value) {
    let task = app.get(TASK).by(user).expect(200).await["task"].take();
    let item = app.get(ITEM).by(user).expect(200).await["action_item"].take();
    (task["status"].clone(), item["status"].clone())
}

fn converted_already() -> Value {
    json!({"error": "The action item is a task already", "code": "already_converted"})
}

on_both! {
    async fn the_task_takes_over_what_the_action_item_knows(app) {
        let (kim, _) = prepare(&app, json!({})).await;
        let hong = app.user_named("test-001", Viewer, "hong@example.com", "홍길동").await;
        let change = json!({"assigned_to": hong.id, "due_date": "2026-02-16T00:00:00Z"});
        let mut item = app.patch(ITEM, change).by(&kim).expect(200).await["action_item"].take();
        let body = json!({"week_number": 9, "year": 2027, "priority": "urgent"});
        let reply = app.post(CONVERT, body).by(&hong).send().await;
        assert_eq!(reply.header("location"), Some(TASK));
        let mut answer = reply.expect(201);
        item["task_id"] = json!(1);
        item["version"] = json!(3);
        assert_eq!(answer["task"]["assignee"]["name"], "홍길동");
        answer["task"]["assignee"] = json!(null);
        assert_eq!(answer, json!({
            "message": "Action item converted successfully",
            "task": {
                "id": 1, "tenant_id": "test-001", "title": "방화벽 점검", "description": null, "status": "pending",
                "priority": "urgent", "assigned_to": hong.id, "assignee": null,
                "due_date": "2026-02-16T00:00:00.000000Z", "week_number": 9, "year": 2027, "tags": [],
                "parent_id": null, "comment_count": 0, "created_at": "2026-02-07T10:17:56.942016Z",
                "updated_at": "2026-02-07T10:17:56.942016Z", "created_by": hong.id, "version": 1,
            },
            "action_item": item,
        }));
        assert_eq!(app.get(ITEM).by(&kim).expect(200).await["action_item"], item);
    }

    async fn without_a_body_the_week_is_that_of_the_due_date(app) {
        let (kim, _) = prepare(&app, json!({"due_date": "2025-12-29T00:00:00Z"})).await;
        let task = app.call(Method::POST, CONVERT).by(&kim).expect(201).await["task"].take();
        assert_eq!((&task["week_number"], &task["year"], &task["priority"]), (&json!(1), &json!(2026), &json!("medium")));
        let read = app.get(TASK).by(&kim).expect(200).await;
        assert_eq!(read["task"], task);
    }

    async fn a_week_begins_when_it_begins_where_the_users_are(app) {
        let (kim, _) = prepare(&app, json!({"due_date": "2026-02-16T00:00:00+09:00"})).await;
        let task = app.post(CONVERT, json!({})).by(&kim).expect(201).await["task"].take();
        assert_eq!((&task["week_number"], &task["year"]), (&json!(8), &json!(2026)));
    }

    async fn in_new_york_it_is_still_the_week_before(app, APP_TIMEZONE = "America/New_York") {
        let (kim, _) = prepare(&app, json!({"due_date": "2026-02-16T00:00:00Z"})).await;
        let task = app.post(CONVERT, json!({})).by(&kim).expect(201).await["task"].take();
        assert_eq!((&task["week_number"], &task["year"]), (&json!(7), &json!(2026)));
    }

    async fn half_a_week_is_completed_by_the_due_date(app) {
        let (kim, _) = prepare(&app, json!({})).await;
        for (due_date, body, week, year) in [
            (json!("2026-12-31T00:00:00Z"), json!({}), 53, 2026),
            (json!("2026-12-31T00:00:00Z"), json!({"year": 2027}), 52, 2027),
            (json!("2026-12-31T00:00:00Z"), json!({"year": 2032}), 53, 2032),
            (json!("2026-12-31T00:00:00Z"), json!({"week_number": 1}), 1, 2027),
            (json!("2026-01-02T00:00:00Z"), json!({"week_number": 52}), 52, 2025),
            (json!(null), json!({"week_number": 9}), 9, 2026),
            (json!(null), json!({"week_number": 51}), 51, 2025),
            // Who gives both has both, as in a task.
            (json!("2026-12-31T00:00:00Z"), json!({"week_number": 53, "year": 2027}), 53, 2027),
        ] {
            let item = json!({"description": "보고", "due_date": due_date});
            let made = app.post("/api/v1/meetings/1/action-items", item).by(&kim).expect(201).await;
            let path = format!("/api/v1/meetings/1/action-items/{}/convert-to-task", made["action_item"]["id"]);
            let task = app.post(&path, body.clone()).by(&kim).expect(201).await["task"].take();
            assert_eq!((&task["week_number"], &task["year"]), (&json!(week), &json!(year)), "{due_date} {body}");
        }
    }

    async fn without_a_due_date_the_week_is_this_one(app) {
        let (kim, _) = prepare(&app, json!({})).await;
        let task = app.post(CONVERT, json!({"year": 2030})).by(&kim).expect(201).await["task"].take();
        assert_eq!((&task["week_number"], &task["year"]), (&json!(6), &json!(2030)));
        assert_eq!(app.count("select count(*) from tasks").await, 1);
    }

    async fn a_due_date_that_no_task_can_have_the_year_of_needs_a_year(app) {
        let (kim, item) = prepare(&app, json!({"due_date": "2101-06-01T00:00:00Z"})).await;
        let error = app.post(CONVERT, json!({})).by(&kim).expect(400).await;
        let range = "Must be greater than or equal to 2020 and less than or equal to 2100.";
        assert_eq!(without_request_id(error), invalid(json!({"year": [range]})));
        assert_eq!(app.get(ITEM).by(&kim).expect(200).await["action_item"], item);
        app.post(CONVERT, json!({"year": 2100})).by(&kim).expect(201).await;
    }

    async fn what_a_title_cannot_hold_is_kept_in_the_description(app) {
        let long = format!("{}끝", "가".repeat(255));
        let (kim, _) = prepare(&app, json!({"description": long})).await;
        let task = app.post(CONVERT, json!({})).by(&kim).expect(201).await["task"].take();
        assert_eq!((&task["title"], &task["description"]), (&json!("가".repeat(255)), &json!(long)));
    }

    async fn the_title_is_the_first_line_and_all_of_them_the_description(app) {
        let (kim, _) = prepare(&app, json!({})).await;
        let long = format!("{}\n끝", "가".repeat(300));
        let cut = "가".repeat(255);
        for (description, title, kept) in [
            ("방화벽 점검\n- 규칙\n- 로그", "방화벽 점검", true),
            ("방화벽 점검\r\n규칙", "방화벽 점검", true),
            (" \n\n규칙\u{2028}로그", "규칙", true),
            (long.as_str(), cut.as_str(), true),
            ("\n", " ", true),
            ("규칙 ", "규칙 ", false),
        ] {
            let item = json!({"description": description});
            let made = app.post("/api/v1/meetings/1/action-items", item).by(&kim).expect(201).await;
            let path = format!("/api/v1/meetings/1/action-items/{}/convert-to-task", made["action_item"]["id"]);
            let task = app.post(&path, json!({})).by(&kim).expect(201).await["task"].take();
            let kept = if kept { json!(description) } else { json!(null) };
            assert_eq!((&task["title"], &task["description"]), (&json!(title), &kept), "{description:?}");
        }
    }

    async fn only_who_has_seen_the_action_item_as_it_is_converts_it(app) {
        let (kim, _) = prepare(&app, json!({})).await;
        let seen = app.get(ITEM).by(&kim).send().await.header("etag").unwrap().to_owned();
        app.patch(ITEM, json!({"description": "규칙 점검"})).by(&kim).expect(200).await;
        for stale in [seen.as_str(), "\"7\"", "W/\"2\""] {
            let refused = app.post(CONVERT, json!({})).header("if-match", stale).by(&kim).expect(412).await;
            assert_eq!(refused["code"], "precondition_failed", "{stale}");
        }
        assert_eq!(app.count("select count(*) from tasks").await, 0);
        let now = app.get(ITEM).by(&kim).send().await.header("etag").unwrap().to_owned();
        let reply = app.post(CONVERT, json!({})).header("if-match", &now).by(&kim).send().await;
        // It is the task's.
        assert_eq!((reply.status, reply.header("etag")), (201, Some("\"1\"")));
        assert_eq!(reply.json()["action_item"]["version"], 3);
        app.post(CONVERT, json!({})).header("if-match", &now).by(&kim).expect(412).await;
        app.post(CONVERT, json!({})).by(&kim).expect(409).await;
    }

    async fn an_action_item_becomes_a_task_once(app) {
        let (kim, _) = prepare(&app, json!({})).await;
        app.post(CONVERT, json!({})).by(&kim).expect(201).await;
        for body in [json!({}), json!({"week_number": 7})] {
            let error = app.post(CONVERT, body).by(&kim).expect(409).await;
            assert_eq!(without_request_id(error), converted_already());
        }
        assert_eq!(app.count("select count(*) from tasks").await, 1);
        // What has no task any more can get one again.
        app.delete(TASK).by(&kim).expect(204).await;
        let answer = app.post(CONVERT, json!({})).by(&kim).expect(201).await;
        assert_eq!(answer["action_item"]["task_id"], answer["task"]["id"]);
    }

    async fn two_conversions_at_once_make_one_task(app) {
        let (kim, _) = prepare(&app, json!({})).await;
        let mut calls = JoinSet::new();
        for _ in 0..10 {
            calls.spawn(app.post(CONVERT, json!({})).by(&kim).send());
        }
        let mut statuses: Vec<u16> = calls.join_all().await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![201], vec![409; 9]].concat());
        let tasks = app.get("/api/v1/tasks").by(&kim).expect(200).await;
        assert_eq!(tasks["total"], 1);
        let item = app.get(ITEM).by(&kim).expect(200).await;
        assert_eq!(item["action_item"]["task_id"], tasks["tasks"][0]["id"]);
    }

    async fn both_begin_with_one_status(app) {
        let (kim, _) = prepare(&app, json!({})).await;
        app.patch(ITEM, json!({"status": "in_progress"})).by(&kim).expect(200).await;
        app.post(CONVERT, json!({})).by(&kim).expect(201).await;
        assert_eq!(statuses(&app, &kim).await, (json!("in_progress"), json!("in_progress")));
    }

    async fn a_task_takes_its_action_item_along(app) {
        let (kim, _) = prepare(&app, json!({})).await;
        app.post(CONVERT, json!({})).by(&kim).expect(201).await;
        for (task, item) in [
            ("review", "pending"),
            ("completed", "completed"),
            ("review", "in_progress"),
            ("pending", "in_progress"),
            ("completed", "completed"),
            ("cancelled", "cancelled"),
            ("completed", "completed"),
            ("pending", "pending"),
        ] {
            let before = app.get(ITEM).by(&kim).expect(200).await["action_item"].take();
            app.patch(TASK, json!({"status": task})).by(&kim).expect(200).await;
            assert_eq!(statuses(&app, &kim).await, (json!(task), json!(item)));
            // That is a change of it.
            let after = app.get(ITEM).by(&kim).expect(200).await["action_item"].take();
            let changes = i64::from(before["status"] != after["status"]);
            assert_eq!(after["version"].as_i64(), before["version"].as_i64().map(|version| version + changes));
        }
    }

    async fn an_action_item_takes_its_task_along(app) {
        let (kim, _) = prepare(&app, json!({})).await;
        app.post(CONVERT, json!({})).by(&kim).expect(201).await;
        app.patch(TASK, json!({"status": "review"})).by(&kim).expect(200).await;
        app.advance(60);
        for (item, task, version) in [
            ("in_progress", "review", 2),
            ("completed", "completed", 3),
            ("completed", "completed", 3),
            ("in_progress", "in_progress", 4),
            ("cancelled", "in_progress", 4),
            ("completed", "completed", 5),
            ("pending", "pending", 6),
        ] {
            app.patch(ITEM, json!({"status": item})).by(&kim).expect(200).await;
            assert_eq!(statuses(&app, &kim).await, (json!(task), json!(item)));
            assert_eq!(app.get(TASK).by(&kim).expect(200).await["task"]["version"], version);
        }
        let task = app.get(TASK).by(&kim).expect(200).await;
        assert_eq!(task["task"]["updated_at"], "2026-02-07T10:18:56.942016Z");
    }

    async fn many_tasks_at_once_take_their_action_items_along(app) {
        let (kim, _) = prepare(&app, json!({})).await;
        let other = app.post("/api/v1/meetings/1/action-items", json!({"description": "x"})).by(&kim);
        other.expect(201).await;
        for id in [1, 2] {
            let path = format!("/api/v1/meetings/1/action-items/{id}/convert-to-task");
            app.post(&path, json!({})).by(&kim).expect(201).await;
        }
        let body = json!({"ids": [1, 2], "changes": {"status": "completed"}});
        app.patch("/api/v1/tasks/bulk", body).by(&kim).expect(200).await;
        let items = app.get("/api/v1/meetings/1/action-items?status=completed").by(&kim).expect(200).await;
        assert_eq!(items["total"], 2);
    }

    async fn a_refused_change_of_a_task_leaves_its_action_item_alone(app) {
        let (kim, _) = prepare(&app, json!({})).await;
        app.post(CONVERT, json!({})).by(&kim).expect(201).await;
        let body = json!({"status": "completed", "assigned_to": 987_654_321});
        app.patch(TASK, body).by(&kim).expect(400).await;
        app.patch(TASK, json!({"status": "completed"})).header("if-match", "\"7\"").by(&kim).expect(412).await;
        assert_eq!(statuses(&app, &kim).await, (json!("pending"), json!("pending")));
    }

    async fn who_has_left_gets_no_task(app) {
        let hong = app.user("test-001", Viewer).await;
        let (kim, _) = prepare(&app, json!({"assigned_to": hong.id})).await;
        app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(hong.id)).await;
        let answer = app.post(CONVERT, json!({})).by(&kim).expect(201).await;
        assert_eq!(answer["task"]["assigned_to"], json!(null));
        assert_eq!(answer["action_item"]["assigned_to"], hong.id);
    }

    async fn what_is_not_there_comes_before_a_wrong_body(app) {
        let (kim, item) = prepare(&app, json!({})).await;
        make(&app, &kim, json!({})).await;
        let no_item = json!({"error": "Action item not found", "code": "action_item_not_found"});
        for (path, expected) in [
            ("/api/v1/meetings/999/action-items/1/convert-to-task", not_found()),
            ("/api/v1/meetings/2/action-items/1/convert-to-task", no_item.clone()),
            ("/api/v1/meetings/1/action-items/999/convert-to-task", no_item),
        ] {
            for call in [app.call(Method::POST, path), app.call(Method::POST, path).raw("{")] {
                assert_eq!(without_request_id(call.by(&kim).expect(404).await), expected, "{path}");
            }
        }
        let body = json!({"week_number": 54, "year": "x", "priority": null, "title": "제목"});
        let error = app.post(CONVERT, body).by(&kim).expect(400).await;
        assert_eq!(without_request_id(error), invalid(json!({
            "week_number": ["Must be greater than or equal to 1 and less than or equal to 53."],
            "year": ["Not a valid integer."], "priority": ["Field may not be null."], "title": ["Unknown field."],
        })));
        assert_eq!(app.get(ITEM).by(&kim).expect(200).await["action_item"], item);
        assert_eq!(app.count("select count(*) from tasks").await, 0);
    }

    async fn under_the_strict_policy_who_may_change_the_meeting_may_convert(app, ROLE_POLICY = "strict") {
        let (_, item) = prepare(&app, json!({})).await;
        let editor = app.user("test-001", Editor).await;
        for (role, name) in [(Analyst, "analyst"), (Viewer, "viewer")] {
            let user = app.user("test-001", role).await;
            let error = app.post(CONVERT, json!({})).by(&user).expect(403).await;
            assert_eq!(without_request_id(error), forbidden(&["owner", "admin", "editor"], name));
            assert_eq!(app.get(ITEM).by(&user).expect(200).await["action_item"], item);
        }
        app.post(CONVERT, json!({})).by(&editor).expect(201).await;
    }
}
