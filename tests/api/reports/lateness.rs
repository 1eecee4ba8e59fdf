//! Which tasks are late, and which are carried over.

use bizcenter::policy::Role::Viewer;
use serde_json::{Value, json};

use super::report;
use crate::app::{Session, TestApp};
use crate::{on_both, tasks};

/// Makes a task of this week of 2026 with this due date.
async fn make(app: &TestApp, user: &Session, week: i64, due_date: &str) -> i64 {
    make_with(app, user, week, due_date, "pending").await
}

async fn make_with(app: &TestApp, user: &Session, week: i64, due_date: &str, status: &str) -> i64 {
    let task = json!({"week_number": week, "due_date": due_date, "status": status});
    tasks::make(app, user, task).await["id"].as_i64().unwrap()
}

/// The ids in a list of nobody's tasks.
fn ids(report: &Value, list: &str, of: impl Fn(&Value) -> bool) -> Vec<i64> {
    let tasks = report["people"][0][list].as_array().map(Vec::as_slice).unwrap_or_default();
    tasks.iter().filter(|task| of(task)).map(|task| task["id"].as_i64().unwrap()).collect()
}

/// The ids of late tasks, and of tasks carried over, of which these are not late.
async fn late_but(app: &TestApp, user: &Session, week: i64, not_late: &[i64]) -> (Vec<i64>, Vec<i64>) {
    let report = report(app, user, &format!("week={week}")).await;
    let late = ids(&report, "open", |task| task["late"] == true);
    let carried_over = ids(&report, "carried_over", |_| true);
    assert_eq!(ids(&report, "carried_over", |task| task["late"] == false), not_late, "{week}");
    let counts = &report["totals"]["tasks"];
    assert_eq!([&counts["late"], &counts["carried_over"]], [late.len(), carried_over.len()], "{week}");
    assert!(ids(&report, "done", |task| task["late"] == true).is_empty(), "{week}");
    (late, carried_over)
}

/// The ids of late tasks, and of tasks carried over, all of which are late.
async fn late(app: &TestApp, user: &Session, week: i64) -> (Vec<i64>, Vec<i64>) {
    late_but(app, user, week, &[]).await
}

