//! One meeting as a file.

use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::json;

use super::reader::{events, lines};
use super::{CALENDAR, FIRST, attend, make};
use crate::client::{Method, without_request_id};
use crate::on_both;

/// `meeting-1` of the tenant `test-001`.
const UID: &str = "UID:meeting-1.b3117469a5faaa96@bizcenter";

on_both! {
    async fn a_meeting_is_a_file_with_one_event(app) {
        let owner = app.user_named("test-001", Owner, "kim@example.com", "김지은").await;
        let hong = app.user_named("test-001", Viewer, "hong@example.com", "홍길동").await;
        let fields = json!({
            "location": "3층, 대회의실", "agenda": "1. 사고\n2. 갱신", "decisions": "방화벽; 갱신", "notes": "비공개",
        });
        let id = make(&app, &owner, "meeting", fields).await;
        for user in [&owner, &hong] {
            attend(&app, &owner, id, user).await;
        }
        let reply = app.get(FIRST).by(&hong).send().await;
        for (name, value) in [
            ("content-type", "text/calendar; charset=utf-8"), ("cache-control", "private, no-cache"),
            ("content-disposition", "attachment; filename=\"meeting-1.ics\""),
        ] {
            assert_eq!(reply.header(name), Some(value));
        }
        assert!(reply.headers.get_all("vary").iter().any(|line| line == "accept-language"), "{:?}", reply.headers);
        assert_eq!(lines(&reply), [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//MSSP BizCenter//API//EN", "CALSCALE:GREGORIAN",
            "BEGIN:VEVENT", UID, "DTSTAMP:20260207T101756Z", "LAST-MODIFIED:20260207T101756Z",
            "SEQUENCE:1", "DTSTART:20260209T010000Z", "DURATION:PT1H", "SUMMARY:주간 회의",
            "LOCATION:3층\\, 대회의실",
            "DESCRIPTION:Attendees: 김지은\\, 홍길동\\n\\nAgenda:\\n1. 사고\\n2. 갱신\\n\\nDecisions:\\n방화벽\\; 갱신",
            "STATUS:TENTATIVE", "END:VEVENT", "END:VCALENDAR",
        ]);
        // Not even a manager's file has addresses.
        assert!(!app.get(FIRST).by(&owner).send().await.text().contains("example.com"));
    }

    async fn a_meeting_of_which_little_is_known_has_few_lines(app) {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, "meeting", json!({"location": "", "agenda": ""})).await;
        assert_eq!(lines(&app.get(FIRST).by(&owner).send().await)[4..], [
            "BEGIN:VEVENT", UID, "DTSTAMP:20260207T101756Z", "LAST-MODIFIED:20260207T101756Z", "SEQUENCE:1",
            "DTSTART:20260209T010000Z", "DURATION:PT1H", "SUMMARY:주간 회의", "STATUS:TENTATIVE", "END:VEVENT",
            "END:VCALENDAR",
        ]);
    }

    async fn its_own_words_are_in_the_language_that_is_asked_for(app) {
        let owner = app.user_named("test-001", Owner, "kim@example.com", "김지은").await;
        let id = make(&app, &owner, "meeting", json!({"agenda": "사고", "decisions": "갱신"})).await;
        attend(&app, &owner, id, &owner).await;
        let korean = app.get(FIRST).header("accept-language", "ko-KR,ko;q=0.9").by(&owner).send().await;
        assert_eq!(events(&korean)[0]["DESCRIPTION"], "참석자: 김지은\n\n안건:\n사고\n\n결정 사항:\n갱신");
        let english = app.get(FIRST).by(&owner).send().await;
        assert_eq!(events(&english)[0]["DESCRIPTION"], "Attendees: 김지은\n\nAgenda:\n사고\n\nDecisions:\n갱신");
        assert_ne!(korean.header("etag"), english.header("etag"));
    }

    async fn a_change_is_told_by_its_number_and_its_moment_and_the_status(app) {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, "meeting", json!({})).await;
        for (sequence, minute, status, shown) in [
            ("2", "18", "published", "CONFIRMED"), ("3", "19", "archived", "CONFIRMED"),
            ("4", "20", "draft", "TENTATIVE"),
        ] {
            app.advance(60);
            app.patch("/api/v1/meetings/1", json!({"status": status})).by(&owner).expect(200).await;
            let event = events(&app.get(FIRST).by(&owner).send().await).remove(0);
            let changed = format!("20260207T10{minute}56Z");
            let names = ["SEQUENCE", "DTSTAMP", "LAST-MODIFIED", "STATUS"];
            let expected = [sequence, changed.as_str(), changed.as_str(), shown];
            assert_eq!(names.map(|name| event[name].as_str()), expected);
            assert_eq!(event["UID"], UID[4..]);
        }
    }

    async fn a_change_of_attendees_is_told_by_its_moment(app) {
        let owner = app.user("test-001", Owner).await;
        let id = make(&app, &owner, "meeting", json!({})).await;
        app.advance(60);
        attend(&app, &owner, id, &owner).await;
        let lee = app.user("test-001", Viewer).await;
        attend(&app, &owner, id, &lee).await;
        let attendee = format!("/api/v1/meetings/{id}/attendees/1");
        for minute in ["18", "19", "20", "21"] {
            match minute {
                "18" => {}
                "19" => {
                    app.advance(60);
                    app.patch(&attendee, json!({"attendance": "attended"})).by(&owner).expect(200).await;
                }
                // Whoever goes leaves no row behind, and the last one none at all.
                "20" => {
                    app.advance(60);
                    app.delete(&attendee).by(&owner).expect(204).await;
                }
                _ => {
                    app.advance(60);
                    app.delete(&format!("/api/v1/meetings/{id}/attendees/2")).by(&owner).expect(204).await;
                }
            }
            let changed = format!("20260207T10{minute}56Z");
            for path in [FIRST, CALENDAR] {
                let event = events(&app.get(path).by(&owner).send().await).remove(0);
                let names = ["DTSTAMP", "LAST-MODIFIED", "SEQUENCE"];
                assert_eq!(names.map(|name| event[name].as_str()), [changed.as_str(), changed.as_str(), "1"], "{path}");
            }
        }
    }

    async fn the_first_and_the_last_moment_are_moments_like_others(app) {
        let owner = app.user("test-001", Owner).await;
        for (id, moment, start) in [
            (1, "0001-01-01T00:00:00Z", "00010101T000000Z"), (2, "9999-12-31T23:59:59.999999Z", "99991231T235959Z"),
            (3, "2026-02-09T10:00:00-05:30", "20260209T153000Z"), (4, "2026-07-01T08:30:00", "20260701T083000Z"),
        ] {
            make(&app, &owner, "meeting", json!({"meeting_date": moment})).await;
            let path = format!("/api/v1/meetings/{id}/calendar.ics");
            assert_eq!(events(&app.get(&path).by(&owner).send().await)[0]["DTSTART"], start);
        }
    }

    async fn what_the_caller_has_already_is_not_sent_again(app, JWT_ACCESS_TOKEN_EXPIRES = "172800") {
        let owner = app.user("test-001", Owner).await;
        let id = make(&app, &owner, "meeting", json!({})).await;
        let mut tags = Vec::new();
        for step in 0..3 {
            match step {
                1 => attend(&app, &owner, id, &owner).await,
                2 => drop(app.patch("/api/v1/meetings/1", json!({"title": "새 제목"})).by(&owner).expect(200).await),
                _ => {}
            }
            let reply = app.get(FIRST).header("if-none-match", &tags.join(", ")).by(&owner).send().await;
            assert_eq!(reply.status, 200, "{step}");
            let tag = reply.header("etag").unwrap().to_owned();
            let head = app.call(Method::HEAD, FIRST).by(&owner).send().await;
            assert_eq!((head.status, head.bytes.len(), head.header("etag")), (200, 0, Some(tag.as_str())));
            assert_eq!(head.header("content-length"), reply.header("content-length"));
            for tags in [tag.clone(), format!("W/{tag}"), format!("\"7\", {tag}"), "*".to_owned()] {
                let known = app.get(FIRST).header("if-none-match", &tags).by(&owner).send().await;
                assert_eq!((known.status, known.bytes.len(), known.header("etag")), (304, 0, Some(tag.as_str())));
                assert_eq!(known.header("cache-control"), Some("private, no-cache"));
            }
            tags.push(tag);
        }
        // The clock alone changes nothing.
        app.advance(86_400);
        let reply = app.get(FIRST).header("if-none-match", &tags[2]).by(&owner).send().await;
        assert_eq!(reply.status, 304);
    }

    async fn a_meeting_that_is_not_there_or_anothers_is_not_found(app) {
        let (owner, stranger) = (app.user("test-001", Owner).await, app.user("test-002", Owner).await);
        make(&app, &owner, "meeting", json!({})).await;
        for call in [app.get(FIRST).by(&stranger), app.get("/api/v1/meetings/2/calendar.ics").by(&owner)] {
            let expected = json!({"error": "Meeting not found", "code": "meeting_not_found"});
            assert_eq!(without_request_id(call.expect(404).await), expected);
        }
        make(&app, &stranger, "meeting", json!({})).await;
        let reply = app.get("/api/v1/meetings/2/calendar.ics").by(&stranger).send().await;
        assert_eq!(events(&reply)[0]["UID"], "meeting-2.f82f648634a7f97d@bizcenter");
    }
}
