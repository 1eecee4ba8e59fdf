//! What people read in a report, whether it is Markdown or a page.

use super::types::{
    WeeklyActionItem, WeeklyActionItemCounts, WeeklyMeeting, WeeklyPerson, WeeklyReport, WeeklyTask, WeeklyTaskCounts,
    WeeklyTotals, WeeklyTruncation,
};
use super::words::{Text, Words};
use crate::meetings::attendees::types::Attendance;

/// A column of a table of tasks.
#[derive(Debug, Clone, Copy)]
pub enum Column {
    /// The task's key.
    Number,
    /// What users wrote.
    Title,
    /// `2026-W05`
    Week,
    /// How far it is.
    Status,
    /// How important it is.
    Priority,
    /// The day, and whether that was too early.
    Due,
}

impl Column {
    /// Above the column.
    pub fn heading(self) -> Text {
        match self {
            Self::Number => Text::Number,
            Self::Title => Text::Title,
            Self::Week => Text::Week,
            Self::Status => Text::Status,
            Self::Priority => Text::Priority,
            Self::Due => Text::Due,
        }
    }

    /// What the task has in the column.
    pub fn cell(self, task: &WeeklyTask, words: Words) -> String {
        match self {
            Self::Number => task.id.to_string(),
            Self::Title => task.title.clone(),
            Self::Week => format!("{:04}-W{:02}", task.year, task.week_number),
            Self::Status => words.say(task.status).to_owned(),
            Self::Priority => words.say(task.priority).to_owned(),
            Self::Due => match task.due_date.map(|due_date| words.day(due_date)) {
                None if task.late => words.say_with(Text::IsLate, "").trim().to_owned(),
                None => String::new(),
                Some(day) if task.late => words.say_with(Text::IsLate, &day),
                Some(day) => day,
            },
        }
    }
}

/// Some of somebody's tasks.
#[derive(Debug)]
pub struct Table<'a> {
    /// Which ones.
    pub heading: Text,
    /// What is shown of them.
    pub columns: &'static [Column],
    /// The tasks; at least one.
    pub tasks: &'a [WeeklyTask],
}

/// Somebody's tasks.
pub fn tables(person: &WeeklyPerson) -> impl Iterator<Item = Table<'_>> {
    use Column::{Due, Number, Priority, Status, Title, Week};
    let tables = [
        Table { heading: Text::Done, columns: &[Number, Title, Priority, Due], tasks: &person.done },
        Table { heading: Text::Open, columns: &[Number, Title, Status, Priority, Due], tasks: &person.open },
        Table {
            heading: Text::CarriedOver,
            columns: &[Number, Title, Week, Status, Priority, Due],
            tasks: &person.carried_over,
        },
    ];
    tables.into_iter().filter(|table| !table.tasks.is_empty())
}

/// `Weekly report 2026-W06`
pub fn title(report: &WeeklyReport, words: Words) -> String {
    format!("{} {:04}-W{:02}", words.say(Text::Report), report.year, report.week_number)
}

/// What the title leaves out.
pub fn preface(report: &WeeklyReport, words: Words) -> [String; 3] {
    let written = format!("{} ({})", words.minute(report.generated_at), report.timezone);
    [
        format!("{} – {}", report.from, report.to),
        words.say_with(Text::Written, &written),
        words.say_with(Text::LateRule, &report.late_before.to_string()),
    ]
}

/// Counts of everything.
pub fn totals(totals: &WeeklyTotals) -> [(Text, i64); 6] {
    let [done, open, late, cancelled, carried_over] = counts(&totals.tasks);
    [done, open, late, cancelled, carried_over, (Text::Meetings, totals.meetings)]
}

/// Counts of tasks.
pub fn counts(counts: &WeeklyTaskCounts) -> [(Text, i64); 5] {
    let WeeklyTaskCounts { done, open, late, cancelled, carried_over } = *counts;
    [
        (Text::Done, done),
        (Text::Open, open),
        (Text::Late, late),
        (Text::Cancelled, cancelled),
        (Text::CarriedOver, carried_over),
    ]
}

/// Whose tasks they are.
pub fn name(person: &WeeklyPerson, words: Words) -> &str {
    person.assignee.as_ref().map_or(words.say(Text::Unassigned), |assignee| assignee.name.as_str())
}

/// Whether all is shown that there is to the meetings.
pub fn has_all_meetings(truncated: &WeeklyTruncation) -> bool {
    !truncated.meetings && !truncated.attendees && !truncated.action_items
}

/// When a meeting is, and what it is about.
pub fn meeting_title(meeting: &WeeklyMeeting, words: Words) -> String {
    format!("{} {}", words.minute(meeting.meeting_date), meeting.title)
}

/// What else is to be known of a meeting.
pub fn facts(meeting: &WeeklyMeeting, words: Words) -> Vec<(Text, String)> {
    let mut facts = vec![(Text::Status, words.say(meeting.status).to_owned())];
    facts.extend(meeting.location.clone().map(|location| (Text::Place, location)));
    let attendees = meeting.attendees.iter().map(|attendee| match attendee.attendance {
        Attendance::Absent => words.say_with(Text::IsAbsent, &attendee.name),
        Attendance::Invited | Attendance::Attended => attendee.name.clone(),
    });
    let attendees: Vec<String> = attendees.collect();
    if !attendees.is_empty() {
        facts.push((Text::Attendees, attendees.join(", ")));
    }
    facts
}

/// What was decided, line by line.
pub fn decisions(meeting: &WeeklyMeeting) -> Vec<&str> {
    let lines = meeting.decisions.as_deref().unwrap_or_default().lines();
    lines.filter(|line| !line.trim().is_empty()).collect()
}

/// Counts of a meeting's action items; nothing when it has none.
pub fn action_item_counts(meeting: &WeeklyMeeting) -> Option<[(Text, i64); 3]> {
    let counts = meeting.action_item_counts;
    let WeeklyActionItemCounts { open, done, cancelled } = counts;
    let has_any = counts != WeeklyActionItemCounts::default();
    has_any.then_some([(Text::Open, open), (Text::Done, done), (Text::Cancelled, cancelled)])
}

/// What is to be done, and by whom.
pub fn action_item(item: &WeeklyActionItem) -> String {
    match &item.assignee_name {
        Some(name) => format!("{} ({name})", item.description),
        None => item.description.clone(),
    }
}
