//! The link for calendar programs.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Editor, Owner, Viewer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use super::reader::all;
use super::{CALENDAR, FEED, link, make};
use crate::app::{PASSWORD, TestApp};
use crate::client::{Method, Reply, without_request_id};
use crate::on_both;

fn not_found() -> Value {
    json!({"error": "Calendar feed not found", "code": "calendar_feed_not_found"})
}

/// The answer to a link that does not count, apart from the request's id.
async fn refused(app: &TestApp, link: &str) -> Value {
    let reply = app.get(link).send().await;
    assert_eq!((reply.header("content-type"), reply.header("www-authenticate")), (Some("application/json"), None));
    without_request_id(reply.expect(404))
}

async fn read(app: &TestApp, link: &str) -> Reply {
    let reply = app.get(link).send().await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply
}

on_both! {
    async fn a_link_is_shown_once_and_only_its_hash_is_kept(app) {
        let user = app.user("test-001", Viewer).await;
        assert_eq!(without_request_id(app.get(FEED).by(&user).expect(404).await), not_found());
        let reply = app.call(Method::POST, FEED).by(&user).send().await;
        assert_eq!((reply.header("cache-control"), reply.header("location")), (Some("no-store"), Some(FEED)));
        let mut answer = reply.expect(201);
        let url = answer["calendar_feed"].as_object_mut().unwrap().remove("url").unwrap();
        let token = url.as_str().unwrap().strip_prefix("/api/v1/calendar/feeds/").unwrap();
        let token = token.strip_suffix(".ics").unwrap();
        assert!(token.len() == 43 && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        let created_at = "2026-02-07T10:17:56.942016Z";
        let message = "Calendar feed created successfully";
        assert_eq!(answer, json!({"message": message, "calendar_feed": {"created_at": created_at}}));
        app.advance(60);
        let expected = json!({"calendar_feed": {"created_at": created_at, "last_used_at": null}});
        assert_eq!(app.get(FEED).by(&user).expect(200).await, expected);
        let stored = sql("select token_hash from calendar_feeds");
        let (stored,) = app.db().read().await.unwrap().fetch_one::<(String,)>(stored).await.unwrap();
        assert_eq!(stored, hex::encode(Sha256::digest(token)));
    }

    async fn a_program_reads_by_the_link_alone_what_its_user_reads(app) {
        let (user, other) = (app.user("test-001", Editor).await, app.user("test-001", Owner).await);
        let stranger = app.user("test-002", Owner).await;
        make(&app, &user, "meeting", json!({"title": "mine"})).await;
        make(&app, &other, "meeting", json!({"title": "another's"})).await;
        make(&app, &other, "contract", json!({})).await;
        make(&app, &stranger, "meeting", json!({"title": "a stranger's"})).await;
        let link = link(&app, &user).await;
        let by_link = read(&app, &link).await;
        for (name, value) in [
            ("cache-control", "private, no-cache"), ("content-type", "text/calendar; charset=utf-8"),
            ("content-disposition", "attachment; filename=\"calendar.ics\""),
        ] {
            assert_eq!(by_link.header(name), Some(value));
        }
        assert_eq!(all(&by_link, "SUMMARY"), ["Contract ends: 관제 (가나상사)", "mine"]);
        let by_token = app.get(CALENDAR).by(&user).send().await;
        assert_eq!((by_link.text(), by_link.header("etag")), (by_token.text(), by_token.header("etag")));
        let all_meetings = read(&app, &format!("{link}?scope=all")).await;
        assert_eq!(all(&all_meetings, "SUMMARY"), ["Contract ends: 관제 (가나상사)", "mine", "another's"]);
        assert_eq!(read(&app, link.strip_suffix(".ics").unwrap()).await.text(), by_link.text());
        // Whoever else is signed in: the link counts.
        assert_eq!(app.get(&link).by(&stranger).send().await.text(), by_link.text());
        let head = app.call(Method::HEAD, &link).send().await;
        assert_eq!((head.status, head.bytes.len(), head.header("etag")), (200, 0, by_link.header("etag")));
        let known = app.get(&link).header("if-none-match", by_link.header("etag").unwrap()).send().await;
        assert_eq!((known.status, known.bytes.len()), (304, 0));
    }

    async fn a_link_keeps_the_language_of_who_made_it(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, "contract", json!({})).await;
        let made = app.call(Method::POST, FEED).header("accept-language", "ko-KR").by(&user).expect(201).await;
        let link = made["calendar_feed"]["url"].as_str().unwrap();
        let reply = app.get(link).header("accept-language", "en").send().await;
        assert_eq!(all(&reply, "SUMMARY"), ["계약 종료: 관제 (가나상사)"]);
        assert!(!reply.headers.get_all("vary").iter().any(|line| line == "accept-language"));
        let link = super::link(&app, &user).await;
        let reply = app.get(&link).header("accept-language", "ko").send().await;
        assert_eq!(all(&reply, "SUMMARY"), ["Contract ends: 관제 (가나상사)"]);
    }

    async fn what_is_no_link_is_not_found_like_what_was_one(app) {
        let (user, other) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        let (first, others) = (link(&app, &user).await, link(&app, &other).await);
        read(&app, &first).await;
        let second = link(&app, &user).await;
        assert_eq!(app.count("select count(*) from calendar_feeds").await, 2);
        assert_eq!(refused(&app, &first).await, not_found());
        read(&app, &second).await;
        app.delete(FEED).by(&user).expect(204).await;
        assert_eq!(refused(&app, &second).await, not_found());
        // There is none now, and there is none again.
        app.delete(FEED).by(&user).expect(204).await;
        assert_eq!(without_request_id(app.get(FEED).by(&user).expect(404).await), not_found());
        let stored = sql("select token_hash from calendar_feeds");
        let (stored,) = app.db().read().await.unwrap().fetch_one::<(String,)>(stored).await.unwrap();
        let token = others.rsplit('/').next().unwrap();
        let cases = [
            "x", "x.ics", ".ics", "%00.ics", "%ff.ics", "..%2Fx", "' or 1=1 --", user.token.as_str(), stored.as_str(),
            &token.to_lowercase(), &token[1..], &format!("{token}.ics"), &token.replace(".ics", ".ICS"),
            &"가".repeat(999),
        ].map(path_with);
        for path in &cases {
            assert_eq!(refused(&app, path).await, not_found(), "{path}");
        }
        read(&app, &others).await;
        for path in [format!("{others}/"), format!("{FEED}s/"), format!("{FEED}s")] {
            assert_eq!(refused(&app, &path).await["code"], "not_found", "{path}");
        }
        // It opens nothing else.
        let token = token.strip_suffix(".ics").unwrap();
        for path in [CALENDAR, FEED, "/api/v1/auth/me"] {
            app.get(path).token(token).expect(401).await;
            app.get(&format!("{path}?token={token}")).expect(401).await;
        }
        assert_eq!(app.call(Method::POST, &others).send().await.status, 405);
    }

    async fn a_deactivated_users_link_ends_at_once_and_for_good(app) {
        let (owner, user) = (app.user("test-001", Owner).await, app.user("test-001", Viewer).await);
        let link = link(&app, &user).await;
        read(&app, &link).await;
        let path = format!("/api/v1/users/{}", user.id);
        app.patch(&path, json!({"is_active": false})).by(&owner).expect(200).await;
        assert_eq!(refused(&app, &link).await, not_found());
        app.patch(&path, json!({"is_active": true})).by(&owner).expect(200).await;
        assert_eq!(refused(&app, &link).await, not_found());
        let user = app.signed_in(&user).await;
        assert_eq!(without_request_id(app.get(FEED).by(&user).expect(404).await), not_found());
        let link = super::link(&app, &user).await;
        read(&app, &link).await;
        // Another server does it: nothing is remembered of a user here.
        app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(user.id)).await;
        assert_eq!(refused(&app, &link).await, not_found());
    }

    async fn a_link_has_the_rights_that_its_user_has_now(app) {
        let (owner, user) = (app.user("test-001", Owner).await, app.user("test-001", Admin).await);
        make(&app, &owner, "contract", json!({})).await;
        let link = link(&app, &user).await;
        for (role, count) in [("viewer", 0), ("editor", 1), ("analyst", 0), ("owner", 1)] {
            app.patch(&format!("/api/v1/users/{}", user.id), json!({"role": role})).by(&owner).expect(200).await;
            assert_eq!(all(&read(&app, &link).await, "SUMMARY").len(), count, "{role}");
        }
    }

    async fn the_link_ends_with_every_session_and_for_good(app) {
        let user = app.user("test-001", Viewer).await;
        let first = link(&app, &user).await;
        // To sign out here ends nothing elsewhere.
        let here = app.signed_in(&user).await;
        app.post("/api/v1/auth/logout", json!({})).by(&here).expect(204).await;
        read(&app, &first).await;
        let again = app.signed_in(&user).await;
        app.post("/api/v1/auth/logout", json!({"all": true})).by(&again).expect(204).await;
        assert_eq!(refused(&app, &first).await, not_found());
        let user = app.signed_in(&user).await;
        assert_eq!(without_request_id(app.get(FEED).by(&user).expect(404).await), not_found());
        let second = link(&app, &user).await;
        read(&app, &second).await;
        let body = json!({"current_password": PASSWORD, "new_password": "password456"});
        let token = app.put("/api/v1/auth/password", body).by(&user).expect(200).await["access_token"].take();
        let token = token.as_str().unwrap();
        for link in [&first, &second] {
            assert_eq!(refused(&app, link).await, not_found());
        }
        assert_eq!(without_request_id(app.get(FEED).token(token).expect(404).await), not_found());
        app.delete(FEED).token(token).expect(204).await;
        assert_eq!(app.count("select count(*) from calendar_feeds").await, 0);
        // What had ended already was not revoked.
        let revoked = app.count("select count(*) from audit_logs where action = 'revoked'").await;
        assert_eq!(revoked, 0);
        let made = app.call(Method::POST, FEED).token(token).expect(201).await;
        read(&app, made["calendar_feed"]["url"].as_str().unwrap()).await;
    }

    async fn its_use_is_known_to_the_hour(app, JWT_ACCESS_TOKEN_EXPIRES = "86400") {
        let user = app.user("test-001", Viewer).await;
        let link = link(&app, &user).await;
        let last_used = async || app.get(FEED).by(&user).expect(200).await["calendar_feed"]["last_used_at"].take();
        refused(&app, &format!("{FEED}s/x.ics")).await;
        assert_eq!(last_used().await, Value::Null);
        for (seconds, expected) in [
            (0, "2026-02-07T10:17:56.942016Z"), (1, "2026-02-07T10:17:56.942016Z"),
            (3598, "2026-02-07T10:17:56.942016Z"), (1, "2026-02-07T11:17:56.942016Z"),
            (1800, "2026-02-07T11:17:56.942016Z"),
        ] {
            app.advance(seconds);
            read(&app, &link).await;
            assert_eq!(last_used().await, expected);
        }
        // A program that has everything already has used it too.
        app.advance(1800);
        let call = app.call(Method::HEAD, &link).header("if-none-match", "*");
        assert_eq!(call.send().await.status, 304);
        assert_eq!(last_used().await, "2026-02-07T12:17:56.942016Z");
    }

    async fn of_many_links_made_at_once_the_last_one_counts(app) {
        let user = app.user("test-001", Viewer).await;
        let mut calls = JoinSet::new();
        for _ in 0..10 {
            calls.spawn(app.call(Method::POST, FEED).by(&user).send());
        }
        let made: Vec<Value> = calls.join_all().await.into_iter().map(|reply| reply.expect(201)).collect();
        let mut statuses = Vec::new();
        for answer in &made {
            let link = answer["calendar_feed"]["url"].as_str().unwrap();
            statuses.push(app.get(link).send().await.status);
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![200], vec![404; 9]].concat());
        assert_eq!(app.count("select count(*) from calendar_feeds").await, 1);
    }
}

/// The path of a link with this in place of its secret.
fn path_with(case: &str) -> String {
    format!("{FEED}s/{}", case.replace(' ', "%20"))
}
