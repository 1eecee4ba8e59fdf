//! What is to be done, and what contracts are worth.

use bizcenter::policy::Role::{Admin, Analyst, Editor, Owner, Viewer};
use serde_json::{Value, json};

use super::{make, make_action_item, summary, travel};
use crate::app::{Session, TestApp};
use crate::on_both;

/// What a tenant without any rows has, as its owner sees it.
fn nothing() -> Value {
    json!({
        "tasks": {
            "total": 0,
            "by_status": {"pending": 0, "in_progress": 0, "review": 0, "completed": 0, "cancelled": 0},
            "by_priority": {"low": 0, "medium": 0, "high": 0, "urgent": 0},
            "overdue": 0,
            "done_this_week": 0,
        },
        "meetings": {"upcoming": 0, "this_week": 0, "open_action_items": 0},
        "contracts": {
            "total": 0,
            "by_status": {"draft": 0, "active": 0, "expired": 0, "terminated": 0, "renewed": 0},
            "ending_in_30_days": 0,
            "ending_in_7_days": 0,
            "amounts": [],
            "active_amounts": [],
        },
    })
}

/// Some rows of each kind.
async fn fill(app: &TestApp, user: &Session) {
    for task in [
        json!({"status": "pending", "priority": "low", "due_date": "2026-01-01T00:00:00Z"}),
        json!({"status": "completed", "priority": "urgent"}),
    ] {
        make(app, user, "task", task).await;
    }
    let meeting = make(app, user, "meeting", json!({})).await;
    make_action_item(app, user, &meeting, "pending", None).await;
    for contract in [
        json!({"status": "active", "end_date": "2026-02-10", "amount": "1.5"}),
        json!({"status": "draft", "currency": "USD", "amount": "0.25"}),
    ] {
        make(app, user, "contract", contract).await;
    }
}

/// What [`fill`] makes of [`nothing`].
fn filled() -> Value {
    let mut filled = nothing();
    filled["tasks"] = json!({
        "total": 2,
        "by_status": {"pending": 1, "in_progress": 0, "review": 0, "completed": 1, "cancelled": 0},
        "by_priority": {"low": 1, "medium": 0, "high": 0, "urgent": 1},
        "overdue": 1,
        "done_this_week": 1,
    });
    filled["meetings"] = json!({"upcoming": 1, "this_week": 0, "open_action_items": 1});
    filled["contracts"] = json!({
        "total": 2,
        "by_status": {"draft": 1, "active": 1, "expired": 0, "terminated": 0, "renewed": 0},
        "ending_in_30_days": 1,
        "ending_in_7_days": 1,
        "amounts": [
            {"currency": "KRW", "total": "1.5", "count": 1, "unreadable": 0},
            {"currency": "USD", "total": "0.25", "count": 1, "unreadable": 0},
        ],
        "active_amounts": [{"currency": "KRW", "total": "1.5", "count": 1, "unreadable": 0}],
    });
    filled
}

async fn check_roles(app: TestApp) {
    let owner = app.user("test-001", Owner).await;
    fill(&app, &owner).await;
    for role in [Owner, Admin, Editor, Analyst, Viewer] {
        let mut expected = filled();
        let contracts = expected["contracts"].as_object_mut().unwrap();
        if !matches!(role, Owner | Admin) {
            contracts.remove("amounts");
            contracts.remove("active_amounts");
        }
        if matches!(role, Analyst | Viewer) {
            expected.as_object_mut().unwrap().remove("contracts");
        }
        let user = app.user("test-001", role).await;
        let reply = app.get("/api/v1/dashboard/summary").by(&user).send().await;
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{role:?}");
        assert_eq!(reply.expect(200), json!({"summary": expected}), "{role:?}");
    }
}

