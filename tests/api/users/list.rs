//! Reading users: what each role sees, filters, orders, pages.

use bizcenter::db::sql;
use bizcenter::policy::Role::{self, Admin, Editor, Owner, Viewer};
use serde_json::{Value, json};

use super::{USERS, for_others, path, read, shown};
use crate::app::{PASSWORD, Session, TestApp};
use crate::client::without_request_id;
use crate::lists::{found, ids, invalid_query, list};
use crate::on_both;

const NAMES: [&str; 5] = ["가은", "나래", "다솜", "라온", "마루"];

/// One of each role, in the order of their names.
async fn one_of_each(app: &TestApp) -> Vec<Session> {
    let mut users = Vec::new();
    for (role, name) in Role::ALL.into_iter().zip(NAMES) {
        users.push(app.user_named("test-001", role, &format!("{}@example.com", role.as_str()), name).await);
    }
    users
}

on_both! {
    async fn everybody_sees_names_and_only_admins_and_owners_see_addresses(app) {
        let users = one_of_each(&app).await;
        app.user("test-002", Owner).await;
        let all = users.iter().zip(Role::ALL).zip(NAMES).map(|((user, role), name)| shown(user, name, role.as_str()));
        let all: Vec<Value> = all.collect();
        let brief: Vec<Value> = all.iter().cloned().map(for_others).collect();
        for (caller, role) in users.iter().zip(Role::ALL) {
            let expected = if matches!(role, Owner | Admin) { &all } else { &brief };
            let reply = app.get(USERS).by(caller).send().await;
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            assert_eq!(reply.expect(200), json!({
                "users": expected, "total": 5, "page": 1, "limit": 100, "pages": 1, "next_cursor": null,
            }), "{role:?}");
            for (user, expected) in users.iter().zip(expected) {
                assert_eq!(read(&app, caller, user).await, *expected, "{role:?}");
            }
        }
    }

    async fn a_sign_in_is_seen_but_is_no_change(app) {
        let (owner, user) = (app.user("test-001", Owner).await, app.user("test-001", Viewer).await);
        let before = app.get(&path(&user)).by(&owner).send().await;
        app.advance(60);
        app.post("/api/v1/auth/login", json!({"email": user.email, "password": PASSWORD})).expect(200).await;
        let tag = before.header("etag").unwrap();
        let after = app.get(&path(&user)).by(&owner).header("if-none-match", tag).expect(200).await;
        assert_eq!(after["user"]["last_login"], "2026-02-07T10:18:56.942016Z");
        assert_eq!(after["user"]["version"], 1);
    }

    async fn an_answer_known_by_its_tag_is_not_sent_again(app) {
        let user = app.user("test-001", Viewer).await;
        let first = app.get(&path(&user)).by(&user).send().await;
        let tag = first.header("etag").unwrap();
        let second = app.get(&path(&user)).by(&user).header("if-none-match", tag).send().await;
        assert_eq!((second.status, second.bytes.len(), second.header("etag")), (304, 0, Some(tag)));
    }

    async fn filters_find_users_by_role_state_name_and_address(app) {
        let kim = app.user_named("test-001", Owner, "KIM@example.com", "김지은").await;
        let lee = app.user_named("test-001", Viewer, "lee@example.com", "Lee Jun").await;
        let hong = app.user_named("test-001", Editor, "gd_hong@example.com", "홍길동 100%").await;
        app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(hong.id)).await;
        app.user_named("test-002", Viewer, "lee2@example.com", "Lee Jun").await;
        let cases: [((&str, &str), &[&Session]); 13] = [
            (("role", "viewer"), &[&lee]), (("role", "admin"), &[]), (("is_active", "false"), &[&hong]),
            (("is_active", "true"), &[&kim, &lee]), (("q", "지은"), &[&kim]), (("q", "LEE"), &[&lee]),
            (("q", "e j"), &[&lee]), (("q", "kim@"), &[&kim]), (("q", "example"), &[&kim, &lee, &hong]),
            (("q", "gd_"), &[&hong]), (("q", "0%"), &[&hong]), (("q", "%%"), &[]),
            // Composed or not, as a keyboard or a file system writes it.
            (("q", "\u{1112}\u{1169}\u{11bc}길동"), &[&hong]),
        ];
        for (parameter, users) in cases {
            let expected: Vec<i64> = users.iter().map(|user| user.id).collect();
            assert_eq!(found(&app, &kim, "users", &[parameter]).await, expected, "{parameter:?}");
        }
        let both = [("role", "editor"), ("is_active", "true")];
        assert_eq!(found(&app, &kim, "users", &both).await, [0_i64; 0]);
    }

    async fn an_address_is_found_however_its_letters_are_composed(app) {
        let owner = app.user_named("test-001", Owner, "owner@example.com", "Kim").await;
        let composed = app.user_named("test-001", Viewer, "홍길동@example.com", "Lee").await;
        let decomposed = app.user_named(
            "test-001", Viewer, "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}@example.com", "Park",
        ).await;
        for (text, user) in [
            ("홍길", &composed), ("\u{1112}\u{1169}\u{11bc}\u{1100}\u{1175}\u{11af}", &composed), ("한글", &decomposed),
            ("\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}@", &decomposed),
        ] {
            assert_eq!(found(&app, &owner, "users", &[("q", text)]).await, [user.id], "{text}");
        }
    }

    async fn nobody_finds_by_an_address_that_he_may_not_see(app) {
        let owner = app.user_named("test-001", Owner, "kim@example.com", "김지은").await;
        for (role, sees) in [(Admin, true), (Editor, false), (Viewer, false)] {
            let user = app.user_named("test-001", role, &format!("{}@corp.kr", role.as_str()), "Lee Jun").await;
            let expected = if sees { vec![owner.id] } else { Vec::new() };
            assert_eq!(found(&app, &user, "users", &[("q", "kim@")]).await, expected, "{role:?}");
            assert_eq!(found(&app, &user, "users", &[("q", "김지")]).await, [owner.id], "{role:?}");
        }
    }

    async fn nobody_sorts_by_what_he_does_not_see(app) {
        let users = one_of_each(&app).await;
        let expected = invalid_query(json!({"sort": ["Must be one of: name, id."]}));
        for sort in ["email", "-email", "created_at", "-last_login", "name,email"] {
            for (user, role) in users.iter().zip(Role::ALL) {
                let call = app.get(&format!("{USERS}?sort={sort}&limit=2")).by(user);
                if matches!(role, Owner | Admin) {
                    let page = call.expect(200).await;
                    // The cursor says where the page ended, and so an address.
                    let next = format!("{USERS}?cursor={}", page["next_cursor"].as_str().unwrap());
                    assert_eq!(without_request_id(app.get(&next).by(&users[4]).expect(400).await), expected, "{sort}");
                } else {
                    assert_eq!(without_request_id(call.expect(400).await), expected, "{sort} {role:?}");
                }
            }
        }
    }

    async fn users_are_sorted_and_paged(app) {
        let users = one_of_each(&app).await;
        let by_name: Vec<i64> = users.iter().map(|user| user.id).collect();
        // admin, analyst, editor, owner, viewer
        let by_email: Vec<i64> = [1, 3, 2, 0, 4].map(|index: usize| users[index].id).to_vec();
        for (sort, expected) in [("name", &by_name), ("id", &by_name), ("email", &by_email)] {
            let reversed: Vec<i64> = expected.iter().rev().copied().collect();
            for (sort, expected) in [(sort.to_owned(), expected), (format!("-{sort}"), &reversed)] {
                assert_eq!(ids(&list(&app, &users[0], "users", &[("sort", &sort)]).await), *expected, "{sort}");
                let mut page = list(&app, &users[0], "users", &[("sort", &sort), ("limit", "2")]).await;
                assert_eq!((&page["total"], &page["pages"]), (&json!(5), &json!(3)));
                let mut paged = ids(&page);
                while let Some(cursor) = page["next_cursor"].take().as_str() {
                    page = list(&app, &users[0], "users", &[("cursor", cursor), ("limit", "2")]).await;
                    paged.extend(ids(&page));
                }
                assert_eq!(paged, *expected, "{sort}");
            }
        }
        let never = list(&app, &users[0], "users", &[("sort", "last_login,-id")]).await;
        assert_eq!(ids(&never), by_name.iter().rev().copied().collect::<Vec<_>>());
    }

    async fn another_tenants_users_are_neither_listed_nor_found(app) {
        let (owner, stranger) = (app.user("test-001", Owner).await, app.user("test-002", Owner).await);
        assert_eq!(found(&app, &owner, "users", &[]).await, [owner.id]);
        assert_eq!(list(&app, &stranger, "users", &[("limit", "1")]).await["next_cursor"], Value::Null);
        for call in [app.get(&path(&stranger)), app.patch(&path(&stranger), json!({"name": "Lee"}))] {
            let error = without_request_id(call.by(&owner).expect(404).await);
            assert_eq!(error, json!({"error": "User not found", "code": "user_not_found"}));
        }
    }
}