on_both! {
    async fn an_open_task_is_late_when_its_day_is_over(app) {
        let user = app.user("tenant-a", Viewer).await;
        let over = make(&app, &user, 6, "2026-02-06T14:59:59.999999Z").await;
        let today = make(&app, &user, 6, "2026-02-06T15:00:00Z").await;
        let tonight = make(&app, &user, 6, "2026-02-07T14:59:59.999999Z").await;
        make(&app, &user, 6, "2026-02-07T15:00:00Z").await;
        assert_eq!(late(&app, &user, 6).await, (vec![over], vec![]));
        // Past midnight in Seoul.
        app.advance(5 * 3600);
        let user = app.user("tenant-a", Viewer).await;
        assert_eq!(report(&app, &user, "").await["late_before"], "2026-02-08");
        assert_eq!(late(&app, &user, 6).await, (vec![over, today, tonight], vec![]));
    }

    async fn what_is_done_or_given_up_is_not_late(app) {
        let user = app.user("tenant-a", Viewer).await;
        let due = "2026-02-03T00:00:00Z";
        let mut open = Vec::new();
        for status in ["pending", "in_progress", "review", "completed", "cancelled"] {
            for week in [5, 6] {
                let id = make_with(&app, &user, week, due, status).await;
                if !["completed", "cancelled"].contains(&status) {
                    open.push((week, id));
                }
            }
        }
        let of = |week: i64| open.iter().filter(|(own, _)| *own == week).map(|(_, id)| *id).collect::<Vec<_>>();
        assert_eq!(late(&app, &user, 6).await, (of(6), of(5)));
        let counts = json!({"done": 1, "open": 3, "late": 3, "cancelled": 1, "carried_over": 3});
        assert_eq!(report(&app, &user, "week=6").await["totals"]["tasks"], counts);
    }

    async fn what_has_no_due_date_is_late_when_its_week_has_ended_and_is_not_lost(app) {
        let user = app.user("tenant-a", Viewer).await;
        let mut made = Vec::new();
        for week in [4, 5, 6, 7] {
            for status in ["pending", "completed", "cancelled"] {
                let task = tasks::make(&app, &user, json!({"week_number": week, "status": status})).await;
                made.extend(task["id"].as_i64().filter(|_| status == "pending"));
            }
        }
        let [fourth, fifth, sixth, seventh] = made[..] else { panic!("{made:?}") };
        assert_eq!(late(&app, &user, 4).await, (vec![fourth], vec![]));
        assert_eq!(late(&app, &user, 5).await, (vec![fifth], vec![fourth]));
        // This week has not ended yet, nor has it when a week to come is looked at.
        assert_eq!(late(&app, &user, 6).await, (vec![], vec![fourth, fifth]));
        assert_eq!(late_but(&app, &user, 7, &[sixth]).await, (vec![], vec![fourth, fifth, sixth]));
        let all = [fourth, fifth, sixth, seventh];
        assert_eq!(late_but(&app, &user, 8, &[sixth, seventh]).await, (vec![], all.to_vec()));
        // Past the Sunday in Seoul.
        app.advance(2 * 86_400);
        let user = app.user("tenant-a", Viewer).await;
        assert_eq!(late(&app, &user, 6).await, (vec![sixth], vec![fourth, fifth]));
        assert_eq!(late(&app, &user, 7).await, (vec![], vec![fourth, fifth, sixth]));
    }

    async fn what_is_not_due_yet_is_carried_over_too(app) {
        let user = app.user("tenant-a", Viewer).await;
        let without = tasks::make(&app, &user, json!({"week_number": 5})).await["id"].as_i64().unwrap();
        let later = make(&app, &user, 5, "2026-03-01T00:00:00Z").await;
        let over = make(&app, &user, 5, "2026-02-06T00:00:00Z").await;
        assert_eq!(late_but(&app, &user, 6, &[later]).await, (vec![], vec![over, later, without]));
    }

    async fn in_a_past_week_it_counts_what_was_over_when_the_week_ended(app) {
        let user = app.user("tenant-a", Viewer).await;
        let (last, next) = ("2026-02-01T14:59:59.999999Z", "2026-02-01T15:00:00Z");
        let [earlier, then] = [make(&app, &user, 4, last).await, make(&app, &user, 4, next).await];
        let [own, _] = [make(&app, &user, 5, last).await, make(&app, &user, 5, next).await];
        assert_eq!(late_but(&app, &user, 5, &[then]).await, (vec![own], vec![earlier, then]));
        assert_eq!(report(&app, &user, "week=5").await["late_before"], "2026-02-02");
        // Seen from this week all four are late.
        assert_eq!(late(&app, &user, 6).await, (vec![], vec![1, 3, 2, 4]));
    }

    async fn in_a_week_to_come_it_counts_what_is_over_today(app) {
        let user = app.user("tenant-a", Viewer).await;
        let over = make(&app, &user, 6, "2026-02-06T14:59:59Z").await;
        let tomorrow = make(&app, &user, 6, "2026-02-08T00:00:00Z").await;
        make(&app, &user, 7, "2026-02-08T00:00:00Z").await;
        let early = make(&app, &user, 7, "2026-02-02T00:00:00Z").await;
        assert_eq!(late_but(&app, &user, 7, &[tomorrow]).await, (vec![early], vec![over, tomorrow]));
        assert_eq!(report(&app, &user, "week=7").await["late_before"], "2026-02-07");
        // A task of a later week is no part of an earlier one's report.
        assert_eq!(late(&app, &user, 6).await, (vec![over], vec![]));
    }

    async fn what_was_carried_over_is_gone_when_it_is_done(app) {
        let user = app.user("tenant-a", Viewer).await;
        let id = make(&app, &user, 5, "2026-01-30T00:00:00Z").await;
        assert_eq!(late(&app, &user, 6).await, (vec![], vec![id]));
        let done = json!({"status": "completed"});
        app.patch(&format!("/api/v1/tasks/{id}"), done).by(&user).expect(200).await;
        assert_eq!(report(&app, &user, "week=6").await["people"], json!([]));
        let counts = json!({"done": 1, "open": 0, "late": 0, "cancelled": 0, "carried_over": 0});
        assert_eq!(report(&app, &user, "week=5").await["totals"]["tasks"], counts);
    }

    async fn lists_go_by_due_date_and_end_with_what_has_none(app) {
        let user = app.user("tenant-a", Viewer).await;
        for status in ["pending", "completed", "review"] {
            tasks::make(&app, &user, json!({"status": status})).await;
            make_with(&app, &user, 6, "2026-02-20T00:00:00Z", status).await;
            make_with(&app, &user, 6, "2026-02-10T00:00:00Z", status).await;
        }
        let report = report(&app, &user, "").await;
        assert_eq!(ids(&report, "open", |_| true), [3, 9, 2, 8, 1, 7]);
        assert_eq!(ids(&report, "done", |_| true), [6, 5, 4]);
    }
}
