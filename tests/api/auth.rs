//! `/auth`: accounts, tokens, and who is let in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bizcenter::db::sql;
use bizcenter::policy::Role::{Editor, Owner, Viewer};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::{PASSWORD, START, Session, TestApp};
use crate::client::{Call, Method, Reply, without_request_id};
use crate::on_both;

const REGISTER: &str = "/api/v1/auth/register";
const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const ME: &str = "/api/v1/auth/me";

/// `JWT_SECRET_KEY` where a test forges tokens.
const SECRET: &str = "forge";
const NOW: i64 = START / 1_000_000;

// Made by werkzeug 3.1's own functions: the password is "비밀번호-1234".
const SCRYPT: &str = concat!(
    "scrypt:32768:8:1$RSdebiIWtUwHWyBM$72d2bfac11a6f0543e91b52f87a8c3468dd0b0c5a989ab6e900688c13563d",
    "9e91c2291b5d00178a2a38f6933e0b4750870708a93f7af21c3fa404cb2abb3b897"
);
const PBKDF2: &str =
    "pbkdf2:sha256:1000$mgieIHqKHnQyVg9i$de07d96960ca8d5cdb57580f53d976de4ed24112cd365c54dcd778a3f65e73e6";

fn account(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "name": "Test User", "tenant_id": "test-001"})
}

fn with(mut body: Value, field: &str, value: impl Into<Value>) -> Value {
    body[field] = value.into();
    body
}

fn without(mut body: Value, field: &str) -> Value {
    body.as_object_mut().unwrap().remove(field);
    body
}

async fn login(app: &TestApp, user: &Session) -> Value {
    app.post(LOGIN, json!({"email": user.email, "password": PASSWORD})).expect(200).await
}

/// The body of an error with this status.
async fn error(call: Call, status: u16) -> Value {
    without_request_id(call.expect(status).await)
}

fn problem(code: &str, text: &str) -> Value {
    json!({"error": text, "code": code})
}

fn wrong_fields(errors: Value) -> Value {
    with(problem("validation_failed", "Validation failed"), "errors", errors)
}

/// Expects the 401 with this code and text in both of its keys.
fn assert_refused(reply: Reply, code: &str, text: &str) {
    assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{text}");
    assert_eq!(without_request_id(reply.expect(401)), with(problem(code, text), "msg", text));
}

/// The least that an access token must say.
fn access_claims(user: &Session) -> Value {
    json!({"sub": user.id.to_string(), "type": "access", "exp": NOW + 60})
}

fn sign(claims: &Value) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

/// The claims of a token that `SECRET` signed, without its `jti`.
fn claims(token: &Value) -> Value {
    without(all_claims(token), "jti")
}

/// The `jti` of a token that `SECRET` signed, a UUID.
fn id(token: &Value) -> Value {
    all_claims(token)["jti"].take()
}

fn all_claims(token: &Value) -> Value {
    let token = token.as_str().unwrap();
    assert_eq!(decode_header(token).unwrap(), Header::new(Algorithm::HS256));
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    let claims = decode::<Value>(token, &DecodingKey::from_secret(SECRET.as_bytes()), &validation).unwrap().claims;
    assert!(claims["jti"].as_str().unwrap().parse::<uuid::Uuid>().is_ok());
    claims
}

/// Why logins failed, as the audit log tells it; in the order of the alphabet.
async fn reasons(app: &TestApp) -> Vec<String> {
    let select = sql("select changes from audit_logs where action = 'login_failed' order by changes");
    let rows: Vec<(String,)> = app.db().read().await.unwrap().fetch_all(select).await.unwrap();
    let reason = |text: &str| serde_json::from_str::<Value>(text).unwrap()["reason"]["to"].as_str().unwrap().to_owned();
    rows.iter().map(|(text,)| reason(text)).collect()
}

