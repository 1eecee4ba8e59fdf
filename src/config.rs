//! Settings, read once from the environment (or `.env`) into documented structs. Wrong values stop the start, all of
//! them named at once.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use axum::http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::EnvFilter;

use crate::db::{Connect, MariaDbTarget, Target};
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
    /// `CORS_ORIGINS`.
    pub cors_origins: Vec<HeaderValue>,
    /// `ROLE_POLICY`.
    pub role_policy: RolePolicy,
    /// `REGISTRATION`.
    pub registration: Registration,
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

/// Secrets of development: public, and so refused in production.
const DEVELOPMENT_SECRET: &str = "development-only-secret-do-not-use-in-production";

/// Secrets that stand in public places: the Flask server's defaults and this repository.
const KNOWN_SECRETS: [&str; 6] =
    ["secret-key", "dev-secret-key", "jwt-secret-key", "dev-jwt-secret-key", "do-not-use-in-production", "change-me"];

/// The shortest secret that production takes, and the shortest encryption key anywhere; in characters.
const SECRET_LENGTH: usize = 32;

impl Config {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads settings by name from `lookup`; an empty value counts as none.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut settings = Settings { lookup: &lookup, problems: Vec::new() };
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
        settings.secret("SECRET_KEY", production);
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
            cors_origins: settings.origins(),
            role_policy: settings.choice(
                &["ROLE_POLICY"],
                &[("compatible", RolePolicy::Compatible), ("strict", RolePolicy::Strict)],
                RolePolicy::Compatible,
            ),
            registration: settings.registration(production),
            log_format: settings.choice(
                &["LOG_FORMAT"],
                &[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)],
                if production { LogFormat::Json } else { LogFormat::Pretty },
            ),
            log_filter: settings.log_filter(),
        };
        if settings.problems.is_empty() { Ok(config) } else { Err(ConfigError(settings.problems)) }
    }
}

