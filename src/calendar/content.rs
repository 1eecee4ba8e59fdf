//! What is in a user's calendar.

use chrono::{Days, NaiveDate, NaiveTime};
use tracing::Span;

use super::store::{self, DueActionItem, DueTask, EndingContract, Window};
use super::types::CalendarScope;
use crate::app::AppState;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::error::{ApiError, Language};
use crate::etag::Tag;
use crate::icalendar::{self, Event, Subscription, When, uid};
use crate::letters::cut;
use crate::meetings::calendar::TEXT_LENGTH;
use crate::policy::{ReadContracts, ReadMeetings, ReadTasks};

/// How far back a calendar goes.
const DAYS_BACK: Days = Days::new(90);
/// How much of that matters most.
const DAYS_BACK_NEAR: Days = Days::new(30);
/// How far ahead it goes.
const DAYS_AHEAD: Days = Days::new(366);
/// The longest title made of a text that is none.
const TITLE_LENGTH: usize = 255;

/// The calendar of the scope's user as text, with its tag: nine statements at most, however much is in it.
pub async fn write(
    app: &AppState,
    scope: &Scope,
    whose: CalendarScope,
    language: Language,
) -> Result<(Tag, String), ApiError> {
    let window = window(app.today());
    let writer = Writer { app, tenant: scope.tenant(), words: Words::of(language) };
    let mut events = Vec::new();
    let mut conn = app.db.read().await?;
    if scope.may::<ReadTasks>() {
        let tasks = store::due_tasks(&mut conn, scope, &window).await?;
        events.extend(tasks.into_iter().map(|task| writer.task(task)));
    }
    if scope.may::<ReadMeetings>() {
        let items = store::due_action_items(&mut conn, scope, &window).await?;
        events.extend(items.into_iter().map(|item| writer.action_item(item)));
    }
    if scope.may::<ReadContracts>() {
        let contracts = store::ending_contracts(&mut conn, scope, &window).await?;
        events.extend(contracts.into_iter().map(|contract| writer.contract(contract)));
    }
    if scope.may::<ReadMeetings>() {
        let meetings = store::meetings(&mut conn, scope, whose, &window).await?;
        let domain = &app.calendar_domain;
        events.extend(meetings.into_iter().map(|meeting| meeting.into_event(scope.tenant(), domain, language)));
    }
    drop(conn);
    let subscription = Subscription {
        name: format!("BizCenter ({})", scope.tenant()),
        timezone: app.timezone,
        first: window.first,
        last: window.last,
    };
    // Thousands of events keep a thread busy for long.
    let span = Span::current();
    let written = tokio::task::spawn_blocking(move || span.in_scope(|| icalendar::write(Some(&subscription), events)));
    written.await.map_err(ApiError::internal)
}

/// Whole days in UTC, so that a calendar in which nothing changes is the same text for a day.
fn window(today: NaiveDate) -> Window {
    let first = today.checked_sub_days(DAYS_BACK).unwrap_or(today);
    let near = today.checked_sub_days(DAYS_BACK_NEAR).unwrap_or(today);
    let last = today.checked_add_days(DAYS_AHEAD).unwrap_or(today);
    let midnight = |day: NaiveDate| Timestamp::new(day.and_time(NaiveTime::MIN).and_utc());
    let (from, near_from, until) = (midnight(first), midnight(near), midnight(last.succ_opt().unwrap_or(last)));
    Window { first, near, last, from, near_from, until }
}

/// A calendar's own words.
struct Words {
    due: &'static str,
    meeting: &'static str,
    ends: &'static str,
    number: &'static str,
}

impl Words {
    const fn of(language: Language) -> Self {
        match language {
            Language::English => {
                Self { due: "Due", meeting: "Meeting", ends: "Contract ends", number: "Contract number" }
            }
            Language::Korean => {
                Self { due: "마감", meeting: "회의", ends: "계약 종료", number: "계약 번호" }
            }
        }
    }
}

/// Makes events of what is not a meeting. Each is a whole day and no `VTODO`: Google Calendar and Outlook leave those
/// out of a calendar that they subscribe to.
struct Writer<'a> {
    app: &'a AppState,
    tenant: &'a str,
    words: Words,
}

impl Writer<'_> {
    fn task(&self, task: DueTask) -> Event {
        let DueTask { id, title, due_date, version, updated_at } = task;
        let summary = format!("{}: {title}", self.words.due);
        self.day(("task", id), (Some(version), updated_at), self.day_of(due_date), summary, self.due(due_date))
    }

    fn action_item(&self, item: DueActionItem) -> Event {
        let DueActionItem { id, description, due_date, updated_at, meeting } = item;
        let summary = format!("{}: {}", self.words.due, cut(&description, TITLE_LENGTH));
        let mut text = format!("{}\n{}: {meeting}", self.due(due_date), self.words.meeting);
        // What does not fit into the title is not lost.
        if description.chars().nth(TITLE_LENGTH).is_some() {
            text = format!("{text}\n\n{}", cut(&description, TEXT_LENGTH));
        }
        self.day(("action-item", id), (None, updated_at), self.day_of(due_date), summary, text)
    }

    fn contract(&self, contract: EndingContract) -> Event {
        let EndingContract { id, contract_number, customer_name, title, end_date, version, updated_at } = contract;
        let summary = format!("{}: {title} ({customer_name})", self.words.ends);
        let text = format!("{}: {contract_number}", self.words.number);
        self.day(("contract", id), (Some(version), updated_at), end_date, summary, text)
    }

    fn day(
        &self,
        (kind, id): (&str, i64),
        (version, updated_at): (Option<i64>, Timestamp),
        day: NaiveDate,
        summary: String,
        description: String,
    ) -> Event {
        Event {
            uid: uid(kind, id, self.tenant, &self.app.calendar_domain),
            version,
            updated_at,
            when: When::Day(day),
            summary,
            location: None,
            description,
            is_tentative: false,
        }
    }

    /// The day on which it is, where the users are.
    fn day_of(&self, moment: Timestamp) -> NaiveDate {
        self.app.day_of(moment)
    }

    /// A whole day does not tell the hour.
    fn due(&self, moment: Timestamp) -> String {
        let (timezone, word) = (self.app.timezone, self.words.due);
        format!("{word}: {} ({timezone})", moment.utc().with_timezone(&timezone).format("%Y-%m-%d %H:%M"))
    }
}
