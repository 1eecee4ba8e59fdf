//! A report as Markdown (GitHub's dialect), for a wiki or a chat.

use super::escape::escape;
use super::types::{WeeklyMeeting, WeeklyPerson, WeeklyReport};
use super::view::{self, Table};
use super::words::{Text, Words};
use crate::meetings::action_items::types::ActionItemStatus;

/// The report.
pub fn document(report: &WeeklyReport, words: Words) -> String {
    let [week, written, late_rule] = view::preface(report, words).map(|line| escape(&line));
    let totals = view::totals(&report.totals);
    let mut blocks = vec![
        format!("# {}", escape(&view::title(report, words))),
        format!("{week} · {written}"),
        late_rule,
        table(totals.map(|(text, _)| words.say(text).to_owned()), [totals.map(|(_, count)| count.to_string())]),
        format!("## {}", words.say(Text::Tasks)),
    ];
    if report.people.is_empty() {
        blocks.push(words.say(Text::NoTasks).to_owned());
    }
    if report.truncated.tasks || report.truncated.carried_over {
        blocks.push(words.say(Text::Cut).to_owned());
    }
    for person in &report.people {
        add_person(&mut blocks, person, words);
    }
    blocks.push(format!("## {}", words.say(Text::Meetings)));
    if report.meetings.is_empty() {
        blocks.push(words.say(Text::NoMeetings).to_owned());
    }
    if !view::has_all_meetings(&report.truncated) {
        blocks.push(words.say(Text::Cut).to_owned());
    }
    for meeting in &report.meetings {
        add_meeting(&mut blocks, meeting, words);
    }
    blocks.join("\n\n") + "\n"
}

fn add_person(blocks: &mut Vec<String>, person: &WeeklyPerson, words: Words) {
    blocks.push(format!("### {}", escape(view::name(person, words))));
    blocks.push(counts(view::counts(&person.counts), words));
    for Table { heading, columns, tasks } in view::tables(person) {
        blocks.push(format!("#### {}", words.say(heading)));
        let headings = columns.iter().map(|column| words.say(column.heading()).to_owned());
        let rows = tasks.iter().map(move |task| columns.iter().map(move |column| escape(&column.cell(task, words))));
        blocks.push(table(headings, rows));
    }
}

fn add_meeting(blocks: &mut Vec<String>, meeting: &WeeklyMeeting, words: Words) {
    blocks.push(format!("### {}", escape(&view::meeting_title(meeting, words))));
    let facts = view::facts(meeting, words).into_iter();
    let facts = facts.map(|(text, fact)| format!("- {}: {}", words.say(text), escape(&fact)));
    blocks.push(facts.collect::<Vec<_>>().join("\n"));
    let decisions = view::decisions(meeting);
    if !decisions.is_empty() {
        blocks.push(format!("#### {}", words.say(Text::Decisions)));
        // Each line a paragraph of its own: otherwise they would flow together.
        let lines = decisions.into_iter().map(|line| format!("> {}", escape(line)));
        blocks.push(lines.collect::<Vec<_>>().join("\n>\n"));
    }
    let Some(item_counts) = view::action_item_counts(meeting) else { return };
    blocks.push(format!("#### {}", words.say(Text::ActionItems)));
    blocks.push(counts(item_counts, words));
    if !meeting.action_items.is_empty() {
        let items = meeting.action_items.iter().map(|item| {
            let mark = if item.status == ActionItemStatus::Completed { 'x' } else { ' ' };
            format!("- [{mark}] {}", escape(&view::action_item(item)))
        });
        blocks.push(items.collect::<Vec<_>>().join("\n"));
    }
}

fn counts<const N: usize>(counts: [(Text, i64); N], words: Words) -> String {
    counts.map(|(text, count)| format!("{} {count}", words.say(text))).join(" · ")
}

/// A table; its cells are Markdown already.
fn table<Row: IntoIterator<Item = String>>(
    headings: impl IntoIterator<Item = String>,
    rows: impl IntoIterator<Item = Row>,
) -> String {
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let headings: Vec<String> = headings.into_iter().collect();
    let rule = vec!["---".to_owned(); headings.len()];
    let rows = rows.into_iter().map(|row| row.into_iter().collect::<Vec<_>>());
    [headings, rule].into_iter().chain(rows).map(line).collect::<Vec<_>>().join("\n")
}
