//! Which pages of which origins may use the API from a browser.

use std::collections::BTreeSet;

use bizcenter::policy::Role::Viewer;
use serde_json::json;

use crate::app::TestApp;
use crate::client::{Call, Method, Reply};
use crate::on_both;

const SPA: &str = "http://localhost:3001";
const TASKS: &str = "/api/v1/tasks";

fn allowed(reply: &Reply) -> Option<&str> {
    reply.header("access-control-allow-origin")
}

/// The words of a list header, in small letters.
fn words(reply: &Reply, header: &str) -> BTreeSet<String> {
    let values = reply.headers.get_all(header).iter().map(|value| value.to_str().unwrap().to_lowercase());
    values.flat_map(|value| value.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>()).collect()
}

fn set<const N: usize>(words: [&str; N]) -> BTreeSet<String> {
    words.map(str::to_owned).into()
}

fn preflight(app: &TestApp, path: &str, origin: &str) -> Call {
    let call = app.call(Method::OPTIONS, path).header("origin", origin);
    call.header("access-control-request-method", "PUT").header("access-control-request-headers", "authorization,x-evil")
}

on_both! {
    async fn the_spa_is_allowed_by_default(app) {
        let reply = app.get("/health").header("origin", SPA).send().await;
        assert_eq!((reply.status, allowed(&reply)), (200, Some(SPA)));
        assert!(words(&reply, "vary").contains("origin"), "{:?}", reply.headers);
        assert_eq!(reply.header("access-control-allow-credentials"), None);
    }

    async fn every_configured_origin_is_allowed(app, CORS_ORIGINS = "https://app.example.test, http://localhost:3001") {
        for origin in ["https://app.example.test", SPA] {
            let reply = app.get("/health").header("origin", origin).send().await;
            assert_eq!(allowed(&reply), Some(origin));
            assert_eq!(allowed(&preflight(&app, TASKS, origin).send().await), Some(origin));
        }
    }

    async fn configured_origins_replace_the_default(app, CORS_ORIGINS = "https://app.example.test") {
        assert_eq!(allowed(&app.get("/health").header("origin", SPA).send().await), None);
    }

    async fn any_other_origin_is_served_but_not_allowed(
        app, CORS_ORIGINS = "https://app.example.test,http://localhost:3001"
    ) {
        let origins = [
            "null", "*", "", "http://localhost:3001/", "http://localhost:3002", "http://localhost",
            "https://localhost:3001", "HTTP://LOCALHOST:3001", "http://Localhost:3001", "https://APP.example.test",
            "https://app.example.test:443", "http://app.example.test", "https://app.example.test.evil.test",
            "https://evil.test", "https://example.test", "https://app.example.test,http://localhost:3001",
            "localhost:3001",
        ];
        for origin in origins {
            let reply = app.get("/health").header("origin", origin).send().await;
            assert_eq!(allowed(&reply), None, "{origin}");
            assert!(words(&reply, "vary").contains("origin"), "{origin}");
            assert_eq!(reply.expect(200), json!({"status": "healthy", "version": "v1"}));
            let reply = preflight(&app, TASKS, origin).send().await;
            assert_eq!((reply.status, allowed(&reply)), (200, None), "{origin}");
            assert!(words(&reply, "vary").contains("origin"), "{origin}");
        }
    }

    async fn without_an_origin_nothing_is_allowed_and_caches_are_still_warned(app) {
        for path in ["/health", TASKS, "/api/docs", "/api/openapi.json", "/nowhere", "/api/v1//tasks"] {
            let reply = app.get(path).send().await;
            assert_eq!(allowed(&reply), None, "{path}");
            assert!(words(&reply, "vary").contains("origin"), "{path}");
        }
    }

    async fn a_preflight_needs_no_token_and_lasts_ten_minutes(app) {
        for path in [TASKS, "/api/v1/tasks/1", "/api/v1/contracts", "/api/v1/auth/login"] {
            let reply = preflight(&app, path, SPA).send().await;
            assert_eq!((reply.status, allowed(&reply), reply.text().as_str()), (200, Some(SPA), ""), "{path}");
            assert_eq!(reply.header("access-control-max-age"), Some("600"));
            let methods = set(["get", "head", "post", "put", "patch", "delete", "options"]);
            assert_eq!(words(&reply, "access-control-allow-methods"), methods);
            let headers = set([
                "authorization", "content-type", "accept", "accept-language", "if-match", "if-none-match",
                "idempotency-key", "last-event-id", "x-request-id", "x-requested-with",
            ]);
            assert_eq!(words(&reply, "access-control-allow-headers"), headers);
            assert!(words(&reply, "vary").contains("origin"), "{path}");
            assert_eq!(reply.header("access-control-allow-credentials"), None);
        }
    }

    async fn asking_for_the_methods_is_no_preflight(app) {
        let reply = app.call(Method::OPTIONS, TASKS).header("origin", SPA).send().await;
        assert_eq!((reply.status, allowed(&reply)), (200, Some(SPA)));
        assert_eq!(words(&reply, "allow"), set(["get", "head", "post", "options"]));
        assert_eq!(reply.header("access-control-allow-methods"), None);
    }

    async fn errors_can_be_read_by_the_spa_too(app) {
        let user = app.user("test-001", Viewer).await;
        let taken = json!({"email": user.email, "password": "password123", "name": "Kim", "tenant_id": "test-001"});
        let calls = [
            (400, app.post(TASKS, json!({})).by(&user)),
            (400, app.get("/api/v1/tasks?week=abc").by(&user)),
            (400, app.call(Method::POST, TASKS).raw("{").by(&user)),
            (401, app.get(TASKS)),
            (401, app.get(TASKS).token("garbage")),
            (403, app.get("/api/v1/contracts").by(&user)),
            (404, app.get("/api/v1/tasks/1").by(&user)),
            (404, app.get("/nowhere")),
            (405, app.delete("/health")),
            (409, app.post("/api/v1/auth/register", taken)),
            (415, app.call(Method::POST, TASKS).bytes("{}").by(&user)),
        ];
        for (status, call) in calls {
            let reply = call.header("origin", SPA).send().await;
            assert_eq!((reply.status, allowed(&reply)), (status, Some(SPA)));
            assert!(words(&reply, "vary").contains("origin"), "{status}");
            assert!(words(&reply, "access-control-expose-headers").contains("x-request-id"), "{status}");
        }
    }

    async fn the_spa_may_read_every_header_that_means_something(app) {
        let user = app.user("test-001", Viewer).await;
        let body = json!({"title": "t", "week_number": 6, "year": 2026});
        let reply = app.post(TASKS, body).by(&user).header("origin", SPA).send().await;
        assert_eq!((reply.status, allowed(&reply)), (201, Some(SPA)));
        assert_eq!(words(&reply, "access-control-expose-headers"), set([
            "etag", "location", "link", "x-request-id", "retry-after", "ratelimit", "ratelimit-policy",
            "content-disposition", "idempotency-replayed",
        ]));
    }
}
