//! The mail server.

use std::error::Error;
use std::io;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::{self, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::letter;
use super::store::LetterRow;
use crate::clock::Timestamp;
use crate::config::Mail;

/// How long the mail server may take for one answer; some look through a letter for long before they take it. On an
/// open connection a letter takes five answers, which is less time than it is kept from other senders.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends letters.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    public_url: Option<String>,
}

/// Why a letter was not sent. Addresses, and what a mail server says, which often repeats them, are not in it.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Whether there is no use in trying again.
    pub is_final: bool,
    /// For the operator.
    pub reason: String,
}

impl Mailer {
    /// From the settings, inside of the runtime: the connections are watched over by a task.
    pub fn new(mail: &Mail) -> Self {
        let Mail { smtp, from, public_url } = mail;
        let pool = PoolConfig::new().max_size(1);
        let from = Mailbox::new(from.name.clone(), letter::address(from.email.as_ref()).unwrap_or(from.email.clone()));
        let transport = smtp.builder().timeout(Some(TIMEOUT)).pool_config(pool).build();
        Self { transport, from, public_url: public_url.clone() }
    }

    /// Whether the mail server answers and lets us in. What it refuses here is nothing that is wrong with a letter.
    pub async fn check(&self) -> Result<(), Failure> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure { is_final: false, reason: "the mail server does not answer".into() }),
            Err(error) => Err(Failure { is_final: false, reason: reason(&error) }),
        }
    }

    /// Sends the letter.
    pub async fn send(&self, row: &LetterRow, now: Timestamp) -> Result<(), Failure> {
        let message = letter::write(row, &self.from, self.public_url.as_deref(), now)
            .map_err(|reason| Failure { is_final: true, reason: reason.into() })?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure { is_final: error.is_permanent(), reason: reason(&error) }),
        }
    }
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