on_both! {
    async fn an_empty_tenant_has_nothing_but_zeros(app) {
        let user = app.user("test-001", Owner).await;
        let answer = app.get("/api/v1/dashboard/summary").by(&user).expect(200).await;
        assert_eq!(answer, json!({"summary": nothing()}));
    }

    async fn contracts_are_for_editors_and_amounts_for_admins(app) {
        check_roles(app).await;
    }

    async fn the_strict_policy_shows_the_same_to_the_same_roles(app, ROLE_POLICY = "strict") {
        check_roles(app).await;
    }

    async fn another_tenants_rows_count_for_him_alone(app) {
        let (kim, lee) = (app.user("test-001", Owner).await, app.user("test-002", Owner).await);
        fill(&app, &kim).await;
        assert_eq!(summary(&app, &lee).await, nothing());
        fill(&app, &lee).await;
        fill(&app, &lee).await;
        assert_eq!(summary(&app, &kim).await, filled());
    }

    async fn tasks_count_by_status_and_priority_and_are_overdue_from_the_next_day_on(app) {
        let user = app.user("test-001", Owner).await;
        for task in [
            // Today began at 2026-02-06T15:00:00Z in Seoul.
            json!({"status": "pending", "priority": "low", "due_date": "2026-02-06T14:59:59.999999Z"}),
            json!({"status": "in_progress", "priority": "medium", "due_date": "2026-02-06T15:00:00Z"}),
            json!({"status": "review", "priority": "high", "due_date": "2026-01-01T00:00:00Z"}),
            json!({"status": "pending"}),
            json!({"status": "completed", "priority": "urgent", "due_date": "2026-01-01T00:00:00Z"}),
            json!({"status": "completed", "priority": "urgent", "week_number": 5}),
            json!({"status": "completed", "year": 2025}),
            json!({"status": "cancelled", "priority": "low", "due_date": "2026-01-01T00:00:00Z"}),
        ] {
            make(&app, &user, "task", task).await;
        }
        let tasks = json!({
            "total": 8,
            "by_status": {"pending": 2, "in_progress": 1, "review": 1, "completed": 3, "cancelled": 1},
            "by_priority": {"low": 2, "medium": 3, "high": 1, "urgent": 2},
            "overdue": 2,
            "done_this_week": 1,
        });
        assert_eq!(summary(&app, &user).await["tasks"], tasks);
        // The last moment of the day, and the first one of the next.
        for (time, overdue) in [("2026-02-07T14:59:59Z", 2), ("2026-02-07T15:00:00Z", 3)] {
            travel(&app, time);
            let user = app.user("test-001", Owner).await;
            assert_eq!(summary(&app, &user).await["tasks"]["overdue"], overdue, "{time}");
        }
    }

    async fn a_day_ends_when_it_ends_where_the_users_are(app, APP_TIMEZONE = "America/New_York") {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, "task", json!({"due_date": "2026-02-07T05:00:00Z"})).await;
        make(&app, &user, "contract", json!({"status": "active", "end_date": "2026-02-07"})).await;
        make(&app, &user, "contract", json!({"status": "active", "end_date": "2026-03-10"})).await;
        for (time, overdue, in_7_days, in_30_days) in
            [("2026-02-08T04:59:58Z", 0, 1, 1), ("2026-02-08T05:00:00Z", 1, 0, 1), ("2026-02-09T05:00:00Z", 1, 0, 1)]
        {
            travel(&app, time);
            let user = app.user("test-001", Owner).await;
            let summary = summary(&app, &user).await;
            assert_eq!(summary["tasks"]["overdue"], overdue, "{time}");
            let contracts = &summary["contracts"];
            let ending = (&contracts["ending_in_7_days"], &contracts["ending_in_30_days"]);
            assert_eq!(ending, (&json!(in_7_days), &json!(in_30_days)), "{time}");
        }
    }

    async fn meetings_are_upcoming_from_now_on_and_of_this_week_from_monday_to_sunday(app) {
        let user = app.user("test-001", Owner).await;
        // In Seoul the week begins and ends at 15:00 UTC.
        for moment in [
            "2026-02-01T14:59:59.999999Z", "2026-02-01T15:00:00Z", "2026-02-07T10:17:56.942015Z",
            "2026-02-07T10:17:56.942016Z", "2026-02-08T14:59:59.999999Z", "2026-02-08T15:00:00Z",
        ] {
            make(&app, &user, "meeting", json!({"meeting_date": moment})).await;
        }
        let meeting = make(&app, &user, "meeting", json!({"meeting_date": "2025-01-01T00:00:00Z"})).await;
        for status in ["pending", "in_progress", "completed", "cancelled"] {
            make_action_item(&app, &user, &meeting, status, None).await;
        }
        let meetings = json!({"upcoming": 3, "this_week": 4, "open_action_items": 2});
        assert_eq!(summary(&app, &user).await["meetings"], meetings);
    }

    async fn contracts_count_by_status_and_end_soon_as_the_list_of_those_says(app) {
        let user = app.user("test-001", Owner).await;
        let days = ["2026-02-06", "2026-02-07", "2026-02-14", "2026-02-15", "2026-03-09", "2026-03-10"];
        for day in days {
            make(&app, &user, "contract", json!({"status": "active", "end_date": day})).await;
        }
        for status in ["draft", "expired", "expired", "terminated", "renewed"] {
            make(&app, &user, "contract", json!({"status": status, "end_date": "2026-02-10"})).await;
        }
        let mut contracts = summary(&app, &user).await["contracts"].take();
        contracts["amounts"].take();
        contracts["active_amounts"].take();
        assert_eq!(contracts, json!({
            "total": 11,
            "by_status": {"draft": 1, "active": 6, "expired": 2, "terminated": 1, "renewed": 1},
            "ending_in_30_days": 4,
            "ending_in_7_days": 2,
            "amounts": null,
            "active_amounts": null,
        }));
        for days in [7, 30] {
            let list = app.get(&format!("/api/v1/contracts/expiring?days={days}")).by(&user).expect(200).await;
            assert_eq!(list["total"], contracts[format!("ending_in_{days}_days")], "{days}");
        }
    }

    async fn a_week_around_new_year_belongs_to_the_year_of_its_thursday(app) {
        let user = app.user("test-001", Owner).await;
        for (year, week_number, count) in [(2026, 1, 1), (2026, 52, 2), (2026, 53, 3), (2027, 1, 4), (2027, 53, 5)] {
            for _ in 0..count {
                let task = json!({"status": "completed", "year": year, "week_number": week_number});
                make(&app, &user, "task", task).await;
            }
        }
        // From Sunday to Monday in Seoul.
        for (time, done) in [
            ("2026-12-27T14:59:59Z", 2), ("2026-12-27T15:00:00Z", 3), ("2027-01-01T03:00:00Z", 3),
            ("2027-01-03T14:59:59Z", 3), ("2027-01-03T15:00:00Z", 4),
        ] {
            travel(&app, time);
            let user = app.user("test-001", Owner).await;
            assert_eq!(summary(&app, &user).await["tasks"]["done_this_week"], done, "{time}");
        }
    }
}
