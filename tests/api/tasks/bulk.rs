//! `/tasks/bulk`: all or none.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Analyst, Editor, Owner, Viewer};
use serde_json::{Value, json};

use super::{forbidden, invalid, make, read, task};
use crate::app::{Session, TestApp};
use crate::client::without_request_id;
use crate::lists::{found, list};
use crate::on_both;

const BULK: &str = "/api/v1/tasks/bulk";

/// So many small tasks.
fn many(count: usize) -> Value {
    (0..count).map(|number| task(&json!({"title": format!("업무 {number}")}))).collect()
}

async fn task_count(app: &TestApp) -> i64 {
    app.count("select count(*) from tasks").await
}

on_both! {
    async fn many_tasks_are_made_and_come_in_the_order_of_the_request(app) {
        let user = app.user("test-001", Viewer).await;
        let hong = app.user_named("test-001", Owner, "hong@example.com", "홍길동").await;
        let parent = make(&app, &user, json!({})).await;
        let tasks = json!([
            task(&json!({"title": "나", "tags": ["보안", "보안", "a"], "assigned_to": hong.id})),
            task(&json!({"title": "가", "parent_id": 1, "status": "review", "week_number": "7"})),
            task(&json!({"title": "나"})),
        ]);
        let answer = app.post(BULK, json!({"tasks": tasks})).by(&user).expect(201).await;
        let row = |id: i64, title: &str| json!({
            "id": id, "tenant_id": "test-001", "title": title, "description": null, "status": "pending",
            "priority": "medium", "assigned_to": null, "assignee": null, "due_date": null, "week_number": 6,
            "year": 2026, "tags": [], "parent_id": null, "comment_count": 0,
            "created_at": "2026-02-07T10:17:56.942016Z", "updated_at": "2026-02-07T10:17:56.942016Z",
            "created_by": user.id, "version": 1,
        });
        let (mut first, mut second, third) = (row(2, "나"), row(3, "가"), row(4, "나"));
        first["tags"] = json!(["보안", "보안", "a"]);
        first["assigned_to"] = json!(hong.id);
        first["assignee"] = json!({
            "id": hong.id, "name": "홍길동", "role": "owner", "is_active": true,
            "created_at": "2026-02-07T10:17:56.942016Z", "last_login": null,
        });
        second["parent_id"] = json!(1);
        second["status"] = json!("review");
        second["week_number"] = json!(7);
        let made = json!([first, second, third]);
        assert_eq!(answer, json!({"message": "Tasks created successfully", "tasks": made}));
        let list = app.get("/api/v1/tasks?sort=id").by(&user).expect(200).await;
        assert_eq!(list["tasks"], json!([parent, first, second, third]));
        assert_eq!(found(&app, &user, "tasks", &[("tag", "보안")]).await, [2]);
        assert_eq!(found(&app, &user, "tasks", &[("parent_id", "1")]).await, [3]);
    }

    async fn five_hundred_tasks_are_made_and_changed_and_no_more(app) {
        let user = app.user("test-001", Owner).await;
        let answer = app.post(BULK, json!({"tasks": many(500)})).by(&user).expect(201).await;
        let made = answer["tasks"].as_array().unwrap();
        assert_eq!((made.len(), &made[499]["title"]), (500, &json!("업무 499")));
        let ids: Vec<&Value> = made.iter().map(|task| &task["id"]).collect();
        let changes = json!({"title": "마침", "status": "completed", "tags": ["보관"]});
        let answer = app.patch(BULK, json!({"ids": ids, "changes": changes})).by(&user).expect(200).await;
        assert_eq!(answer["tasks"].as_array().unwrap().len(), 500);
        let filters = [("tag", "보관"), ("status", "completed"), ("q", "마침")];
        assert_eq!(list(&app, &user, "tasks", &filters).await["total"], 500);
        let length = json!(["Length must be between 1 and 500."]);
        for count in [0, 501] {
            let error = app.post(BULK, json!({"tasks": many(count)})).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({"tasks": length})));
            let ids: Vec<usize> = (1..=count).collect();
            let error = app.patch(BULK, json!({"ids": ids, "changes": {}})).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({"ids": length})));
        }
        assert_eq!(task_count(&app).await, 500);
    }

    async fn everything_that_is_wrong_comes_by_index_and_nothing_is_made(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        make(&app, &stranger, json!({})).await;
        let tasks = json!([
            task(&json!({})), task(&json!({"title": "", "year": "x", "colour": "red"})), null, [],
            task(&json!({"assigned_to": stranger.id, "parent_id": 1})), task(&json!({"assigned_to": user.id})),
            {"tags": ["a", 1]}, task(&json!({"parent_id": 99})),
        ]);
        let error = app.post(BULK, json!({"tasks": tasks})).by(&user).expect(400).await;
        let required = json!(["Missing data for required field."]);
        let no_parent = json!(["Not a top-level task of this tenant."]);
        assert_eq!(without_request_id(error), invalid(json!({
            "1": {
                "title": ["Length must be between 1 and 255."], "year": ["Not a valid integer."],
                "colour": ["Unknown field."],
            },
            "2": {"_schema": ["Invalid input type."]},
            "3": {"_schema": ["Invalid input type."]},
            "4": {"assigned_to": ["Not an active user of this tenant."], "parent_id": no_parent},
            "6": {
                "title": required, "week_number": required, "year": required, "tags": {"1": ["Not a valid string."]},
            },
            "7": {"parent_id": no_parent},
        })));
        assert_eq!(task_count(&app).await, 1);
    }

    async fn a_body_without_a_list_of_tasks_is_refused(app) {
        let user = app.user("test-001", Viewer).await;
        for (body, errors) in [
            (json!({}), json!({"tasks": ["Missing data for required field."]})),
            (json!({"tasks": null}), json!({"tasks": ["Field may not be null."]})),
            (json!({"tasks": {"0": {}}}), json!({"tasks": ["Not a valid list."]})),
            (json!([task(&json!({}))]), json!({"_schema": ["Invalid input type."]})),
            (json!({"tasks": [task(&json!({}))], "x": 1}), json!({"x": ["Unknown field."]})),
        ] {
            let error = app.post(BULK, body).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(errors));
        }
        assert_eq!(task_count(&app).await, 0);
    }

    async fn one_change_is_made_in_all_tasks(app) {
        let user = app.user("test-001", Viewer).await;
        let hong = app.user_named("test-001", Owner, "hong@example.com", "홍길동").await;
        let first = json!({"title": "하나", "description": "설명", "tags": ["a"], "due_date": "2026-02-13T00:00:00Z"});
        let mut expected = Vec::new();
        for fields in [first, json!({"title": "둘", "tags": ["b"]}), json!({"title": "셋", "status": "review"})] {
            expected.push(make(&app, &user, fields).await);
        }
        let untouched = make(&app, &user, json!({"title": "넷"})).await;
        app.advance(60);
        let changes = json!({
            "description": "모두", "status": "review", "priority": "urgent", "assigned_to": hong.id, "due_date": null,
            "week_number": 8, "year": 2027, "tags": ["c", "d"], "parent_id": 4,
        });
        let answer = app.patch(BULK, json!({"ids": [3, 1, 2], "changes": changes})).by(&user).expect(200).await;
        for task in &mut expected {
            task.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            task["assignee"] = json!({
                "id": hong.id, "name": "홍길동", "role": "owner", "is_active": true,
                "created_at": "2026-02-07T10:17:56.942016Z", "last_login": null,
            });
            task["version"] = json!(2);
            task["updated_at"] = json!("2026-02-07T10:18:56.942016Z");
        }
        assert_eq!(answer, json!({
            "message": "Tasks updated successfully", "tasks": [expected[2], expected[0], expected[1]],
        }));
        for (id, task) in (1..).zip(&expected) {
            assert_eq!(read(&app, &user, id).await, *task);
        }
        assert_eq!(read(&app, &user, 4).await, untouched);
        // Each is found by what it has now, and by the title that stayed its own.
        let cases: [(&str, &str, &[i64]); 7] = [
            ("tag", "c", &[1, 2, 3]), ("tag", "a", &[]), ("parent_id", "4", &[1, 2, 3]), ("q", "모두", &[1, 2, 3]),
            ("q", "하나", &[1]), ("q", "설명", &[]), ("status", "review", &[1, 2, 3]),
        ];
        for (name, value, ids) in cases {
            assert_eq!(found(&app, &user, "tasks", &[(name, value)]).await, ids, "{name}={value}");
        }
    }

    async fn null_clears_in_all_tasks_and_what_changes_nothing_is_no_change(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({})).await;
        let full = json!({"description": "설명", "tags": ["a"], "assigned_to": user.id, "parent_id": 1});
        make(&app, &user, full).await;
        let plain = make(&app, &user, json!({})).await;
        app.advance(60);
        let nulls =
            json!({"description": null, "tags": null, "assigned_to": null, "parent_id": null, "due_date": null});
        let answer = app.patch(BULK, json!({"ids": [2, 3], "changes": nulls})).by(&user).expect(200).await;
        let mut cleared = plain.clone();
        cleared["id"] = json!(2);
        cleared["version"] = json!(2);
        cleared["updated_at"] = json!("2026-02-07T10:18:56.942016Z");
        assert_eq!(answer["tasks"], json!([cleared, plain]));
        let same = app.patch(BULK, json!({"ids": [3, 2], "changes": {}})).by(&user).expect(200).await;
        assert_eq!(same["tasks"], json!([plain, cleared]));
    }

    async fn ids_that_are_missing_foreign_or_repeated_are_named_by_index(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        let own = make(&app, &user, json!({})).await;
        let foreign = make(&app, &stranger, json!({})).await;
        let changes = json!({"title": "새 제목"});
        let missing = json!(["Not a task of this tenant."]);
        for (ids, errors) in [
            (json!([1, 2, 99, -1]), json!({"1": missing, "2": missing, "3": missing})),
            (json!([1, "1", 3, 1]), json!({"1": ["Must not be repeated."], "3": ["Must not be repeated."]})),
            (json!([1, null, "x", 1.5, true]), json!({
                "1": ["Field may not be null."], "2": ["Not a valid integer."], "4": ["Not a valid integer."],
            })),
            (json!("1"), json!(["Not a valid list."])),
        ] {
            let error = app.patch(BULK, json!({"ids": ids, "changes": changes})).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({"ids": errors})));
        }
        let error = app.patch(BULK, json!({"id": 1, "changes": {"title": "", "x": 1}})).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid(json!({
            "ids": ["Missing data for required field."], "id": ["Unknown field."],
            "changes": {"title": ["Length must be between 1 and 255."], "x": ["Unknown field."]},
        })));
        assert_eq!((read(&app, &user, 1).await, read(&app, &stranger, 2).await), (own, foreign));
    }

    async fn links_that_cannot_be_are_refused_for_all(app) {
        let user = app.user("test-001", Owner).await;
        let former = app.user("test-001", Viewer).await;
        let with_former = make(&app, &user, json!({"assigned_to": former.id})).await;
        make(&app, &user, json!({"parent_id": 1})).await;
        make(&app, &user, json!({})).await;
        app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(former.id)).await;
        let no_parent = json!({"parent_id": ["Not a top-level task of this tenant."]});
        let member = json!({"assigned_to": ["Not an active user of this tenant."]});
        let subtasks = json!({"parent_id": ["A task with subtasks cannot be a subtask."]});
        for (ids, changes, errors) in [
            (json!([2, 3]), json!({"parent_id": 3}), &no_parent), (json!([3]), json!({"parent_id": 2}), &no_parent),
            (json!([2, 3]), json!({"parent_id": 99}), &no_parent), (json!([1, 2]), json!({"parent_id": 3}), &subtasks),
            (json!([1, 3]), json!({"assigned_to": former.id, "title": "x"}), &member),
        ] {
            let error = app.patch(BULK, json!({"ids": ids, "changes": changes})).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({"changes": errors})));
        }
        assert_eq!(read(&app, &user, 3).await["version"], 1);
        // Who has left stays where he is.
        let body = json!({"ids": [1], "changes": {"assigned_to": former.id, "title": "x"}});
        let answer = app.patch(BULK, body).by(&user).expect(200).await;
        assert_eq!((&answer["tasks"][0]["assigned_to"], with_former["version"].as_i64()), (&json!(former.id), Some(1)));
    }

    async fn one_task_that_is_anothers_keeps_an_analyst_from_changing_any(app, ROLE_POLICY = "strict") {
        let (analyst, editor) = (app.user("test-001", Analyst).await, app.user("test-001", Editor).await);
        let own = make(&app, &analyst, json!({})).await;
        let others = make(&app, &editor, json!({})).await;
        let change = |ids: Value| app.patch(BULK, json!({"ids": ids, "changes": {"title": "새 제목"}}));
        let error = change(json!([1, 2])).by(&analyst).expect(403).await;
        assert_eq!(without_request_id(error), forbidden(&["owner", "admin", "editor"], "analyst"));
        assert_eq!((read(&app, &editor, 1).await, read(&app, &editor, 2).await), (own, others));
        change(json!([1])).by(&analyst).expect(200).await;
        change(json!([1, 2])).by(&editor).expect(200).await;
        let viewer = app.user("test-001", Viewer).await;
        let error = change(json!([1])).by(&viewer).expect(403).await;
        assert_eq!(without_request_id(error), forbidden(&["owner", "admin", "editor"], "viewer"));
        let error = app.post(BULK, json!({"tasks": many(1)})).by(&viewer).expect(403).await;
        let writers = ["owner", "admin", "editor", "analyst"];
        assert_eq!(without_request_id(error), forbidden(&writers, "viewer"));
        app.post(BULK, json!({"tasks": many(1)})).by(&analyst).expect(201).await;
    }

    async fn long_texts_of_many_tasks_are_searched_as_before(app) {
        let user = app.user("test-001", Admin).await;
        let long = "가나다라 ".repeat(60_000);
        for number in 0..6 {
            make(&app, &user, json!({"description": format!("{long}{number}번")})).await;
        }
        let body = json!({"ids": [1, 2, 3, 4, 5, 6], "changes": {"title": "긴 글"}});
        app.patch(BULK, body).by(&user).expect(200).await;
        assert_eq!(found(&app, &user, "tasks", &[("q", "긴 글")]).await, [1, 2, 3, 4, 5, 6]);
        assert_eq!(found(&app, &user, "tasks", &[("q", "3번")]).await, [4]);
    }

    async fn one_text_for_many_tasks_is_bounded(app) {
        let user = app.user("test-001", Viewer).await;
        let ids = app.post(BULK, json!({"tasks": many(5)})).by(&user).expect(201).await["tasks"].take();
        let ids: Vec<i64> = ids.as_array().unwrap().iter().map(|task| task["id"].as_i64().unwrap()).collect();
        let text = "x".repeat(1_000_000);
        let all: Vec<i64> = (1..=500).collect();
        for (ids, changes) in [
            (&ids, json!({"description": text})),
            (&all, json!({"description": text})),
            (&all, json!({"title": "x".repeat(255), "tags": vec!["x".repeat(100); 100]})),
        ] {
            let error = app.patch(BULK, json!({"ids": ids, "changes": changes})).by(&user).expect(400).await;
            let message = "More than 4 MiB of text in all of the tasks together.";
            assert_eq!(without_request_id(error), invalid(json!({"changes": [message]})));
        }
        let body = json!({"ids": ids, "changes": {"description": text}});
        let korean = app.patch(BULK, body).header("accept-language", "ko").by(&user).expect(400).await;
        assert_eq!(korean["errors"], json!({"changes": ["모든 업무의 텍스트를 합하면 4 MiB를 초과합니다."]}));
        assert_eq!(app.count("select count(*) from tasks where version > 1").await, 0);
        let body = json!({"ids": ids[1..], "changes": {"description": text}});
        let answer = app.patch(BULK, body).by(&user).expect(200).await;
        assert_eq!(answer["tasks"][3]["description"], text);
    }

    async fn tasks_with_too_much_text_are_not_changed_at_once(app) {
        let user = app.user("test-001", Viewer).await;
        let text = "x".repeat(1_000_000);
        for _ in 0..17 {
            make(&app, &user, json!({"description": text})).await;
        }
        let change = |ids: Vec<i64>| app.patch(BULK, json!({"ids": ids, "changes": {"status": "review"}})).by(&user);
        let error = change((1..=17).collect()).expect(400).await;
        let message = "More than 16 MiB of text in all of the tasks together.";
        assert_eq!(without_request_id(error), invalid(json!({"ids": [message]})));
        assert_eq!(app.count("select count(*) from tasks where version > 1").await, 0);
        assert_eq!(change(vec![17, 1]).expect(200).await["tasks"][0]["status"], "review");
    }

    async fn who_gets_many_tasks_at_once_is_told_once(app) {
        let user = app.user("test-001", Owner).await;
        let (hong, lee) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        let told = async |to: &Session| {
            let list = app.get("/api/v1/notifications").by(to).expect(200).await;
            let told = list["notifications"].as_array().unwrap().iter().map(|told| {
                (told["title"].as_str().unwrap().to_owned(), told["resource_id"].as_i64().unwrap())
            });
            told.collect::<Vec<_>>()
        };
        let tasks: Vec<Value> = (1..=7).map(|number| {
            let to = if number % 2 == 1 { lee.id } else { hong.id };
            task(&json!({"title": format!("업무 {number}"), "assigned_to": to}))
        }).collect();
        app.post(BULK, json!({"tasks": tasks})).by(&user).expect(201).await;
        let of_each = [6_i64, 4, 2].map(|number| (format!("업무 {number}"), number));
        assert_eq!(told(&hong).await, of_each);
        assert_eq!(told(&lee).await, [("업무 1 (+3)".to_owned(), 1)]);
        let body = json!({"ids": [2, 4, 6, 1, 3], "changes": {"assigned_to": lee.id}});
        app.patch(BULK, body).by(&user).expect(200).await;
        assert_eq!(told(&lee).await.len(), 4);
    }
}
