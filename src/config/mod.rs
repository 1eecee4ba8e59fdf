//! Settings, read once from the environment (or `.env`) into documented structs. Wrong values stop the start, all of
//! them named at once.

mod mail;
mod settings;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use axum::http::HeaderValue;
use chrono::NaiveTime;
use chrono_tz::Tz;
use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

pub use self::mail::{Mail, Patience, Smtp};
use self::settings::Settings;
use crate::db::Connect;
use crate::policy::RolePolicy;

/// All settings.
#[derive(Debug)]
pub struct Config {
    /// `APP_ENV`.
    pub environment: Environment,
    /// `HOST`: the address to listen on.
    pub host: IpAddr,
    /// `PORT`; 0 lets the system choose.
    pub port: u16,
    /// The database.
    pub database: Connect,
    /// The tokens.
    pub tokens: TokenConfig,
    /// `CONTRACT_ENCRYPTION_KEY`, from which the key of contract amounts is derived.
    pub contract_encryption_key: SecretString,
    /// `SECRET_KEY`, from which the key of the audit log is derived.
    pub secret_key: SecretString,
    /// `CORS_ORIGINS`.
    pub cors_origins: Vec<HeaderValue>,
    /// `TRUSTED_PROXIES`: whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// `STREAM_HEARTBEAT`: the pause between signs of life on a stream.
    pub stream_heartbeat: Duration,
    /// `ROLE_POLICY`.
    pub role_policy: RolePolicy,
    /// `REGISTRATION`.
    pub registration: Registration,
    /// `AUDIT_RETENTION_DAYS`: how long rows of the audit log are kept.
    pub audit_retention_days: u32,
    /// `APP_TIMEZONE`: in which a day begins and ends.
    pub timezone: Tz,
    /// What tells this installation's calendars from others': the host of `PUBLIC_URL`, if there is one.
    pub calendar_domain: String,
    /// E-mail, if it is on.
    pub mail: Option<Mail>,
    /// `JOBS_AT`: when this instance runs the daily jobs; nothing when it does not.
    pub jobs_at: Option<NaiveTime>,
    /// `LOG_FORMAT`.
    pub log_format: LogFormat,
    /// `RUST_LOG`.
    pub log_filter: String,
}

/// Tokens: what signs them and how long they last.
#[derive(Debug, Clone)]
pub struct TokenConfig {
    /// `JWT_SECRET_KEY`.
    pub secret: SecretString,
    /// `JWT_ACCESS_TOKEN_EXPIRES`, in seconds.
    pub access_lifetime: i64,
    /// `JWT_REFRESH_TOKEN_EXPIRES`, in seconds.
    pub refresh_lifetime: i64,
}

/// Where the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// On a developer's machine: everything has a default.
    Development,
    /// For real: weak settings are refused.
    Production,
    /// In a test run; as development.
    Test,
}

/// Who may make himself an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Anybody, in any tenant, as on the Flask server.
    Open,
    /// Who has been invited.
    Invite,
    /// Nobody.
    Closed,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For eyes.
    Pretty,
    /// For machines: one JSON object a line.
    Json,
}

/// Every problem with the settings.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError(pub Vec<String>);

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the settings are wrong:")?;
        self.0.iter().try_for_each(|problem| write!(formatter, "\n  - {problem}"))
    }
}

impl Config {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads settings by name from `lookup`; an empty value counts as none.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut settings = Settings::new(&lookup);
        let environment = settings.choice(
            &["APP_ENV", "FLASK_ENV"],
            &[
                ("development", Environment::Development),
                ("production", Environment::Production),
                ("test", Environment::Test),
                ("testing", Environment::Test),
            ],
            Environment::Development,
        );
        let production = environment == Environment::Production;
        let public_url = settings.public_url();
        let config = Self {
            environment,
            host: settings.parsed(&["HOST"], "an IP address", IpAddr::from([127, 0, 0, 1])),
            port: settings.parsed(&["PORT", "FLASK_PORT"], "a port number", 4001),
            database: settings.database(production),
            tokens: TokenConfig {
                secret: settings.secret("JWT_SECRET_KEY", production),
                access_lifetime: settings.seconds("JWT_ACCESS_TOKEN_EXPIRES", 3600),
                refresh_lifetime: settings.seconds("JWT_REFRESH_TOKEN_EXPIRES", 604_800),
            },
            contract_encryption_key: settings.encryption_key(production),
            secret_key: settings.secret("SECRET_KEY", production),
            cors_origins: settings.origins(),
            trusted_proxies: settings.trusted_proxies(),
            stream_heartbeat: settings.stream_heartbeat(),
            role_policy: settings.choice(
                &["ROLE_POLICY"],
                &[("compatible", RolePolicy::Compatible), ("strict", RolePolicy::Strict)],
                RolePolicy::Compatible,
            ),
            registration: settings.registration(production),
            audit_retention_days: settings.days("AUDIT_RETENTION_DAYS", 90),
            timezone: settings.parsed(&["APP_TIMEZONE"], "a time zone like Asia/Seoul", Tz::Asia__Seoul),
            calendar_domain: public_url.as_ref().and_then(Url::host_str).unwrap_or("bizcenter").to_owned(),
            mail: settings.mail(production, public_url.as_ref()),
            jobs_at: settings.jobs_at(),
            log_format: settings.choice(
                &["LOG_FORMAT"],
                &[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)],
                if production { LogFormat::Json } else { LogFormat::Pretty },
            ),
            log_filter: settings.log_filter(),
        };
        settings.finish(config)
    }
}

#[cfg(test)]
mod tests;
