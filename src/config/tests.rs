//! Settings as an operator writes them.

use super::settings::DEVELOPMENT_SECRET;
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
    assert_eq!(config.audit_retention_days, 90);
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
        ("APP_TIMEZONE", "Seoul"),
        ("AUDIT_RETENTION_DAYS", "0"),
    ]);
    let names = [
        "APP_ENV",
        "PORT",
        "ROLE_POLICY",
        "JWT_ACCESS_TOKEN_EXPIRES",
        "CORS_ORIGINS",
        "CONTRACT_ENCRYPTION_KEY",
        "DATABASE_URL",
        "APP_TIMEZONE",
        "AUDIT_RETENTION_DAYS",
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
fn production_registers_only_who_is_invited() {
    let mut settings = vec![("APP_ENV", "production"), ("USE_SQLITE", "true")];
    let secret = "0123456789abcdefghijklmnopqrstuvwxyz";
    settings.extend(["SECRET_KEY", "JWT_SECRET_KEY", "CONTRACT_ENCRYPTION_KEY"].map(|name| (name, secret)));
    assert_eq!(read(&settings).unwrap().registration, Registration::Invite);
    settings.push(("REGISTRATION", "closed"));
    assert_eq!(read(&settings).unwrap().registration, Registration::Closed);
}

#[test]
fn production_refuses_open_registration() {
    assert!(problems(&[("APP_ENV", "production"), ("REGISTRATION", "open")]).contains("REGISTRATION must not be open"));
}

#[test]
fn mariadb_is_chosen_by_its_host_and_in_production() {
    let config = read(&[("DB_HOST", "db"), ("DB_NAME", "biz"), ("DB_USER", "u"), ("DB_PASSWORD", "hidden")]).unwrap();
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
