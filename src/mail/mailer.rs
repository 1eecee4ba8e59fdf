//! The mail server.

use std::error::Error;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::{self, AsyncSmtpTransportBuilder, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::time::timeout;

use super::letter;
use super::store::LetterRow;
use crate::clock::Timestamp;
use crate::config::{Mail, Patience};

/// How long connecting may take; lettre limits nothing else.
const CONNECT: Duration = Duration::from_secs(30);
/// The enhanced codes (RFC 3463) that refuse this recipient. Whatever else is refused with 5xx may be about ourselves:
/// quotas, the sender, the login.
const NO_SUCH_RECIPIENT: [&str; 5] = ["5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1"];
const SILENCE: &str = "the mail server does not answer";

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Sends letters.
pub struct Mailer {
    builder: AsyncSmtpTransportBuilder,
    transport: Mutex<Transport>,
    patience: Patience,
    from: Mailbox,
    public_url: Option<String>,
}

/// Why a letter was not sent. Addresses, and what a mail server says, which often repeats them, are not in it.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Whether there is no use in trying again.
    pub is_final: bool,
    /// Whether the mail server did not answer, so that others will not fare better.
    pub is_silence: bool,
    /// For the operator.
    pub reason: String,
}

impl Mailer {
    /// From the settings, inside of the runtime: the connections are watched over by a task.
    pub fn new(mail: &Mail) -> Self {
        let Mail { smtp, from, public_url, patience } = mail;
        let pool = PoolConfig::new().max_size(1);
        let from = Mailbox::new(from.name.clone(), letter::address(from.email.as_ref()).unwrap_or(from.email.clone()));
        let builder = smtp.builder().timeout(Some(CONNECT)).pool_config(pool);
        let transport = Mutex::new(builder.clone().build());
        Self { builder, transport, patience: *patience, from, public_url: public_url.clone() }
    }

    /// How long to wait for what.
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Whether the mail server answers and lets us in. What it refuses here is nothing that is wrong with a letter.
    pub async fn check(&self) -> Result<(), Failure> {
        match timeout(self.patience.check, self.transport().test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(silence()),
            Ok(Err(error)) => Err(Failure { is_final: false, ..failure(&error) }),
            Err(_) => {
                self.hang_up();
                Err(silence())
            }
        }
    }

    /// Sends the letter.
    pub async fn send(&self, row: &LetterRow, now: Timestamp) -> Result<(), Failure> {
        let message = letter::write(row, &self.from, self.public_url.as_deref(), now).map_err(|reason| Failure {
            is_final: true,
            is_silence: false,
            reason: reason.into(),
        })?;
        match timeout(self.patience.send, self.transport().send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => {
                self.hang_up();
                Err(silence())
            }
        }
    }

    fn transport(&self) -> Transport {
        self.transport.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins anew. The pool takes back a connection that was left in the middle, where a late answer would be taken
    /// for the next one's.
    fn hang_up(&self) {
        *self.transport.lock().unwrap_or_else(PoisonError::into_inner) = self.builder.clone().build();
    }
}

fn silence() -> Failure {
    Failure { is_final: false, is_silence: true, reason: SILENCE.into() }
}

fn failure(error: &smtp::Error) -> Failure {
    let is_final = error.is_permanent() && refuses_recipient(error);
    let is_silence = error.status().is_none() && !error.is_client();
    Failure { is_final, is_silence, reason: reason(error) }
}

/// Whether the first enhanced code in what the mail server says is one of those.
fn refuses_recipient(error: &smtp::Error) -> bool {
    let said = error.source().map(ToString::to_string).unwrap_or_default();
    let mut words = said.split(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let code = words.find_map(|word| Some(word.trim_matches('.')).filter(|word| word.split('.').count() == 3));
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
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_response() => "the mail server's answer cannot be read".into(),
        None => "the mail server cannot be used".into(),
    }
}
