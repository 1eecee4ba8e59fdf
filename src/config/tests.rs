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

/// All that production needs.
const PRODUCTION: [(&str, &str); 5] = [
    ("APP_ENV", "production"),
    ("USE_SQLITE", "true"),
    ("SECRET_KEY", "0123456789abcdefghijklmnopqrstuvwxyz"),
    ("JWT_SECRET_KEY", "1123456789abcdefghijklmnopqrstuvwxyz"),
    ("CONTRACT_ENCRYPTION_KEY", "2123456789abcdefghijklmnopqrstuvwxyz"),
];

/// What is wrong when this setting is the only one, which is told in one line.
fn problem(name: &str, value: &str) -> String {
    let text = problems(&[(name, value)]);
    assert!(text.lines().count() == 2 && text.contains(&format!("- {name} ")), "{value}: {text}");
    text
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
fn production_refuses_secrets_that_are_easily_guessed() {
    let padded = format!("{:40}", "short");
    for (secret, problem) in [
        ("a".repeat(40).as_str(), "must not be a few characters again and again"),
        ("abcab".repeat(8).as_str(), "must not be a few characters again and again"),
        (padded.as_str(), "must have at least 32 characters"),
        ("Change-Me-To-Something-Else-0123456789", "is a publicly known secret"),
        ("CHANGE_ME_TO_SOMETHING_ELSE_0123456789", "is a publicly known secret"),
        ("0123456789 changeme 0123456789abcdef", "is a publicly known secret"),
        ("JWT-Secret-Key-0123456789abcdefghijk", "is a publicly known secret"),
    ] {
        for name in ["SECRET_KEY", "JWT_SECRET_KEY", "CONTRACT_ENCRYPTION_KEY"] {
            let mut settings = PRODUCTION.to_vec();
            settings.retain(|(other, _)| *other != name);
            settings.push((name, secret));
            let text = problems(&settings);
            assert!(text.contains(&format!("- {name} {problem}")) && text.lines().count() == 2, "{secret}: {text}");
        }
    }
    assert!(read(&PRODUCTION).is_ok());
}

#[test]
fn production_wants_three_secrets() {
    let same = PRODUCTION.map(|(name, value)| (name, if name.ends_with("KEY") { PRODUCTION[2].1 } else { value }));
    assert_eq!(
        read(&same).unwrap_err().0,
        [
            "JWT_SECRET_KEY must differ from SECRET_KEY in production",
            "CONTRACT_ENCRYPTION_KEY must differ from SECRET_KEY in production",
        ]
    );
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_named_and_never_taken_for_none() {
    use std::os::unix::ffi::OsStringExt;

    let mut settings: Vec<(&str, OsString)> = PRODUCTION.map(|(name, value)| (name, value.into())).to_vec();
    settings[3].1 = OsString::from_vec(vec![0xff; 40]);
    settings.push(("PORT", "many".into()));
    let lookup = |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
    assert_eq!(
        Config::from_variables(lookup).unwrap_err().0,
        ["JWT_SECRET_KEY is not UTF-8", "PORT must be a port number, not \"many\""]
    );
}

#[test]
fn origins_are_those_that_browsers_send() {
    let good =
        "http://localhost:3001, https://app.example.com,https://xn--on3bi6m.example,http://[::1]:8080,http://10.0.0.1";
    assert_eq!(read(&[("CORS_ORIGINS", good)]).unwrap().cors_origins.len(), 5);
    for wrong in [
        "*",
        "null",
        "app.example.com",
        "https://App.example.com",
        "HTTPS://app.example.com",
        "https://app.example.com/",
        "https://app.example.com:443",
        "http://app.example.com:80",
        "http://app example.com",
        "https://app.example.com?page",
        "https://app.example.com#top",
        "https://kim@app.example.com",
        "https://app.example.com:port",
        "https://보안.example",
        "ftp://app.example.com",
    ] {
        problem("CORS_ORIGINS", wrong);
    }
}

#[test]
fn a_word_alone_is_a_level_of_the_log() {
    for good in ["debug", "WARN", "off", "info,sqlx=warn", "bizcenter=trace,info", "info,[request]=debug", "4"] {
        assert!(read(&[("RUST_LOG", good)]).is_ok(), "{good}");
    }
    for wrong in ["nonsense", "info,sqlx", "bizcenter", "verbose", "info=nonsense", "warning", "info, sqlx=warn"] {
        problem("RUST_LOG", wrong);
    }
}

#[test]
fn a_certificate_authority_is_a_pem_file_with_a_certificate() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let read_ca = || read(&[("DATABASE_URL", "mysql://u:p@h/biz"), ("DB_SSL_CA", path)]);
    let pem = |label, base64| format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n");
    for wrong in [
        "",
        "root:x:0:0:root:/root:/bin/bash\n",
        &pem("PRIVATE KEY", "MAMCAQE="),
        &pem("CERTIFICATE", "!!!!"),
        &(pem("CERTIFICATE", "MAMCAQE=") + "-----BEGIN CERTIFICATE-----\nMAMC"),
    ] {
        std::fs::write(path, wrong).unwrap();
        let text = read_ca().unwrap_err().to_string();
        assert!(text.contains("DB_SSL_CA must be a PEM file with a certificate"), "{wrong}: {text}");
    }
    std::fs::write(path, format!("# ours\n{0}{0}", pem("CERTIFICATE", "MAMCAQE="))).unwrap();
    assert!(read_ca().is_ok());
    let nowhere = [("DATABASE_URL", "mysql://u:p@h/biz"), ("DB_SSL_CA", "/nowhere/ca.pem")];
    assert!(problems(&nowhere).contains("DB_SSL_CA cannot be read: "));
}

#[test]
fn every_line_of_the_example_can_be_used_as_it_is() {
    let example = include_str!("../../.env.example");
    let is_setting = |line: &&str| line.starts_with(|first: char| first.is_ascii_uppercase()) && line.contains('=');
    let lines: Vec<&str> = example.lines().filter_map(|line| line.strip_prefix('#')).filter(is_setting).collect();
    assert!(lines.len() > 30, "{lines:?}");
    let settings = dotenvy::from_read_iter(lines.join("\n").as_bytes()).collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(settings.len(), lines.len());
    let lookup = |name: &str| settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    // The only ones that need something which is not everywhere.
    let files = ["DB_SSL_CA", "SMTP_SSL_CA"];
    let wrong = Config::from_lookup(lookup).unwrap_err().0;
    assert_eq!(wrong.len(), files.len(), "{wrong:?}");
    assert!(wrong.iter().zip(files).all(|(wrong, file)| wrong.starts_with(&format!("{file} cannot be read: "))));
    let config = Config::from_lookup(|name| lookup(name).filter(|_| !files.contains(&name))).unwrap();
    assert_eq!(config.mail.unwrap().from.to_string(), "BizCenter <no-reply@example.com>");
    assert_eq!(config.database.target.to_string(), "MariaDB, bizcenter at 127.0.0.1:3307");
}

#[test]
fn production_registers_only_who_is_invited() {
    let mut settings = PRODUCTION.to_vec();
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
    assert_eq!(url("mysql://u%40x:p%40ss%2Fwo%3Ard@h/biz"), "MariaDB, biz at h:3306");
}

#[test]
fn a_password_that_is_not_percent_encoded_is_refused_and_not_repeated() {
    for url in [
        "mysql://u:hidden@hid/den@127.0.0.1:3306/biz",
        "mysql://u:12/hidden@127.0.0.1/biz",
        "mysql://u:hidden/hidden@127.0.0.1/biz",
        "mysql://u:hidden?hidden@127.0.0.1/biz",
        "mysql://u:hidden#hidden@127.0.0.1/biz",
    ] {
        let text = problem("DATABASE_URL", url);
        assert!(!text.contains("hidden") && !text.contains("hid/den"), "{text}");
    }
    let text = problem("DATABASE_URL", "mysql://u:p@ss/word@127.0.0.1:3306/biz");
    assert!(text.contains("percent-encoded") && !text.contains("word@"), "{text}");
}

#[test]
fn sqlite_is_a_file_without_options() {
    problem("DATABASE_URL", "sqlite:///dev.db?mode=ro");
    for nowhere in ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://:memory:"] {
        assert!(problem("DATABASE_URL", nowhere).contains("must name a file"), "{nowhere}");
    }
    assert!(problem("SQLITE_PATH", ":memory:").contains("must name a file"));
    // What is not used may be anything.
    assert!(read(&[("DATABASE_URL", "sqlite:///dev.db"), ("SQLITE_PATH", ":memory:")]).is_ok());
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
    let read_url = |url| read(&[&PRODUCTION[..], &[("SMTP_URL", url), ("MAIL_FROM", "no-reply@example.com")]].concat());
    for url in ["smtp://user:hidden@smtp.example.com", "smtp://user:hidden@smtp.example.com?tls=opportunistic"] {
        let text = read_url(url).unwrap_err().to_string();
        assert!(text.contains("SMTP_URL must not send a password without TLS") && !text.contains("hidden"), "{text}");
    }
    for url in ["smtp://mail.internal:25", "smtp://u:p@smtp.example.com?tls=required", "smtps://u:p@smtp.example.com"] {
        assert!(read_url(url).unwrap().mail.is_some(), "{url}");
    }
}
