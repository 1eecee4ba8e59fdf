//! What every request meets: routing, methods, request ids, headers, languages, the document's page, and the stop.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bizcenter::policy::Role::Viewer;
use serde_json::{Value, json};
use tokio::task::{spawn_blocking, yield_now};

use crate::app::{PASSWORD, TestApp};
use crate::client::{Call, Method, Reply, without_request_id};
use crate::on_both;

fn not_found() -> Value {
    json!({"error": "The requested URL was not found", "code": "not_found"})
}

/// The methods in `Allow`, sorted.
fn allowed(reply: &Reply) -> Vec<&str> {
    let mut methods: Vec<&str> = reply.header("allow").unwrap().split(',').map(str::trim).collect();
    methods.sort_unstable();
    methods
}

/// The addresses in a page's `href` and `src`.
fn links(page: &str) -> Vec<&str> {
    let parts = page.split("href=\"").skip(1).chain(page.split("src=\"").skip(1));
    parts.map(|part| part.split('"').next().unwrap()).collect()
}

async fn error_in(app: &TestApp, languages: &str) -> (String, String) {
    let reply = app.get("/api/v1/nowhere").header("accept-language", languages).send().await;
    let language = reply.header("content-language").unwrap().to_owned();
    (language, reply.expect(404)["error"].as_str().unwrap().to_owned())
}

