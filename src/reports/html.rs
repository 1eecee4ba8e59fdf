//! A report as one page that needs nothing else: its style inside, no script, to read and to print.

use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::types::{WeeklyMeeting, WeeklyPerson, WeeklyReport};
use super::view;
use super::words::{Text, Words};
use crate::letters::is_deceptive;
use crate::meetings::action_items::types::ActionItemStatus;

const STYLE: &str = include_str!("style.css");

/// The page's content security policy: its own style, known by its digest, and nothing else.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let own = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    format!("default-src 'none'; style-src 'sha256-{style}'; {own}")
});

/// The report. What users wrote is escaped like every other text, and has nothing in it that deceives the reader.
pub fn page(report: &WeeklyReport, words: Words) -> String {
    let title = view::title(report, words);
    let has_all_tasks = !report.truncated.tasks && !report.truncated.carried_over;
    let has_all_meetings = view::has_all_meetings(&report.truncated);
    let page = html! {
        (DOCTYPE)
        html lang=(words.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                @for line in view::preface(report, words) { p { (line) } }
                (counts(view::totals(&report.totals), words))
                h2 { (words.say(Text::Tasks)) }
                @if report.people.is_empty() { p { (words.say(Text::NoTasks)) } }
                @if !has_all_tasks { p { (words.say(Text::Cut)) } }
                @for one in &report.people { (person(one, words)) }
                h2 { (words.say(Text::Meetings)) }
                @if report.meetings.is_empty() { p { (words.say(Text::NoMeetings)) } }
                @if !has_all_meetings { p { (words.say(Text::Cut)) } }
                @for one in &report.meetings { (meeting(one, words)) }
            }
        }
    };
    page.into_string().replace(is_deceptive, "")
}

fn person(person: &WeeklyPerson, words: Words) -> Markup {
    html! {
        section {
            h3 { (view::name(person, words)) }
            (counts(view::counts(&person.counts), words))
            @for tasks in view::tables(person) { (table(&tasks, words)) }
        }
    }
}

fn table(table: &view::Table<'_>, words: Words) -> Markup {
    html! {
        h4 { (words.say(table.heading)) }
        table {
            thead {
                tr {
                    @for column in table.columns { th scope="col" { (words.say(column.heading())) } }
                }
            }
            tbody {
                @for task in table.tasks {
                    tr class=[task.late.then_some("late")] {
                        @for column in table.columns { td { (column.cell(task, words)) } }
                    }
                }
            }
        }
    }
}

fn meeting(meeting: &WeeklyMeeting, words: Words) -> Markup {
    let decisions = view::decisions(meeting);
    let item_counts = view::action_item_counts(meeting);
    html! {
        section {
            h3 { (view::meeting_title(meeting, words)) }
            ul {
                @for (text, fact) in view::facts(meeting, words) { li { (words.say(text)) ": " (fact) } }
            }
            @if !decisions.is_empty() {
                h4 { (words.say(Text::Decisions)) }
                @for line in decisions { p { (line) } }
            }
            @if let Some(item_counts) = item_counts {
                h4 { (words.say(Text::ActionItems)) }
                (counts(item_counts, words))
                @if !meeting.action_items.is_empty() {
                    ul class="items" {
                        @for item in &meeting.action_items {
                            li {
                                @if item.status == ActionItemStatus::Completed { "☑ " } @else { "☐ " }
                                (view::action_item(item))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn counts<const N: usize>(counts: [(Text, i64); N], words: Words) -> Markup {
    html! {
        ul class="counts" {
            @for (text, count) in counts { li { (words.say(text)) " " strong { (count) } } }
        }
    }
}
