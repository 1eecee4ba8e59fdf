//! Changes at the same time: none is lost, none counts twice.

use bizcenter::policy::Role::Owner;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::{Session, TestApp};
use crate::on_both;

/// Sends every change at once; gives the row as it is afterwards.
async fn change_at_once(app: &TestApp, owner: &Session, path: &str, changes: &[Value]) -> Value {
    let mut calls = JoinSet::new();
    for change in changes {
        calls.spawn(app.patch(path, change.clone()).by(owner).send());
    }
    for reply in calls.join_all().await {
        reply.expect(200);
    }
    app.get(path).by(owner).expect(200).await
}

fn assert_all(row: &Value, changes: &[Value]) {
    for change in changes {
        for (field, value) in change.as_object().unwrap() {
            assert_eq!(row[field], *value, "{field} was lost");
        }
    }
    assert_eq!(row["version"], 1 + changes.len());
}

on_both! {
    async fn changes_of_one_task_at_once_are_all_kept(app) {
        let owner = app.user("test-001", Owner).await;
        let body = json!({"title": "task", "week_number": 6, "year": 2026});
        app.post("/api/v1/tasks", body).by(&owner).expect(201).await;
        let changes = [
            json!({"title": "changed"}), json!({"description": "changed"}), json!({"status": "review"}),
            json!({"priority": "urgent"}), json!({"assigned_to": owner.id}), json!({"week_number": 7}),
            json!({"due_date": "2026-03-01T00:00:00.000000Z"}), json!({"year": 2027}), json!({"tags": ["a", "b"]}),
        ];
        let answer = change_at_once(&app, &owner, "/api/v1/tasks/1", &changes).await;
        assert_all(&answer["task"], &changes);
    }

    async fn of_a_hundred_changes_of_what_all_have_seen_one_is_made(app) {
        let owner = app.user("test-001", Owner).await;
        let body = json!({"title": "task", "week_number": 6, "year": 2026});
        let made = app.post("/api/v1/tasks", body).by(&owner).send().await;
        let tag = made.header("etag").unwrap();
        let mut calls = JoinSet::new();
        for number in 0..100 {
            let change = json!({"title": format!("change {number}")});
            calls.spawn(app.patch("/api/v1/tasks/1", change).header("if-match", tag).by(&owner).send());
        }
        let replies = calls.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 99));
        for reply in lost {
            assert_eq!(reply.expect(412)["code"], "precondition_failed");
        }
        let task = app.get("/api/v1/tasks/1").by(&owner).expect(200).await["task"].take();
        assert_eq!((&task["version"], &task), (&json!(2), &won[0].json()["task"]));
    }

    async fn two_tasks_do_not_become_each_others_parents(app) {
        let owner = app.user("test-001", Owner).await;
        for _ in 0..10 {
            let mut ids = Vec::new();
            for _ in 0..2 {
                let body = json!({"title": "task", "week_number": 6, "year": 2026});
                let made = app.post("/api/v1/tasks", body).by(&owner).expect(201).await;
                ids.push(made["task"]["id"].as_i64().unwrap());
            }
            let mut calls = JoinSet::new();
            for (task, parent) in [(ids[0], ids[1]), (ids[1], ids[0])] {
                let body = json!({"parent_id": parent});
                calls.spawn(app.patch(&format!("/api/v1/tasks/{task}"), body).by(&owner).send());
            }
            let mut statuses: Vec<u16> = calls.join_all().await.iter().map(|reply| reply.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 400]);
        }
        assert_eq!(app.count("select count(*) from task_parents").await, 10);
    }

    async fn changes_of_one_meeting_at_once_are_all_kept(app) {
        let owner = app.user("test-001", Owner).await;
        let body = json!({"title": "meeting", "meeting_date": "2026-03-01T00:00:00Z"});
        app.post("/api/v1/meetings", body).by(&owner).expect(201).await;
        let changes = [
            json!({"title": "changed"}), json!({"location": "here"}), json!({"agenda": "this"}), json!({"notes": "that"}),
            json!({"decisions": "so"}), json!({"status": "published"}), json!({"meeting_date": "2026-03-02T00:00:00.000000Z"}),
        ];
        let answer = change_at_once(&app, &owner, "/api/v1/meetings/1", &changes).await;
        assert_all(&answer["meeting"], &changes);
    }

    async fn changes_of_one_contract_at_once_are_all_kept(app) {
        let owner = app.user("test-001", Owner).await;
        let body = json!({
            "contract_number": "1", "customer_name": "c", "title": "t", "amount": "1", "start_date": "2026-01-01",
            "end_date": "2026-12-31",
        });
        app.post("/api/v1/contracts", body).by(&owner).expect(201).await;
        let changes = [
            json!({"contract_number": "2"}), json!({"customer_name": "changed"}), json!({"title": "changed"}),
            json!({"amount": "2.50"}), json!({"currency": "USD"}), json!({"auto_renewal": true}),
            json!({"status": "active"}), json!({"contact_phone": "02"}), json!({"end_date": "2027-12-31"}),
        ];
        let answer = change_at_once(&app, &owner, "/api/v1/contracts/1", &changes).await;
        assert_all(&answer["contract"], &changes);
    }

    async fn one_contract_number_is_given_once(app) {
        let owner = app.user("test-001", Owner).await;
        let body = json!({
            "contract_number": "1", "customer_name": "c", "title": "t", "amount": "1", "start_date": "2026-01-01",
            "end_date": "2026-12-31",
        });
        let mut calls = JoinSet::new();
        for _ in 0..20 {
            calls.spawn(app.post("/api/v1/contracts", body.clone()).by(&owner).send());
        }
        let mut statuses: Vec<u16> = calls.join_all().await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![201], vec![409; 19]].concat());
        assert_eq!(app.count("select count(*) from contracts").await, 1);
    }

    async fn many_right_logins_at_once_are_all_let_in(app) {
        let owner = app.user("test-001", Owner).await;
        let mut calls = JoinSet::new();
        for _ in 0..15 {
            let body = json!({"email": owner.email, "password": crate::app::PASSWORD});
            calls.spawn(app.post("/api/v1/auth/login", body).send());
        }
        for reply in calls.join_all().await {
            reply.expect(200);
        }
    }
}
