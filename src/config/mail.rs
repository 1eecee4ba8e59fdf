//! E-mail.

use std::fmt;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use url::Url;

use super::settings::Settings;

/// How letters are sent; without `SMTP_URL` none are.
#[derive(Debug)]
pub struct Mail {
    /// `SMTP_URL`.
    pub smtp: Smtp,
    /// `MAIL_FROM`.
    pub from: Mailbox,
    /// `PUBLIC_URL` of the web app, without a `/` at its end.
    pub public_url: Option<String>,
    /// No setting, but tests have less of it.
    pub patience: Patience,
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until the mail server has let us in.
    pub check: Duration,
    /// Until it has taken one letter; some look through it for long. Less than a letter is kept from other senders.
    pub send: Duration,
    /// Until what has been begun is finished, when the server stops.
    pub stop: Duration,
    /// Before looking for letters again; longer and longer while the mail server cannot be used.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            check: Duration::from_secs(60),
            send: Duration::from_secs(180),
            stop: Duration::from_secs(5),
            pause: Duration::from_secs(5),
        }
    }
}

/// A mail server, and who we are there.
pub struct Smtp(AsyncSmtpTransportBuilder);

impl Smtp {
    /// What connections to it are made from.
    pub fn builder(&self) -> AsyncSmtpTransportBuilder {
        self.0.clone()
    }

    /// No parser's message is repeated: it may hold the URL with its password.
    fn read(text: &str, production: bool) -> Result<Self, &'static str> {
        const SHAPE: &str = "must look like smtps://user:password@smtp.example.com or \
                             smtp://smtp.example.com:587?tls=required, with user and password percent-encoded";
        let url = Url::parse(text).map_err(|_| SHAPE)?;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(text).map_err(|_| SHAPE)?;
        if !url.username().is_empty() && url.password().is_none() {
            return Err("names a user without a password");
        }
        let tls = url.query_pairs().find(|(name, _)| name == "tls");
        let is_private = url.scheme() == "smtps" || tls.is_some_and(|(_, tls)| tls == "required");
        if production && url.password().is_some() && !is_private {
            return Err("must not send a password without TLS in production: use smtps://… or smtp://…?tls=required");
        }
        Ok(Self(builder))
    }
}

impl fmt::Debug for Smtp {
    /// Without anything that could hold the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Smtp(…)")
    }
}

impl Settings<'_> {
    /// Everything about e-mail; nothing when it is off.
    pub fn mail(&mut self, production: bool, public_url: Option<&Url>) -> Option<Mail> {
        let (is_on, smtp) = (self.text("SMTP_URL").is_some(), self.smtp(production));
        let (is_named, from) = (self.text("MAIL_FROM").is_some(), self.mail_from());
        if is_on && !is_named {
            self.problem("MAIL_FROM", "must be set with SMTP_URL");
        }
        let public_url = public_url.map(|url| url.as_str().trim_end_matches('/').to_owned());
        Some(Mail { smtp: smtp?, from: from?, public_url, patience: Patience::default() })
    }

    fn smtp(&mut self, production: bool) -> Option<Smtp> {
        const NAME: &str = "SMTP_URL";
        let text = self.text(NAME)?;
        Smtp::read(text.trim(), production).map_err(|problem| self.problem(NAME, problem)).ok()
    }

    fn mail_from(&mut self) -> Option<Mailbox> {
        const NAME: &str = "MAIL_FROM";
        let text = self.text(NAME)?;
        let mailbox = text.trim().parse::<Mailbox>().ok().filter(|_| !text.trim().contains(char::is_control));
        if mailbox.is_none() {
            self.problem(NAME, format_args!("must look like BizCenter <no-reply@example.com>, not {text:?}"));
        }
        mailbox
    }

    /// Where the web app is.
    pub fn public_url(&mut self) -> Option<Url> {
        const NAME: &str = "PUBLIC_URL";
        let text = self.text(NAME)?;
        let is_plain = |url: &Url| {
            let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
            is_web && url.username().is_empty() && url.query().is_none() && url.fragment().is_none()
        };
        let url = Url::parse(text.trim()).ok().filter(is_plain);
        if url.is_none() {
            self.problem(NAME, format_args!("must look like https://app.example.com, not {text:?}"));
        }
        url
    }
}
