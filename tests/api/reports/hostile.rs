//! What users wrote is shown and means nothing, in every form.

use bizcenter::policy::Role::Owner;
use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::json;

use super::{call, make_action_item, make_meeting, report};
use crate::app::{Session, TestApp};
use crate::{on_both, tasks};

/// Texts, as one line of Markdown, and as HTML.
const TEXTS: [(&str, &str, &str); 10] = [
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ("a | b | c", "a &#124; b &#124; c", "a | b | c"),
    ("](javascript:alert(1))", "\\](javascript:alert(1))", "](javascript:alert(1))"),
    ("[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))", "[x](javascript:alert(1))"),
    ("![x](https://evil.example/x.png)", "!\\[x\\](https\\://evil.example/x.png)", "![x](https://evil.example/x.png)"),
    ("first\r\n\r\n# second\n| --- |", "first \\# second &#124; --- &#124;", "first\r\n\r\n# second\n| --- |"),
    ("- *x* _y_ `z` ~~w~~", "\\- \\*x\\* \\_y\\_ \\`z\\` \\~\\~w\\~\\~", "- *x* _y_ `z` ~~w~~"),
    ("\\|\\", "&#92;&#124;&#92;", "\\|\\"),
    (
        "\u{202e}@all \u{2066}:smile: 👩\u{200d}👧",
        "@\u{200b}all :\u{200b}smile: 👩\u{200d}👧",
        "@all :smile: 👩\u{200d}👧",
    ),
    (
        "\"><img src=x onerror='alert(1)'> &lt;",
        "\"&gt;&lt;img src=x onerror='alert(1)'&gt; &amp;lt;",
        "&quot;&gt;&lt;img src=x onerror='alert(1)'&gt; &amp;lt;",
    ),
];

/// A task and a meeting that are full of this text.
async fn make_all(app: &TestApp, owner: &Session, text: &str) {
    let due = "2026-02-03T00:00:00Z";
    for week in [5, 6] {
        let task = json!({"title": text, "assigned_to": owner.id, "due_date": due, "week_number": week});
        tasks::make(app, owner, task).await;
    }
    let fields = json!({"title": text, "meeting_date": due, "location": text, "decisions": text});
    let meeting = make_meeting(app, owner, fields).await;
    app.post(&format!("{meeting}/attendees"), json!({"user_id": owner.id})).by(owner).expect(201).await;
    let item = json!({"description": text, "assigned_to": owner.id});
    make_action_item(app, owner, &meeting, item, "pending").await;
}

on_both! {
    async fn markdown_shows_it_letter_by_letter(app) {
        for (number, (text, escaped, _)) in TEXTS.into_iter().enumerate() {
            let tenant = format!("tenant-{number}");
            let owner = app.user_named(&tenant, Owner, &format!("{number}@example.com"), text).await;
            make_all(&app, &owner, text).await;
            let report = report(&app, &owner, "").await;
            let ids = ["open", "carried_over"].map(|list| report["people"][0][list][0]["id"].clone());
            let markdown = call(&app, &owner, "format=markdown").send().await.text();
            // Only at the beginning would it be a list.
            let inside = escaped.strip_prefix("\\-").map_or(escaped.to_owned(), |rest| format!("-{rest}"));
            for line in [
                format!("### {escaped}"),
                format!("| {} | {escaped} | Pending | Medium | 2026-02-03 (late) |", ids[0]),
                format!("| {} | {escaped} | 2026-W05 | Pending | Medium | 2026-02-03 (late) |", ids[1]),
                format!("### 2026-02-03 09:00 {inside}"),
                format!("- Place: {escaped}"),
                format!("- Attendees: {escaped}"),
            ] {
                assert!(markdown.lines().any(|own| own == line), "{line}\n{markdown}");
            }
        }
    }

    async fn a_reader_of_markdown_finds_no_markup_in_it(app) {
        let owner = app.user_named("tenant-a", Owner, "kim@example.com", TEXTS[3].0).await;
        for (text, _, _) in TEXTS {
            make_all(&app, &owner, text).await;
        }
        let markdown = call(&app, &owner, "format=markdown").send().await.text();
        let (mut cells, mut items) = (0, 0);
        for event in Parser::new_ext(&markdown, Options::all()) {
            match event {
                Event::Start(Tag::TableCell) => cells += 1,
                Event::TaskListMarker(_) => items += 1,
                Event::Start(
                    Tag::Heading { .. } | Tag::Paragraph | Tag::Table(_) | Tag::TableHead | Tag::TableRow
                    | Tag::List(_) | Tag::Item | Tag::BlockQuote(_),
                ) | Event::Text(_) | Event::End(_) => {}
                event => panic!("{event:?} in {markdown}"),
            }
        }
        // The totals have six columns, what is open five, and what is carried over six.
        assert_eq!((cells, items), (2 * 6 + (1 + TEXTS.len()) * (5 + 6), TEXTS.len()), "{markdown}");
    }

    async fn the_page_shows_it_letter_by_letter(app) {
        for (number, (text, _, escaped)) in TEXTS.into_iter().enumerate() {
            let tenant = format!("tenant-{number}");
            let owner = app.user_named(&tenant, Owner, &format!("{number}@example.com"), text).await;
            make_all(&app, &owner, text).await;
            let page = call(&app, &owner, "format=html").send().await.text();
            for part in [
                format!("<h3>{escaped}</h3>"),
                format!("<td>{escaped}</td><td>Pending</td>"),
                format!("<td>{escaped}</td><td>2026-W05</td>"),
                format!("<h3>2026-02-03 09:00 {escaped}</h3>"),
                format!("<li>Place: {escaped}</li>"),
                format!("<li>Attendees: {escaped}</li>"),
                format!("<li>☐ {escaped} ({escaped})</li>"),
            ] {
                assert!(page.contains(&part), "{part}\n{page}");
            }
            assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        }
    }

    async fn programs_get_it_as_it_is(app) {
        for (number, (text, _, _)) in TEXTS.into_iter().enumerate() {
            let tenant = format!("tenant-{number}");
            let owner = app.user_named(&tenant, Owner, &format!("{number}@example.com"), text).await;
            make_all(&app, &owner, text).await;
            let report = report(&app, &owner, "").await;
            let (person, meeting) = (&report["people"][0], &report["meetings"][0]);
            for own in [
                &person["assignee"]["name"], &person["open"][0]["title"], &person["carried_over"][0]["title"],
                &meeting["title"], &meeting["location"], &meeting["decisions"], &meeting["attendees"][0]["name"],
                &meeting["action_items"][0]["description"], &meeting["action_items"][0]["assignee_name"],
            ] {
                assert_eq!(own, text);
            }
        }
    }
}
