//! Tasks past their due date.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Analyst, Owner};
use serde_json::json;

use super::{DAY, notice, notices, run_due};
use crate::app::{Session, TestApp};
use crate::on_both;

const OVERDUE: &str = "task_overdue";

/// Makes a task for this user.
async fn make(app: &TestApp, by: &Session, assignee: i64, due_date: &str, status: &str) -> i64 {
    let fields = json!({"assigned_to": assignee, "due_date": due_date, "status": status});
    crate::tasks::make(app, by, fields).await["id"].as_i64().unwrap()
}

/// A moment of the day before yesterday.
const LONG_AGO: &str = "2026-02-05T12:00:00Z";

on_both! {
    async fn whoever_has_to_do_it_is_told_once(app) {
        let owner = app.user("test-001", Owner).await;
        let analyst = app.user("test-001", Analyst).await;
        let stranger = app.user("test-002", Owner).await;
        let ours = make(&app, &owner, analyst.id, LONG_AGO, "pending").await;
        let theirs = make(&app, &stranger, stranger.id, LONG_AGO, "pending").await;
        let expected = [notice(analyst.id, OVERDUE, ours), notice(stranger.id, OVERDUE, theirs)];
        for _ in 0..3 {
            run_due(&app.state).await;
            assert_eq!(notices(&app).await, expected);
            app.advance(DAY);
        }
    }

    async fn the_day_ends_where_the_users_are(app) {
        let owner = app.user("test-001", Owner).await;
        // In Seoul it is the 7th.
        let yesterday = make(&app, &owner, owner.id, "2026-02-06T14:59:59.999999Z", "pending").await;
        let today = make(&app, &owner, owner.id, "2026-02-06T15:00:00Z", "pending").await;
        run_due(&app.state).await;
        assert_eq!(notices(&app).await, [notice(owner.id, OVERDUE, yesterday)]);
        app.advance(DAY);
        run_due(&app.state).await;
        assert_eq!(notices(&app).await, [notice(owner.id, OVERDUE, yesterday), notice(owner.id, OVERDUE, today)]);
    }

    async fn only_open_tasks_of_active_users_are_told_of(app) {
        let owner = app.user("test-001", Owner).await;
        let former = app.user("test-001", Analyst).await;
        let mut expected = Vec::new();
        for (status, is_open) in
            [("pending", true), ("in_progress", true), ("review", true), ("completed", false), ("cancelled", false)]
        {
            let id = make(&app, &owner, owner.id, LONG_AGO, status).await;
            if is_open {
                expected.push(notice(owner.id, OVERDUE, id));
            }
        }
        make(&app, &owner, former.id, LONG_AGO, "pending").await;
        crate::tasks::make(&app, &owner, json!({"due_date": LONG_AGO})).await;
        crate::tasks::make(&app, &owner, json!({"assigned_to": owner.id})).await;
        app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(former.id)).await;
        run_due(&app.state).await;
        assert_eq!(notices(&app).await, expected);
    }

    async fn another_due_date_is_told_of_again_and_the_same_one_is_not(app, JWT_ACCESS_TOKEN_EXPIRES = "31536000") {
        let owner = app.user("test-001", Owner).await;
        let task = make(&app, &owner, owner.id, LONG_AGO, "pending").await;
        let mut counts = Vec::new();
        let (later, next_year) = (Some("2026-02-06T12:00:00Z"), Some("2027-01-01T00:00:00Z"));
        for due_date in [Some(LONG_AGO), later, Some(LONG_AGO), None, next_year] {
            let path = format!("/api/v1/tasks/{task}");
            app.patch(&path, json!({"due_date": due_date})).by(&owner).expect(200).await;
            run_due(&app.state).await;
            counts.push(notices(&app).await.len());
            app.advance(DAY);
        }
        assert_eq!(counts, [1, 2, 2, 2, 2]);
    }

    async fn a_deleted_task_takes_its_reminder_along(app) {
        let owner = app.user("test-001", Owner).await;
        let task = make(&app, &owner, owner.id, LONG_AGO, "pending").await;
        run_due(&app.state).await;
        assert_eq!(app.count("select count(*) from task_reminders").await, 1);
        app.delete(&format!("/api/v1/tasks/{task}")).by(&owner).expect(204).await;
        assert_eq!(app.count("select count(*) from task_reminders").await, 0);
    }
}
