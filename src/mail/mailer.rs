//! The mail server, and what its answers mean for a letter.

use std::error::Error;
use std::io;

use lettre::message::Mailbox;
use lettre::transport::smtp;
use tokio::time::timeout;

use super::letter;
use super::session::{Refusal, Session, Step};
use super::store::LetterRow;
use crate::clock::Timestamp;
use crate::config::{Mail, Patience, Smtp};

/// The enhanced codes (RFC 3463) that refuse this recipient. Whatever else is refused with 5xx may be about ourselves:
/// quotas, the sender, the login.
const NO_SUCH_RECIPIENT: [&str; 5] = ["5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1"];
/// The mail server hangs up, whatever it was told.
const CLOSING: u16 = 421;

/// Sends letters.
pub struct Mailer {
    smtp: Smtp,
    patience: Patience,
    from: Mailbox,
    public_url: Option<String>,
}

/// Why a letter was not sent. Addresses, and what a mail server says, which often repeats them, are not in it.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What follows from it.
    pub verdict: Verdict,
    /// For the operator.
    pub reason: String,
}

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// There is no use in trying again.
    Final,
    /// The letter is tried again later.
    Later,
    /// The same, and others will not fare better now: the mail server has fallen silent.
    Silence,
    /// Nothing is wrong with the letter: the mail server takes none.
    Outage,
}

impl Mailer {
    /// From the settings.
    pub fn new(mail: &Mail) -> Self {
        let Mail { smtp, from, public_url, patience } = mail;
        let from = Mailbox::new(from.name.clone(), letter::address(from.email.as_ref()).unwrap_or(from.email.clone()));
        Self { smtp: smtp.clone(), patience: *patience, from, public_url: public_url.clone() }
    }

    /// How long to wait for what.
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Begins a conversation. What the mail server refuses here is nothing that is wrong with a letter.
    pub async fn open(&self) -> Result<Session, Failure> {
        match timeout(self.patience.check, Session::open(&self.smtp)).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(error)) => Err(Failure { verdict: Verdict::Outage, reason: reason(&error) }),
            Err(_) => Err(Failure { verdict: Verdict::Outage, ..silence() }),
        }
    }

    /// Sends the letter; gives back the conversation if it can go on.
    pub async fn send(
        &self,
        mut session: Session,
        row: &LetterRow,
        now: Timestamp,
    ) -> (Option<Session>, Result<(), Failure>) {
        let message = match letter::write(row, &self.from, self.public_url.as_deref(), now) {
            Ok(message) => message,
            Err(reason) => return (Some(session), Err(Failure::final_for(reason))),
        };
        let sent = timeout(self.patience.send, session.send(&message)).await;
        match sent {
            Ok(Ok(())) => (Some(session), Ok(())),
            Ok(Err(Refusal::NonAscii)) => (
                Some(session),
                Err(Failure::final_for("the mail server takes no address with other than ASCII letters")),
            ),
            Ok(Err(Refusal::Failed(step, error))) => {
                let failure = failure(step, &error);
                if failure.verdict != Verdict::Silence {
                    session.close();
                }
                (None, Err(failure))
            }
            Err(_) => (None, Err(silence())),
        }
    }
}

impl Failure {
    fn final_for(reason: &str) -> Self {
        Self { verdict: Verdict::Final, reason: reason.to_owned() }
    }
}

fn silence() -> Failure {
    Failure { verdict: Verdict::Silence, reason: "the mail server does not answer".into() }
}

fn failure(step: Step, error: &smtp::Error) -> Failure {
    let is_closing = error.status().is_some_and(|code| u16::from(code) == CLOSING);
    let verdict = match step {
        _ if error.status().is_none() && !error.is_client() => Verdict::Silence,
        Step::Sender if error.is_transient() => Verdict::Outage,
        Step::Recipient if is_closing => Verdict::Outage,
        // It may be because of the letter, which must not come first again and again.
        Step::Letter if is_closing => Verdict::Silence,
        Step::Recipient | Step::Letter if error.is_permanent() && refuses_recipient(error) => Verdict::Final,
        _ => Verdict::Later,
    };
    Failure { verdict, reason: reason(error) }
}

/// Whether the mail server's answer begins with one of those codes, as one that has any does.
fn refuses_recipient(error: &smtp::Error) -> bool {
    let said = error.source().map(ToString::to_string).unwrap_or_default();
    let code = said.split_whitespace().next();
    code.is_some_and(|code| NO_SUCH_RECIPIENT.contains(&code))
}

fn reason(error: &smtp::Error) -> String {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(inner) = inner.downcast_ref::<io::Error>() {
            return format!("no connection to the mail server: {inner}");
        }
        source = inner.source();
    }
    // What was not said by the mail server has no addresses in it.
    let why = || error.source().map(|why| format!(": {why}")).unwrap_or_default();
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_response() => "the mail server's answer cannot be read".into(),
        None if error.is_tls() => format!("no TLS with the mail server{}", why()),
        None => format!("the mail server cannot be used{}", why()),
    }
}
