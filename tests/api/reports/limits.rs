//! Large weeks: lists are bounded and say so, counts are exact.

use bizcenter::db::{Value as Bound, sql};
use bizcenter::policy::Role::Viewer;
use serde_json::{Value, json};

use super::{call, make_action_item, make_meeting, report};
use crate::app::{Session, TestApp};
use crate::on_both;

const CUT: &str = "Not everything is shown; the counts are of everything.";

/// Makes as many tasks with these fields.
async fn make_tasks(app: &TestApp, user: &Session, count: usize, fields: &Value) {
    let mut rest = count;
    while rest > 0 {
        let part = rest.min(500);
        let tasks = json!({"tasks": vec![fields; part]});
        app.post("/api/v1/tasks/bulk", tasks).by(user).expect(201).await;
        rest -= part;
    }
}

/// What is truncated.
fn truncated(report: &Value) -> Vec<&str> {
    let flags = report["truncated"].as_object().unwrap();
    flags.iter().filter(|(_, is_cut)| **is_cut == true).map(|(name, _)| name.as_str()).collect()
}

/// How many rows a list of the first person shows.
fn shown(report: &Value, list: &str) -> usize {
    report["people"][0][list].as_array().unwrap().len()
}

on_both! {
    async fn a_thousand_tasks_are_shown_and_all_are_counted(app) {
        let user = app.user("tenant-a", Viewer).await;
        let done = json!({"title": "done", "week_number": 6, "year": 2026, "status": "completed"});
        let open = json!({"title": "open", "week_number": 6, "year": 2026});
        let cancelled = json!({"title": "cancelled", "week_number": 6, "year": 2026, "status": "cancelled"});
        make_tasks(&app, &user, 1, &done).await;
        make_tasks(&app, &user, 999, &open).await;
        make_tasks(&app, &user, 2, &cancelled).await;
        let full = report(&app, &user, "").await;
        assert_eq!((shown(&full, "open"), shown(&full, "done"), truncated(&full)), (999, 1, vec![]));
        make_tasks(&app, &user, 1, &open).await;
        let cut = report(&app, &user, "").await;
        // What is open comes first.
        assert_eq!((shown(&cut, "open"), shown(&cut, "done"), truncated(&cut)), (1000, 0, vec!["tasks"]));
        let counts = json!({"done": 1, "open": 1000, "late": 0, "cancelled": 2, "carried_over": 0});
        assert_eq!([&cut["totals"]["tasks"], &cut["people"][0]["counts"]], [&counts, &counts]);
        for format in ["markdown", "html"] {
            let text = call(&app, &user, &format!("format={format}")).send().await.text();
            assert_eq!(text.matches(CUT).count(), 1, "{format}");
        }
    }

    async fn five_hundred_tasks_are_carried_over_and_all_are_counted(app) {
        let user = app.user("tenant-a", Viewer).await;
        let late = json!({"title": "late", "week_number": 5, "year": 2026, "due_date": "2026-01-30T00:00:00Z"});
        make_tasks(&app, &user, 500, &late).await;
        let full = report(&app, &user, "").await;
        assert_eq!((shown(&full, "carried_over"), truncated(&full)), (500, vec![]));
        make_tasks(&app, &user, 1, &late).await;
        let cut = report(&app, &user, "").await;
        assert_eq!((shown(&cut, "carried_over"), truncated(&cut)), (500, vec!["carried_over"]));
        assert_eq!(cut["totals"]["tasks"]["carried_over"], 501);
    }

    async fn two_hundred_meetings_are_shown_and_all_are_counted(app) {
        const INSERT: &str = "insert into meetings (tenant_id, title, meeting_date, status, search_text, version, \
                              created_at, updated_at) values ";
        let user = app.user("tenant-a", Viewer).await;
        let row = |number: usize| -> Vec<Bound> {
            let title = format!("Meeting {number}");
            let now = app.now();
            let [draft, no_text, first] = ["draft".into(), "".into(), 1_i64.into()];
            vec!["tenant-a".into(), title.into(), now.into(), draft, no_text, first, now.into(), now.into()]
        };
        app.execute(sql(INSERT).values((1..=200).map(row))).await;
        let full = report(&app, &user, "").await;
        assert_eq!((full["meetings"].as_array().unwrap().len(), truncated(&full)), (200, vec![]));
        app.execute(sql(INSERT).values([row(201)])).await;
        let cut = report(&app, &user, "").await;
        assert_eq!((cut["meetings"].as_array().unwrap().len(), truncated(&cut)), (200, vec!["meetings"]));
        assert_eq!((&cut["totals"]["meetings"], &cut["meetings"][199]["title"]), (&json!(201), &json!("Meeting 200")));
        for format in ["markdown", "html"] {
            let text = call(&app, &user, &format!("format={format}")).send().await.text();
            assert_eq!((text.matches(CUT).count(), text.contains("Meeting 201")), (1, false), "{format}");
        }
    }

    async fn a_thousand_action_items_are_shown_and_all_are_counted(app) {
        const INSERT: &str = "insert into action_items (tenant_id, meeting_id, description, status, created_at, \
                              updated_at) values ";
        let user = app.user("tenant-a", Viewer).await;
        make_meeting(&app, &user, json!({"title": "Long", "meeting_date": "2026-02-03T01:00:00Z"})).await;
        let row = |status: &'static str| -> Vec<Bound> {
            let now = app.now();
            vec!["tenant-a".into(), 1_i64.into(), "Do it".into(), status.into(), now.into(), now.into()]
        };
        app.execute(sql(INSERT).values((0..500).map(|_| row("completed")))).await;
        app.execute(sql(INSERT).values((0..500).map(|_| row("in_progress")))).await;
        app.execute(sql(INSERT).values((0..3).map(|_| row("cancelled")))).await;
        let full = report(&app, &user, "").await;
        assert_eq!((full["meetings"][0]["action_items"].as_array().unwrap().len(), truncated(&full)), (1000, vec![]));
        app.execute(sql(INSERT).values([row("pending")])).await;
        let cut = report(&app, &user, "").await;
        let items = cut["meetings"][0]["action_items"].as_array().unwrap();
        assert_eq!((items.len(), truncated(&cut)), (1000, vec!["action_items"]));
        assert!(items[..501].iter().all(|item| item["status"] != "completed"), "what is open comes first");
        let counts = json!({"open": 501, "done": 500, "cancelled": 3});
        assert_eq!(cut["meetings"][0]["action_item_counts"], counts);
    }

    async fn two_thousand_attendees_are_shown(app) {
        const USERS: &str = "insert into users (tenant_id, email, email_key, password_hash, name, role, is_active, \
                             version, created_at, updated_at) values ";
        const INSERT: &str = "insert into meeting_attendees (tenant_id, meeting_id, user_id, created_at, updated_at) \
                              select u.tenant_id, m.id, u.id, u.created_at, u.updated_at from users u join meetings m \
                              on m.tenant_id = u.tenant_id where u.tenant_id = 'tenant-a' and ";
        let user = app.user("tenant-a", Viewer).await;
        for title in ["First", "Second"] {
            make_meeting(&app, &user, json!({"title": title, "meeting_date": "2026-02-03T01:00:00Z"})).await;
        }
        let row = |number: usize| -> Vec<Bound> {
            let (now, name) = (app.now(), format!("u{number}@example.com"));
            let [email, key, hash, named] = [name.clone().into(), name.into(), "x".into(), "Kim".into()];
            let rest = [true.into(), 1_i64.into(), now.into(), now.into()];
            [Bound::from("tenant-a"), email, key, hash, named, "viewer".into()].into_iter().chain(rest).collect()
        };
        app.execute(sql(USERS).values((0..1000).map(row))).await;
        assert_eq!(app.execute(sql(INSERT).push("u.name = 'Kim' order by m.id, u.id")).await, 2000);
        let attendees = |report: &Value| {
            [0, 1].map(|meeting| report["meetings"][meeting]["attendees"].as_array().unwrap().len())
        };
        let full = report(&app, &user, "").await;
        assert_eq!((attendees(&full), truncated(&full)), ([1000, 1000], vec![]));
        app.execute(sql(INSERT).push("u.name <> 'Kim' and m.title = 'First'")).await;
        let cut = report(&app, &user, "").await;
        assert_eq!((attendees(&cut), truncated(&cut)), ([1000, 1000], vec!["attendees"]));
        for format in ["markdown", "html"] {
            let text = call(&app, &user, &format!("format={format}")).send().await.text();
            assert_eq!(text.matches(CUT).count(), 1, "{format}");
        }
    }

    async fn of_long_texts_two_thousand_characters_are_shown(app) {
        let user = app.user("tenant-a", Viewer).await;
        let (whole, long) = ("가".repeat(2000), "가".repeat(2001));
        for (index, text) in [&whole, &long].into_iter().enumerate() {
            let fields = json!({"title": "x", "meeting_date": "2026-02-03T01:00:00Z", "decisions": text});
            let meeting = make_meeting(&app, &user, fields).await;
            make_action_item(&app, &user, &meeting, json!({"description": text}), "pending").await;
            let shown = if index == 0 { whole.clone() } else { format!("{whole}…") };
            let found = report(&app, &user, "").await["meetings"][index].take();
            assert_eq!(found["decisions"], shown);
            assert_eq!(found["action_items"][0]["description"], shown);
        }
    }
}
