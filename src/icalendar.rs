//! iCalendar (RFC 5545): what calendar programs read.

mod timezone;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use calcard::common::PartialDateTime;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarDuration, ICalendarParameter, ICalendarProperty,
    ICalendarStatus, ICalendarTransparency, ICalendarValueType,
};
use chrono::{Datelike, NaiveDate, Timelike};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use crate::clock::Timestamp;
use crate::etag::{Conditions, Tag};
use crate::letters::is_deceptive;

/// Who made it (RFC 5545, 3.7.3).
const PRODUCT: &str = "-//MSSP BizCenter//API//EN";
/// Bytes of the tenant's digest in a [`uid`].
const TENANT_LENGTH: usize = 8;
/// How long an event with a time is: nothing here knows when it ends.
const HOUR: ICalendarDuration = ICalendarDuration { neg: false, weeks: 0, days: 0, hours: 1, minutes: 0, seconds: 0 };

/// An event of a calendar.
#[derive(Debug)]
pub struct Event {
    /// By which programs know it again: see [`uid`].
    pub uid: String,
    /// Counts changes, where something does.
    pub version: Option<i64>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it is.
    pub when: When,
    /// Its title.
    pub summary: String,
    /// Where it is.
    pub location: Option<String>,
    /// All else that there is to say; may be empty.
    pub description: String,
    /// Whether it is not settled yet.
    pub is_tentative: bool,
}

/// When an event is.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// From this moment on, for an hour.
    Hour(Timestamp),
    /// A whole day, which leaves nobody busy.
    Day(NaiveDate),
}

/// What programs need to know of a calendar that they read again and again.
#[derive(Debug)]
pub struct Subscription {
    /// What it is called.
    pub name: String,
    /// The time zone in which its days are.
    pub timezone: Tz,
    /// Its first day.
    pub first: NaiveDate,
    /// Its last day.
    pub last: NaiveDate,
}

/// What a row is called in every calendar: the same for good, and never the same in another tenant or, with a domain of
/// its own, in another installation.
pub fn uid(kind: &str, id: i64, tenant: &str, domain: &str) -> String {
    let digest = Sha256::digest(tenant.as_bytes());
    format!("{kind}-{id}.{}@{domain}", hex::encode(&digest[..TENANT_LENGTH]))
}

/// A calendar as text, with its tag. The same events are the same text, whenever it is written.
pub fn write(subscription: Option<&Subscription>, events: Vec<Event>) -> (Tag, String) {
    let mut calendar = ICalendarComponent::new(ICalendarComponentType::VCalendar);
    calendar.add_property(ICalendarProperty::Version, "2.0");
    calendar.add_property(ICalendarProperty::Prodid, PRODUCT);
    calendar.add_property(ICalendarProperty::Calscale, "GREGORIAN");
    let mut components = Vec::new();
    if let Some(Subscription { name, timezone, first, last }) = subscription {
        let is_duration = [ICalendarParameter::value(ICalendarValueType::Duration)];
        calendar.add_property(ICalendarProperty::Name, line(name));
        calendar.add_property(ICalendarProperty::Other("X-WR-CALNAME".into()), line(name));
        calendar.add_property(ICalendarProperty::Other("X-WR-TIMEZONE".into()), timezone.name());
        calendar.add_property_with_params(ICalendarProperty::RefreshInterval, is_duration, HOUR);
        calendar.add_property(ICalendarProperty::Other("X-PUBLISHED-TTL".into()), HOUR);
        // A calendar has at least one component, and this one may have no events.
        let (mut timezone, observances) = timezone::components(*timezone, *first, *last);
        timezone.component_ids = (2..).take(observances.len()).collect();
        calendar.component_ids.push(1);
        components.push(timezone);
        components.extend(observances);
    }
    calendar.component_ids.extend((1..).skip(components.len()).take(events.len()));
    components.insert(0, calendar);
    components.extend(events.into_iter().map(Event::into_component));
    let text = ICalendar { components }.to_string();
    (Tag::of(text.as_bytes()), text)
}

