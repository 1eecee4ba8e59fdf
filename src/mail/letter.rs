//! Writes a letter.

use std::error::Error;
use std::time::SystemTime;

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use maud::{DOCTYPE, Markup, html};
use sha2::{Digest, Sha256};

use super::store::LetterRow;
use super::texts;
use crate::clock::Timestamp;
use crate::error::Language;
use crate::resource::Resource;

/// What a letter says.
struct Words<'a> {
    language: &'a str,
    subject: &'a str,
    greeting: &'a str,
    news: &'a str,
    title: &'a str,
    link: Option<&'a str>,
    footer: &'a str,
}

impl Words<'_> {
    /// As a page, in which every text is escaped.
    fn page(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang=(self.language) {
                head {
                    meta charset="utf-8";
                    title { (self.subject) }
                }
                body {
                    p { (self.greeting) }
                    p { (self.news) "." }
                    p { strong { (self.title) } }
                    @if let Some(link) = self.link {
                        p { a href=(link) { (link) } }
                    }
                    p { small { (self.footer) } }
                }
            }
        }
    }
}

/// Tells other programs that nobody wrote this by hand, so that none of them answers (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The letter from this sender, with a link into the web app if its place is known; or why there can be none.
pub fn write(
    row: &LetterRow,
    from: &Mailbox,
    public_url: Option<&str>,
    now: Timestamp,
) -> Result<Message, &'static str> {
    let to = address(&row.email).ok_or("no mail can be sent to the address")?;
    let language = language(row.locale.as_deref());
    let (name, title) = (one_line(&row.name), one_line(&row.title));
    let news = texts::news(row.kind, language);
    let subject = format!("[BizCenter] {news}: {}", in_header(&title));
    let greeting = texts::greeting(&name, language);
    let link = public_url.map(|url| format!("{url}{}", path(row)));
    let footer = texts::footer(language);
    let words = Words {
        language: language.tag(),
        subject: &subject,
        greeting: &greeting,
        news,
        title: &title,
        link: link.as_deref(),
        footer,
    };
    let link = link.as_ref().map(|link| format!("{link}\n\n")).unwrap_or_default();
    let text = format!("{greeting}\n\n{news}.\n\n    {title}\n\n{link}{footer}\n");
    let html = words.page().into_string();
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(Some(in_header(&name)).filter(|name| !name.is_empty()), to))
        .subject(subject)
        .date(SystemTime::from(now.utc()))
        .message_id(Some(message_id(row, from)))
        .header(AutoSubmitted)
        .multipart(MultiPart::alternative_plain_html(text, html))
        .map_err(|_| "the letter cannot be written")
}

/// The address in the form that every mail server takes: a domain in another script has one in ASCII. lettre writes to
/// nobody who has a number in its place.
pub fn address(text: &str) -> Option<Address> {
    let (local, domain) = text.rsplit_once('@').filter(|(_, domain)| !domain.starts_with('['))?;
    Address::new(local, idna::domain_to_ascii(domain).ok()?).ok()
}

fn language(locale: Option<&str>) -> Language {
    match locale {
        Some("en") => Language::English,
        _ => Language::Korean,
    }
}

/// The same for every attempt at a letter, so that one that comes twice is known to be the same.
fn message_id(row: &LetterRow, from: &Mailbox) -> String {
    // A tenant's name may have letters that an id may not.
    let tenant = hex::encode(Sha256::digest(row.tenant_id.as_bytes()));
    format!("<notification-{}-{}@{}>", &tenant[..12], row.id, from.email.domain())
}

/// Where the web app shows it.
fn path(row: &LetterRow) -> String {
    let LetterRow { resource_type, resource_id, .. } = row;
    match resource_type {
        Resource::Task => format!("/tasks/{resource_id}"),
        Resource::Meeting => format!("/meetings/{resource_id}"),
        Resource::Contract => format!("/contracts/{resource_id}"),
        _ => String::new(),
    }
}

/// The line without what looks encoded, but is not: whoever reads a header would decode it.
fn in_header(line: &str) -> String {
    line.replace("=?", "= ?")
}

/// The text in one line: nothing in it ends a header, or turns the direction of what follows.
fn one_line(text: &str) -> String {
    let turns = |letter: char| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let text: String =
        text.chars().map(|letter| if letter.is_control() || turns(letter) { ' ' } else { letter }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
