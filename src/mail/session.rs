//! A conversation with the mail server, in which it takes one letter after the other.
//!
//! Not lettre's own transport: that tells nobody whether it was the sender or the recipient who was refused, and waits
//! for an answer to its farewell before it tells of a refusal at all.

use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use lettre::{Address, Message};
use tokio::time::timeout;

use crate::config::Smtp;

/// How long connecting may take; nothing else here is limited.
const CONNECT: Duration = Duration::from_secs(30);
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(5);

/// A conversation.
pub struct Session(AsyncSmtpConnection);

/// What the mail server was told when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Who we are, and who writes.
    Sender,
    /// Whom to.
    Recipient,
    /// The letter itself.
    Letter,
}

/// Why the mail server did not take a letter.
pub enum Refusal {
    /// It knows no such addresses (RFC 6531).
    NonAscii,
    /// Something went wrong.
    Failed(Step, Error),
}

impl Session {
    /// Lets the mail server know who we are.
    pub async fn open(smtp: &Smtp) -> Result<Self, Error> {
        let Smtp { host, port, tls, hello, credentials } = smtp;
        let at_once = match tls {
            Tls::Wrapper(parameters) => Some(parameters.clone()),
            _ => None,
        };
        let server = (host.as_str(), *port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT), hello, at_once, None).await?;
        match tls {
            Tls::Required(parameters) => connection.starttls(parameters.clone(), hello).await?,
            Tls::Opportunistic(parameters) if connection.can_starttls() => {
                connection.starttls(parameters.clone(), hello).await?;
            }
            _ => {}
        }
        if let Some(credentials) = credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(Self(connection))
    }

    /// Hands the letter over. After a failure there is nothing more to be said here.
    pub async fn send(&mut self, message: &Message) -> Result<(), Refusal> {
        let failed = |step| move |error| Refusal::Failed(step, error);
        let (envelope, letter) = (message.envelope(), message.formatted());
        let is_known = |extension| self.0.server_info().supports_feature(extension);
        let mut parameters = Vec::new();
        if !envelope.from().into_iter().chain(envelope.to()).all(is_ascii) {
            if !is_known(Extension::SmtpUtfEight) {
                return Err(Refusal::NonAscii);
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !letter.is_ascii() && is_known(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mail = Mail::new(envelope.from().cloned(), parameters);
        self.0.command(mail).await.map_err(failed(Step::Sender))?;
        for to in envelope.to() {
            self.0.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(failed(Step::Recipient))?;
        }
        self.0.command(Data).await.map_err(failed(Step::Letter))?;
        self.0.message(&letter).await.map_err(failed(Step::Letter))?;
        Ok(())
    }

    /// Says good-bye, while others go on.
    pub fn close(mut self) {
        tokio::spawn(async move {
            // Whether it answers or not.
            let _ = timeout(FAREWELL, self.0.quit()).await;
        });
    }
}

fn is_ascii(address: &Address) -> bool {
    let text: &str = address.as_ref();
    text.is_ascii()
}
