//! Texts that would like to be more than text.

use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::json;

use super::reader::{all, events, lines};
use super::{CALENDAR, FIRST, attend, make, make_item};
use crate::on_both;

/// What a calendar makes of a text: line breaks of one kind, and no other control characters; nothing that turns the
/// direction, and no byte order mark.
fn shown(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    let is_left_out = |letter: &char| letter.is_control() && !matches!(letter, '\n' | '\t');
    text.replace(['\u{202e}', '\u{feff}'], "").chars().filter(|letter| !is_left_out(letter)).collect()
}

fn on_one_line(text: &str) -> String {
    shown(text).replace(['\n', '\t'], " ")
}

on_both! {
    async fn no_text_is_more_than_text(app) {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, "meeting", json!({})).await;
        let mut texts: Vec<String> = [
            "\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:evil\r\nUID:evil", "a\nEND:VCALENDAR\nb", "a\rBEGIN:VEVENT\rb",
            "a\u{b}BEGIN:VEVENT", "a\u{c}b", "a\u{85}b", "a\u{2028}BEGIN:VEVENT\u{2029}", "; , : \\ \" \\n \\N \\; ^n",
            "\\", "\\\\\\", "a\\\nb", "\tSUMMARY:x", " ATTENDEE:mailto:a@b.co", "=CR=0D=0A", "&#13;<b>",
            "\u{1b}[31m\u{7f}\u{9f}x", "👩\u{200d}👩\u{200d}👧 שלום \u{202e}עולם", "e\u{301}한\u{1112}\u{1161}\u{11ab}",
            "\u{feff}\u{fffd}\u{10ffff}",
        ].map(str::to_owned).to_vec();
        // Each place at which a line could be folded.
        texts.extend((50..76).map(|length| format!("{}\\,;\n한", "a".repeat(length))));
        texts.extend((0..4).map(|length| format!("{}{}", "a".repeat(length), "한🚀".repeat(100))));
        texts.push("\\".repeat(255));
        texts.push("\n".repeat(200) + ".");
        for text in texts {
            let body = json!({"title": text, "location": text, "agenda": text, "decisions": text});
            app.patch("/api/v1/meetings/1", body).by(&owner).expect(200).await;
            let event = &events(&app.get(FIRST).by(&owner).send().await)[0];
            assert_eq!((&event["SUMMARY"], &event["LOCATION"]), (&on_one_line(&text), &on_one_line(&text)), "{text:?}");
            let description = format!("Agenda:\n{0}\n\nDecisions:\n{0}", shown(&text));
            assert_eq!(event["DESCRIPTION"], description, "{text:?}");
            let calendar = app.get(CALENDAR).by(&owner).send().await;
            assert_eq!(events(&calendar), std::slice::from_ref(event), "{text:?}");
        }
    }

    async fn names_of_people_tasks_items_contracts_and_tenants_are_text_too(app) {
        let evil = "x\r\nBEGIN:VEVENT\r\nUID:evil;,:\\";
        let tenant = format!("t\r\nMETHOD:CANCEL{}", "가".repeat(30));
        let owner = app.user_named(&tenant, Owner, "kim@example.com", evil).await;
        let meeting = make(&app, &owner, "meeting", json!({"title": evil})).await;
        attend(&app, &owner, meeting, &owner).await;
        let due = "2026-02-10T00:00:00Z";
        make(&app, &owner, "task", json!({"title": evil, "assigned_to": owner.id, "due_date": due})).await;
        let item = json!({"description": evil, "assigned_to": owner.id, "due_date": due});
        make_item(&app, &owner, meeting, item).await;
        make(&app, &owner, "contract", json!({"title": evil, "customer_name": evil, "contract_number": evil})).await;
        let reply = app.get(CALENDAR).by(&owner).send().await;
        let one = "x BEGIN:VEVENT UID:evil;,:\\";
        let (due, ends) = (format!("Due: {one}"), format!("Contract ends: {one} ({one})"));
        assert_eq!(all(&reply, "SUMMARY"), [due.as_str(), due.as_str(), ends.as_str(), one]);
        let several = "x\nBEGIN:VEVENT\nUID:evil;,:\\";
        assert_eq!(all(&reply, "DESCRIPTION"), [
            "Due: 2026-02-10 09:00 (Asia/Seoul)".to_owned(),
            format!("Due: 2026-02-10 09:00 (Asia/Seoul)\nMeeting: {several}"), format!("Contract number: {several}"),
            format!("Attendees: {several}"),
        ]);
        let lines = lines(&reply);
        assert!(!lines.iter().any(|line| line.starts_with("METHOD")), "{lines:?}");
        assert!(lines.contains(&format!("X-WR-CALNAME:BizCenter (t METHOD:CANCEL{})", "가".repeat(30))), "{lines:?}");
    }

    async fn a_long_text_is_cut_and_many_names_are_counted(app) {
        let owner = app.user_named("test-001", Owner, "kim@example.com", "김").await;
        let fields = json!({"agenda": "한".repeat(2000), "decisions": "🚀".repeat(9000)});
        let meeting = make(&app, &owner, "meeting", fields).await;
        let mut users = Vec::new();
        for _ in 0..52 {
            users.push(json!({"user_id": app.user("test-001", Viewer).await.id}));
        }
        let attendees = format!("/api/v1/meetings/{meeting}/attendees");
        app.post(&attendees, json!({"attendees": users})).by(&owner).expect(201).await;
        for path in [FIRST, CALENDAR] {
            let description = events(&app.get(path).by(&owner).send().await)[0]["DESCRIPTION"].clone();
            let (names, texts) = description.split_once("\n\n").unwrap();
            assert!(names.starts_with("Attendees: User ") && names.ends_with(", +2"), "{names}");
            assert_eq!(names.matches("User ").count(), 50);
            assert_eq!(texts, format!("Agenda:\n{}\n\nDecisions:\n{}…", "한".repeat(2000), "🚀".repeat(2000)));
        }
        let due = "2026-02-10T00:00:00Z";
        let item = json!({"description": "할 ".repeat(600), "assigned_to": owner.id, "due_date": due});
        make_item(&app, &owner, meeting, item).await;
        let event = events(&app.get(CALENDAR).by(&owner).send().await).remove(0);
        let title: String = "할 ".repeat(600).chars().take(255).collect();
        assert_eq!(event["SUMMARY"], format!("Due: {title}…"));
        let text = format!("Due: 2026-02-10 09:00 (Asia/Seoul)\nMeeting: 주간 회의\n\n{}", "할 ".repeat(600));
        assert_eq!(event["DESCRIPTION"], text);
    }
}
