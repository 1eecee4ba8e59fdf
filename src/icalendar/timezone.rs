//! A time zone as calendar programs want it told (RFC 5545, 3.6.5): its offset from UTC, and each change of it.

use calcard::icalendar::{ICalendarComponent, ICalendarComponentType, ICalendarProperty};
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use chrono_tz::{OffsetComponents, Tz};

/// The time zone, and what belongs inside of it, from before the first day to after the last. Whole years, so that it is
/// the same text for a year.
pub fn components(timezone: Tz, first: NaiveDate, last: NaiveDate) -> (ICalendarComponent, Vec<ICalendarComponent>) {
    let mut component = ICalendarComponent::new(ICalendarComponentType::VTimezone);
    component.add_property(ICalendarProperty::Tzid, timezone.name());
    let begin = new_year(first.year() - 1);
    let end = new_year(last.year() + 1);
    let (mut known, is_daylight) = offset(timezone, begin);
    let mut observances = vec![observance(begin, (known, known), is_daylight)];
    let mut day = begin;
    while day < end {
        let next = day + TimeDelta::days(1);
        let (after, is_daylight) = offset(timezone, next);
        if after != known {
            let onset = onset(timezone, known, day, next);
            // It begins when clocks show this, before they are moved.
            observances.push(observance(onset + TimeDelta::seconds(known.into()), (known, after), is_daylight));
            known = after;
        }
        day = next;
    }
    (component, observances)
}

fn new_year(year: i32) -> NaiveDateTime {
    NaiveDate::from_yo_opt(year, 1).unwrap_or_default().and_time(NaiveTime::MIN)
}

/// How many seconds clocks are ahead of UTC at this moment, and whether that is because of summer.
fn offset(timezone: Tz, utc: NaiveDateTime) -> (i32, bool) {
    let offset = timezone.offset_from_utc_datetime(&utc);
    (offset.fix().local_minus_utc(), !offset.dst_offset().is_zero())
}

/// The first second between these moments at which clocks are moved from this offset.
fn onset(timezone: Tz, known: i32, mut before: NaiveDateTime, mut after: NaiveDateTime) -> NaiveDateTime {
    while after - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        if offset(timezone, middle).0 == known { before = middle } else { after = middle }
    }
    after
}

fn observance(begin: NaiveDateTime, (before, after): (i32, i32), is_daylight: bool) -> ICalendarComponent {
    let kind = if is_daylight { ICalendarComponentType::Daylight } else { ICalendarComponentType::Standard };
    let mut component = ICalendarComponent::new(kind);
    component.add_property(ICalendarProperty::Dtstart, begin.format("%Y%m%dT%H%M%S").to_string());
    component.add_property(ICalendarProperty::Tzoffsetfrom, text(before));
    component.add_property(ICalendarProperty::Tzoffsetto, text(after));
    component
}

/// `+0900`
fn text(seconds: i32) -> String {
    let (sign, seconds) = (if seconds < 0 { '-' } else { '+' }, seconds.abs());
    let text = format!("{sign}{:02}{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 == 0 { text } else { format!("{text}{:02}", seconds % 60) }
}

#[cfg(test)]
mod tests {
    use calcard::icalendar::ICalendar;

    use super::*;

    fn written(timezone: Tz, first: &str, last: &str) -> String {
        let (mut component, observances) = components(timezone, first.parse().unwrap(), last.parse().unwrap());
        component.component_ids = (1..).take(observances.len()).collect();
        let components = std::iter::once(component).chain(observances).collect();
        ICalendar { components }.to_string().replace("\r\n", " ").trim_end().to_owned()
    }

    #[test]
    fn a_zone_without_summer_has_one_offset() {
        assert_eq!(
            written(Tz::Asia__Seoul, "2025-11-09", "2027-02-08"),
            "BEGIN:VTIMEZONE TZID:Asia/Seoul BEGIN:STANDARD DTSTART:20240101T000000 TZOFFSETFROM:+0900 \
             TZOFFSETTO:+0900 END:STANDARD END:VTIMEZONE"
        );
    }

    #[test]
    fn each_change_of_clocks_is_told_when_it_is() {
        let summer =
            |day: &str| format!("BEGIN:DAYLIGHT DTSTART:{day}T020000 TZOFFSETFROM:-0500 TZOFFSETTO:-0400 END:DAYLIGHT");
        let winter =
            |day: &str| format!("BEGIN:STANDARD DTSTART:{day}T020000 TZOFFSETFROM:-0400 TZOFFSETTO:-0500 END:STANDARD");
        let expected = [
            "BEGIN:VTIMEZONE TZID:America/New_York".to_owned(),
            "BEGIN:STANDARD DTSTART:20250101T000000 TZOFFSETFROM:-0500 TZOFFSETTO:-0500 END:STANDARD".to_owned(),
            summer("20250309"),
            winter("20251102"),
            summer("20260308"),
            winter("20261101"),
            "END:VTIMEZONE".to_owned(),
        ];
        assert_eq!(written(Tz::America__New_York, "2026-03-01", "2026-12-31"), expected.join(" "));
    }

    #[test]
    fn an_offset_may_have_seconds() {
        assert_eq!([0, -12_600, 20_700, -1_172].map(text), ["+0000", "-0330", "+0545", "-001932"]);
    }
}
