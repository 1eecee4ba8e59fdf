//! Which path is which task, and what comes first when several things are wrong.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::json;

use super::{make, not_found, read};
use crate::client::{Method, without_request_id};
use crate::on_both;

on_both! {
    async fn another_tenants_task_is_not_found(app) {
        let user = app.user("test-001", Viewer).await;
        let stranger = app.user("test-002", Owner).await;
        let task = make(&app, &user, json!({})).await;
        for call in [
            app.get("/api/v1/tasks/1"),
            app.put("/api/v1/tasks/1", json!({"title": "새 제목"})),
            app.patch("/api/v1/tasks/1", json!({"title": "새 제목"})),
        ] {
            assert_eq!(without_request_id(call.by(&stranger).expect(404).await), not_found());
        }
        assert_eq!(read(&app, &user, 1).await, task);
    }

    async fn a_missing_task_comes_before_a_wrong_body(app) {
        let user = app.user("test-001", Viewer).await;
        let stranger = app.user("test-002", Viewer).await;
        make(&app, &stranger, json!({})).await;
        for id in [1, 999] {
            let path = format!("/api/v1/tasks/{id}");
            for method in [Method::PUT, Method::PATCH] {
                let call = || app.call(method.clone(), &path).by(&user);
                for call in [
                    call().raw("{"),
                    call().raw(""),
                    call().raw(vec![0xff_u8, 0xfe]),
                    call().bytes("{}"),
                    call(),
                    call().json(json!([])),
                    call().json(json!({"title": "", "colour": "red"})),
                    call().json(json!({})),
                ] {
                    assert_eq!(without_request_id(call.expect(404).await), not_found());
                }
            }
        }
    }

    async fn a_wrong_body_for_an_existing_task_is_refused(app) {
        let user = app.user("test-001", Viewer).await;
        let task = make(&app, &user, json!({})).await;
        for method in [Method::PUT, Method::PATCH] {
            let call = || app.call(method.clone(), "/api/v1/tasks/1").by(&user);
            assert_eq!(without_request_id(call().bytes(r#"{"title": "x"}"#).expect(415).await), json!({
                "error": "Did not attempt to load JSON data because the request Content-Type was not \
                          'application/json'.",
                "code": "not_json",
            }));
            for body in ["{", "", "{\"title\": \"x\"", "title=x"] {
                assert_eq!(call().raw(body).expect(400).await["code"], "malformed_json", "{body}");
            }
        }
        assert_eq!(read(&app, &user, 1).await, task);
    }

    async fn an_id_is_digits_whatever_their_writing(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({})).await;
        app.execute(sql("update tasks set id = 65 where id = 1")).await;
        for id in ["65", "0065", "%36%35", "６５"] {
            let answer = app.get(&format!("/api/v1/tasks/{id}")).by(&user).expect(200).await;
            assert_eq!(answer["task"]["id"], 65, "{id}");
        }
    }

    async fn what_is_no_id_is_no_route(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({})).await;
        for id in ["abc", "-1", "+1", "1.5", "1e0", "%20", "1%20", "1x", "", "1/"] {
            let path = format!("/api/v1/tasks/{id}");
            for call in [app.get(&path), app.patch(&path, json!({})), app.delete(&path)] {
                let error = without_request_id(call.by(&user).expect(404).await);
                assert_eq!(error, json!({"error": "The requested URL was not found", "code": "not_found"}), "{id}");
            }
        }
        assert_eq!(app.count("select count(*) from tasks").await, 1);
    }

    async fn an_id_beyond_64_bits_is_a_missing_task(app) {
        let user = app.user("test-001", Viewer).await;
        for id in ["0", "9223372036854775807", "9223372036854775808", "100000000000000000000000000000000000000000"] {
            let path = format!("/api/v1/tasks/{id}");
            for call in [app.get(&path), app.put(&path, json!({})), app.delete(&path)] {
                assert_eq!(without_request_id(call.by(&user).expect(404).await), not_found(), "{id}");
            }
        }
    }

    async fn head_is_get_without_the_body(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({})).await;
        for path in ["/api/v1/tasks", "/api/v1/tasks/1"] {
            let get = app.get(path).by(&user).send().await;
            let head = app.call(Method::HEAD, path).by(&user).send().await;
            assert_eq!((head.status, head.bytes.len()), (200, 0), "{path}");
            for name in ["content-type", "content-length"] {
                assert!(get.header(name).is_some(), "{name} of {path}");
                assert_eq!(head.header(name), get.header(name), "{name} of {path}");
            }
        }
        let missing = app.call(Method::HEAD, "/api/v1/tasks/2").by(&user).send().await;
        assert_eq!((missing.status, missing.bytes.len()), (404, 0));
    }
}
