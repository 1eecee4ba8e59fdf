//! `parent_id`: tasks that are a part of another one, one level deep.

use std::time::Duration;

use bizcenter::db::sql;
use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::{Value, json};

use super::{invalid, make, read, task};
use crate::app::{Database, TestApp};
use crate::client::without_request_id;
use crate::lists::{found, ids, list};
use crate::on_both;

/// The error of a parent that cannot be.
fn not_a_parent() -> Value {
    invalid(json!({"parent_id": ["Not a top-level task of this tenant."]}))
}

on_both! {
    async fn a_task_can_be_made_and_become_a_part_of_another_one(app) {
        let user = app.user("test-001", Viewer).await;
        let parent = make(&app, &user, json!({})).await;
        let made = make(&app, &user, json!({"parent_id": 1})).await;
        assert_eq!((&made["parent_id"], &parent["parent_id"]), (&json!(1), &json!(null)));
        let mut later = make(&app, &user, json!({})).await;
        app.advance(60);
        for (value, parent_id, version) in [(json!("1"), json!(1), 2), (json!(null), json!(null), 3)] {
            let answer = app.patch("/api/v1/tasks/3", json!({"parent_id": value})).by(&user).expect(200).await;
            later["parent_id"] = parent_id;
            later["version"] = json!(version);
            later["updated_at"] = json!("2026-02-07T10:18:56.942016Z");
            assert_eq!(answer, json!({"message": "Task updated successfully", "task": later}));
            assert_eq!(read(&app, &user, 3).await, later);
        }
        // The parent itself has not changed.
        assert_eq!(read(&app, &user, 1).await, parent);
        let same = app.put("/api/v1/tasks/2", json!({"parent_id": 1})).by(&user).expect(200).await;
        assert_eq!(same["task"], made);
    }

    async fn a_parent_is_another_top_level_task_of_the_same_tenant(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        make(&app, &user, json!({})).await;
        let subtask = make(&app, &user, json!({"parent_id": 1})).await;
        let alone = make(&app, &user, json!({})).await;
        make(&app, &stranger, json!({})).await;
        // A subtask, itself, a stranger's task, and none at all.
        for parent in [2, 3, 4, 99, 0, -1, i64::MAX] {
            let body = json!({"title": "새 제목", "parent_id": parent});
            for call in [app.put("/api/v1/tasks/3", body.clone()), app.patch("/api/v1/tasks/3", body.clone())] {
                let error = call.by(&user).expect(400).await;
                assert_eq!(without_request_id(error), not_a_parent(), "{parent}");
            }
            if parent != 3 {
                let error = app.post("/api/v1/tasks", task(&body)).by(&user).expect(400).await;
                assert_eq!(without_request_id(error), not_a_parent(), "{parent}");
            }
        }
        let error = app.patch("/api/v1/tasks/2", json!({"parent_id": 2})).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), not_a_parent());
        assert_eq!((read(&app, &user, 2).await, read(&app, &user, 3).await), (subtask, alone));
        assert_eq!(app.count("select count(*) from tasks").await, 4);
    }

    async fn a_task_with_subtasks_cannot_become_one(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        make(&app, &user, json!({"parent_id": 1})).await;
        make(&app, &user, json!({})).await;
        let error = app.patch("/api/v1/tasks/1", json!({"parent_id": 3})).by(&user).expect(400).await;
        let expected = invalid(json!({"parent_id": ["A task with subtasks cannot be a subtask."]}));
        assert_eq!(without_request_id(error), expected);
        // Its subtasks may, and then it may too.
        app.patch("/api/v1/tasks/2", json!({"parent_id": 3})).by(&user).expect(200).await;
        app.patch("/api/v1/tasks/1", json!({"parent_id": 3})).by(&user).expect(200).await;
        assert_eq!(found(&app, &user, "tasks", &[("parent_id", "3")]).await, [1, 2]);
    }

    async fn a_wrong_parent_and_a_wrong_assignee_come_in_one_answer_in_the_readers_language(app) {
        let user = app.user("test-001", Owner).await;
        let body = task(&json!({"parent_id": 9, "assigned_to": 99}));
        let error = app.post("/api/v1/tasks", body).header("accept-language", "ko").by(&user).expect(400).await;
        assert_eq!(error["errors"], json!({
            "assigned_to": ["이 테넌트의 활성 사용자가 아닙니다."], "parent_id": ["이 테넌트의 최상위 업무가 아닙니다."],
        }));
        for (value, message) in [
            (json!("x"), "Not a valid integer."),
            (json!(true), "Not a valid integer."),
            (json!(1e300), "Number too large."),
        ] {
            let error = app.post("/api/v1/tasks", task(&json!({"parent_id": value}))).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({"parent_id": [message]})));
        }
    }

    async fn subtasks_are_found_by_their_parent(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        make(&app, &user, json!({})).await;
        make(&app, &user, json!({})).await;
        for (parent, title) in [(1, "나"), (2, "다"), (1, "가")] {
            make(&app, &user, json!({"parent_id": parent, "title": title})).await;
        }
        let answer = list(&app, &user, "tasks", &[("parent_id", "1"), ("sort", "title")]).await;
        assert_eq!((ids(&answer), &answer["total"]), (vec![5, 3], &json!(2)));
        assert_eq!(found(&app, &user, "tasks", &[("parent_id", "3")]).await, [0_i64; 0]);
        assert_eq!(found(&app, &stranger, "tasks", &[("parent_id", "1")]).await, [0_i64; 0]);
        let first = list(&app, &user, "tasks", &[("parent_id", "1"), ("limit", "1")]).await;
        let cursor = first["next_cursor"].as_str().unwrap();
        let next = list(&app, &user, "tasks", &[("parent_id", "1"), ("cursor", cursor)]).await;
        assert_eq!((ids(&first), ids(&next)), (vec![5], vec![3]));
    }

    async fn the_subtasks_of_a_deleted_task_become_top_level_tasks(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        make(&app, &user, json!({})).await;
        let mut subtask = make(&app, &user, json!({"parent_id": 1, "tags": ["보안"]})).await;
        let other = make(&app, &user, json!({"parent_id": 2})).await;
        let tag = app.get("/api/v1/tasks/3").by(&user).send().await.header("etag").unwrap().to_owned();
        app.advance(60);
        assert_eq!(app.delete("/api/v1/tasks/1").by(&user).send().await.status, 204);
        subtask["parent_id"] = json!(null);
        subtask["version"] = json!(2);
        subtask["updated_at"] = json!("2026-02-07T10:18:56.942016Z");
        // Who has seen it with its parent has not seen it as it is.
        let answer = app.get("/api/v1/tasks/3").header("if-none-match", &tag).by(&user).expect(200).await;
        assert_eq!(answer["task"], subtask);
        assert_eq!(read(&app, &user, 4).await, other);
        assert_eq!(app.delete("/api/v1/tasks/4").by(&user).send().await.status, 204);
        assert_eq!(app.count("select count(*) from task_parents").await, 0);
        // It may be a parent now.
        app.patch("/api/v1/tasks/2", json!({"parent_id": 3})).by(&user).expect(200).await;
    }

    async fn a_task_has_at_most_a_thousand_subtasks(app) {
        const BULK: &str = "/api/v1/tasks/bulk";
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({})).await;
        let subtasks = |count: usize| json!({"tasks": vec![task(&json!({"parent_id": 1})); count]});
        for count in [500, 499] {
            app.post(BULK, subtasks(count)).by(&user).expect(201).await;
        }
        let full = json!({"parent_id": ["A task may not have more than 1000 subtasks."]});
        // One more has room, and another one has not.
        let error = app.post(BULK, subtasks(2)).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid(json!({"1": full})));
        let last = make(&app, &user, json!({"parent_id": 1})).await;
        let error = app.post("/api/v1/tasks", task(&json!({"parent_id": 1}))).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid(full.clone()));
        let alone = make(&app, &user, json!({})).await;
        let error = app.patch(&format!("/api/v1/tasks/{}", alone["id"]), json!({"parent_id": 1}));
        assert_eq!(without_request_id(error.by(&user).expect(400).await), invalid(full.clone()));
        let body = json!({"ids": [alone["id"], last["id"]], "changes": {"parent_id": 1}});
        let error = app.patch(BULK, body).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid(json!({"changes": full})));
        // Who is one already may change.
        let body = json!({"parent_id": 1, "title": "새 제목"});
        app.patch(&format!("/api/v1/tasks/{}", last["id"]), body).by(&user).expect(200).await;
        app.delete(&format!("/api/v1/tasks/{}", last["id"])).by(&user).send().await.expect(204);
        make(&app, &user, json!({"parent_id": 1})).await;
    }

    async fn a_task_with_more_subtasks_than_a_statement_has_values_can_be_deleted(app) {
        let user = app.user("test-001", Viewer).await;
        for count in [500, 21] {
            let tasks = json!({"tasks": vec![task(&json!({})); count]});
            app.post("/api/v1/tasks/bulk", tasks).by(&user).expect(201).await;
        }
        // As they were made when there could be as many as one liked.
        for _ in 0..6 {
            app.execute(sql(
                "insert into tasks (tenant_id, title, status, priority, week_number, year, tags, search_text, version, \
                 created_at, updated_at) select tenant_id, title, status, priority, week_number, year, tags, \
                 search_text, version, created_at, updated_at from tasks",
            )).await;
        }
        app.execute(sql(
            "insert into task_parents (tenant_id, task_id, parent_id) select tenant_id, id, 1 from tasks where id > 1",
        )).await;
        let count = 521 * 64 - 1;
        assert_eq!(app.count("select count(*) from task_parents").await, count);
        app.delete("/api/v1/tasks/1").by(&user).send().await.expect(204);
        assert_eq!(app.count("select count(*) from task_parents").await, 0);
        assert_eq!(app.count("select count(*) from tasks where version = 2").await, count);
        assert_eq!(app.count("select count(*) from audit_logs where action = 'updated'").await, count);
    }
}

