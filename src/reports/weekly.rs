//! How a week's rows become its report.

use std::collections::HashMap;

use chrono_tz::Tz;

use super::store::{
    ActionItemCountRow, ActionItemRow, AttendeeRow, MAX_ACTION_ITEMS, MAX_ATTENDEES, MAX_CARRIED_OVER, MAX_MEETINGS,
    MAX_TASKS, MeetingRow, Rows, TEXT_LENGTH, TaskCountRow, TaskRow,
};
use super::types::{
    WeeklyActionItem, WeeklyActionItemCounts, WeeklyAssignee, WeeklyAttendee, WeeklyMeeting, WeeklyPerson,
    WeeklyReport, WeeklyTask, WeeklyTaskCounts, WeeklyTotals, WeeklyTruncation,
};
use super::week::Period;
use crate::clock::Timestamp;
use crate::letters::cut;
use crate::meetings::action_items::types::ActionItemStatus;
use crate::tasks::types::TaskStatus;

impl WeeklyReport {
    /// The report of this period, made now.
    pub fn new(rows: Rows, period: &Period, timezone: Tz, now: Timestamp) -> Self {
        let Rows {
            task_counts,
            tasks,
            carried_over_counts,
            carried_over,
            meeting_count,
            meetings,
            mut attendees,
            action_item_counts,
            action_items,
        } = rows;
        let mut people = People::default();
        for row in task_counts {
            people.count(row);
        }
        for row in carried_over_counts {
            people.count_carried_over(row);
        }
        for row in tasks {
            people.add(row, period);
        }
        for row in carried_over {
            people.add_carried_over(row, period);
        }
        let people = people.sorted();
        let has_all_attendees = attendees.len() <= MAX_ATTENDEES;
        attendees.truncate(MAX_ATTENDEES);
        let mut parts = Parts::new(attendees, action_item_counts, action_items);
        let item_count: i64 = parts.counts.values().map(|counts| counts.open + counts.done).sum();
        let meetings = meetings.into_iter().map(|row| parts.meeting(row)).collect();
        let totals = WeeklyTotals { tasks: sum(&people), meetings: meeting_count };
        let truncated = WeeklyTruncation {
            tasks: totals.tasks.done + totals.tasks.open > MAX_TASKS,
            carried_over: totals.tasks.carried_over > MAX_CARRIED_OVER,
            meetings: meeting_count > MAX_MEETINGS,
            attendees: !has_all_attendees,
            action_items: item_count > MAX_ACTION_ITEMS,
        };
        Self {
            year: period.week.year(),
            week_number: period.week.number(),
            from: period.week.monday(),
            to: period.week.sunday(),
            timezone: timezone.name(),
            late_before: period.late_before,
            generated_at: now,
            totals,
            people,
            meetings,
            truncated,
        }
    }
}

fn sum(people: &[WeeklyPerson]) -> WeeklyTaskCounts {
    people.iter().fold(WeeklyTaskCounts::default(), |sum, person| {
        let WeeklyTaskCounts { done, open, late, cancelled, carried_over } = person.counts;
        WeeklyTaskCounts {
            done: sum.done + done,
            open: sum.open + open,
            late: sum.late + late,
            cancelled: sum.cancelled + cancelled,
            carried_over: sum.carried_over + carried_over,
        }
    })
}

/// The people of a report by id. What is counted and what is listed was read one after the other, so that either may
/// know somebody first.
#[derive(Default)]
struct People(HashMap<Option<i64>, WeeklyPerson>);

impl People {
    fn of(&mut self, id: Option<i64>, name: Option<String>) -> &mut WeeklyPerson {
        self.0.entry(id).or_insert_with(|| WeeklyPerson {
            assignee: id.map(|id| WeeklyAssignee { id, name: name.unwrap_or_default() }),
            counts: WeeklyTaskCounts::default(),
            done: Vec::new(),
            open: Vec::new(),
            carried_over: Vec::new(),
        })
    }

