//! `/tasks/{task_id}/comments`.

use bizcenter::db::sql;
use bizcenter::policy::Role::{self, Admin, Analyst, Editor, Owner, Viewer};
use serde_json::{Value, json};

use super::{forbidden, invalid, make, not_found, read};
use crate::app::{Session, TestApp};
use crate::client::{Method, without_request_id};
use crate::on_both;

const COMMENTS: &str = "/api/v1/tasks/1/comments";
const COMMENT: &str = "/api/v1/tasks/1/comments/1";

/// Comments on the first task.
async fn comment(app: &TestApp, user: &Session, content: &str) -> Value {
    app.post(COMMENTS, json!({"content": content})).by(user).expect(201).await["comment"].take()
}

/// The texts of a list, in its order.
fn texts(list: &Value) -> Vec<&str> {
    list["comments"].as_array().unwrap().iter().map(|comment| comment["content"].as_str().unwrap()).collect()
}

/// The error of a comment that is not there.
fn no_comment() -> Value {
    json!({"error": "Comment not found", "code": "comment_not_found"})
}

on_both! {
    async fn a_new_comment_names_its_task_and_its_author(app) {
        let owner = app.user("test-001", Owner).await;
        let hong = app.user_named("test-001", Viewer, "hong@example.com", "홍길동").await;
        make(&app, &owner, json!({})).await;
        app.advance(60);
        let reply = app.post(COMMENTS, json!({"content": " 확인했습니다 🚀\n"})).by(&hong).send().await;
        assert_eq!(reply.header("location"), Some(COMMENT));
        let tag = reply.header("etag").unwrap().to_owned();
        let comment = json!({
            "id": 1, "task_id": 1, "author": {"id": hong.id, "name": "홍길동", "role": "viewer"},
            "content": " 확인했습니다 🚀\n", "created_at": "2026-02-07T10:18:56.942016Z",
            "updated_at": "2026-02-07T10:18:56.942016Z", "version": 1,
        });
        assert_eq!(reply.expect(201), json!({"message": "Comment created successfully", "comment": comment}));
        let one = app.get(COMMENT).by(&owner).send().await;
        assert_eq!(one.header("etag"), Some(tag.as_str()));
        assert_eq!(one.expect(200), json!({"comment": comment}));
        assert_eq!(app.get(COMMENTS).by(&owner).expect(200).await, json!({
            "comments": [comment], "total": 1, "page": 1, "limit": 100, "pages": 1, "next_cursor": null,
        }));
    }

    async fn a_task_counts_its_comments_and_is_not_changed_by_them(app) {
        let user = app.user("test-001", Owner).await;
        let mut task = make(&app, &user, json!({})).await;
        let other = make(&app, &user, json!({})).await;
        app.advance(60);
        for count in 1..=3 {
            comment(&app, &user, "댓글").await;
            task["comment_count"] = json!(count);
            assert_eq!(read(&app, &user, 1).await, task);
        }
        assert_eq!(app.get("/api/v1/tasks").by(&user).expect(200).await["tasks"], json!([other, task]));
        assert_eq!(app.delete(COMMENT).by(&user).send().await.status, 204);
        let answer = app.patch("/api/v1/tasks/1", json!({})).by(&user).expect(200).await;
        assert_eq!(answer["task"]["comment_count"], 2);
    }

    async fn comments_come_the_oldest_first_and_page_by_page(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        make(&app, &user, json!({})).await;
        app.post("/api/v1/tasks/2/comments", json!({"content": "다른 업무"})).by(&user).expect(201).await;
        for number in 1..=5 {
            app.advance(i64::from(number % 2));
            comment(&app, &user, &number.to_string()).await;
        }
        app.advance(1);
        app.patch("/api/v1/tasks/1/comments/3", json!({"content": "2!"})).by(&user).expect(200).await;
        let list = async |query: &str| app.get(&format!("{COMMENTS}?{query}")).by(&user).expect(200).await;
        assert_eq!(texts(&list("").await), ["1", "2!", "3", "4", "5"]);
        assert_eq!(texts(&list("sort=-id").await), ["5", "4", "3", "2!", "1"]);
        assert_eq!(texts(&list("sort=-updated_at").await)[0], "2!");
        let page = list("page=2&limit=2").await;
        assert_eq!((texts(&page), &page["total"], &page["pages"]), (vec!["3", "4"], &json!(5), &json!(3)));
        let next = list(&format!("cursor={}", page["next_cursor"].as_str().unwrap())).await;
        assert_eq!((texts(&next), &next["next_cursor"], next.get("total")), (vec!["5"], &json!(null), None));
        let error = app.get(&format!("{COMMENTS}?sort=content")).by(&user).expect(400).await;
        assert_eq!(error["errors"], json!({"sort": ["Must be one of: created_at, updated_at, id."]}));
    }

    async fn a_task_without_comments_has_an_empty_list(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({})).await;
        assert_eq!(app.get(COMMENTS).by(&user).expect(200).await, json!({
            "comments": [], "total": 0, "page": 1, "limit": 100, "pages": 0, "next_cursor": null,
        }));
    }

    async fn a_comment_is_text_of_one_to_ten_thousand_characters(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({})).await;
        let longest = "한".repeat(10_000);
        assert_eq!(comment(&app, &user, &longest).await["content"], longest);
        let length = "Length must be between 1 and 10000.";
        for (body, errors) in [
            (json!({}), json!({"content": ["Missing data for required field."]})),
            (json!({"content": null}), json!({"content": ["Field may not be null."]})),
            (json!({"content": ""}), json!({"content": [length]})),
            (json!({"content": "한".repeat(10_001)}), json!({"content": [length]})),
            (json!({"content": " \t\n\u{a0}\u{3000}"}), json!({"content": ["Field may not be blank."]})),
            (json!({"content": "\u{200b}\u{feff}\u{3164}"}), json!({"content": ["Field may not be blank."]})),
            (
                json!({"content": 1, "author": 1}),
                json!({"content": ["Not a valid string."], "author": ["Unknown field."]}),
            ),
        ] {
            let error = app.post(COMMENTS, body.clone()).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(errors.clone()));
            if body != json!({}) {
                let error = app.patch(COMMENT, body).by(&user).expect(400).await;
                assert_eq!(without_request_id(error), invalid(errors));
            }
        }
        assert_eq!(app.count("select count(*) from task_comments").await, 1);
    }

    async fn put_and_patch_change_the_text_and_nothing_else(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({})).await;
        let mut old = comment(&app, &user, "처음").await;
        for (method, content, version) in [(Method::PUT, "하나", 2), (Method::PATCH, "둘", 3)] {
            app.advance(60);
            let reply = app.call(method, COMMENT).json(json!({"content": content})).by(&user).send().await;
            let tag = reply.header("etag").unwrap().to_owned();
            let answer = reply.expect(200);
            old["content"] = json!(content);
            old["version"] = json!(version);
            old["updated_at"] = answer["comment"]["updated_at"].clone();
            assert_eq!(answer, json!({"message": "Comment updated successfully", "comment": old}));
            assert_eq!(app.get(COMMENT).header("if-none-match", &tag).by(&user).send().await.status, 304);
        }
        assert_eq!(old["updated_at"], "2026-02-07T10:19:56.942016Z");
        app.advance(60);
        for body in [json!({}), json!({"content": "둘"})] {
            assert_eq!(app.patch(COMMENT, body).by(&user).expect(200).await["comment"], old);
        }
    }

    async fn who_has_not_seen_the_comment_as_it_is_neither_changes_nor_deletes_it(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({})).await;
        comment(&app, &user, "처음").await;
        let tag = async || app.get(COMMENT).by(&user).send().await.header("etag").unwrap().to_owned();
        let seen = tag().await;
        app.patch(COMMENT, json!({"content": "둘"})).header("if-match", &seen).by(&user).expect(200).await;
        for call in [app.put(COMMENT, json!({"content": "셋"})), app.patch(COMMENT, json!({})), app.delete(COMMENT)] {
            let refused = call.header("if-match", &seen).by(&user).expect(412).await;
            assert_eq!(refused["code"], "precondition_failed");
        }
        assert_eq!(app.get(COMMENT).by(&user).expect(200).await["comment"]["content"], "둘");
        let now = tag().await;
        assert_eq!(app.delete(COMMENT).header("if-match", &now).by(&user).send().await.status, 204);
    }

    async fn the_author_and_admins_and_owners_change_and_delete_a_comment_and_nobody_else(app) {
        let author = app.user("test-001", Analyst).await;
        make(&app, &author, json!({})).await;
        for role in [Owner, Admin] {
            let own = comment(&app, &author, "내 댓글").await;
            let path = format!("{COMMENTS}/{}", own["id"]);
            let user = app.user("test-001", role).await;
            let answer = app.patch(&path, json!({"content": "정리"})).by(&user).expect(200).await;
            assert_eq!((&answer["comment"]["author"], &answer["comment"]["content"]), (&own["author"], &json!("정리")));
            assert_eq!(app.delete(&path).by(&user).send().await.status, 204);
        }
        let old = comment(&app, &author, "내 댓글").await;
        let path = format!("{COMMENTS}/{}", old["id"]);
        for role in [Editor, Analyst, Viewer] {
            let user = app.user("test-001", role).await;
            let put = app.put(&path, json!({"content": "x"}));
            for call in [put, app.patch(&path, json!({"x": 1})), app.delete(&path)] {
                let error = without_request_id(call.by(&user).expect(403).await);
                assert_eq!(error, forbidden(&["owner", "admin"], role.as_str()));
            }
        }
        assert_eq!(app.get(&path).by(&author).expect(200).await["comment"], old);
        app.put(&path, json!({"content": "고침"})).by(&author).expect(200).await;
        assert_eq!(app.delete(&path).by(&author).send().await.status, 204);
        let error = app.delete(&path).by(&author).expect(404).await;
        assert_eq!(without_request_id(error), no_comment());
    }

    async fn under_the_strict_policy_a_viewer_only_reads_comments(app, ROLE_POLICY = "strict") {
        let (analyst, viewer) = (app.user("test-001", Analyst).await, app.user("test-001", Viewer).await);
        make(&app, &analyst, json!({})).await;
        let old = comment(&app, &analyst, "댓글").await;
        let error = app.post(COMMENTS, json!({"content": "x"})).by(&viewer).expect(403).await;
        let writers = ["owner", "admin", "editor", "analyst"];
        assert_eq!(without_request_id(error), forbidden(&writers, "viewer"));
        let error = app.patch(COMMENT, json!({"content": "x"})).by(&viewer).expect(403).await;
        assert_eq!(without_request_id(error), forbidden(&["owner", "admin"], "viewer"));
        assert_eq!(app.get(COMMENTS).by(&viewer).expect(200).await["comments"], json!([old]));
        // Of another's task, too.
        for role in [Role::Editor, Analyst] {
            let user = app.user("test-001", role).await;
            comment(&app, &user, "내 댓글").await;
        }
        assert_eq!(read(&app, &viewer, 1).await["comment_count"], 3);
    }

    async fn a_comment_is_found_under_its_own_task_only(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        make(&app, &user, json!({})).await;
        make(&app, &user, json!({})).await;
        make(&app, &stranger, json!({})).await;
        let old = comment(&app, &user, "댓글").await;
        for (by, path, expected) in [
            (&user, "/api/v1/tasks/2/comments/1", no_comment()), (&user, "/api/v1/tasks/1/comments/2", no_comment()),
            (&user, "/api/v1/tasks/3/comments/1", not_found()), (&user, "/api/v1/tasks/99/comments/1", not_found()),
            (&stranger, COMMENT, not_found()), (&stranger, "/api/v1/tasks/3/comments/1", no_comment()),
        ] {
            for call in [
                app.get(path), app.put(path, json!({"content": "x"})), app.patch(path, json!({"content": 1})),
                app.delete(path).header("if-match", "\"x\""),
            ] {
                assert_eq!(without_request_id(call.by(by).expect(404).await), expected, "{path}");
            }
        }
        for (by, path) in [(&stranger, COMMENTS), (&user, "/api/v1/tasks/99/comments")] {
            let calls = [app.get(path), app.post(path, json!({"content": "x"})), app.post(path, json!({}))];
            for call in calls {
                assert_eq!(without_request_id(call.by(by).expect(404).await), not_found(), "{path}");
            }
        }
        assert_eq!(app.get(COMMENTS).by(&user).expect(200).await["comments"], json!([old]));
        assert_eq!(app.count("select count(*) from task_comments").await, 1);
    }

    async fn a_comment_of_nobody_has_no_author(app) {
        let user = app.user("test-001", Analyst).await;
        make(&app, &user, json!({})).await;
        comment(&app, &user, "댓글").await;
        app.execute(sql("update task_comments set created_by = null")).await;
        assert_eq!(app.get(COMMENT).by(&user).expect(200).await["comment"]["author"], json!(null));
        app.delete(COMMENT).by(&user).expect(403).await;
    }

    async fn comments_go_with_their_task(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        comment(&app, &user, "댓글").await;
        assert_eq!(app.delete("/api/v1/tasks/1").by(&user).send().await.status, 204);
        assert_eq!(without_request_id(app.get(COMMENT).by(&user).expect(404).await), not_found());
        assert_eq!(app.count("select count(*) from task_comments").await, 0);
    }
}
