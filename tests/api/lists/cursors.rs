//! Following `next_cursor`.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::{Value, json};

use super::{ORDERS, found, ids, invalid_query, list, make_many, path};
use crate::app::{Session, TestApp};
use crate::client::without_request_id;
use crate::on_both;
use crate::tasks::make;

/// Goes from this page on to the end, four rows a page, with these filters; gives the ids.
async fn follow(app: &TestApp, user: &Session, collection: &str, filters: &[(&str, &str)], page: &Value) -> Vec<i64> {
    let mut followed = Vec::new();
    let mut cursor = page["next_cursor"].clone();
    while let Some(text) = cursor.as_str() {
        assert!(followed.len() < 1000, "{collection} goes round in circles");
        let page = list(app, user, collection, &[&[("cursor", text), ("limit", "4")][..], filters].concat()).await;
        let keys: Vec<&str> = page.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(keys.len() == 2 && keys.contains(&collection) && keys.contains(&"next_cursor"), "{keys:?}");
        let rows = ids(&page);
        assert!(rows.len() == 4 || (page["next_cursor"].is_null() && !rows.is_empty()), "{collection}: {rows:?}");
        followed.extend(rows);
        cursor = page["next_cursor"].clone();
    }
    followed
}

/// Asserts that the cursor in this query is refused.
async fn assert_refused(app: &TestApp, user: &Session, collection: &str, parameters: &[(&str, &str)]) {
    let error = app.get(&path(collection, parameters)).by(user).expect(400).await;
    let expected = invalid_query(json!({"cursor": ["Not a valid cursor."]}));
    assert_eq!(without_request_id(error), expected, "{collection} {parameters:?}");
}

/// The `next_cursor` of the first page, of one row, in this order.
async fn first_cursor(app: &TestApp, user: &Session, collection: &str, sort: &str) -> String {
    let page = list(app, user, collection, &[("sort", sort), ("limit", "1")]).await;
    page["next_cursor"].as_str().unwrap().to_owned()
}

