//! A small strict reader of iCalendar, which knows nothing of the server's writer.

use std::collections::BTreeMap;

use crate::client::Reply;

/// An event: what each of its properties says, by name with parameters.
pub type Event = BTreeMap<String, String>;

/// The lines of a calendar, unfolded but still escaped, after checking that it is well formed.
pub fn lines(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("text/calendar; charset=utf-8"));
    let text = reply.text();
    let physical: Vec<&str> = text.strip_suffix("\r\n").expect("a line break at the end").split("\r\n").collect();
    let mut lines: Vec<String> = Vec::new();
    for line in physical {
        assert!((1..=75).contains(&line.len()), "{} octets: {line}", line.len());
        assert!(!line.contains(|letter: char| letter.is_control() && letter != '\t'), "{line:?}");
        match line.strip_prefix(' ') {
            Some(rest) => {
                assert!(!rest.is_empty(), "an empty continuation");
                let before = lines.last_mut().expect("a line before its continuation");
                // A fold inside an escape is allowed, but some programs do not unfold before they unescape.
                let backslashes = before.len() - before.trim_end_matches('\\').len();
                assert!(backslashes.is_multiple_of(2), "folded inside an escape: {before}");
                before.push_str(rest);
            }
            None => lines.push(line.to_owned()),
        }
    }
    for line in &lines {
        let name = line.split([':', ';']).next().unwrap();
        let is_name = |byte: u8| byte.is_ascii_uppercase() || byte == b'-';
        assert!(line.contains(':') && !name.is_empty() && name.bytes().all(is_name), "{line}");
    }
    lines
}

/// The events of a calendar.
pub fn events(reply: &Reply) -> Vec<Event> {
    let (mut events, mut open, lines) = (Vec::new(), Vec::new(), lines(reply));
    for line in &lines {
        let (name, value) = line.split_once(':').unwrap();
        match name {
            "BEGIN" => {
                open.push(value);
                let parents = open[..open.len() - 1].join(" ");
                let known = match value {
                    "VCALENDAR" => "",
                    "VEVENT" | "VTIMEZONE" => "VCALENDAR",
                    "STANDARD" | "DAYLIGHT" => "VCALENDAR VTIMEZONE",
                    other => panic!("{other} in {open:?}"),
                };
                assert_eq!(parents, known, "{open:?}");
                if value == "VEVENT" {
                    events.push(Event::new());
                }
            }
            "END" => assert_eq!(open.pop(), Some(value)),
            _ if open.last() == Some(&"VEVENT") => {
                let event: &mut Event = events.last_mut().unwrap();
                assert_eq!(event.insert(name.to_owned(), unescaped(value)), None, "{name} is there twice");
            }
            _ => {}
        }
    }
    assert_eq!((open.len(), lines[0].as_str()), (0, "BEGIN:VCALENDAR"));
    for event in &events {
        assert!(["UID", "DTSTAMP"].iter().all(|name| event.contains_key(*name)), "{event:?}");
    }
    events
}

/// What the events say of this.
pub fn all(reply: &Reply, name: &str) -> Vec<String> {
    events(reply).iter().filter_map(|event| event.get(name).cloned()).collect()
}

fn unescaped(text: &str) -> String {
    let (mut plain, mut letters) = (String::new(), text.chars());
    while let Some(letter) = letters.next() {
        assert!(!matches!(letter, ';' | ','), "{letter} without a backslash: {text}");
        plain.push(match letter {
            '\\' => match letters.next() {
                Some('n' | 'N') => '\n',
                Some(letter @ ('\\' | ';' | ',')) => letter,
                other => panic!("\\{other:?} is no escape: {text}"),
            },
            letter => letter,
        });
    }
    plain
}
