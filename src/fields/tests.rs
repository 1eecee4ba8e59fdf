//! The coercions that `flask-behaviour.md` lists, value by value.

use proptest::prelude::*;
use serde_json::json;

use super::email::is_email;
use super::*;
use crate::clock::Timestamp;

fn read<T>(rule: impl FnOnce(Value) -> Read<T>, value: Value) -> Option<T> {
    rule(value).ok()
}

#[test]
fn integers_are_what_pythons_int_takes() {
    let accepted = [
        (json!(6), 6),
        (json!("6"), 6),
        (json!(" 6 "), 6),
        (json!("+6"), 6),
        (json!(6.0), 6),
        (json!(6.7), 6),
        (json!(1e1), 10),
        (json!("5_3"), 53),
        (json!("０６"), 6),
        (json!(-6.7), -6),
        (json!("-6"), -6),
    ];
    for (value, number) in accepted {
        assert_eq!(read(integer, value.clone()), Some(number), "{value}");
    }
    for value in [
        json!("6.0"),
        json!("1e3"),
        json!("0x6"),
        json!(""),
        json!(true),
        json!("5__3"),
        json!("_5"),
        json!([6]),
        json!("--6"),
    ] {
        assert_eq!(integer(value.clone()), Err(FieldMessage::NotAnInteger.into()), "{value}");
    }
    for value in [json!(1e300), json!("9223372036854775808"), json!(9_223_372_036_854_775_808_u64)] {
        assert_eq!(integer(value.clone()), Err(FieldMessage::TooLarge.into()), "{value}");
    }
}

#[test]
fn booleans_are_marshmallows_words() {
    for word in ["1", "t", "T", "true", "True", "TRUE", "on", "On", "ON", "y", "Y", "yes", "Yes", "YES"] {
        assert_eq!(read(boolean, json!(word)), Some(true), "{word}");
    }
    for word in ["0", "f", "F", "false", "False", "FALSE", "off", "Off", "OFF", "n", "N", "no", "No", "NO"] {
        assert_eq!(read(boolean, json!(word)), Some(false), "{word}");
    }
    assert_eq!((read(boolean, json!(1.0)), read(boolean, json!(0))), (Some(true), Some(false)));
    for value in [json!(""), json!(2), json!("tRUE"), json!([]), json!({})] {
        assert_eq!(read(boolean, value.clone()), None, "{value}");
    }
}

#[test]
fn moments_are_converted_to_utc() {
    let written = |text: &str| read(moment, json!(text)).map(|moment| serde_json::to_value(moment).unwrap());
    let accepted = [
        ("2026-02-07T10:17:56.942016Z", "2026-02-07T10:17:56.942016Z"),
        ("2026-2-7 1:2", "2026-02-07T01:02:00.000000Z"),
        ("2026-02-07T10:17:56.9420161234", "2026-02-07T10:17:56.942016Z"),
        ("2026-02-07T10:00:00+09:00", "2026-02-07T01:00:00.000000Z"),
        ("2026-02-07T10:00:00+0900", "2026-02-07T01:00:00.000000Z"),
        ("2026-02-07T10:00:00-05", "2026-02-07T15:00:00.000000Z"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999Z"),
    ];
    for (text, moment) in accepted {
        assert_eq!(written(text), Some(json!(moment)), "{text}");
    }
    let refused = [
        "2026-02-07",
        "2026-02-07t10:00",
        "2026-02-07T10:00z",
        "2026-02-07T10:00:00,5",
        "2026-02-07T24:00",
        "2026-02-07T10:00:60",
        " 2026-02-07T10:00",
        "2026-02-07T10:00+25:00",
        "26-02-07T10:00",
        "2026-02-30T10:00",
        "0001-01-01T00:00:00+09:00",
        "9999-12-31T23:59:59-01:00",
        "",
    ];
    for text in refused {
        assert_eq!(written(text), None, "{text}");
    }
}

#[test]
fn dates_are_year_month_day() {
    assert_eq!(read(date, json!("2026-1-1")).map(|date| date.to_string()), Some("2026-01-01".into()));
    for text in ["20260101", "2026/01/01", "2026-01-01T00:00:00", " 2026-01-01", "2026-02-29", "0000-01-01"] {
        assert_eq!(read(date, json!(text)), None, "{text}");
    }
}

#[test]
fn a_bare_end_date_includes_its_day() {
    let written = |text| serde_json::to_value(to_moment(json!(text)).unwrap()).unwrap();
    assert_eq!(written("2026-02-07"), json!("2026-02-07T23:59:59.999999Z"));
    assert_eq!(written("2026-02-07T10:00:00"), json!("2026-02-07T10:00:00.000000Z"));
}

#[test]
fn emails_are_marshmallows() {
    let accepted = [
        "test@example.com",
        "홍길동@example.com",
        "u@한국.kr",
        "a@localhost",
        "a@[127.0.0.1]",
        r#""a@b"@x.co"#,
        "a@x.123",
        "a@x.-1",
    ];
    for text in accepted {
        assert!(is_email(text), "{text}");
    }
    let refused = [
        "a@b",
        "a@b.c",
        "a@1.2.3.4",
        "a@x.co.",
        "a@x_y.co",
        "a b@c.co",
        "a..b@x.co",
        "😀@x.co",
        "a@x.co\n",
        " a@x.co",
        "",
        "@",
        "a@",
        "@x.co",
        "a@[300.0.0.1]",
    ];
    for text in refused {
        assert!(!is_email(text), "{text}");
    }
}

#[test]
fn currencies_are_iso_4217() {
    assert_eq!(read(currency, json!("krw")), Some("KRW".into()));
    assert_eq!(currency(json!("한국어")), Err(FieldMessage::NotACurrency.into()));
    assert_eq!(currency(json!("KRWW")), Err(FieldMessage::ExactLength(3).into()));
}

proptest! {
    #[test]
    fn no_text_makes_a_rule_panic(text in "\\PC*", bytes in prop::collection::vec(any::<char>(), 0..40)) {
        for text in [text, bytes.into_iter().collect::<String>()] {
            let _ = (integer(json!(text)), moment(json!(text)), date(json!(text)), email(json!(text)), currency(json!(text)));
        }
    }

    #[test]
    fn every_integer_is_read_back(number in any::<i64>()) {
        prop_assert_eq!(read(integer, json!(number)), Some(number));
        prop_assert_eq!(read(integer, json!(number.to_string())), Some(number));
    }

    #[test]
    fn every_moment_is_read_back(micros in -62_135_596_800_000_000_i64..253_402_300_800_000_000) {
        let time = Timestamp::from_micros(micros).unwrap();
        prop_assert_eq!(read(moment, serde_json::to_value(time).unwrap()), Some(time));
    }
}