struct Settings<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl Settings<'_> {
    fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }

    /// The first of `names` that is set, with the name it was found under.
    fn first<'n>(&self, names: &[&'n str]) -> Option<(&'n str, String)> {
        names.iter().find_map(|name| Some((*name, self.text(name)?)))
    }

    fn problem(&mut self, name: &str, problem: impl fmt::Display) {
        self.problems.push(format!("{name} {problem}"));
    }

    fn parsed<T: FromStr>(&mut self, names: &[&str], what: &str, default: T) -> T {
        match self.first(names) {
            None => default,
            Some((name, text)) => text.trim().parse().unwrap_or_else(|_| {
                self.problem(name, format_args!("must be {what}, not {text:?}"));
                default
            }),
        }
    }

    fn choice<T: Copy>(&mut self, names: &[&str], choices: &[(&str, T)], default: T) -> T {
        let Some((name, text)) = self.first(names) else { return default };
        if let Some((_, choice)) = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text.trim())) {
            return *choice;
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        self.problem(name, format_args!("must be one of {}, not {text:?}", words.join(", ")));
        default
    }

    fn seconds(&mut self, name: &str, default: i64) -> i64 {
        let seconds = self.parsed(&[name], "a number of seconds", default);
        if !(1..=10 * 366 * 86_400).contains(&seconds) {
            self.problem(name, "must be between one second and ten years");
        }
        seconds
    }

    /// A secret; production demands one that is long and not public.
    fn secret(&mut self, name: &str, production: bool) -> SecretString {
        let value = self.text(name);
        if production {
            match &value {
                None => self.problem(name, "must be set in production"),
                Some(value) if KNOWN_SECRETS.iter().any(|known| value.contains(known)) => {
                    self.problem(name, "is a publicly known secret: make a new one for production");
                }
                Some(value) if value.chars().count() < SECRET_LENGTH => {
                    self.problem(name, format_args!("must have at least {SECRET_LENGTH} characters in production"));
                }
                Some(_) => {}
            }
        }
        value.unwrap_or_else(|| DEVELOPMENT_SECRET.into()).into()
    }

    fn encryption_key(&mut self, production: bool) -> SecretString {
        const NAME: &str = "CONTRACT_ENCRYPTION_KEY";
        let key = self.secret(NAME, production);
        if !production && key.expose_secret().chars().count() < SECRET_LENGTH {
            self.problem(NAME, format_args!("must have at least {SECRET_LENGTH} characters"));
        }
        key
    }

    fn log_filter(&mut self) -> String {
        let filter = self.text("RUST_LOG").unwrap_or_else(|| "info,sqlx=warn".into());
        if EnvFilter::try_new(&filter).is_err() {
            self.problem("RUST_LOG", format_args!("must be a level or a list like info,sqlx=warn, not {filter:?}"));
        }
        filter
    }

    fn origins(&mut self) -> Vec<HeaderValue> {
        const NAME: &str = "CORS_ORIGINS";
        let text = self.text(NAME).unwrap_or_else(|| "http://localhost:3001".into());
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let mut values = Vec::new();
        for origin in origins {
            let is_origin = origin.split_once("://").is_some_and(|(scheme, host)| {
                matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains('/')
            });
            match HeaderValue::from_str(origin) {
                Ok(value) if is_origin => values.push(value),
                _ => self.problem(NAME, format_args!("must list origins like https://app.example.com, not {origin:?}")),
            }
        }
        values
    }

    fn registration(&mut self, production: bool) -> Registration {
        let default = if production { Registration::Closed } else { Registration::Open };
        let registration =
            self.choice(&["REGISTRATION"], &[("open", Registration::Open), ("closed", Registration::Closed)], default);
        if production && registration == Registration::Open {
            self.problem("REGISTRATION", "must not be open in production: anybody could join any tenant");
        }
        registration
    }

    fn database(&mut self, production: bool) -> Connect {
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
        let sqlite = Target::Sqlite(PathBuf::from(self.text("SQLITE_PATH").unwrap_or_else(|| "msspbiz_dev.db".into())));
        if let Some(url) = self.text("DATABASE_URL") {
            return match Target::from_url(url.trim()) {
                Ok(Target::MariaDb(target)) => self.with_tls(target),
                Ok(target) => target,
                Err(problem) => {
                    self.problem("DATABASE_URL", problem);
                    sqlite
                }
            };
        }
        let truth = [("true", true), ("1", true), ("yes", true), ("false", false), ("0", false), ("no", false)];
        let use_sqlite = self.choice(&["USE_SQLITE"], &truth, false);
        if use_sqlite || (!production && self.text("DB_HOST").is_none()) {
            return sqlite;
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
            match std::fs::metadata(&path) {
                Ok(_) => target.set_ssl_ca(path.as_ref()),
                Err(error) => self.problem("DB_SSL_CA", format_args!("cannot be read: {error}")),
            }
        }
        Target::MariaDb(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let settings: Vec<(String, String)> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::from_lookup(move |name| settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()))
    }

    fn problems(settings: &[(&str, &str)]) -> String {
        read(settings).unwrap_err().to_string()
    }

    #[test]
    fn nothing_set_is_development_on_sqlite() {
        let config = read(&[]).unwrap();
        assert_eq!(config.environment, Environment::Development);
        assert_eq!((config.host.to_string().as_str(), config.port), ("127.0.0.1", 4001));
        assert_eq!(config.database.target.to_string(), "SQLite, msspbiz_dev.db");
        assert_eq!(config.registration, Registration::Open);
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let text = problems(&[
            ("APP_ENV", "staging"),
            ("PORT", "many"),
            ("ROLE_POLICY", "lax"),
            ("JWT_ACCESS_TOKEN_EXPIRES", "-1"),
            ("CORS_ORIGINS", "localhost"),
            ("CONTRACT_ENCRYPTION_KEY", "short"),
            ("DATABASE_URL", "postgres://localhost/x"),
        ]);
        let names = [
            "APP_ENV",
            "PORT",
            "ROLE_POLICY",
            "JWT_ACCESS_TOKEN_EXPIRES",
            "CORS_ORIGINS",
            "CONTRACT_ENCRYPTION_KEY",
            "DATABASE_URL",
        ];
        for name in names {
            assert!(text.contains(name), "{name} is not in {text}");
        }
    }

    #[test]
    fn production_refuses_missing_short_and_public_secrets() {
        let text = problems(&[
            ("FLASK_ENV", "production"),
            ("USE_SQLITE", "true"),
            ("SECRET_KEY", "too short"),
            ("JWT_SECRET_KEY", DEVELOPMENT_SECRET),
        ]);
        assert!(text.contains("SECRET_KEY must have at least 32 characters"), "{text}");
        assert!(text.contains("JWT_SECRET_KEY is a publicly known secret"), "{text}");
        assert!(text.contains("CONTRACT_ENCRYPTION_KEY must be set"), "{text}");
    }

    #[test]
    fn production_refuses_open_registration() {
        assert!(
            problems(&[("APP_ENV", "production"), ("REGISTRATION", "open")]).contains("REGISTRATION must not be open")
        );
    }

    #[test]
    fn mariadb_is_chosen_by_its_host_and_in_production() {
        let config =
            read(&[("DB_HOST", "db"), ("DB_NAME", "biz"), ("DB_USER", "u"), ("DB_PASSWORD", "hidden")]).unwrap();
        assert_eq!(config.database.target.to_string(), "MariaDB, biz at db:3307");
        assert!(!format!("{config:?}").contains("hidden"));
        assert!(problems(&[("APP_ENV", "production")]).contains("DB_HOST must be set"));
    }

    #[test]
    fn database_url_wins_and_takes_sqlalchemys_spelling() {
        let url = |url| read(&[("DB_HOST", "db"), ("DATABASE_URL", url)]).unwrap().database.target.to_string();
        assert_eq!(url("sqlite:///dev.db"), "SQLite, dev.db");
        assert_eq!(url("sqlite:////var/lib/dev.db"), "SQLite, /var/lib/dev.db");
        assert_eq!(url("mysql+pymysql://u:p@h:3306/biz?charset=utf8mb4"), "MariaDB, biz at h:3306");
        assert_eq!(url("mariadb://u:p@h/biz"), "MariaDB, biz at h:3306");
    }
}
