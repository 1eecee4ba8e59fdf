//! Who has how much to do.

use bizcenter::db::{Value as SqlValue, sql};
use bizcenter::policy::Role::{Analyst, Editor, Owner, Viewer};
use serde_json::{Value, json};

use super::{make, make_action_item, travel};
use crate::app::{Session, TestApp};
use crate::on_both;

/// The workload as this user sees it.
async fn workload(app: &TestApp, user: &Session) -> Value {
    let answer = app.get("/api/v1/dashboard/workload").by(user).expect(200).await;
    assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    answer["workload"].clone()
}

/// Open, overdue, due this week, in review, completed this week, action items.
fn work(numbers: [i64; 6]) -> Value {
    let [open_tasks, overdue, due_this_week, in_review, completed_this_week, open_action_items] = numbers;
    json!({
        "open_tasks": open_tasks, "overdue": overdue, "due_this_week": due_this_week, "in_review": in_review,
        "completed_this_week": completed_this_week, "open_action_items": open_action_items,
    })
}

fn user_work(user: &Session, name: &str, role: &str, is_active: bool, numbers: [i64; 6]) -> Value {
    let mut all = json!({"id": user.id, "name": name, "role": role, "is_active": is_active});
    all.as_object_mut().unwrap().extend(work(numbers).as_object().unwrap().clone());
    all
}

/// The names of the users, in their order.
fn names(workload: &Value) -> Vec<&str> {
    workload["users"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap()).collect()
}

async fn deactivate(app: &TestApp, user: &Session) {
    app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(user.id)).await;
}

