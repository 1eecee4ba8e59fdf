//! The reader behind [`super::Config`].

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use axum::http::HeaderValue;
use chrono::NaiveTime;
use ipnet::IpNet;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use url::Url;

use super::{ConfigError, Registration};
use crate::db::{Connect, MariaDbTarget, Target};

/// Secrets of development: public, and so refused in production.
pub const DEVELOPMENT_SECRET: &str = "development-only-secret-do-not-use-in-production";

/// What is in secrets that stand in public places, the Flask server's defaults and this repository, in small letters and
/// without what is between the words.
const KNOWN_SECRETS: [&str; 3] = ["secretkey", "donotuseinproduction", "changeme"];

/// The shortest secret that production takes, and the shortest encryption key anywhere; in characters.
const SECRET_LENGTH: usize = 32;
/// How many different characters a secret has at least; 32 random digits have fewer hardly ever.
const SECRET_VARIETY: usize = 6;

/// Reads one setting after the other and gathers what is wrong with them.
pub struct Settings<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl<'a> Settings<'a> {
    /// Nothing is wrong yet.
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    /// What was read, or all that is wrong.
    pub fn finish<T>(self, read: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() { Ok(read) } else { Err(ConfigError(self.problems)) }
    }

    /// A setting as it is written, if it is set.
    pub fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }

    /// The first of `names` that is set, with the name it was found under.
    fn first<'n>(&self, names: &[&'n str]) -> Option<(&'n str, String)> {
        names.iter().find_map(|name| Some((*name, self.text(name)?)))
    }

    /// Notes what is wrong with a setting.
    pub fn problem(&mut self, name: &str, problem: impl fmt::Display) {
        self.problems.push(format!("{name} {problem}"));
    }

    /// A value that parses, from the first of these names.
    pub fn parsed<T: FromStr>(&mut self, names: &[&str], what: &str, default: T) -> T {
        match self.first(names) {
            None => default,
            Some((name, text)) => text.trim().parse().unwrap_or_else(|_| {
                self.problem(name, format_args!("must be {what}, not {text:?}"));
                default
            }),
        }
    }

    /// One of these words.
    pub fn choice<T: Copy>(&mut self, names: &[&str], choices: &[(&str, T)], default: T) -> T {
        let Some((name, text)) = self.first(names) else { return default };
        if let Some((_, choice)) = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text.trim())) {
            return *choice;
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        self.problem(name, format_args!("must be one of {}, not {text:?}", words.join(", ")));
        default
    }

    /// A number of seconds.
    pub fn seconds(&mut self, name: &str, default: i64) -> i64 {
        let seconds = self.parsed(&[name], "a number of seconds", default);
        if !(1..=10 * 366 * 86_400).contains(&seconds) {
            self.problem(name, "must be between one second and ten years");
        }
        seconds
    }

    /// A number of days.
    pub fn days(&mut self, name: &str, default: u32) -> u32 {
        let days = self.parsed(&[name], "a number of days", default);
        if !(1..=3650).contains(&days) {
            self.problem(name, "must be between 1 and 3650 days");
        }
        days
    }

    /// A secret; production demands one that is long and not public.
    pub fn secret(&mut self, name: &str, production: bool) -> SecretString {
        let value = self.text(name);
        if production {
            match &value {
                None => self.problem(name, "must be set in production"),
                Some(value) if is_known(value) => {
                    self.problem(name, "is a publicly known secret: make a new one for production");
                }
                Some(value) if value.trim().chars().count() < SECRET_LENGTH => {
                    self.problem(name, format_args!("must have at least {SECRET_LENGTH} characters in production"));
                }
                Some(value) if value.chars().collect::<BTreeSet<_>>().len() < SECRET_VARIETY => {
                    self.problem(name, "must not be a few characters again and again in production");
                }
                Some(_) => {}
            }
        }
        value.unwrap_or_else(|| DEVELOPMENT_SECRET.into()).into()
    }

    /// `CONTRACT_ENCRYPTION_KEY`.
    pub fn encryption_key(&mut self, production: bool) -> SecretString {
        const NAME: &str = "CONTRACT_ENCRYPTION_KEY";
        let key = self.secret(NAME, production);
        if !production && key.expose_secret().chars().count() < SECRET_LENGTH {
            self.problem(NAME, format_args!("must have at least {SECRET_LENGTH} characters"));
        }
        key
    }

    /// That these secrets differ: who learns one is not to know another.
    pub fn check_distinct(&mut self, names: [&str; 3]) {
        let values = names.map(|name| self.text(name));
        for (at, name) in names.into_iter().enumerate() {
            if let Some(same) = (0..at).find(|before| values[at].is_some() && values[*before] == values[at]) {
                self.problem(name, format_args!("must differ from {} in production", names[same]));
            }
        }
    }

    /// `RUST_LOG`.
    pub fn log_filter(&mut self) -> String {
        let filter = self.text("RUST_LOG").unwrap_or_else(|| "info,sqlx=warn".into()).trim().to_owned();
        // A word alone may be a target too, of which all is logged then, and of others nothing: rather a slip of the pen.
        // With blanks around a part the library mistakes where it begins.
        let is_slip = |part: &str| {
            let is_word = !part.is_empty() && !part.contains(['=', '[']);
            part.trim() != part || is_word && LevelFilter::from_str(part).is_err()
        };
        if EnvFilter::try_new(&filter).is_err() || filter.split(',').any(is_slip) {
            self.problem("RUST_LOG", format_args!("must be a level or a list like info,sqlx=warn, not {filter:?}"));
        }
        filter
    }

    /// `CORS_ORIGINS`.
    pub fn origins(&mut self) -> Vec<HeaderValue> {
        const NAME: &str = "CORS_ORIGINS";
        let text = self.text(NAME).unwrap_or_else(|| "http://localhost:3001".into());
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let mut values = Vec::new();
        for origin in origins {
            // Compared letter by letter, another spelling than the browsers' would never fit.
            let url = Url::parse(origin).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            let is_origin = url.is_some_and(|url| url.origin().ascii_serialization() == origin);
            match HeaderValue::from_str(origin) {
                Ok(value) if is_origin => values.push(value),
                _ => self.problem(
                    NAME,
                    format_args!(
                        "must list origins as browsers send them, like https://app.example.com, not {origin:?}"
                    ),
                ),
            }
        }
        values
    }

    /// `TRUSTED_PROXIES`.
    pub fn trusted_proxies(&mut self) -> Vec<IpNet> {
        const NAME: &str = "TRUSTED_PROXIES";
        let text = self.text(NAME).unwrap_or_default();
        let mut proxies = Vec::new();
        for proxy in text.split(',').map(str::trim).filter(|proxy| !proxy.is_empty()) {
            match proxy.parse().or_else(|_| proxy.parse::<IpAddr>().map(IpNet::from)) {
                Ok(proxy) => proxies.push(proxy),
                Err(_) => {
                    self.problem(NAME, format_args!("must list addresses or networks like 10.0.0.0/8, not {proxy:?}"));
                }
            }
        }
        proxies
    }

    /// `STREAM_HEARTBEAT`.
    pub fn stream_heartbeat(&mut self) -> Duration {
        const NAME: &str = "STREAM_HEARTBEAT";
        let seconds = self.parsed(&[NAME], "a number of seconds", 15);
        if !(1..=300).contains(&seconds) {
            self.problem(NAME, "must be between 1 and 300 seconds");
        }
        Duration::from_secs(seconds)
    }

    /// `REGISTRATION`.
    pub fn registration(&mut self, production: bool) -> Registration {
        let default = if production { Registration::Invite } else { Registration::Open };
        let choices =
            [("open", Registration::Open), ("invite", Registration::Invite), ("closed", Registration::Closed)];
        let registration = self.choice(&["REGISTRATION"], &choices, default);
        if production && registration == Registration::Open {
            self.problem("REGISTRATION", "must not be open in production: anybody could join any tenant");
        }
        registration
    }

    /// `JOBS_AT`.
    pub fn jobs_at(&mut self) -> Option<NaiveTime> {
        const NAME: &str = "JOBS_AT";
        let text = self.text(NAME).unwrap_or_else(|| "03:00".into());
        if text.trim().eq_ignore_ascii_case("off") {
            return None;
        }
        let at = NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        if at.is_none() {
            self.problem(NAME, format_args!("must be a time of day like 03:00, or off, not {text:?}"));
        }
        at
    }

    /// Everything about the database.
    pub fn database(&mut self, production: bool) -> Connect {
        let acquire_timeout = self.parsed(&["DB_ACQUIRE_TIMEOUT"], "a number of seconds", 5);
        if !(1..=60).contains(&acquire_timeout) {
            self.problem("DB_ACQUIRE_TIMEOUT", "must be between 1 and 60 seconds");
        }
        let target = self.target(production);
        let default = if matches!(target, Target::Sqlite(_)) { 4 } else { 10 };
        let pool_size = self.parsed(&["DB_POOL_SIZE"], "a number of connections", default);
        if !(1..=1000).contains(&pool_size) {
            self.problem("DB_POOL_SIZE", "must be between 1 and 1000");
        }
        Connect { target, pool_size, acquire_timeout: Duration::from_secs(acquire_timeout) }
    }

    /// As Flask chose: SQLite when told so or, outside production, when no server is named; MariaDB otherwise.
    fn target(&mut self, production: bool) -> Target {
        if let Some(url) = self.text("DATABASE_URL") {
            return match Target::from_url(url.trim()) {
                Ok(Target::MariaDb(target)) => self.with_tls(target),
                Ok(target) => target,
                Err(problem) => {
                    self.problem("DATABASE_URL", problem);
                    Target::Sqlite(PathBuf::new())
                }
            };
        }
        let truth = [("true", true), ("1", true), ("yes", true), ("false", false), ("0", false), ("no", false)];
        let use_sqlite = self.choice(&["USE_SQLITE"], &truth, false);
        if use_sqlite || (!production && self.text("DB_HOST").is_none()) {
            let path = self.text("SQLITE_PATH").unwrap_or_else(|| "msspbiz_dev.db".into());
            return Target::sqlite(&path).unwrap_or_else(|problem| {
                self.problem("SQLITE_PATH", problem);
                Target::Sqlite(PathBuf::new())
            });
        }
        let mut required = |name: &str| {
            self.text(name).unwrap_or_else(|| {
                self.problem(name, "must be set for MariaDB (or set USE_SQLITE=true)");
                String::new()
            })
        };
        let (host, name, user) = (required("DB_HOST"), required("DB_NAME"), required("DB_USER"));
        let port = self.parsed(&["DB_PORT"], "a port number", 3307);
        let password = self.text("DB_PASSWORD");
        self.with_tls(MariaDbTarget::new(&host, port, &name, &user, password.as_deref()))
    }

    fn with_tls(&mut self, mut target: MariaDbTarget) -> Target {
        if let Some(mode) = self.text("DB_SSL_MODE")
            && !target.set_ssl_mode(mode.trim())
        {
            let modes = "disabled, preferred, required, verify_ca, verify_identity";
            self.problem("DB_SSL_MODE", format_args!("must be one of {modes}, not {mode:?}"));
        }
        if let Some(path) = self.text("DB_SSL_CA") {
            match std::fs::read(&path) {
                Ok(pem) if has_certificate(&pem) => target.set_ssl_ca(path.as_ref()),
                Ok(_) => self.problem("DB_SSL_CA", "must be a PEM file with a certificate"),
                Err(error) => self.problem("DB_SSL_CA", format_args!("cannot be read: {error}")),
            }
        }
        Target::MariaDb(target)
    }
}

/// Whether it is, or contains, one of [`KNOWN_SECRETS`], however it is written.
fn is_known(secret: &str) -> bool {
    let plain: String =
        secret.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    KNOWN_SECRETS.iter().any(|known| plain.contains(known))
}

/// Whether there is a certificate in it, and nothing wrong with any.
fn has_certificate(pem: &[u8]) -> bool {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    certificates.is_ok_and(|certificates| !certificates.is_empty())
}