on_both! {
    async fn registering_makes_a_viewer_in_a_new_tenant_or_an_existing_one(app) {
        let reply = app.post(REGISTER, account("Test@example.com")).send().await;
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.expect(201), json!({
            "message": "User registered successfully",
            "user": {
                "id": 1, "tenant_id": "test-001", "email": "Test@example.com", "name": "Test User", "role": "viewer",
                "is_active": true, "created_at": "2026-02-07T10:17:56.942016Z", "last_login": null, "version": 1,
            },
        }));
        app.post(REGISTER, account("kim@example.com")).expect(201).await;
        assert_eq!(app.count("select count(*) from users where tenant_id = 'test-001'").await, 2);
        assert_eq!(app.count("select count(*) from tenants").await, 1);
    }

    async fn registering_takes_no_field_but_its_own(app) {
        for field in ["id", "role", "is_active", "created_at", "created_by", "last_login", "version"] {
            let body = with(account("kim@example.com"), field, "owner");
            assert_eq!(error(app.post(REGISTER, body), 400).await, wrong_fields(json!({field: ["Unknown field."]})));
        }
        assert_eq!(app.count("select count(*) from users").await, 0);
    }

    async fn registering_tells_every_mistake_at_once(app) {
        let body = json!({"email": "a b@c.co", "password": "1234567", "name": "김", "role": "owner"});
        assert_eq!(error(app.post(REGISTER, body), 400).await, wrong_fields(json!({
            "email": ["Not a valid email address."], "password": ["Shorter than minimum length 8."],
            "name": ["Length must be between 2 and 100."], "tenant_id": ["Missing data for required field."],
            "role": ["Unknown field."],
        })));
        let body = json!({"email": 5, "password": true, "name": null, "tenant_id": ["test-001"]});
        assert_eq!(error(app.post(REGISTER, body), 400).await, wrong_fields(json!({
            "email": ["Not a valid email address."], "password": ["Not a valid string."],
            "name": ["Field may not be null."], "tenant_id": ["Not a valid string."],
        })));
        for body in [json!(null), json!([]), json!("text"), json!(5), json!(true)] {
            let expected = wrong_fields(json!({"_schema": ["Invalid input type."]}));
            assert_eq!(error(app.post(REGISTER, body), 400).await, expected);
        }
    }

    async fn registering_counts_characters_and_not_bytes(app) {
        let taken = [
            ("name", "김".repeat(2)), ("name", "🚀".repeat(100)), ("tenant_id", "가".into()),
            ("tenant_id", "🚀".repeat(50)), ("password", "비".repeat(8)), ("password", "x".repeat(1024)),
            ("email", "a".repeat(243) + "@example.com"),
        ];
        for (number, (field, value)) in taken.into_iter().enumerate() {
            let body = with(account(&format!("{number}@example.com")), field, value.clone());
            let answer = app.post(REGISTER, body).expect(201).await;
            assert!(field == "password" || answer["user"][field] == value, "{answer}");
        }
        let (name, tenant) = ("Length must be between 2 and 100.", "Length must be between 1 and 50.");
        let refused = [
            ("name", "김".into(), name), ("name", "🚀".repeat(101), name), ("tenant_id", String::new(), tenant),
            ("tenant_id", "가".repeat(51), tenant), ("password", "비".repeat(7), "Shorter than minimum length 8."),
            ("password", "x".repeat(1025), "Longer than maximum length 1024."),
            ("email", "a".repeat(244) + "@example.com", "Longer than maximum length 255."),
        ];
        for (field, value, message) in refused {
            let body = with(account("kim@example.com"), field, value);
            assert_eq!(error(app.post(REGISTER, body), 400).await, wrong_fields(json!({field: [message]})));
        }
    }

    async fn addresses_are_judged_as_marshmallow_judged_them(app) {
        let taken = ["홍길동@example.com", "u@한국.kr", "a@localhost", "a@[127.0.0.1]", "\"a@b\"@x.co", "a@x.123", "a@x.-1"];
        for email in taken {
            assert_eq!(app.post(REGISTER, account(email)).expect(201).await["user"]["email"], email);
        }
        let refused = [
            "", "a", "@x.co", "a@", "a@b", "a@b.c", "a@1.2.3.4", "a@x.co.", "a@x_y.co", "a b@c.co", "a..b@x.co",
            "😀@x.co", "a@x.co\n", " a@x.co", "a@x.co ", "a@-x.co",
        ];
        for email in refused {
            let expected = wrong_fields(json!({"email": ["Not a valid email address."]}));
            assert_eq!(error(app.post(REGISTER, account(email)), 400).await, expected, "{email:?}");
        }
    }

    async fn an_address_is_one_account_in_every_case_and_tenant(app) {
        app.post(REGISTER, account("kim@example.com")).expect(201).await;
        for (email, tenant) in [("kim@example.com", "test-001"), ("KIM@Example.COM", "test-002")] {
            let answer = error(app.post(REGISTER, with(account(email), "tenant_id", tenant)), 409).await;
            assert_eq!(answer, problem("email_taken", "Email already registered"));
        }
        assert_eq!(app.count("select count(*) from users").await, 1);
        assert_eq!(app.count("select count(*) from tenants").await, 1);
    }

    async fn signing_in_gives_tokens_with_flasks_claims(app, JWT_SECRET_KEY = "forge") {
        let user = app.user_named("test-001", Editor, "kim@example.com", "김지은").await;
        app.advance(60);
        // An Authorization header does not matter here, nor does the address's case.
        let body = json!({"email": "KIM@example.com", "password": PASSWORD});
        let reply = app.post(LOGIN, body).token("garbage").send().await;
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let mut answer = reply.expect(200);
        let (access, refresh) = (answer["access_token"].take(), answer["refresh_token"].take());
        let expected = |kind: &str, lifetime: i64| json!({
            "fresh": false, "iat": NOW + 60, "nbf": NOW + 60, "exp": NOW + 60 + lifetime, "type": kind,
            "sub": user.id.to_string(), "user_id": user.id, "email": "kim@example.com", "tenant_id": "test-001",
            "role": "editor", "gen": 0,
        });
        let of_access = with(expected("access", 3600), "sid", id(&refresh));
        assert_eq!((claims(&access), claims(&refresh)), (of_access, expected("refresh", 604_800)));
        let shown = json!({
            "id": user.id, "tenant_id": "test-001", "email": "kim@example.com", "name": "김지은", "role": "editor",
            "is_active": true, "created_at": "2026-02-07T10:17:56.942016Z",
            "last_login": "2026-02-07T10:18:56.942016Z", "version": 1,
        });
        assert_eq!(answer, json!({"access_token": null, "refresh_token": null, "user": shown}));
        assert_eq!(app.get(ME).token(access.as_str().unwrap()).expect(200).await, json!({"user": shown}));
    }

    async fn tokens_end_on_time(app, JWT_ACCESS_TOKEN_EXPIRES = "60", JWT_REFRESH_TOKEN_EXPIRES = "120") {
        let mut tokens = login(&app, &app.user("test-001", Viewer).await).await;
        let access = tokens["access_token"].take();
        let me = || app.get(ME).token(access.as_str().unwrap()).send();
        let refresh = || app.post(REFRESH, json!({"refresh_token": tokens["refresh_token"]})).send();
        app.advance(59);
        me().await.expect(200);
        app.advance(1);
        assert_refused(me().await, "expired_token", "Token has expired");
        app.advance(59);
        refresh().await.expect(200);
        app.advance(1);
        assert_refused(refresh().await, "expired_token", "Token has expired");
    }

    async fn a_wrong_password_and_an_unknown_address_look_the_same(app) {
        let user = app.user("test-001", Viewer).await;
        let attempt = async |email: &str, password: &str| {
            let body = json!({"email": email, "password": password});
            let mut reply = app.post(LOGIN, body).header("x-request-id", "same").send().await;
            reply.headers.remove("date");
            reply
        };
        let (wrong, unknown) = (attempt(&user.email, "").await, attempt("nobody@example.com", PASSWORD).await);
        assert_eq!((wrong.status, &wrong.headers, wrong.text()), (unknown.status, &unknown.headers, unknown.text()));
        assert_refused(wrong, "wrong_credentials", "Invalid email or password");
        assert_eq!(app.count("select count(*) from users where last_login is not null").await, 0);
    }

    /// The server ends after what it waits for here.
    async fn who_was_not_let_in_is_in_the_audit_log_before_the_server_ends(app) {
        let user = app.user("test-001", Viewer).await;
        let attempt = |password| app.post(LOGIN, json!({"email": user.email, "password": password}));
        attempt("wrong").expect(401).await;
        app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(user.id)).await;
        attempt(PASSWORD).expect(403).await;
        app.state.tracker.close();
        app.state.tracker.wait().await;
        assert_eq!(reasons(&app).await, ["inactive_account", "wrong_password"]);
    }

    async fn an_inactive_account_is_told_so_only_with_the_right_password(app) {
        let user = app.user("test-001", Viewer).await;
        app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(user.id)).await;
        let attempt = |password| app.post(LOGIN, json!({"email": user.email, "password": password}));
        assert_eq!(error(attempt(PASSWORD), 403).await, problem("account_inactive", "Account is inactive"));
        assert_refused(attempt("wrong").send().await, "wrong_credentials", "Invalid email or password");
        assert_eq!(app.count("select count(*) from users where last_login is not null").await, 0);
    }

    async fn a_werkzeug_hash_is_replaced_by_argon2id_at_its_first_login(app) {
        for hash in [SCRYPT, PBKDF2] {
            let user = app.user("test-001", Viewer).await;
            app.execute(sql("update users set password_hash = ? where id = ?").bind(hash).bind(user.id)).await;
            let stored = async || {
                let select = sql("select password_hash from users where id = ?").bind(user.id);
                app.db().read().await.unwrap().fetch_one::<(String,)>(select).await.unwrap().0
            };
            let attempt = |password| app.post(LOGIN, json!({"email": user.email, "password": password}));
            attempt("비밀번호-1235").expect(401).await;
            assert_eq!(stored().await, hash);
            attempt("비밀번호-1234").expect(200).await;
            let replaced = stored().await;
            assert!(replaced.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{replaced}");
            attempt("비밀번호-1234").expect(200).await;
            assert_eq!(stored().await, replaced);
        }
    }

    async fn behind_a_trusted_proxy_each_caller_counts_for_himself(app, TRUSTED_PROXIES = "127.0.0.0/8, ::1") {
        let user = app.user("test-001", Owner).await;
        let login = |from: &str, password: &str| {
            let body = json!({"email": user.email, "password": password});
            app.post("/api/v1/auth/login", body).header("x-forwarded-for", from)
        };
        for attempt in 0..10 {
            // What the caller himself writes before his address makes no other caller of him.
            login(&format!("192.0.2.{attempt}, 198.51.100.7"), "wrong password").expect(401).await;
        }
        login("198.51.100.7", PASSWORD).expect(429).await;
        login("198.51.100.8", PASSWORD).expect(200).await;
    }

    async fn nobody_else_is_believed_where_he_comes_from(app) {
        let user = app.user("test-001", Owner).await;
        let login = |from: &str| {
            let body = json!({"email": user.email, "password": "wrong password"});
            app.post("/api/v1/auth/login", body).header("x-forwarded-for", from)
        };
        for attempt in 0..10 {
            login(&format!("192.0.2.{attempt}")).expect(401).await;
        }
        login("192.0.2.99").expect(429).await;
    }

    async fn too_many_failures_close_an_account_for_a_while(app) {
        let (user, other) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        let attempt = |email: String, password| app.post(LOGIN, json!({"email": email, "password": password}));
        for _ in 0..5 {
            attempt(user.email.clone(), "wrong").expect(401).await;
            attempt(user.email.to_uppercase(), "wrong").expect(401).await;
        }
        for password in ["wrong", PASSWORD] {
            let reply = attempt(user.email.clone(), password).send().await;
            let seconds: u64 = reply.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&seconds), "{seconds}");
            let expected = problem("too_many_logins", "Too many failed logins, try again later");
            assert_eq!(without_request_id(reply.expect(429)), expected);
        }
        login(&app, &other).await;
    }

    async fn who_tries_many_accounts_from_one_network_is_stopped(app, TRUSTED_PROXIES = "127.0.0.0/8, ::1") {
        let user = app.user("test-001", Viewer).await;
        let attempt = |from: &str, email: &str| {
            app.post(LOGIN, json!({"email": email, "password": PASSWORD})).header("x-forwarded-for", from)
        };
        // Each of his addresses, in one /64, tries another account.
        for number in 0..100 {
            attempt(&format!("2001:db8::{number:x}"), &format!("{number}@example.com")).expect(401).await;
        }
        for email in [user.email.as_str(), "nobody@example.com"] {
            let reply = attempt("2001:db8::ffff:0:0:1", email).send().await;
            assert_eq!(reply.header("ratelimit-policy"), Some(r#""login-address";q=100;w=60"#));
            let seconds: u64 = reply.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&seconds), "{seconds}");
            let expected = problem("too_many_logins", "Too many failed logins, try again later");
            assert_eq!(without_request_id(reply.expect(429)), expected);
        }
        attempt("2001:db8:0:1::1", &user.email).expect(200).await;
    }

    async fn a_flood_from_one_address_keeps_nobody_else_out(app, TRUSTED_PROXIES = "127.0.0.0/8, ::1") {
        let user = app.user("test-001", Viewer).await;
        let attempt = |from: &str, email: &str| {
            app.post(LOGIN, json!({"email": email, "password": PASSWORD})).header("x-forwarded-for", from)
        };
        let (mut flood, answered) = (JoinSet::new(), Arc::new(AtomicUsize::new(0)));
        for number in 0..90 {
            let call = attempt("198.51.100.7", &format!("{number}@example.com"));
            let answered = Arc::clone(&answered);
            flood.spawn(async move {
                let reply = call.send().await;
                answered.fetch_add(1, Ordering::SeqCst);
                reply.status
            });
        }
        while answered.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        attempt("198.51.100.8", &user.email).expect(200).await;
        let before = answered.load(Ordering::SeqCst);
        assert!(before < 60, "{before} of the flood came before");
        assert_eq!(flood.join_all().await, [401; 90]);
    }

    async fn a_refresh_token_is_taken_from_the_header_or_the_body(app, JWT_SECRET_KEY = "forge") {
        let refresh = login(&app, &app.user("test-001", Viewer).await).await["refresh_token"].take();
        let header = || app.call(Method::POST, REFRESH).token(refresh.as_str().unwrap());
        let calls = [
            header(), header().raw("{malformed"), header().bytes("no JSON"), header().json(json!({"unknown": 1})),
            app.post(REFRESH, json!({"refresh_token": refresh})),
        ];
        for call in calls {
            let reply = call.send().await;
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            let answer = reply.expect(200);
            assert_eq!(answer, json!({"access_token": answer["access_token"]}));
            let claims = claims(&answer["access_token"]);
            assert_eq!((&claims["type"], &claims["sid"]), (&json!("access"), &id(&refresh)));
            app.get(ME).token(answer["access_token"].as_str().unwrap()).expect(200).await;
        }
    }

    async fn each_token_serves_its_own_purpose_alone(app) {
        let tokens = login(&app, &app.user("test-001", Viewer).await).await;
        let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
        for call in [app.call(Method::POST, REFRESH).token(access), app.post(REFRESH, json!({"refresh_token": access}))] {
            assert_refused(call.send().await, "refresh_token_required", "Only refresh tokens are allowed");
        }
        for path in [ME, "/api/v1/tasks", "/api/v1/meetings", "/api/v1/contracts"] {
            let reply = app.get(path).token(refresh).send().await;
            assert_refused(reply, "access_token_required", "Only non-refresh tokens are allowed");
        }
        let reply = app.call(Method::POST, REFRESH).send().await;
        assert_refused(reply, "missing_token", "Missing Authorization Header");
    }

    /// A page that sends its access token with every call means the refresh token in the body.
    async fn an_access_token_in_the_header_does_not_hide_a_refresh_token_in_the_body(app) {
        let tokens = login(&app, &app.user("test-001", Viewer).await).await;
        app.advance(7200);
        let expired = tokens["access_token"].as_str().unwrap();
        let body = json!({"refresh_token": tokens["refresh_token"]});
        let answer = app.post(REFRESH, body).token(expired).expect(200).await;
        app.get(ME).token(answer["access_token"].as_str().unwrap()).expect(200).await;
    }

    async fn a_refreshed_token_says_what_the_database_says_now(app, JWT_SECRET_KEY = "forge") {
        let user = app.user("test-001", Owner).await;
        let tokens = login(&app, &user).await;
        let update = sql("update users set role = ?, email = ? where id = ?").bind("editor").bind("new@example.com");
        app.execute(update.bind(user.id)).await;
        app.advance(60);
        let answer = app.post(REFRESH, json!({"refresh_token": tokens["refresh_token"]})).expect(200).await;
        let claims = claims(&answer["access_token"]);
        assert_eq!((&claims["role"], &claims["email"]), (&json!("editor"), &json!("new@example.com")));
        assert_eq!(claims["exp"], NOW + 60 + 3600);
    }

    async fn an_authorization_header_without_one_bearer_is_refused(app) {
        let token = app.user("test-001", Viewer).await.token;
        let missing = ("missing_token", "Missing Authorization Header");
        let scheme = ("wrong_scheme", concat!("Missing 'Bearer' type in 'Authorization' header. ",
            "Expected 'Authorization: Bearer <JWT>'"));
        let header = ("malformed_header", "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'");
        let garbage = ("malformed_token", "Not enough segments");
        assert_refused(app.get(ME).send().await, missing.0, missing.1);
        let cases = [
            ("", missing), ("Token {}", scheme), ("{}", scheme), ("bearer {}", scheme), ("Bearer{}", scheme),
            ("Bearer {}, Bearer {}", scheme), ("Bearer", header), ("Bearer ", header), ("Bearer a b", header),
            ("Bearer {} x", header), ("Bearer garbage", garbage), ("Bearer a.b", garbage), ("Bearer a.b.c", garbage),
        ];
        for (form, (code, text)) in cases {
            assert_refused(app.get(ME).header("authorization", &form.replace("{}", &token)).send().await, code, text);
        }
        for form in ["Bearer  {}", "Bearer\t{}", "Bearer {},", "Basic x, Bearer {}", "x,Bearer {}", "Bearer {}, x y"] {
            app.get(ME).header("authorization", &form.replace("{}", &token)).expect(200).await;
        }
    }

    async fn a_token_of_another_key_or_algorithm_is_refused(app, JWT_SECRET_KEY = "forge") {
        let claims = access_claims(&app.user("test-001", Viewer).await);
        app.get(ME).token(&sign(&claims)).expect(200).await;
        let other_key = encode(&Header::default(), &claims, &EncodingKey::from_secret(b"jwt-secret-key")).unwrap();
        assert_refused(app.get(ME).token(&other_key).send().await, "wrong_signature", "Signature verification failed");
        let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let unsigned = |name: &str| format!("{}.{}.", part(&json!({"alg": name, "typ": "JWT"})), part(&claims));
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let hs512 = encode(&Header::new(Algorithm::HS512), &claims, &key).unwrap();
        for token in [hs512, unsigned("HS384"), unsigned("none"), unsigned("None")] {
            let reply = app.get(ME).token(&token).send().await;
            assert_refused(reply, "wrong_algorithm", "The specified alg value is not allowed");
        }
    }

    async fn a_token_with_wrong_claims_is_refused(app, JWT_SECRET_KEY = "forge") {
        let right = access_claims(&app.user("test-001", Viewer).await);
        let subject = ("invalid_subject", "Subject must be a string");
        let wrong_type = ("access_token_required", "Only non-refresh tokens are allowed");
        let cases = [
            (without(right.clone(), "exp"), ("missing_claim", "Missing claim: exp")),
            (without(right.clone(), "type"), ("missing_claim", "Missing claim: type")),
            (without(right.clone(), "sub"), ("missing_claim", "Missing claim: sub")),
            (with(right.clone(), "nbf", NOW + 1), ("token_not_yet_valid", "The token is not yet valid (nbf)")),
            (with(right.clone(), "sub", 1), subject), (with(right.clone(), "sub", "abc"), subject),
            (with(right.clone(), "sub", "9223372036854775808"), subject),
            (with(right.clone(), "type", "foo"), wrong_type), (with(right.clone(), "type", 1), wrong_type),
            (with(right.clone(), "exp", NOW), ("expired_token", "Token has expired")),
            (with(right.clone(), "sub", "999999"), ("revoked_token", "Token has been revoked")),
            (with(right, "iat", NOW + 1), ("token_not_yet_valid", "The token is not yet valid (iat)")),
        ];
        for (claims, (code, text)) in cases {
            assert_refused(app.get(ME).token(&sign(&claims)).send().await, code, text);
        }
    }

    async fn a_token_that_flask_issued_is_accepted(app, JWT_SECRET_KEY = "forge") {
        let user = app.user("test-001", Viewer).await;
        let flasks = |kind: &str| sign(&json!({
            "fresh": false, "iat": NOW, "jti": "0b3b7a55-6d0c-4b0e-9b0e-6c8a1a3d1c11", "type": kind,
            "sub": user.id.to_string(), "nbf": NOW, "csrf": "5f3a9a34-77a4-4d0e-a3cf-0f6f6b8a2c55", "exp": NOW + 3600,
            "user_id": user.id, "email": user.email, "tenant_id": "test-001", "role": "viewer",
        }));
        assert_eq!(app.get(ME).token(&flasks("access")).expect(200).await["user"]["id"], user.id);
        app.call(Method::POST, REFRESH).token(&flasks("refresh")).expect(200).await;
    }

    async fn what_a_token_claims_of_role_and_tenant_is_not_believed(app, JWT_SECRET_KEY = "forge") {
        let (user, owner) = (app.user("test-001", Viewer).await, app.user("test-002", Owner).await);
        let lie = with(with(access_claims(&user), "role", "owner"), "tenant_id", "test-002");
        let token = sign(&with(lie, "user_id", owner.id));
        assert_eq!(app.get("/api/v1/contracts").token(&token).expect(403).await["your_role"], "viewer");
        let body = json!({"title": "t", "week_number": 6, "year": 2026});
        let task = app.post("/api/v1/tasks", body).token(&token).expect(201).await["task"].take();
        assert_eq!((&task["tenant_id"], &task["created_by"]), (&json!("test-001"), &json!(user.id)));
    }
}