on_both! {
    async fn anybody_may_ask_for_the_health(app) {
        let calls = [app.get("/health"), app.get("/health").token("garbage"), app.get("/health?verbose=1")];
        for call in calls {
            let reply = call.send().await;
            assert_eq!(reply.header("content-type"), Some("application/json"));
            assert_eq!(reply.expect(200), json!({"status": "healthy", "version": "v1"}));
        }
    }

    async fn an_unknown_path_is_a_json_404_for_every_method(app) {
        for path in ["/", "/api", "/api/v1", "/api/v1/nowhere", "/swagger.json", "/api/v1/auth", "/Health"] {
            for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                let reply = app.call(method, path).send().await;
                assert_eq!(reply.header("content-type"), Some("application/json"), "{path}");
                assert_eq!(without_request_id(reply.expect(404)), not_found(), "{path}");
            }
        }
        assert_eq!(without_request_id(app.get("/api/docs/nowhere.js").expect(404).await), not_found());
    }

    async fn a_trailing_slash_is_another_path(app) {
        let user = app.user("test-001", Viewer).await;
        for path in ["/health/", "/api/v1/tasks/", "/api/v1/auth/me/", "/api/v1/tasks/1/", "/api/docs/"] {
            assert_eq!(without_request_id(app.get(path).by(&user).expect(404).await), not_found(), "{path}");
        }
    }

    async fn doubled_slashes_lead_to_the_clean_path(app) {
        let cases = [
            ("/api/v1//tasks", "/api/v1/tasks"), ("//health", "/health"), ("///health", "/health"),
            ("/api//v1///auth/me", "/api/v1/auth/me"), ("/api/v1//tasks?week=6&q=a//b", "/api/v1/tasks?week=6&q=a//b"),
            ("//evil.example/x", "/evil.example/x"),
        ];
        for (path, clean) in cases {
            for method in [Method::GET, Method::POST] {
                let reply = app.call(method, path).send().await;
                assert_eq!((reply.status, reply.header("location")), (308, Some(clean)), "{path}");
            }
        }
    }

    async fn a_backslash_leads_nowhere(app) {
        let address = app.url.strip_prefix("http://").unwrap().to_owned();
        for path in ["//\\evil.example/a", "/\\evil.example//a", "//\\/evil.example", "/api//v1\\tasks", "//\\\\x"] {
            // No client sends one as it is.
            let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            let answer = spawn_blocking(move || {
                let mut answer = String::new();
                stream.write_all(request.as_bytes()).unwrap();
                stream.read_to_string(&mut answer).unwrap();
                answer
            });
            let answer = answer.await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{path}: {answer}");
            assert!(!answer.to_lowercase().contains("\nlocation:"), "{path}: {answer}");
        }
    }

    async fn a_wrong_method_is_a_json_405_that_names_the_right_ones(app) {
        let cases: [(Method, &str, &[&str]); 5] = [
            (Method::DELETE, "/health", &["GET", "HEAD"]),
            (Method::GET, "/api/v1/auth/login", &["POST"]),
            (Method::PUT, "/api/v1/tasks", &["GET", "HEAD", "POST"]),
            (Method::POST, "/api/v1/tasks/1", &["DELETE", "GET", "HEAD", "PATCH", "PUT"]),
            (Method::POST, "/api/docs", &["GET", "HEAD"]),
        ];
        for (method, path, expected) in cases {
            let reply = app.call(method, path).send().await;
            let methods: Vec<_> = allowed(&reply).into_iter().filter(|method| *method != "OPTIONS").collect();
            assert_eq!(methods, expected, "{path}");
            let text = "The method is not allowed for the requested URL.";
            let expected = json!({"error": text, "code": "method_not_allowed"});
            assert_eq!(without_request_id(reply.expect(405)), expected, "{path}");
        }
    }

    async fn options_names_the_methods_to_anybody(app) {
        let cases: [(&str, &[&str]); 4] = [
            ("/health", &["GET", "HEAD", "OPTIONS"]),
            ("/api/v1/auth/login", &["OPTIONS", "POST"]),
            ("/api/v1/contracts", &["GET", "HEAD", "OPTIONS", "POST"]),
            ("/api/v1/contracts/1", &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT"]),
        ];
        for (path, expected) in cases {
            let reply = app.call(Method::OPTIONS, path).send().await;
            assert_eq!((reply.status, reply.text().as_str(), allowed(&reply)), (200, "", expected.to_vec()), "{path}");
        }
        let reply = app.call(Method::OPTIONS, "/api/v1/nowhere").send().await;
        assert_eq!(without_request_id(reply.expect(404)), not_found());
    }

    async fn head_answers_like_get_without_the_body(app) {
        let user = app.user("test-001", Viewer).await;
        let paths = [
            "/health", "/api/v1/auth/me", "/api/v1/tasks", "/api/docs", "/api/openapi.json", "/api/v1/tasks/1",
            "/api/v1/contracts", "/nowhere",
        ];
        for path in paths {
            let get = app.get(path).by(&user).send().await;
            let head = app.call(Method::HEAD, path).by(&user).send().await;
            assert_eq!((head.status, head.bytes.len()), (get.status, 0), "{path}");
            assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
            if get.status == 200 {
                assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
            }
        }
    }

    async fn a_sane_request_id_is_taken_over(app) {
        let longest = "a".repeat(128);
        for id in ["x", "Trace-1_2.3:4", "0b3b7a55-6d0c-4b0e-9b0e-6c8a1a3d1c11", longest.as_str()] {
            let reply = app.get("/health").header("x-request-id", id).send().await;
            assert_eq!((reply.status, reply.header("x-request-id")), (200, Some(id)));
            let reply = app.get("/nowhere").header("x-request-id", id).send().await;
            assert_eq!(reply.header("x-request-id"), Some(id));
            assert_eq!(reply.expect(404)["request_id"], id);
        }
    }

    async fn any_other_request_id_is_replaced(app) {
        let too_long = "a".repeat(129);
        let strange = ["", "a b", "a/b", "a\tb", "a;b", "{}", "<script>", "a\"b", "a,b", too_long.as_str()];
        let mut calls: Vec<Call> = strange.iter().map(|id| app.get("/nowhere").header("x-request-id", id)).collect();
        calls.push(app.get("/nowhere"));
        let mut ids = Vec::new();
        for call in calls {
            let reply = call.send().await;
            let id = reply.header("x-request-id").unwrap().to_owned();
            assert!(id.parse::<uuid::Uuid>().is_ok(), "{id}");
            assert_eq!(reply.expect(404)["request_id"], id);
            ids.push(id);
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), strange.len() + 1);
    }

    async fn security_headers_are_on_every_answer(app) {
        let user = app.user("test-001", Viewer).await;
        let calls = [
            (200, app.get("/health")), (200, app.get("/api/v1/tasks").by(&user)),
            (200, app.call(Method::OPTIONS, "/health")), (308, app.get("//health")),
            (400, app.get("/api/v1/tasks?week=abc").by(&user)), (401, app.get("/api/v1/tasks")),
            (403, app.get("/api/v1/contracts").by(&user)), (404, app.get("/nowhere")), (405, app.delete("/health")),
        ];
        for (status, call) in calls {
            let reply = call.send().await;
            assert_eq!(reply.status, status);
            let policy = Some("default-src 'none'; frame-ancestors 'none'");
            assert_eq!(reply.header("content-security-policy"), policy, "{status}");
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{status}");
            assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{status}");
            assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{status}");
            assert_eq!(reply.header("strict-transport-security"), None, "{status}");
            assert!(reply.header("x-request-id").is_some() && reply.header("server").is_none(), "{status}");
        }
    }

    async fn production_asks_browsers_to_stay_with_https(
        app, APP_ENV = "production", SECRET_KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD",
        JWT_SECRET_KEY = "1123456789abcdefghijklmnopqrstuvwxyzABCD",
        CONTRACT_ENCRYPTION_KEY = "2123456789abcdefghijklmnopqrstuvwxyzABCD"
    ) {
        for path in ["/health", "/nowhere", "/api/v1/tasks", "/api/docs"] {
            let reply = app.get(path).send().await;
            assert_eq!(reply.header("strict-transport-security"), Some("max-age=31536000"), "{path}");
        }
    }

    async fn the_page_for_exploring_loads_all_that_it_needs(app) {
        let page = app.get("/api/docs").send().await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'self';") && policy.ends_with("frame-ancestors 'none'"), "{policy}");
        let page = page.text();
        assert!(page.contains("<title>MSSP BizCenter API</title>"), "{page}");
        let links = links(&page);
        assert!(links.len() >= 5, "{links:?}");
        for link in links {
            // Nothing comes from another server.
            assert!(link.starts_with('/') && !link.starts_with("//"), "{link}");
            let file = app.get(link).send().await;
            assert!(file.status == 200 && !file.bytes.is_empty(), "{link}");
            let kind = match link.rsplit('.').next().unwrap() {
                "css" => "text/css",
                "js" => "text/javascript",
                _ => "image/png",
            };
            assert!(file.header("content-type").unwrap().starts_with(kind), "{link}: {:?}", file.headers);
            // Whoever has it need not fetch it again.
            let tag = file.header("etag").unwrap();
            let again = app.get(link).header("if-none-match", tag).send().await;
            assert_eq!((again.status, again.bytes.len(), again.header("etag")), (304, 0, Some(tag)), "{link}");
            for reply in [&file, &again] {
                assert_eq!(reply.header("cache-control"), Some("public, max-age=3600"), "{link}");
            }
        }
        let script = app.get("/api/docs/swagger-initializer.js").send().await.text();
        assert!(script.contains(r#""persistAuthorization": true"#), "{script}");
        assert!(script.contains(r#""/api/openapi.json""#), "{script}");
    }

    async fn the_document_is_in_both_places(app) {
        let (new, old) = (app.get("/api/openapi.json").send().await, app.get("/api/v1/swagger.json").send().await);
        assert_eq!(new.header("content-type"), Some("application/json"));
        assert_eq!(new.bytes, old.bytes);
        let document = new.expect(200);
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
        assert_eq!(document["info"]["title"], "MSSP BizCenter API");
        assert!(document["paths"]["/api/v1/tasks/{task_id}"]["put"].is_object());
    }

    async fn errors_are_in_the_language_that_is_asked_for(app) {
        let korean = ("ko".to_owned(), "요청한 주소를 찾을 수 없습니다".to_owned());
        let english = ("en".to_owned(), "The requested URL was not found".to_owned());
        let browser = "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7";
        for languages in ["ko", "KO", "ko-KR", browser, "en;q=0.3, ko;q=0.7", "en;q=0.8,ko", "fr, ko;q=0.1"] {
            assert_eq!(error_in(&app, languages).await, korean, "{languages}");
        }
        let browser = "en-US,en;q=0.9,ko;q=0.8";
        for languages in ["en", browser, "ko;q=0.3, en;q=0.7", "ko;q=0.9,en", "fr", "*", "", ";q=,,"] {
            assert_eq!(error_in(&app, languages).await, english, "{languages}");
        }
        let reply = app.get("/nowhere").send().await;
        assert_eq!(reply.header("content-language"), Some("en"));
        let reply = app.get("/nowhere").header("accept-language", "ko").send().await;
        let expected = json!({"error": "요청한 주소를 찾을 수 없습니다", "code": "not_found"});
        assert_eq!(without_request_id(reply.expect(404)), expected);
    }

    async fn a_language_that_is_ruled_out_is_not_chosen(app) {
        for languages in ["ko;q=0", "fr, ko;q=0", "ko-KR;q=0.0"] {
            assert_eq!(error_in(&app, languages).await.0, "en", "{languages}");
        }
    }

    async fn validation_and_refusals_are_told_in_korean_too(app) {
        let reply = app.get("/api/v1/auth/me").header("accept-language", "ko").send().await;
        assert_eq!(reply.header("content-language"), Some("ko"));
        let text = "Authorization 헤더가 없습니다";
        let expected = json!({"error": text, "msg": text, "code": "missing_token"});
        assert_eq!(without_request_id(reply.expect(401)), expected);
        let body = json!({"email": "x", "password": "1234567", "name": "김", "role": "owner"});
        let reply = app.post("/api/v1/auth/register", body).header("accept-language", "ko").send().await;
        assert_eq!(without_request_id(reply.expect(400)), json!({
            "error": "입력값이 올바르지 않습니다", "code": "validation_failed",
            "errors": {
                "email": ["올바른 이메일 주소가 아닙니다."], "password": ["최소 길이 8보다 짧습니다."],
                "name": ["길이는 2자 이상 100자 이하여야 합니다."], "tenant_id": ["필수 항목입니다."],
                "role": ["알 수 없는 항목입니다."],
            },
        }));
        let body = json!({"email": "nobody@example.com", "password": "x"});
        let answer = app.post("/api/v1/auth/login", body).header("accept-language", "ko").expect(401).await;
        let text = "이메일 또는 비밀번호가 올바르지 않습니다";
        assert_eq!(without_request_id(answer), json!({"error": text, "msg": text, "code": "wrong_credentials"}));
    }

    async fn a_stop_finishes_the_request_in_flight_and_takes_no_other(app) {
        let mut app = app;
        let user = app.user("test-001", Viewer).await;
        let address = app.url.strip_prefix("http://").unwrap().to_owned();
        let body = json!({"email": user.email, "password": PASSWORD}).to_string();
        let head = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            body.len()
        );
        // The server says `100 Continue` when the handler waits for the body, so the request is in flight then.
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let begun = spawn_blocking(move || {
            let mut interim = [0; 25];
            stream.read_exact(&mut interim).unwrap();
            assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
            stream
        });
        let mut stream = begun.await.unwrap();
        app.stop();
        let refused = async {
            while tokio::net::TcpStream::connect(&address).await.is_ok() {
                yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), refused).await.unwrap();
        let finished = spawn_blocking(move || {
            stream.write_all(body.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        let answer = finished.await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains(r#""access_token":""#), "{answer}");
    }
}