/// The answer with a calendar as a file, or 304 when the caller has it already. A cache may keep it for its user, and
/// asks each time whether it still holds.
pub fn answer(conditions: &Conditions, file: &str, (tag, text): (Tag, String)) -> Response {
    let response = conditions.respond(tag, || {
        let headers = [
            (header::CONTENT_TYPE, "text/calendar; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
        ];
        (headers, text)
    });
    ([(header::CACHE_CONTROL, "private, no-cache")], response).into_response()
}

impl Event {
    fn into_component(self) -> ICalendarComponent {
        let Self { uid, version, updated_at, when, summary, location, description, is_tentative } = self;
        let mut event = ICalendarComponent::new(ICalendarComponentType::VEvent);
        event.add_property(ICalendarProperty::Uid, uid);
        // Without a METHOD it is when the event last changed, and not the moment of the answer, which would make it
        // another text each time.
        event.add_property(ICalendarProperty::Dtstamp, moment(updated_at));
        event.add_property(ICalendarProperty::LastModified, moment(updated_at));
        if let Some(version) = version {
            event.add_property(ICalendarProperty::Sequence, version);
        }
        let is_date = || [ICalendarParameter::value(ICalendarValueType::Date)];
        match when {
            When::Hour(start) => {
                event.add_property(ICalendarProperty::Dtstart, moment(start));
                event.add_property(ICalendarProperty::Duration, HOUR);
            }
            When::Day(day) => {
                event.add_property_with_params(ICalendarProperty::Dtstart, is_date(), date(day));
                // The end is the first day that is no part of it.
                if let Some(next) = day.succ_opt() {
                    event.add_property_with_params(ICalendarProperty::Dtend, is_date(), date(next));
                }
                event.add_property(ICalendarProperty::Transp, ICalendarTransparency::Transparent);
            }
        }
        event.add_property(ICalendarProperty::Summary, line(&summary));
        if let Some(location) = location.filter(|location| !location.is_empty()) {
            event.add_property(ICalendarProperty::Location, line(&location));
        }
        if !description.is_empty() {
            event.add_property(ICalendarProperty::Description, clean(&description));
        }
        let status = if is_tentative { ICalendarStatus::Tentative } else { ICalendarStatus::Confirmed };
        event.add_property(ICalendarProperty::Status, status);
        event
    }
}

fn moment(time: Timestamp) -> PartialDateTime {
    let utc = time.utc();
    PartialDateTime {
        hour: u8::try_from(utc.hour()).ok(),
        minute: u8::try_from(utc.minute()).ok(),
        second: u8::try_from(utc.second()).ok(),
        tz_hour: Some(0),
        tz_minute: Some(0),
        ..date(utc.date_naive())
    }
}

fn date(day: NaiveDate) -> PartialDateTime {
    PartialDateTime {
        year: u16::try_from(day.year()).ok(),
        month: u8::try_from(day.month()).ok(),
        day: u8::try_from(day.day()).ok(),
        ..PartialDateTime::default()
    }
}

/// Text that begins no line of its own in any reader: every kind of line break becomes the one that is escaped. Other
/// control characters, which the format has no place for, are left out, and so is what deceives the reader.
fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' if letters.peek() == Some(&'\n') => {}
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => clean.push('\n'),
            '\n' | '\t' => clean.push(letter),
            letter if letter.is_control() || is_deceptive(letter) => {}
            letter => clean.push(letter),
        }
    }
    clean
}

/// Text that is shown on one line.
fn line(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(summary: &str, description: &str) -> Event {
        Event {
            uid: uid("meeting", 1, "acme", "bizcenter"),
            version: Some(1),
            updated_at: Timestamp::from_micros(0).unwrap(),
            when: When::Hour(Timestamp::from_micros(0).unwrap()),
            summary: summary.into(),
            location: None,
            description: description.into(),
            is_tentative: false,
        }
    }

    /// The name of each line, without what it says.
    fn names(text: &str) -> Vec<String> {
        let unfolded = text.replace("\r\n ", "");
        let lines = unfolded.split_terminator("\r\n");
        lines.map(|line| line.split([':', ';']).next().unwrap_or_default().to_owned()).collect()
    }

    proptest! {
        #[test]
        fn no_text_makes_a_line_of_its_own_or_one_that_is_too_long(
            text in "(\\PC|[\r\n\t;,:\\\\\u{b}\u{85}\u{2028}]|\r?\nEND:VEVENT\r?\n){1,80}",
        ) {
            let (_, written) = write(None, vec![event(&text, &text)]);
            for line in written.split_terminator("\r\n") {
                prop_assert!(line.len() <= 75, "{}", line);
                prop_assert!(!line.contains(|letter: char| letter.is_control() && letter != '\t'), "{:?}", line);
            }
            let expected = "BEGIN VERSION PRODID CALSCALE BEGIN UID DTSTAMP LAST-MODIFIED SEQUENCE DTSTART \
                            DURATION SUMMARY DESCRIPTION STATUS END END";
            prop_assert_eq!(names(&written).join(" "), expected, "{}", written);
        }
    }

    #[test]
    fn a_name_is_the_same_for_good_and_another_one_elsewhere() {
        let name = |tenant: &str, domain: &str| uid("meeting", 12, tenant, domain);
        assert_eq!(name("acme", "bizcenter"), "meeting-12.822b33ad87c148a0@bizcenter");
        assert_ne!(name("acme", "bizcenter"), name("ACME", "bizcenter"));
        assert_ne!(name("acme", "app.example.com"), name("acme", "test.example.com"));
    }

    #[test]
    fn every_line_break_is_one_and_other_control_characters_are_none() {
        assert_eq!(clean("a\u{202e}b\u{2067}c\u{200b}d\u{feff}e\u{200c}f\u{200d}g"), "abcde\u{200c}f\u{200d}g");
        assert_eq!(clean("a\r\nb\rc\nd\u{2028}e\u{b}\u{0}\u{1b}\u{7f}\u{9f}\tf"), "a\nb\nc\nd\ne\n\tf");
        assert_eq!(line("a\r\nb\tc"), "a b c");
    }
}