    fn count(&mut self, row: TaskCountRow) {
        let TaskCountRow { assigned_to, assignee_name, status, total, overdue } = row;
        let counts = &mut self.of(assigned_to, assignee_name).counts;
        match status {
            TaskStatus::Pending | TaskStatus::InProgress | TaskStatus::Review => {
                counts.open += total;
                counts.late += overdue;
            }
            TaskStatus::Completed => counts.done += total,
            TaskStatus::Cancelled => counts.cancelled += total,
        }
    }

    fn count_carried_over(&mut self, row: TaskCountRow) {
        let TaskCountRow { assigned_to, assignee_name, status: _, total, overdue: _ } = row;
        self.of(assigned_to, assignee_name).counts.carried_over += total;
    }

    fn add(&mut self, row: TaskRow, period: &Period) {
        let (assigned_to, assignee_name, task) = split(row, period);
        let person = self.of(assigned_to, assignee_name);
        let list = if task.status == TaskStatus::Completed { &mut person.done } else { &mut person.open };
        list.push(task);
    }

    fn add_carried_over(&mut self, row: TaskRow, period: &Period) {
        let (assigned_to, assignee_name, task) = split(row, period);
        self.of(assigned_to, assignee_name).carried_over.push(task);
    }

    /// By name, and those of the same name by id; what nobody has comes last.
    fn sorted(self) -> Vec<WeeklyPerson> {
        let mut people: Vec<WeeklyPerson> = self.0.into_values().collect();
        people.sort_by(|one, other| order(one).cmp(&order(other)));
        people
    }
}

fn order(person: &WeeklyPerson) -> (bool, Option<(&str, i64)>) {
    let assignee = person.assignee.as_ref().map(|assignee| (assignee.name.as_str(), assignee.id));
    (assignee.is_none(), assignee)
}

/// The assignee with his name, and the task.
fn split(row: TaskRow, period: &Period) -> (Option<i64>, Option<String>, WeeklyTask) {
    let TaskRow { id, title, status, priority, assigned_to, assignee_name, due_date, week_number, year } = row;
    let is_overdue = due_date.map_or_else(|| period.has_ended(year, week_number), |due_date| due_date < period.late);
    let late = TaskStatus::OPEN.contains(&status) && is_overdue;
    (assigned_to, assignee_name, WeeklyTask { id, title, status, priority, due_date, week_number, year, late })
}

/// What belongs to meetings, by meeting.
struct Parts {
    attendees: HashMap<i64, Vec<WeeklyAttendee>>,
    counts: HashMap<i64, WeeklyActionItemCounts>,
    items: HashMap<i64, Vec<WeeklyActionItem>>,
}

impl Parts {
    fn new(attendees: Vec<AttendeeRow>, counts: Vec<ActionItemCountRow>, items: Vec<ActionItemRow>) -> Self {
        let mut parts = Self { attendees: HashMap::new(), counts: HashMap::new(), items: HashMap::new() };
        for AttendeeRow { meeting_id, name, attendance } in attendees {
            parts.attendees.entry(meeting_id).or_default().push(WeeklyAttendee { name, attendance });
        }
        for ActionItemCountRow { meeting_id, status, total } in counts {
            let counts = parts.counts.entry(meeting_id).or_default();
            match status {
                ActionItemStatus::Pending | ActionItemStatus::InProgress => counts.open += total,
                ActionItemStatus::Completed => counts.done += total,
                ActionItemStatus::Cancelled => counts.cancelled += total,
            }
        }
        for ActionItemRow { id, meeting_id, description, status, assignee_name } in items {
            let description = cut(&description, TEXT_LENGTH);
            let item = WeeklyActionItem { id, description, status, assignee_name };
            parts.items.entry(meeting_id).or_default().push(item);
        }
        parts
    }

    fn meeting(&mut self, row: MeetingRow) -> WeeklyMeeting {
        let MeetingRow { id, title, meeting_date, location, decisions, status } = row;
        WeeklyMeeting {
            id,
            title,
            meeting_date,
            location,
            status,
            attendees: self.attendees.remove(&id).unwrap_or_default(),
            decisions: decisions.map(|decisions| cut(&decisions, TEXT_LENGTH)),
            action_item_counts: self.counts.remove(&id).unwrap_or_default(),
            action_items: self.items.remove(&id).unwrap_or_default(),
        }
    }
}
