//! Calendars: of one meeting, of a user, and by a link.

mod content;
mod feed;
mod hostile;
mod meeting;
mod reader;

use serde_json::{Value, json};

use crate::app::{Session, TestApp};

const CALENDAR: &str = "/api/v1/calendar.ics";
const FEED: &str = "/api/v1/calendar/feed";
const FIRST: &str = "/api/v1/meetings/1/calendar.ics";

/// How a calendar of the tenant `test-001` begins.
const HEAD: [&str; 17] = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//MSSP BizCenter//API//EN",
    "CALSCALE:GREGORIAN",
    "NAME:BizCenter (test-001)",
    "X-WR-CALNAME:BizCenter (test-001)",
    "X-WR-TIMEZONE:Asia/Seoul",
    "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    "X-PUBLISHED-TTL:PT1H",
    "BEGIN:VTIMEZONE",
    "TZID:Asia/Seoul",
    "BEGIN:STANDARD",
    "DTSTART:20240101T000000",
    "TZOFFSETFROM:+0900",
    "TZOFFSETTO:+0900",
    "END:STANDARD",
    "END:VTIMEZONE",
];

/// Makes a row with these fields beside the required ones; gives its id.
async fn make(app: &TestApp, user: &Session, kind: &str, fields: Value) -> i64 {
    let mut body = match kind {
        "task" => json!({"title": "보고", "week_number": 7, "year": 2026}),
        "meeting" => json!({"title": "주간 회의", "meeting_date": "2026-02-09T10:00:00+09:00"}),
        _ => json!({
            "contract_number": "C-1", "customer_name": "가나상사", "title": "관제", "amount": "98765",
            "start_date": "2026-01-01", "end_date": "2026-03-31", "status": "active",
        }),
    };
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let made = app.post(&format!("/api/v1/{kind}s"), body).by(user).expect(201).await;
    made[kind]["id"].as_i64().unwrap()
}

/// Makes an action item of the meeting; gives its id.
async fn make_item(app: &TestApp, user: &Session, meeting: i64, fields: Value) -> i64 {
    let path = format!("/api/v1/meetings/{meeting}/action-items");
    app.post(&path, fields).by(user).expect(201).await["action_item"]["id"].as_i64().unwrap()
}

async fn attend(app: &TestApp, by: &Session, meeting: i64, user: &Session) {
    app.post(&format!("/api/v1/meetings/{meeting}/attendees"), json!({"user_id": user.id})).by(by).expect(201).await;
}

/// Makes this user a link and gives its path.
async fn link(app: &TestApp, user: &Session) -> String {
    format!("{FEED}s/{}.ics", crate::isolation::make_calendar_feed(app, user).await)
}
