//! What lists can be sorted by.

use std::cmp::Ordering;

use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::{Value, json};

use super::{ORDERS, ids, invalid_query, list, make_many, path, rows};
use crate::client::without_request_id;
use crate::on_both;
use crate::tasks::make;

/// What the order of these rows should be: nulls before values, statuses and priorities by their meaning, text by its
/// code points, and ties by id in the direction of the last field.
fn expected(rows: &[Value], sort: &str) -> Vec<i64> {
    let mut rows: Vec<&Value> = rows.iter().collect();
    let id = if sort.rsplit(',').next().unwrap().starts_with('-') { "-id" } else { "id" };
    rows.sort_by(|left, right| {
        let by_field = |field: &str| {
            let name = field.trim_start_matches('-');
            let order = key(name, &left[name]).cmp(&key(name, &right[name]));
            if field.starts_with('-') { order.reverse() } else { order }
        };
        sort.split(',').chain([id]).map(by_field).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

fn key<'a>(field: &str, value: &'a Value) -> (i64, &'a str) {
    let names: &[&str] = match field {
        "status" => &["pending", "in_progress", "review", "completed", "cancelled"],
        "priority" => &["low", "medium", "high", "urgent"],
        _ => &[],
    };
    match value {
        Value::Null => (-1, ""),
        Value::String(text) => match names.iter().position(|name| name == text) {
            Some(rank) => (i64::try_from(rank).unwrap(), ""),
            None => (0, text),
        },
        value => (value.as_i64().unwrap(), ""),
    }
}

on_both! {
    async fn every_order_is_kept_and_ties_are_broken_by_id(app) {
        let user = app.user("test-001", Owner).await;
        make_many(&app, &user).await;
        for (collection, orders) in ORDERS {
            let all = list(&app, &user, collection, &[("limit", "1000")]).await;
            for &sort in orders {
                let sorted = list(&app, &user, collection, &[("sort", sort), ("limit", "1000")]).await;
                assert_eq!(ids(&sorted), expected(rows(&all), sort), "{collection} by {sort}");
            }
        }
    }

    async fn pages_keep_the_order(app) {
        let user = app.user("test-001", Owner).await;
        make_many(&app, &user).await;
        for sort in ["-due_date", "due_date,-title", "priority", "-title"] {
            let whole = ids(&list(&app, &user, "tasks", &[("sort", sort), ("limit", "1000")]).await);
            let mut paged = Vec::new();
            for page in ["1", "2", "3", "4", "5"] {
                let parameters = [("sort", sort), ("limit", "7"), ("page", page)];
                paged.extend(ids(&list(&app, &user, "tasks", &parameters).await));
            }
            assert_eq!(paged, whole, "{sort}");
        }
    }

    async fn missing_due_dates_come_before_all_others(app) {
        let user = app.user("test-001", Viewer).await;
        for due_date in [json!("2026-02-10T00:00:00Z"), json!(null), json!("0001-01-01T00:00:00Z"), json!(null)] {
            make(&app, &user, json!({"due_date": due_date})).await;
        }
        for (sort, expected) in [("due_date", [2, 4, 3, 1]), ("-due_date", [1, 3, 4, 2])] {
            assert_eq!(ids(&list(&app, &user, "tasks", &[("sort", sort)]).await), expected, "{sort}");
        }
    }

    async fn moments_are_sorted_to_the_microsecond(app) {
        let user = app.user("test-001", Viewer).await;
        for moment in ["00.000001", "00", "00.1", "00.000000", "00.01", "00.999999", "01", "00.100001"] {
            make(&app, &user, json!({"due_date": format!("2026-02-10T10:00:{moment}Z")})).await;
        }
        let sorted = list(&app, &user, "tasks", &[("sort", "due_date")]).await;
        assert_eq!(ids(&sorted), [2, 4, 1, 5, 3, 8, 6, 7]);
    }

    async fn an_order_may_have_blanks_between_its_fields(app) {
        let user = app.user("test-001", Viewer).await;
        for (title, week) in [("b", 2), ("a", 1), ("b", 1)] {
            make(&app, &user, json!({"title": title, "week_number": week})).await;
        }
        let sorted = list(&app, &user, "tasks", &[("sort", " -title , week_number ")]).await;
        assert_eq!(ids(&sorted), [3, 1, 2]);
    }

    async fn other_orders_are_refused_with_the_fields_there_are(app) {
        let user = app.user("test-001", Owner).await;
        let tasks = "created_at, updated_at, due_date, title, status, priority, year, week_number, id";
        let meetings = "meeting_date, created_at, updated_at, title, id";
        let contracts =
            "end_date, start_date, created_at, updated_at, contract_number, customer_name, title, id";
        for (collection, fields) in [("tasks", tasks), ("meetings", meetings), ("contracts", contracts)] {
            let expected = invalid_query(json!({"sort": [format!("Must be one of: {fields}.")]}));
            for sort in [
                "",
                ",",
                "-",
                "--title",
                "+title",
                "title,",
                "Title",
                "title asc",
                "title;drop table tasks",
                "tenant_id",
                "description",
                "amount",
                "amount_encrypted",
                "status_rank",
                "t.title",
                "title,-title",
                "title,created_at,updated_at,id,colour",
            ] {
                let error = app.get(&path(collection, &[("sort", sort)])).by(&user).expect(400).await;
                assert_eq!(without_request_id(error), expected, "{collection} by {sort}");
            }
        }
    }
}
