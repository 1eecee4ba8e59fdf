//! The eight examples of the original documentation, one after the other, as curl sends them.

use serde_json::json;

use crate::app::TestApp;
use crate::client::{Call, Method};
use crate::on_both;

/// `curl -X METHOD URL`: like curl, the test's client adds `Host` and `Accept: */*` and nothing more.
fn curl(app: &TestApp, method: Method, path: &str) -> Call {
    app.call(method, path).header("user-agent", "curl/8.14.1")
}

on_both! {
    async fn the_examples_of_the_original_documentation_work(app) {
        let answer = curl(&app, Method::GET, "/health").expect(200).await;
        assert_eq!(answer, json!({"status": "healthy", "version": "v1"}));

        let body = r#"{
            "email": "test@example.com",
            "password": "password123",
            "name": "Test User",
            "tenant_id": "test-001"
        }"#;
        let answer = curl(&app, Method::POST, "/api/v1/auth/register").raw(body).expect(201).await;
        let user = json!({
            "id": 1, "tenant_id": "test-001", "email": "test@example.com", "name": "Test User", "role": "viewer",
            "is_active": true, "created_at": "2026-02-07T10:17:56.942016Z", "last_login": null, "version": 1,
        });
        assert_eq!(answer, json!({"message": "User registered successfully", "user": user}));

        let body = r#"{"email": "test@example.com", "password": "password123"}"#;
        let mut answer = curl(&app, Method::POST, "/api/v1/auth/login").raw(body).expect(200).await;
        let (access, refresh) = (answer["access_token"].take(), answer["refresh_token"].take());
        let mut user = user;
        user["last_login"] = json!("2026-02-07T10:17:56.942016Z");
        assert_eq!(answer, json!({"access_token": null, "refresh_token": null, "user": user}));
        assert!(access.is_string() && refresh.is_string() && access != refresh);
        let bearer = format!("Bearer {}", access.as_str().unwrap());
        let signed_in = |method, path| curl(&app, method, path).header("authorization", &bearer);

        let answer = signed_in(Method::GET, "/api/v1/auth/me").expect(200).await;
        assert_eq!(answer, json!({"user": user}));

        let body = r#"{
            "title": "Weekly security report",
            "description": "Summarise the week's alerts",
            "status": "pending",
            "priority": "high",
            "week_number": 6,
            "year": 2026,
            "tags": ["security", "weekly"]
        }"#;
        let answer = signed_in(Method::POST, "/api/v1/tasks").raw(body).expect(201).await;
        let task = json!({
            "id": 1, "tenant_id": "test-001", "title": "Weekly security report",
            "description": "Summarise the week's alerts", "status": "pending", "priority": "high", "assigned_to": null,
            "assignee": null, "due_date": null, "week_number": 6, "year": 2026, "tags": ["security", "weekly"],
            "parent_id": null, "comment_count": 0, "created_at": "2026-02-07T10:17:56.942016Z",
            "updated_at": "2026-02-07T10:17:56.942016Z", "created_by": 1, "version": 1,
        });
        assert_eq!(answer, json!({"message": "Task created successfully", "task": task}));

        let list = json!({"tasks": [task], "total": 1, "page": 1, "limit": 100, "pages": 1, "next_cursor": null});
        assert_eq!(signed_in(Method::GET, "/api/v1/tasks").expect(200).await, list);
        assert_eq!(signed_in(Method::GET, "/api/v1/tasks?week=6&year=2026").expect(200).await, list);
        // Not in the documentation, but the filter does filter.
        assert_eq!(signed_in(Method::GET, "/api/v1/tasks?week=7&year=2026").expect(200).await["tasks"], json!([]));

        let page = curl(&app, Method::GET, "/api/docs").send().await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(page.text().contains("<title>MSSP BizCenter API</title>"), "{}", page.text());
    }
}
