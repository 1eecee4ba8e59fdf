//! E-mail.

use std::fmt;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

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
    /// Before the next letter is begun though one is not done with.
    pub next: Duration,
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
            next: Duration::from_secs(10),
            stop: Duration::from_secs(5),
            pause: Duration::from_secs(5),
        }
    }
}

/// A mail server, and who we are there.
#[derive(Clone)]
pub struct Smtp {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether what is said to it is encrypted.
    pub tls: Tls,
    /// What we call ourselves.
    pub hello: ClientId,
    /// By what it lets us in.
    pub credentials: Option<Credentials>,
}

impl Smtp {
    /// No parser's message is repeated: it may hold the URL with its password.
    fn read(text: &str, authority: Option<Certificate>, production: bool) -> Result<Self, &'static str> {
        const SHAPE: &str = "must look like smtps://user:password@smtp.example.com or \
                             smtp://smtp.example.com:587?tls=required, with user and password percent-encoded";
        let url = Url::parse(text).map_err(|_| SHAPE)?;
        let host = match url.host() {
            // Without the brackets.
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => String::new(),
        };
        if host.is_empty() {
            return Err(SHAPE);
        }
        let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, tls)| tls.into_owned());
        let encrypted = || {
            let mut parameters = TlsParameters::builder(host.clone());
            if let Some(authority) = authority {
                parameters = parameters.add_root_certificate(authority);
            }
            parameters.build().map_err(|_| "names a host, or SMTP_SSL_CA an authority, that cannot be used for TLS")
        };
        let (tls, port) = match (url.scheme(), tls.as_deref()) {
            ("smtps", _) => (Tls::Wrapper(encrypted()?), 465),
            ("smtp", Some("required")) => (Tls::Required(encrypted()?), 587),
            ("smtp", Some("opportunistic")) => (Tls::Opportunistic(encrypted()?), 587),
            ("smtp", None) => (Tls::None, 25),
            _ => return Err(SHAPE),
        };
        let decoded = |text| percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| SHAPE);
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(decoded(url.username())?, decoded(password)?)),
            None if url.username().is_empty() => None,
            None => return Err("names a user without a password"),
        };
        if production && credentials.is_some() && !matches!(tls, Tls::Wrapper(_) | Tls::Required(_)) {
            return Err("must not send a password without TLS in production: use smtps://… or smtp://…?tls=required");
        }
        let hello = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        Ok(Self { host, port: url.port().unwrap_or(port), tls, hello, credentials })
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
        let authority = self.smtp_authority();
        let text = self.text(NAME)?;
        Smtp::read(text.trim(), authority, production).map_err(|problem| self.problem(NAME, problem)).ok()
    }

    fn smtp_authority(&mut self) -> Option<Certificate> {
        const NAME: &str = "SMTP_SSL_CA";
        let text = match std::fs::read(self.text(NAME)?) {
            Ok(text) => text,
            Err(error) => {
                self.problem(NAME, format_args!("cannot be read: {error}"));
                return None;
            }
        };
        // lettre takes a file without any.
        let is_pem = String::from_utf8_lossy(&text).contains("-----BEGIN CERTIFICATE-----");
        let authority = Certificate::from_pem(&text).ok().filter(|_| is_pem);
        if authority.is_none() {
            self.problem(NAME, "must name a PEM file with certificates");
        }
        authority
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