on_both! {
    async fn each_user_has_his_numbers_and_those_with_most_to_do_come_first(app) {
        let kim = app.user_named("test-001", Owner, "kim@example.com", "Kim").await;
        let lee = app.user_named("test-001", Editor, "lee@example.com", "Lee").await;
        let ahn = app.user_named("test-001", Viewer, "ahn@example.com", "Ahn").await;
        let stranger = app.user_named("test-002", Owner, "han@example.com", "Han").await;
        let (kims, lees, nobodys) = (json!(kim.id), json!(lee.id), json!(null));
        // In Seoul today began at 2026-02-06T15:00:00Z, and the week ends at 2026-02-08T15:00:00Z.
        for (assigned_to, status, due_date) in [
            (&lees, "pending", json!("2026-02-01T14:59:59.999999Z")),
            (&lees, "in_progress", json!("2026-02-01T15:00:00Z")),
            (&lees, "review", json!("2026-02-06T15:00:00Z")),
            (&lees, "review", json!("2026-02-08T15:00:00Z")),
            (&lees, "completed", json!("2026-02-01T15:00:00Z")),
            (&lees, "cancelled", json!("2026-02-01T15:00:00Z")),
            (&kims, "pending", json!(null)),
            (&kims, "completed", json!(null)),
            (&kims, "completed", json!(null)),
            (&nobodys, "pending", json!("2026-02-06T14:59:59.999999Z")),
            (&nobodys, "review", json!(null)),
            (&nobodys, "completed", json!(null)),
        ] {
            make(&app, &kim, "task", json!({"assigned_to": assigned_to, "status": status, "due_date": due_date})).await;
        }
        let done = json!({"assigned_to": kims, "status": "completed", "week_number": 5});
        make(&app, &kim, "task", done).await;
        make(&app, &stranger, "task", json!({"assigned_to": stranger.id})).await;
        make(&app, &stranger, "task", json!({})).await;
        let meeting = make(&app, &kim, "meeting", json!({})).await;
        for (status, assigned_to) in [
            ("pending", Some(ahn.id)), ("in_progress", Some(ahn.id)), ("completed", Some(ahn.id)), ("pending", None),
            ("cancelled", None),
        ] {
            make_action_item(&app, &kim, &meeting, status, assigned_to).await;
        }
        let expected = json!({
            "users": [
                user_work(&lee, "Lee", "editor", true, [4, 2, 2, 2, 1, 0]),
                user_work(&kim, "Kim", "owner", true, [1, 0, 0, 0, 2, 0]),
                user_work(&ahn, "Ahn", "viewer", true, [0, 0, 0, 0, 0, 2]),
            ],
            "unassigned": work([2, 1, 1, 1, 1, 1]),
            "truncated": false,
        });
        for user in [&kim, &lee, &ahn] {
            assert_eq!(workload(&app, user).await, expected);
        }
        assert_eq!(workload(&app, &stranger).await, json!({
            "users": [user_work(&stranger, "Han", "owner", true, [1, 0, 0, 0, 0, 0])],
            "unassigned": work([1, 0, 0, 0, 0, 0]),
            "truncated": false,
        }));
    }

    async fn an_inactive_user_is_there_as_long_as_he_has_left_something_open(app) {
        let owner = app.user_named("test-001", Owner, "kim@example.com", "Kim").await;
        let ahn = app.user_named("test-001", Analyst, "ahn@example.com", "Ahn").await;
        let lee = app.user_named("test-001", Analyst, "lee@example.com", "Lee").await;
        let han = app.user_named("test-001", Analyst, "han@example.com", "Han").await;
        let task = make(&app, &owner, "task", json!({"assigned_to": ahn.id})).await;
        make(&app, &owner, "task", json!({"assigned_to": han.id, "status": "completed"})).await;
        let meeting = make(&app, &owner, "meeting", json!({})).await;
        make_action_item(&app, &owner, &meeting, "pending", Some(lee.id)).await;
        for user in [&ahn, &lee, &han] {
            deactivate(&app, user).await;
        }
        let users = workload(&app, &owner).await["users"].take();
        assert_eq!(users, json!([
            user_work(&ahn, "Ahn", "analyst", false, [1, 0, 0, 0, 0, 0]),
            user_work(&owner, "Kim", "owner", true, [0, 0, 0, 0, 0, 0]),
            user_work(&lee, "Lee", "analyst", false, [0, 0, 0, 0, 0, 1]),
        ]));
        let path = format!("/api/v1/tasks/{}", task["id"]);
        app.patch(&path, json!({"status": "cancelled"})).by(&owner).expect(200).await;
        assert_eq!(names(&workload(&app, &owner).await), ["Kim", "Lee"]);
    }

    async fn the_first_thousand_users_are_there(app) {
        const INSERT: &str = "insert into users (tenant_id, email, email_key, password_hash, name, role, is_active, \
                              version, created_at, updated_at) values ";
        let owner = app.user_named("test-001", Owner, "kim@example.com", "Z Kim").await;
        let row = |number: i64| -> Vec<SqlValue> {
            let email = format!("u{number}@example.com");
            vec![
                "test-001".into(), (&email).into(), email.into(), "x".into(), format!("User {number:04}").into(),
                "viewer".into(), true.into(), 1_i64.into(), app.now().into(), app.now().into(),
            ]
        };
        app.execute(sql(INSERT).values((1..=999).map(row))).await;
        let all = workload(&app, &owner).await;
        assert_eq!((names(&all).len(), names(&all)[999], &all["truncated"]), (1000, "Z Kim", &json!(false)));
        app.execute(sql(INSERT).values([row(1000)])).await;
        let first = workload(&app, &owner).await;
        assert_eq!((names(&first).len(), names(&first)[999]), (1000, "User 1000"));
        assert_eq!(first["truncated"], true);
        // Who has something to do is not left out.
        make(&app, &owner, "task", json!({"assigned_to": owner.id})).await;
        let first = workload(&app, &owner).await;
        assert_eq!((names(&first)[0], names(&first)[999], &first["truncated"]), ("Z Kim", "User 0999", &json!(true)));
    }

    async fn a_day_and_a_week_end_when_they_end_in_seoul(app) {
        let user = app.user_named("test-001", Owner, "kim@example.com", "Kim").await;
        make(&app, &user, "task", json!({"due_date": "2026-02-08T00:00:00Z"})).await;
        make(&app, &user, "task", json!({"status": "completed"})).await;
        for (time, numbers) in
            [("2026-02-08T14:59:59Z", [1, 0, 1, 0, 1, 0]), ("2026-02-08T15:00:00Z", [1, 1, 0, 0, 0, 0])]
        {
            travel(&app, time);
            let user = app.user("test-001", Owner).await;
            assert_eq!(workload(&app, &user).await["unassigned"], work(numbers), "{time}");
        }
    }
}