on_both! {
    async fn following_the_cursor_gives_what_one_page_gives(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        make_many(&app, &user).await;
        for _ in 0..3 {
            make(&app, &stranger, json!({"title": "a"})).await;
        }
        for (collection, orders) in ORDERS {
            for &sort in orders {
                let whole = list(&app, &user, collection, &[("sort", sort), ("limit", "1000")]).await;
                assert_eq!(whole["next_cursor"], json!(null));
                let first = list(&app, &user, collection, &[("sort", sort), ("limit", "4")]).await;
                assert_eq!(first["total"], ids(&whole).len());
                let mut followed = ids(&first);
                followed.extend(follow(&app, &user, collection, &[], &first).await);
                assert_eq!(followed, ids(&whole), "{collection} by {sort}");
            }
        }
    }

    async fn the_default_order_has_cursors_too(app) {
        let user = app.user("test-001", Owner).await;
        make_many(&app, &user).await;
        for collection in ["tasks", "meetings", "contracts"] {
            let whole = list(&app, &user, collection, &[("limit", "1000")]).await;
            let first = list(&app, &user, collection, &[("limit", "4")]).await;
            let mut followed = ids(&first);
            followed.extend(follow(&app, &user, collection, &[], &first).await);
            assert_eq!(followed, ids(&whole), "{collection}");
        }
    }

    async fn a_cursor_goes_on_within_its_filters(app) {
        let user = app.user("test-001", Viewer).await;
        for number in 0..20 {
            let title = ["홀수", "짝수"][number % 2];
            make(&app, &user, json!({"title": title, "tags": ["보안"]})).await;
        }
        for filters in [[("q", "짝수"), ("tag", "보안")], [("week", "6"), ("q", "홀수")]] {
            let whole = list(&app, &user, "tasks", &filters).await;
            assert_eq!(ids(&whole).len(), 10);
            let first = list(&app, &user, "tasks", &[&filters[..], &[("limit", "4")]].concat()).await;
            let mut followed = ids(&first);
            followed.extend(follow(&app, &user, "tasks", &filters, &first).await);
            assert_eq!(followed, ids(&whole), "{filters:?}");
        }
    }

    async fn a_cursor_goes_on_from_any_page(app) {
        let user = app.user("test-001", Viewer).await;
        for _ in 0..10 {
            make(&app, &user, json!({})).await;
        }
        let second = list(&app, &user, "tasks", &[("limit", "3"), ("page", "2")]).await;
        assert_eq!(ids(&second), [7, 6, 5]);
        assert_eq!(follow(&app, &user, "tasks", &[], &second).await, [4, 3, 2, 1]);
    }

    async fn the_last_page_has_no_cursor_even_when_it_is_full(app) {
        let user = app.user("test-001", Viewer).await;
        for _ in 0..4 {
            make(&app, &user, json!({})).await;
        }
        let first = list(&app, &user, "tasks", &[("limit", "2")]).await;
        let cursor = first["next_cursor"].as_str().unwrap();
        for limit in ["2", "1000"] {
            let last = list(&app, &user, "tasks", &[("cursor", cursor), ("limit", limit)]).await;
            assert_eq!((ids(&last), &last["next_cursor"]), (vec![2, 1], &json!(null)), "{limit}");
        }
    }

    async fn rows_made_meanwhile_shift_nothing(app) {
        let user = app.user("test-001", Viewer).await;
        for _ in 0..10 {
            make(&app, &user, json!({})).await;
        }
        let first = list(&app, &user, "tasks", &[("limit", "4")]).await;
        assert_eq!(ids(&first), [10, 9, 8, 7]);
        app.advance(1);
        for _ in 0..5 {
            make(&app, &user, json!({})).await;
        }
        assert_eq!(follow(&app, &user, "tasks", &[], &first).await, [6, 5, 4, 3, 2, 1]);
    }

    async fn rows_made_meanwhile_appear_where_the_cursor_has_not_been(app) {
        let user = app.user("test-001", Viewer).await;
        for title in ["a", "b", "c", "d", "e", "f"] {
            make(&app, &user, json!({"title": title})).await;
        }
        let first = list(&app, &user, "tasks", &[("sort", "title"), ("limit", "4")]).await;
        for title in ["bb", "d", "ee"] {
            make(&app, &user, json!({"title": title})).await;
        }
        assert_eq!(follow(&app, &user, "tasks", &[], &first).await, [8, 5, 9, 6]);
    }

    async fn a_cursor_outlives_the_row_that_it_stands_on(app) {
        let user = app.user("test-001", Viewer).await;
        for _ in 0..6 {
            make(&app, &user, json!({"due_date": null})).await;
        }
        for sort in ["-created_at", "-due_date", "-title"] {
            let first = list(&app, &user, "tasks", &[("sort", sort), ("limit", "1")]).await;
            let last = ids(&first)[0];
            assert_eq!(app.delete(&format!("/api/v1/tasks/{last}")).by(&user).send().await.status, 204);
            assert_eq!(follow(&app, &user, "tasks", &[], &first).await, (1..last).rev().collect::<Vec<_>>(), "{sort}");
        }
    }

    async fn a_cursor_takes_its_own_order_and_no_other(app) {
        let user = app.user("test-001", Viewer).await;
        for title in ["a", "b", "c"] {
            make(&app, &user, json!({"title": title})).await;
        }
        let cursor = first_cursor(&app, &user, "tasks", "title,-year").await;
        for sort in ["title,-year", " title , -year "] {
            assert_eq!(found(&app, &user, "tasks", &[("cursor", &cursor), ("sort", sort)]).await, [2, 3]);
        }
        for sort in ["-title,-year", "title", "title,year", "-year,title", "-created_at", "id"] {
            assert_refused(&app, &user, "tasks", &[("cursor", &cursor), ("sort", sort)]).await;
        }
    }

    async fn a_cursor_of_another_list_is_refused(app) {
        let user = app.user("test-001", Owner).await;
        make_many(&app, &user).await;
        for (from, sort, to) in [
            ("tasks", "priority", "meetings"),
            ("meetings", "meeting_date", "tasks"),
            ("contracts", "-end_date", "tasks"),
            ("tasks", "due_date", "contracts"),
        ] {
            let cursor = first_cursor(&app, &user, from, sort).await;
            assert_refused(&app, &user, to, &[("cursor", &cursor)]).await;
        }
    }

    async fn what_is_no_cursor_is_refused(app) {
        let user = app.user("test-001", Owner).await;
        for title in ["가", "나"] {
            make(&app, &user, json!({"title": title})).await;
        }
        let cursor = first_cursor(&app, &user, "tasks", "title").await;
        let (head, tail) = cursor.split_at(cursor.len() / 2);
        let (cut, swapped) = (&cursor[1..], format!("{tail}{head}"));
        for text in ["", "abc", "!", " ", "가", "1", "null", head, tail, cut, &swapped] {
            for collection in ["tasks", "meetings", "contracts"] {
                assert_refused(&app, &user, collection, &[("cursor", text)]).await;
            }
        }
    }

    async fn a_forged_cursor_is_refused(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        for (collection, text) in [
            ("tasks", "null"),
            ("tasks", "{}"),
            ("tasks", "[]"),
            ("tasks", r#"{"s":"colour","v":[1],"i":1}"#),
            ("tasks", r#"{"s":"year","v":[],"i":1}"#),
            ("tasks", r#"{"s":"year","v":[2026,1],"i":1}"#),
            ("tasks", r#"{"s":"year","v":["2026"],"i":1}"#),
            ("tasks", r#"{"s":"year","v":[2026.5],"i":1}"#),
            ("tasks", r#"{"s":"year","v":[2026],"i":"1"}"#),
            ("tasks", r#"{"s":"year","v":[2026],"i":9223372036854775808}"#),
            ("tasks", r#"{"s":"year,year","v":[2026,2026],"i":1}"#),
            ("tasks", r#"{"s":"title","v":[1],"i":1}"#),
            ("tasks", r#"{"s":"title","v":[["a"]],"i":1}"#),
            ("tasks", r#"{"s":"due_date","v":["2026-02-10"],"i":1}"#),
            ("tasks", r#"{"s":"due_date","v":[9223372036854775807],"i":1}"#),
            ("tasks", r#"{"s":"due_date","v":[-9223372036854775808],"i":1}"#),
            ("contracts", r#"{"s":"end_date","v":["2026-02-30"],"i":1}"#),
            ("contracts", r#"{"s":"end_date","v":[20260210],"i":1}"#),
        ] {
            let cursor = BASE64_URL_SAFE_NO_PAD.encode(text);
            assert_refused(&app, &user, collection, &[("cursor", &cursor)]).await;
        }
    }

    async fn another_tenants_cursor_shows_nothing_of_it(app) {
        let user = app.user("test-001", Viewer).await;
        let stranger = app.user("test-002", Viewer).await;
        for author in [&user, &stranger, &user, &stranger, &user, &stranger] {
            make(&app, author, json!({})).await;
        }
        let cursor = first_cursor(&app, &stranger, "tasks", "-created_at").await;
        assert_eq!(found(&app, &user, "tasks", &[("cursor", &cursor)]).await, [1, 3, 5]);
    }
}
