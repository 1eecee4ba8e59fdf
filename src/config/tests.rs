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
        ("JOBS_AT", "24:00"),
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
        "JOBS_AT",
        "AUDIT_RETENTION_DAYS",
    ];
    for name in names {
        assert!(text.contains(name), "{name} is not in {text}");
    }
}

#[test]
fn jobs_run_at_three_at_another_time_or_never() {
    let jobs_at = |text| read(&[("JOBS_AT", text)]).unwrap().jobs_at.map(|at| at.to_string());
    assert_eq!(jobs_at("").as_deref(), Some("03:00:00"));
    assert_eq!(jobs_at("23:30").as_deref(), Some("23:30:00"));
    assert_eq!(jobs_at("off"), None);
    for wrong in ["3", "03:00:00", "25:00", "never"] {
        assert!(problems(&[("JOBS_AT", wrong)]).contains("JOBS_AT must be a time of day"), "{wrong}");
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

#[test]
fn no_mail_is_sent_unless_a_server_is_named() {
    assert!(read(&[]).unwrap().mail.is_none());
    assert!(
        read(&[("MAIL_FROM", "no-reply@example.com"), ("PUBLIC_URL", "https://a.example")]).unwrap().mail.is_none()
    );
}

#[test]
fn mail_has_a_sender_and_leads_to_the_web_app() {
    let settings = [
        ("SMTP_URL", "smtps://user%40example.com:hid%3Aden@smtp.example.com"),
        ("MAIL_FROM", "BizCenter <no-reply@example.com>"),
        ("PUBLIC_URL", "https://app.example.com/biz/"),
    ];
    let config = read(&settings).unwrap();
    let text = format!("{config:?}");
    assert!(!text.contains("hid%3Aden") && !text.contains("hid:den"), "{text}");
    let mail = config.mail.unwrap();
    assert_eq!(mail.from.to_string(), "BizCenter <no-reply@example.com>");
    assert_eq!(mail.public_url.as_deref(), Some("https://app.example.com/biz"));
}

#[test]
fn calendars_are_told_apart_by_the_host_of_the_web_app() {
    let domain = |settings: &[(&str, &str)]| read(settings).unwrap().calendar_domain;
    assert_eq!(domain(&[]), "bizcenter");
    assert_eq!(domain(&[("PUBLIC_URL", "https://App.example.com:8443/biz")]), "app.example.com");
}

#[test]
fn a_mail_server_is_read_from_its_url() {
    let read_url = |url| {
        let settings = [("SMTP_URL", url), ("MAIL_FROM", "no-reply@example.com")];
        let smtp = read(&settings).unwrap().mail.unwrap().smtp;
        (smtp.host, smtp.port, smtp.hello.to_string(), smtp.credentials.is_some())
    };
    for (url, host, port, hello, has_credentials) in [
        ("smtp://[::1]:25", "::1", 25, "[127.0.0.1]", false),
        ("smtp://mail.internal", "mail.internal", 25, "[127.0.0.1]", false),
        ("smtp://u:p@127.0.0.1?tls=required", "127.0.0.1", 587, "[127.0.0.1]", true),
        ("smtps://u%40b.co:p%2B+%3A@smtp.example.com/biz.example", "smtp.example.com", 465, "biz.example", true),
        ("smtps://smtp.example.com:2465", "smtp.example.com", 2465, "[127.0.0.1]", false),
    ] {
        assert_eq!(read_url(url), (host.to_owned(), port, hello.to_owned(), has_credentials), "{url}");
    }
}

#[test]
fn wrong_mail_settings_are_named_without_the_password() {
    assert!(problems(&[("SMTP_URL", "smtp://localhost")]).contains("MAIL_FROM must be set with SMTP_URL"));
    for (name, value) in [
        ("SMTP_URL", "smtp.example.com:hidden"),
        ("SMTP_URL", "https://user:hidden@smtp.example.com"),
        ("SMTP_URL", "smtp://user:hidden@smtp.example.com?tls=always"),
        ("SMTP_URL", "smtp://user:hidden@smtp.example.com:99999"),
        ("SMTP_URL", "smtps://user@smtp.example.com"),
        ("SMTP_URL", "smtp:///hidden"),
        ("SMTP_SSL_CA", "/no/such/file.pem"),
        ("SMTP_SSL_CA", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")),
        ("MAIL_FROM", "BizCenter"),
        ("MAIL_FROM", "Biz\nCenter <no-reply@example.com>"),
        ("PUBLIC_URL", "app.example.com"),
        ("PUBLIC_URL", "ftp://app.example.com"),
        ("PUBLIC_URL", "https://app.example.com/?page=1"),
    ] {
        let mut settings = vec![("SMTP_URL", "smtp://localhost"), ("MAIL_FROM", "no-reply@example.com")];
        settings.retain(|(other, _)| *other != name);
        settings.push((name, value));
        let text = problems(&settings);
        assert!(text.contains(&format!("- {name} ")) && text.lines().count() == 2, "{value}: {text}");
        assert!(!text.contains("hidden"), "{text}");
    }
}

#[test]
fn production_sends_no_password_in_the_clear() {
    let secret = "0123456789abcdefghijklmnopqrstuvwxyz";
    let read_url = |url| {
        let mut settings = vec![("APP_ENV", "production"), ("USE_SQLITE", "true"), ("SMTP_URL", url)];
        settings.extend(["SECRET_KEY", "JWT_SECRET_KEY", "CONTRACT_ENCRYPTION_KEY"].map(|name| (name, secret)));
        settings.push(("MAIL_FROM", "no-reply@example.com"));
        read(&settings)
    };
    for url in ["smtp://user:hidden@smtp.example.com", "smtp://user:hidden@smtp.example.com?tls=opportunistic"] {
        let text = read_url(url).unwrap_err().to_string();
        assert!(text.contains("SMTP_URL must not send a password without TLS") && !text.contains("hidden"), "{text}");
    }
    for url in ["smtp://mail.internal:25", "smtp://u:p@smtp.example.com?tls=required", "smtps://u:p@smtp.example.com"] {
        assert!(read_url(url).unwrap().mail.is_some(), "{url}");
    }
}
