//! What a report says, whole, in each of its forms.

use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::json;

use super::{call, make_other_tenant, make_week, report};
use crate::on_both;

const STYLE: &str = include_str!("../../../src/reports/style.css");

/// The page in this file, without what is there for the eye.
fn page(text: &str) -> String {
    text.lines().map(str::trim).collect::<String>().replace("[style]", STYLE)
}

on_both! {
    async fn it_tells_programs_what_was_done_is_open_and_is_late(app) {
        let (kim, lee) = make_week(&app).await;
        let truncated = json!({
            "tasks": false, "carried_over": false, "meetings": false, "attendees": false, "action_items": false,
        });
        let people = json!([
            {
                "assignee": {"id": lee.id, "name": "Lee"},
                "counts": {"done": 0, "open": 0, "late": 0, "cancelled": 1, "carried_over": 1},
                "done": [], "open": [],
                "carried_over": [{
                    "id": 10, "title": "Long overdue", "status": "pending", "priority": "medium",
                    "due_date": "2025-12-26T00:00:00.000000Z", "week_number": 52, "year": 2025, "late": true,
                }],
            },
            {
                "assignee": {"id": kim.id, "name": "김지은"},
                "counts": {"done": 1, "open": 2, "late": 1, "cancelled": 0, "carried_over": 2},
                "done": [{
                    "id": 1, "title": "방화벽 점검", "status": "completed", "priority": "high",
                    "due_date": "2026-02-05T09:00:00.000000Z", "week_number": 6, "year": 2026, "late": false,
                }],
                "open": [
                    {
                        "id": 2, "title": "Write report", "status": "in_progress", "priority": "urgent",
                        "due_date": "2026-02-06T14:59:59.999999Z", "week_number": 6, "year": 2026, "late": true,
                    },
                    {
                        "id": 3, "title": "Patch servers", "status": "pending", "priority": "medium",
                        "due_date": "2026-02-06T15:00:00.000000Z", "week_number": 6, "year": 2026, "late": false,
                    },
                ],
                "carried_over": [
                    {
                        "id": 4, "title": "Old audit", "status": "review", "priority": "low",
                        "due_date": "2026-01-30T00:00:00.000000Z", "week_number": 5, "year": 2026, "late": true,
                    },
                    {
                        "id": 6, "title": "Old without a due date", "status": "pending", "priority": "medium",
                        "due_date": null, "week_number": 5, "year": 2026, "late": true,
                    },
                ],
            },
            {
                "assignee": null,
                "counts": {"done": 0, "open": 1, "late": 0, "cancelled": 0, "carried_over": 0},
                "done": [],
                "open": [{
                    "id": 7, "title": "Idea", "status": "pending", "priority": "low", "due_date": null,
                    "week_number": 6, "year": 2026, "late": false,
                }],
                "carried_over": [],
            },
        ]);
        let meetings = json!([
            {
                "id": 1, "title": "주간 회의", "meeting_date": "2026-02-02T01:00:00.000000Z", "location": "3층 회의실",
                "status": "published",
                "attendees": [
                    {"name": "김지은", "attendance": "invited"}, {"name": "Lee", "attendance": "absent"},
                ],
                "decisions": "라이선스 갱신\n\n방화벽 교체",
                "action_item_counts": {"open": 1, "done": 1, "cancelled": 1},
                "action_items": [
                    {"id": 2, "description": "교체 일정 공지", "status": "pending", "assignee_name": "Lee"},
                    {"id": 1, "description": "견적 받기", "status": "completed", "assignee_name": null},
                ],
            },
            {
                "id": 2, "title": "Last minute", "meeting_date": "2026-02-08T14:59:59.999999Z", "location": null,
                "status": "draft", "attendees": [], "decisions": null,
                "action_item_counts": {"open": 0, "done": 0, "cancelled": 0}, "action_items": [],
            },
        ]);
        let expected = json!({"report": {
            "year": 2026, "week_number": 6, "from": "2026-02-02", "to": "2026-02-08", "timezone": "Asia/Seoul",
            "late_before": "2026-02-07", "generated_at": "2026-02-07T10:17:56.942016Z",
            "totals": {
                "tasks": {"done": 1, "open": 3, "late": 1, "cancelled": 1, "carried_over": 3}, "meetings": 2,
            },
            "people": people, "meetings": meetings, "truncated": truncated,
        }});
        assert_eq!(call(&app, &kim, "year=2026&week=6").expect(200).await, expected);
        assert_eq!(call(&app, &lee, "").expect(200).await, expected);
    }

    async fn it_tells_readers_the_same_in_markdown(app) {
        let (_, lee) = make_week(&app).await;
        let reply = call(&app, &lee, "format=markdown").send().await;
        assert_eq!(reply.header("content-type"), Some("text/markdown; charset=utf-8"));
        assert_eq!(reply.header("content-disposition"), Some("inline; filename=\"weekly-report-2026-W06.md\""));
        assert_eq!(reply.text(), include_str!("weekly.md"));
    }

    async fn it_tells_readers_the_same_on_a_page_to_print(app) {
        let (_, lee) = make_week(&app).await;
        let reply = call(&app, &lee, "format=html").header("accept-language", "ko-KR").send().await;
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(reply.header("content-disposition"), Some("inline; filename=\"weekly-report-2026-W06.html\""));
        assert_eq!(reply.text(), page(include_str!("weekly.html")));
    }

    async fn a_tenant_without_rows_has_an_empty_report(app) {
        make_other_tenant(&app).await;
        let user = app.user("tenant-c", Viewer).await;
        let none = json!({"done": 0, "open": 0, "late": 0, "cancelled": 0, "carried_over": 0});
        let expected = json!({
            "year": 2026, "week_number": 6, "from": "2026-02-02", "to": "2026-02-08", "timezone": "Asia/Seoul",
            "late_before": "2026-02-07", "generated_at": "2026-02-07T10:17:56.942016Z",
            "totals": {"tasks": none, "meetings": 0}, "people": [], "meetings": [],
            "truncated": {
                "tasks": false, "carried_over": false, "meetings": false, "attendees": false, "action_items": false,
            },
        });
        assert_eq!(report(&app, &user, "").await, expected);
        let markdown = call(&app, &user, "format=markdown").send().await.text();
        let counts = "| 0 | 0 | 0 | 0 | 0 | 0 |";
        let rest = "## Tasks\n\nThere are no tasks.\n\n## Meetings\n\nThere are no meetings.\n";
        assert!(markdown.ends_with(&format!("{counts}\n\n{rest}")), "{markdown}");
        let page = call(&app, &user, "format=html").send().await.text();
        let rest = "<h2>Tasks</h2><p>There are no tasks.</p><h2>Meetings</h2><p>There are no meetings.</p>";
        assert!(page.ends_with(&format!("</ul>{rest}</body></html>")), "{page}");
    }

    async fn people_come_by_name_and_those_who_have_left_are_named_too(app) {
        let owner = app.user_named("tenant-a", Owner, "owner@example.com", "나").await;
        let first = app.user_named("tenant-a", Viewer, "first@example.com", "가").await;
        let same = app.user_named("tenant-a", Viewer, "same@example.com", "가").await;
        for assignee in [None, Some(owner.id), Some(same.id), Some(first.id)] {
            crate::tasks::make(&app, &owner, json!({"assigned_to": assignee})).await;
        }
        let leave = json!({"is_active": false});
        app.patch(&format!("/api/v1/users/{}", first.id), leave).by(&owner).expect(200).await;
        let report = report(&app, &owner, "").await;
        let people: Vec<_> = report["people"].as_array().unwrap().iter().map(|person| &person["assignee"]).collect();
        assert_eq!(json!(people), json!([
            {"id": first.id, "name": "가"}, {"id": same.id, "name": "가"}, {"id": owner.id, "name": "나"}, null,
        ]));
    }
}
