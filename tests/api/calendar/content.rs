//! What is in a user's calendar.

use bizcenter::clock::Timestamp;
use bizcenter::db::{Value as Bound, sql};
use bizcenter::policy::Role::{Admin, Analyst, Editor, Owner, Viewer};
use serde_json::json;

use super::reader::{all, events, lines};
use super::{CALENDAR, HEAD, attend, make, make_item};
use crate::app::{Session, TestApp};
use crate::on_both;

const INSERT: &str = "insert into meetings (tenant_id, title, meeting_date, status, search_text, version, created_at, \
                      updated_at, created_by) values ";

/// The titles in a calendar, sorted.
async fn titles(app: &TestApp, user: &Session, query: &str) -> Vec<String> {
    let mut titles = all(&app.get(&format!("{CALENDAR}{query}")).by(user).send().await, "SUMMARY");
    titles.sort_unstable();
    titles
}

on_both! {
    async fn a_calendar_has_meetings_and_what_is_due(app) {
        let owner = app.user_named("test-001", Owner, "kim@example.com", "김지은").await;
        let due = "2026-02-13T18:00:00+09:00";
        let meeting = make(&app, &owner, "meeting", json!({"location": "3층", "status": "published"})).await;
        make(&app, &owner, "task", json!({"assigned_to": owner.id, "due_date": due})).await;
        make_item(&app, &owner, meeting, json!({"description": "점검", "assigned_to": owner.id, "due_date": due})).await;
        make(&app, &owner, "contract", json!({})).await;
        let reply = app.get(CALENDAR).by(&owner).send().await;
        for (name, value) in [
            ("cache-control", "private, no-cache"), ("content-disposition", "attachment; filename=\"calendar.ics\""),
        ] {
            assert_eq!(reply.header(name), Some(value));
        }
        let stamps = ["DTSTAMP:20260207T101756Z", "LAST-MODIFIED:20260207T101756Z"];
        let expected = [
            &HEAD[..],
            &["BEGIN:VEVENT", "UID:task-1.b3117469a5faaa96@bizcenter"], &stamps,
            &[
                "SEQUENCE:1", "DTSTART;VALUE=DATE:20260213", "DTEND;VALUE=DATE:20260214", "TRANSP:TRANSPARENT",
                "SUMMARY:Due: 보고", "DESCRIPTION:Due: 2026-02-13 18:00 (Asia/Seoul)", "STATUS:CONFIRMED", "END:VEVENT",
                "BEGIN:VEVENT", "UID:action-item-1.b3117469a5faaa96@bizcenter",
            ],
            &stamps,
            &[
                "DTSTART;VALUE=DATE:20260213", "DTEND;VALUE=DATE:20260214", "TRANSP:TRANSPARENT", "SUMMARY:Due: 점검",
                "DESCRIPTION:Due: 2026-02-13 18:00 (Asia/Seoul)\\nMeeting: 주간 회의", "STATUS:CONFIRMED", "END:VEVENT",
                "BEGIN:VEVENT", "UID:contract-1.b3117469a5faaa96@bizcenter",
            ],
            &stamps,
            &[
                "SEQUENCE:1", "DTSTART;VALUE=DATE:20260331", "DTEND;VALUE=DATE:20260401", "TRANSP:TRANSPARENT",
                "SUMMARY:Contract ends: 관제 (가나상사)", "DESCRIPTION:Contract number: C-1", "STATUS:CONFIRMED",
                "END:VEVENT", "BEGIN:VEVENT", "UID:meeting-1.b3117469a5faaa96@bizcenter",
            ],
            &stamps,
            &[
                "SEQUENCE:1", "DTSTART:20260209T010000Z", "DURATION:PT1H", "SUMMARY:주간 회의", "LOCATION:3층",
                "STATUS:CONFIRMED", "END:VEVENT", "END:VCALENDAR",
            ],
        ];
        assert_eq!(lines(&reply), expected.concat());
        let korean = app.get(CALENDAR).header("accept-language", "ko").by(&owner).send().await;
        assert_eq!(all(&korean, "SUMMARY"), ["마감: 보고", "마감: 점검", "계약 종료: 관제 (가나상사)", "주간 회의"]);
        assert_eq!(all(&korean, "DESCRIPTION"), [
            "마감: 2026-02-13 18:00 (Asia/Seoul)", "마감: 2026-02-13 18:00 (Asia/Seoul)\n회의: 주간 회의", "계약 번호: C-1",
        ]);
    }

    async fn an_empty_calendar_is_a_calendar(app) {
        let user = app.user("test-001", Viewer).await;
        let expected = [&HEAD[..], &["END:VCALENDAR"]].concat();
        assert_eq!(lines(&app.get(CALENDAR).by(&user).send().await), expected);
    }

    async fn mine_are_the_meetings_that_one_attends_or_has_made(app) {
        let (kim, lee) = (app.user("test-001", Editor).await, app.user("test-001", Viewer).await);
        for (maker, title, attendee) in [(&kim, "both", Some(&lee)), (&kim, "kim's", None), (&lee, "lee's", None)] {
            let id = make(&app, maker, "meeting", json!({"title": title})).await;
            if let Some(attendee) = attendee {
                attend(&app, maker, id, attendee).await;
            }
        }
        for query in ["", "?scope=mine", "?scope=mine&scope=all", "?unknown=all"] {
            assert_eq!(titles(&app, &kim, query).await, ["both", "kim's"], "{query}");
            assert_eq!(titles(&app, &lee, query).await, ["both", "lee's"], "{query}");
        }
        for user in [&kim, &lee] {
            assert_eq!(titles(&app, user, "?scope=all").await, ["both", "kim's", "lee's"]);
        }
    }

    async fn only_what_is_open_and_ones_own_is_due(app) {
        let (kim, lee) = (app.user("test-001", Owner).await, app.user("test-001", Admin).await);
        let meeting = make(&app, &kim, "meeting", json!({"meeting_date": "2020-01-01T00:00:00Z"})).await;
        let due = "2026-02-10T00:00:00Z";
        for status in ["pending", "in_progress", "review", "completed", "cancelled"] {
            let task = json!({"title": status, "status": status, "assigned_to": kim.id, "due_date": due});
            make(&app, &kim, "task", task).await;
            if status == "review" {
                continue;
            }
            let item = json!({"description": format!("item {status}"), "assigned_to": kim.id, "due_date": due});
            let id = make_item(&app, &kim, meeting, item).await;
            let path = format!("/api/v1/meetings/{meeting}/action-items/{id}");
            app.patch(&path, json!({"status": status})).by(&kim).expect(200).await;
        }
        make(&app, &kim, "task", json!({"title": "lee's", "assigned_to": lee.id, "due_date": due})).await;
        make(&app, &lee, "task", json!({"title": "nobody's", "due_date": due})).await;
        make(&app, &kim, "task", json!({"title": "whenever", "assigned_to": kim.id})).await;
        let both = json!({"description": "converted", "assigned_to": kim.id, "due_date": due});
        let both = make_item(&app, &kim, meeting, both).await;
        let expected = |more: &str| {
            let mut titles = ["in_progress", "item in_progress", "item pending", "pending", "review", more]
                .map(|title| format!("Due: {title}"));
            titles.sort_unstable();
            titles
        };
        assert_eq!(titles(&app, &kim, "?scope=all").await, expected("converted"));
        // As a task it is there once, and whatever becomes of the task.
        let convert = format!("/api/v1/meetings/{meeting}/action-items/{both}/convert-to-task");
        let task = app.post(&convert, json!({})).by(&kim).expect(201).await["task"]["id"].clone();
        app.patch(&format!("/api/v1/tasks/{task}"), json!({"title": "task now"})).by(&kim).expect(200).await;
        assert_eq!(titles(&app, &kim, "").await, expected("task now"));
        assert_eq!(titles(&app, &lee, "").await, ["Due: lee's"]);
    }

    async fn contracts_end_for_those_who_may_read_them_without_their_amounts(app) {
        let owner = app.user("test-001", Owner).await;
        for status in ["draft", "active", "expired", "terminated", "renewed"] {
            let contract = json!({"title": status, "contract_number": status, "status": status});
            make(&app, &owner, "contract", contract).await;
        }
        for (role, sees) in [(Owner, true), (Admin, true), (Editor, true), (Analyst, false), (Viewer, false)] {
            let user = app.user("test-001", role).await;
            let reply = app.get(CALENDAR).by(&user).send().await;
            assert!(!reply.text().contains("98765") && !reply.text().contains("KRW"), "{}", reply.text());
            let ends = ["Contract ends: active (가나상사)", "Contract ends: expired (가나상사)"];
            assert_eq!(titles(&app, &user, "").await, if sees { ends.to_vec() } else { Vec::new() }, "{role:?}");
        }
    }

    async fn it_reaches_from_ninety_days_ago_to_a_year_ahead(app) {
        let owner = app.user("test-001", Owner).await;
        let old = make(&app, &owner, "meeting", json!({"meeting_date": "2020-01-01T00:00:00Z"})).await;
        let moments = [
            ("2025-11-08T23:59:59.999999Z", false), ("2025-11-09T00:00:00Z", true),
            ("2027-02-08T23:59:59.999999Z", true), ("2027-02-09T00:00:00Z", false),
        ];
        for (moment, _) in moments {
            make(&app, &owner, "meeting", json!({"title": moment, "meeting_date": moment})).await;
            let task = json!({"title": moment, "due_date": moment, "assigned_to": owner.id});
            make(&app, &owner, "task", task).await;
            let item = json!({"description": moment, "due_date": moment, "assigned_to": owner.id});
            make_item(&app, &owner, old, item).await;
        }
        let days = [("2025-11-08", false), ("2025-11-09", true), ("2027-02-08", true), ("2027-02-09", false)];
        for (day, _) in days {
            let contract = json!({"title": day, "contract_number": day, "start_date": "2020-01-01", "end_date": day});
            make(&app, &owner, "contract", contract).await;
        }
        let mut expected = Vec::new();
        for (moment, _) in moments.iter().filter(|(_, is_in)| *is_in) {
            expected.extend([(*moment).to_owned(), format!("Due: {moment}"), format!("Due: {moment}")]);
        }
        let ends = days.iter().filter(|(_, is_in)| *is_in);
        expected.extend(ends.map(|(day, _)| format!("Contract ends: {day} (가나상사)")));
        expected.sort_unstable();
        assert_eq!(titles(&app, &owner, "").await, expected);
    }

    async fn days_are_where_the_users_are(app, APP_TIMEZONE = "America/New_York") {
        let owner = app.user("test-001", Owner).await;
        let due = "2026-03-08T04:30:00Z";
        make(&app, &owner, "task", json!({"assigned_to": owner.id, "due_date": due})).await;
        make(&app, &owner, "meeting", json!({"meeting_date": due})).await;
        make(&app, &owner, "contract", json!({"end_date": "2026-03-08"})).await;
        let reply = app.get(CALENDAR).by(&owner).send().await;
        assert!(lines(&reply).contains(&"X-WR-TIMEZONE:America/New_York".to_owned()));
        let events = events(&reply);
        let days: Vec<_> = events.iter().filter_map(|event| event.get("DTSTART;VALUE=DATE")).collect();
        assert_eq!(days, ["20260307", "20260308"]);
        assert_eq!(events[0]["DESCRIPTION"], "Due: 2026-03-07 23:30 (America/New_York)");
        assert_eq!(events[2]["DTSTART"], "20260308T043000Z");
    }

    async fn what_the_caller_has_already_is_not_sent_again(app, JWT_ACCESS_TOKEN_EXPIRES = "172800") {
        let owner = app.user("test-001", Owner).await;
        let meeting = make(&app, &owner, "meeting", json!({})).await;
        let tag = async |known: &str| {
            let reply = app.get(CALENDAR).header("if-none-match", known).by(&owner).send().await;
            (reply.status, reply.bytes.is_empty(), reply.header("etag").unwrap().to_owned())
        };
        let (_, _, mut known) = tag("").await;
        // Time alone changes nothing.
        app.advance(86_400);
        assert_eq!(tag(&known).await, (304, true, known.clone()));
        let due = json!({"assigned_to": owner.id, "due_date": "2026-02-10T00:00:00Z"});
        for step in 0..5 {
            match step {
                0 => {
                    make(&app, &owner, "task", due.clone()).await;
                }
                1 => attend(&app, &owner, meeting, &owner).await,
                2 => drop(app.patch("/api/v1/meetings/1", json!({"title": "새 제목"})).by(&owner).expect(200).await),
                3 => drop(app.patch("/api/v1/tasks/1", json!({"status": "completed"})).by(&owner).expect(200).await),
                _ => drop(app.delete("/api/v1/meetings/1").by(&owner).expect(204).await),
            }
            let (status, is_empty, new) = tag(&known).await;
            assert_eq!((status, is_empty, new == known), (200, false, false), "{step}");
            known = new;
            assert_eq!(tag(&known).await, (304, true, known.clone()), "{step}");
        }
    }

    async fn another_tenants_rows_are_in_nobodys_calendar(app) {
        let (kim, lee) = (app.user("test-001", Owner).await, app.user("test-002", Owner).await);
        let meeting = make(&app, &kim, "meeting", json!({})).await;
        let due = json!({"assigned_to": kim.id, "due_date": "2026-02-10T00:00:00Z", "title": "x"});
        make(&app, &kim, "task", due).await;
        let item = json!({"description": "y", "assigned_to": kim.id, "due_date": "2026-02-10T00:00:00Z"});
        make_item(&app, &kim, meeting, item).await;
        make(&app, &kim, "contract", json!({})).await;
        for query in ["", "?scope=all"] {
            assert_eq!(titles(&app, &kim, query).await.len(), 4);
            assert_eq!(titles(&app, &lee, query).await, Vec::<String>::new());
        }
    }

    async fn of_very_much_the_nearest_is_there_and_each_kind_has_room(app) {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, "meeting", json!({"title": "today's"})).await;
        let due = |title: &str, due_date: &str| json!({"title": title, "assigned_to": owner.id, "due_date": due_date});
        make(&app, &owner, "task", due("today's", "2026-02-07T12:00:00Z")).await;
        make(&app, &owner, "task", due("last month's", "2026-01-08T00:00:00Z")).await;
        make(&app, &owner, "task", due("older", "2026-01-07T23:59:59Z")).await;
        make(&app, &owner, "contract", json!({"title": "this month's", "end_date": "2026-02-28"})).await;
        // Far more in a year, and long ago.
        let now = app.now();
        let moment = |days: i64, minutes: i64| {
            Timestamp::from_micros(now.micros() + days * 86_400_000_000 + minutes * 60_000_000).unwrap()
        };
        for (first, name) in [(300_i64, "far"), (-80, "past")] {
            let rows = (0..1010_i64).map(|number| {
                let title = Bound::from(format!("{name} {number}"));
                let texts = [Bound::from("test-001"), title, moment(first, number).into()];
                let rest = [Bound::from("draft"), Bound::from(""), Bound::from(1_i64), now.into(), now.into()];
                texts.into_iter().chain(rest).chain([Bound::from(owner.id)]).collect()
            });
            assert_eq!(app.execute(sql(INSERT).values(rows)).await, 1010);
            let tasks: Vec<_> = (0..1010_i64).map(|number| json!({
                "title": format!("{name} {number}"), "assigned_to": owner.id, "due_date": moment(first, number),
                "week_number": 1, "year": 2026,
            })).collect();
            for tasks in tasks.chunks(500) {
                app.post("/api/v1/tasks/bulk", json!({"tasks": tasks})).by(&owner).expect(201).await;
            }
        }
        let found = titles(&app, &owner, "").await;
        let count = |start: &str| found.iter().filter(|title| title.starts_with(start)).count();
        assert_eq!([count("Due: far"), count("far"), count("past"), count("Due: past")], [998, 999, 0, 0]);
        for (title, is_there) in [
            ("today's", true), ("Due: today's", true), ("Due: last month's", true), ("Due: older", false),
            ("Contract ends: this month's (가나상사)", true), ("far 998", true), ("far 999", false),
            ("Due: far 997", true), ("Due: far 998", false),
        ] {
            assert_eq!(found.iter().any(|own| own == title), is_there, "{title}");
        }
        // With more room, the latest of what is past.
        app.execute(sql("delete from meetings where title like ?").bind("far%")).await;
        app.execute(sql("delete from tasks where title like ?").bind("far%")).await;
        let found = titles(&app, &owner, "").await;
        let count = |start: &str| found.iter().filter(|title| title.starts_with(start)).count();
        assert_eq!([count("past"), count("Due: past")], [999, 997]);
        for (title, is_there) in [
            ("Due: older", true), ("past 11", true), ("past 10", false), ("Due: past 13", true), ("Due: past 12", false),
        ] {
            assert_eq!(found.iter().any(|own| own == title), is_there, "{title}");
        }
    }

    async fn two_installations_know_their_events_apart(app, PUBLIC_URL = "https://staging.example.com:8443/biz") {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, "meeting", json!({})).await;
        make(&app, &owner, "task", json!({"assigned_to": owner.id, "due_date": "2026-02-10T00:00:00Z"})).await;
        let expected = ["task", "meeting"].map(|kind| format!("{kind}-1.b3117469a5faaa96@staging.example.com"));
        assert_eq!(all(&app.get(CALENDAR).by(&owner).send().await, "UID"), expected);
        let one = app.get("/api/v1/meetings/1/calendar.ics").by(&owner).send().await;
        assert_eq!(all(&one, "UID"), expected[1..]);
    }
}