/// On MariaDB what is read without a lock is as it was when the transaction began.
#[tokio::test]
async fn a_subtask_that_is_getting_another_parent_does_not_lose_the_one_before_mariadb() {
    let app = TestApp::start_with(Database::MariaDb, &[]).await;
    let user = app.user("test-001", Viewer).await;
    for parent in [None, None, Some(1)] {
        make(&app, &user, json!({"parent_id": parent})).await;
    }
    let mut elsewhere = app.db().begin().await.unwrap();
    let moved = sql("update task_parents set parent_id = 2 where tenant_id = 'test-001' and task_id = 3");
    assert_eq!(elsewhere.execute(moved).await.unwrap(), 1);
    let delete = tokio::spawn(app.delete("/api/v1/tasks/1").by(&user).send());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!delete.is_finished());
    elsewhere.commit().await.unwrap();
    delete.await.unwrap().expect(204);
    let subtask = read(&app, &user, 3).await;
    assert_eq!((&subtask["parent_id"], &subtask["version"]), (&json!(2), &json!(1)));
    assert_eq!(app.count("select count(*) from audit_logs where action = 'updated'").await, 0);
}

/// Whatever MariaDB knows of the tables: a change of many tasks keeps nobody from changing others.
#[tokio::test]
async fn a_change_of_most_tasks_locks_no_other_mariadb() {
    let app = TestApp::start_with(Database::MariaDb, &[]).await;
    let (user, stranger) = (app.user("test-001", Viewer).await, app.user("test-002", Viewer).await);
    for user in [&user, &stranger] {
        let tasks = json!({"tasks": vec![task(&json!({"tags": ["a"]})); 200]});
        app.post("/api/v1/tasks/bulk", tasks).by(user).expect(201).await;
    }
    make(&app, &user, json!({"tags": ["a"]})).await;
    let analyzed = ["analyze table tasks", "analyze table task_tags", "analyze table task_parents"];
    for statement in analyzed {
        app.execute(sql(statement)).await;
    }
    // Somebody else's change, which is not done yet.
    let mut elsewhere = app.db().begin().await.unwrap();
    for id in [300_i64, 401] {
        let change = "update tasks set version = version + 1 where id = ?";
        assert_eq!(elsewhere.execute(sql(change).bind(id)).await.unwrap(), 1);
        let retag = "update task_tags set tag = 'b' where tenant_id = ? and tag = 'a' and task_id = ?";
        let tenant = if id == 401 { "test-001" } else { "test-002" };
        assert_eq!(elsewhere.execute(sql(retag).bind(tenant).bind(id)).await.unwrap(), 1);
    }
    let ids: Vec<i64> = (1..=200).collect();
    let body = json!({"ids": ids, "changes": {"tags": ["c"], "status": "completed"}});
    let call = app.patch("/api/v1/tasks/bulk", body).by(&user).send();
    tokio::time::timeout(Duration::from_secs(10), call).await.expect("waits for nobody").expect(200);
    elsewhere.rollback().await.unwrap();
}
