//! Letters that cannot be sent.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bizcenter::config::Patience;
use bizcenter::mail;
use bizcenter::notifications::Kind;
use bizcenter::policy::Role::Editor;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::fmt::MakeWriter;

use super::{
    SILENCE, Sink, closed_port, office, office_that_waits, office_with, open, outbox, send, settled, tell, wants,
};
use crate::app::{Session, TestApp};
use crate::on_both;

/// A user for whom a letter waits.
async fn waiting(app: &TestApp, email: &str) -> Session {
    let user = app.user_named("test-001", Editor, email, "Kim").await;
    wants(app, &user, Kind::TaskAssigned, true).await;
    tell(app, &[&user], Kind::TaskAssigned, "Weekly report").await;
    user
}

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

on_both! {
    async fn a_letter_that_is_put_off_is_tried_again(app) {
        let sink = Sink::start();
        let office = office(&app, sink.port);
        waiting(&app, "kim@example.com").await;
        sink.answer("RCPT", "451 4.7.1 come back later");
        let error = Some("the mail server answered 451");
        for (attempt, minutes) in [(1, 1), (2, 5)] {
            assert_eq!(send(&office).await, 0);
            assert_eq!(outbox(&app).await, [settled("pending", attempt, error)]);
            app.advance(minutes * 60);
        }
        sink.behave();
        assert_eq!(send(&office).await, 1);
        assert_eq!((outbox(&app).await, sink.take().len()), (vec![settled("sent", 3, None)], 1));
    }

    async fn a_letter_is_given_up_after_a_day(app) {
        let sink = Sink::start();
        let office = office(&app, sink.port);
        waiting(&app, "kim@example.com").await;
        sink.answer(".", "452 4.3.1 the disk is full");
        let error = Some("the mail server answered 452");
        for (attempt, minutes) in (1..).zip([1, 5, 15, 60, 180, 480, 720]) {
            assert_eq!(send(&office).await, 0);
            assert_eq!(outbox(&app).await, [settled("pending", attempt, error)]);
            app.advance(minutes * 60 - 1);
            assert_eq!(send(&office).await, 0);
            assert_eq!(outbox(&app).await, [settled("pending", attempt, error)], "it comes too early");
            app.advance(1);
        }
        assert_eq!(send(&office).await, 0);
        assert_eq!((outbox(&app).await, sink.count("RCPT")), (vec![settled("dead", 8, error)], 8));
        sink.behave();
        app.advance(86_400);
        assert_eq!((send(&office).await, sink.take().len()), (0, 0));
    }

    async fn a_letter_that_is_refused_for_good_is_given_up_at_once(app) {
        let sink = Sink::start();
        for (name, answer) in [("kim", "550 5.1.1 no such user"), ("lee", "553 5.1.3 bad address")] {
            waiting(&app, &format!("{name}@example.com")).await;
            sink.answer(&format!("RCPT TO:<{name}"), answer);
        }
        // The others get theirs.
        waiting(&app, "park@example.com").await;
        assert_eq!(send(&office(&app, sink.port)).await, 1);
        assert_eq!(sink.take()[0].to, ["park@example.com"]);
        assert_eq!(outbox(&app).await, [
            settled("dead", 1, Some("the mail server answered 550")),
            settled("dead", 1, Some("the mail server answered 553")),
            settled("sent", 1, None),
        ]);
        sink.behave();
        app.advance(86_400);
        assert_eq!(send(&office(&app, sink.port)).await, 0);
    }

    async fn only_a_recipient_is_refused_for_good(app) {
        let sink = Sink::start();
        let office = office(&app, sink.port);
        waiting(&app, "kim@example.com").await;
        for (attempt, (line, answer)) in (1..).zip([
            ("MAIL", "550 5.4.5 daily quota exceeded"),
            ("MAIL", "553 5.1.8 bad sender"),
            ("RCPT", "550 relaying denied"),
            ("RCPT", "550 5.7.1 no relaying from 5.1.1.9, see 5.1.1"),
            ("RCPT", "550 denied, see https://example.com/5.1.1"),
            (".", "554 5.6.0 no"),
        ]) {
            sink.answer(line, answer);
            assert_eq!(send(&office).await, 0);
            let error = format!("the mail server answered {}", &answer[..3]);
            assert_eq!(outbox(&app).await, [settled("pending", attempt, Some(error.as_str()))], "{answer}");
            sink.behave();
            app.advance(12 * 3600);
        }
        sink.answer("RCPT", "550-5.2.1 the account\r\n550 5.2.1 is closed");
        assert_eq!(send(&office).await, 0);
        assert_eq!(outbox(&app).await, [settled("dead", 7, Some("the mail server answered 550"))]);
    }

    async fn a_mail_server_that_takes_nothing_costs_no_letter_an_attempt(app) {
        let sink = Sink::start();
        let office = office(&app, sink.port);
        waiting(&app, "kim@example.com").await;
        waiting(&app, "lee@example.com").await;
        for (line, answer) in [
            ("MAIL", "451 4.3.2 try again later"), ("MAIL", "421 4.7.0 too many connections"), ("RCPT", "421 closing"),
        ] {
            sink.answer(line, answer);
            let before = sink.count(line);
            assert_eq!((send(&office).await, sink.count(line) - before), (0, 1), "{answer}");
            sink.behave();
            let error = format!("the mail server answered {}", &answer[..3]);
            let letters = outbox(&app).await;
            assert!(letters.contains(&settled("pending", 0, Some(error.as_str()))), "{letters:?}");
            assert!(letters.iter().all(|(state, attempts, _)| (state.as_str(), *attempts) == ("pending", 0)));
            app.advance(60);
        }
        // Because of the letter, perhaps: that is an attempt.
        sink.answer(".", "421 closing");
        assert_eq!((send(&office).await, sink.count(".")), (0, 1));
        assert!(outbox(&app).await.contains(&settled("pending", 1, Some("the mail server answered 421"))));
        sink.behave();
        app.advance(60);
        assert_eq!(send(&office).await, 2);
    }

    async fn a_refusal_does_not_wait_for_a_farewell(app) {
        let sink = Sink::start();
        let office = office(&app, sink.port);
        waiting(&app, "kim@example.com").await;
        waiting(&app, "lee@example.com").await;
        sink.answer("RCPT TO:<kim", "550 5.1.1 no such user");
        sink.answer("QUIT", SILENCE);
        let started = Instant::now();
        assert_eq!(send(&office).await, 1);
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
        let refused = settled("dead", 1, Some("the mail server answered 550"));
        assert_eq!(outbox(&app).await, [refused, settled("sent", 1, None)]);
    }

    async fn a_letter_that_hangs_does_not_hold_up_the_others(app) {
        let sink = Sink::start();
        let url = format!("smtp://127.0.0.1:{}", sink.port);
        let patience =
            Patience { next: Duration::from_millis(100), send: Duration::from_secs(3), ..Patience::default() };
        let office = office_that_waits(&app, &[("SMTP_URL", &url)], patience);
        for name in ["kim", "lee", "park"] {
            waiting(&app, &format!("{name}@example.com")).await;
        }
        sink.answer("RCPT TO:<kim", SILENCE);
        let sending = tokio::spawn(async move { send(&office).await });
        let started = Instant::now();
        while sink.count(".") < 2 {
            assert!(started.elapsed() < Duration::from_secs(20), "the others wait");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(!sending.is_finished());
        assert_eq!(sending.await.unwrap(), 2);
        let silent = settled("pending", 1, Some("the mail server does not answer"));
        assert_eq!(outbox(&app).await, [silent, settled("sent", 1, None), settled("sent", 1, None)]);
    }

    async fn why_the_mail_server_cannot_be_used_is_told(app) {
        let log = Log::default();
        let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(log.clone());
        let _guard = tracing::subscriber::set_default(lines.with_ansi(false).finish());
        let sink = Sink::start();
        let url = format!("smtp://127.0.0.1:{}?tls=required", sink.port);
        let with_password = format!("smtp://me:secret-word@127.0.0.1:{}", sink.port);
        waiting(&app, "kim@example.com").await;
        sink.answer("EHLO", "250-sink\r\n250 AUTH XOAUTH2");
        for (url, reason) in [
            (url.as_str(), "STARTTLS is not supported"),
            (with_password.as_str(), "No compatible authentication mechanism"),
        ] {
            assert_eq!(send(&office_with(&app, &[("SMTP_URL", url)])).await, 0);
            assert!(log.text().contains(reason), "{}", log.text());
        }
        assert!(!log.text().contains("secret"), "{}", log.text());
        assert_eq!(outbox(&app).await, [settled("pending", 0, None)]);
    }

    async fn an_address_that_the_mail_server_cannot_take_is_given_up_at_once(app) {
        let sink = Sink::start();
        waiting(&app, "김@example.com").await;
        assert_eq!(send(&office(&app, sink.port)).await, 0);
        let error = "the mail server takes no address with other than ASCII letters";
        assert_eq!((outbox(&app).await, sink.count("MAIL")), (vec![settled("dead", 1, Some(error))], 0));
    }

    async fn a_mail_server_that_falls_silent_holds_nothing_up(app) {
        let sink = Sink::start();
        let url = format!("smtp://127.0.0.1:{}", sink.port);
        let wait = Duration::from_millis(400);
        // Each loses patience only where the mail server is silent: on a busy machine it may answer as late as that.
        let at_checks = Patience { check: wait, ..Patience::default() };
        let at_letters = Patience { send: wait, ..Patience::default() };
        let [at_checks, at_letters, patient] = [at_checks, at_letters, Patience::default()]
            .map(|patience| office_that_waits(&app, &[("SMTP_URL", &url)], patience));
        waiting(&app, "kim@example.com").await;
        waiting(&app, "lee@example.com").await;
        // At the check nothing is tried; at a letter the others wait for the next check.
        let untried = settled("pending", 0, None);
        let tried = settled("pending", 1, Some("the mail server does not answer"));
        for (line, office, letters) in [
            ("connect", &at_checks, [untried.clone(), untried.clone()]),
            ("MAIL", &at_letters, [tried.clone(), untried]),
            (".", &at_letters, [tried.clone(), tried]),
        ] {
            sink.answer(line, SILENCE);
            let started = Instant::now();
            assert_eq!(send(office).await, 0, "{line}");
            // Far less than the usual patience.
            assert!(started.elapsed() < Duration::from_secs(20), "{line}");
            assert_eq!(outbox(&app).await, letters, "{line}");
            sink.behave();
        }
        app.advance(60);
        assert_eq!((send(&patient).await, sink.take().len()), (2, 2));
    }

    async fn a_silent_mail_server_does_not_keep_the_server_from_stopping(app) {
        let sink = Sink::start();
        let url = format!("smtp://127.0.0.1:{}", sink.port);
        let patience = Patience { stop: Duration::from_millis(50), ..Patience::default() };
        waiting(&app, "kim@example.com").await;
        for line in ["connect", "MAIL"] {
            sink.answer(line, SILENCE);
            let before = sink.count(line);
            let office = office_that_waits(&app, &[("SMTP_URL", &url)], patience);
            let stop = CancellationToken::new();
            let running = tokio::spawn(mail::sender::run(office, stop.clone()));
            let started = Instant::now();
            while sink.count(line) == before {
                assert!(started.elapsed() < Duration::from_secs(20), "{line}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            stop.cancel();
            tokio::time::timeout(Duration::from_secs(2), running).await.unwrap().unwrap();
            assert_eq!(outbox(&app).await, [settled("pending", 0, None)], "{line}");
            sink.behave();
        }
        // The letter that was left in the middle.
        let office = office(&app, sink.port);
        assert_eq!(send(&office).await, 0);
        app.advance(300);
        assert_eq!(send(&office).await, 1);
    }

    async fn an_outage_is_logged_once(app) {
        let log = Log::default();
        let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(log.clone());
        let _guard = tracing::subscriber::set_default(lines.with_ansi(false).finish());
        let port = closed_port();
        let url = format!("smtp://{}", port.local_addr().unwrap());
        let patience = Patience { pause: Duration::from_millis(10), ..Patience::default() };
        waiting(&app, "kim@example.com").await;
        let stop = CancellationToken::new();
        let office = office_that_waits(&app, &[("SMTP_URL", &url)], patience);
        let running = tokio::spawn(mail::sender::run(office, stop.clone()));
        let started = Instant::now();
        while log.text().matches("the mail server still cannot be used").count() < 3 {
            assert!(started.elapsed() < Duration::from_secs(20), "{}", log.text());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(log.text().matches("the mail server cannot be used").count(), 1);
        assert_eq!(outbox(&app).await, [settled("pending", 0, None)]);
        let sink = Sink::start_on(port);
        while sink.count(".") == 0 {
            assert!(started.elapsed() < Duration::from_secs(20), "{}", log.text());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.cancel();
        running.await.unwrap();
        assert_eq!(outbox(&app).await, [settled("sent", 1, None)]);
    }

    async fn an_address_that_is_none_is_given_up_at_once(app) {
        let sink = Sink::start();
        waiting(&app, "kim@[127.0.0.1]").await;
        waiting(&app, "kim@example.com>\r\nRCPT TO:<victim@example.com").await;
        waiting(&app, "lee@example.com").await;
        assert_eq!(send(&office(&app, sink.port)).await, 1);
        assert_eq!((sink.take()[0].to.clone(), sink.count("RCPT")), (vec!["lee@example.com".to_owned()], 1));
        let dead = settled("dead", 1, Some("no mail can be sent to the address"));
        assert_eq!(outbox(&app).await, [dead.clone(), dead, settled("sent", 1, None)]);
    }

    async fn a_mail_server_that_cannot_be_reached_is_waited_for(app) {
        let port = closed_port();
        let office = office(&app, port.local_addr().unwrap().port());
        waiting(&app, "kim@example.com").await;
        waiting(&app, "lee@example.com").await;
        // However often: no letter loses an attempt.
        for _ in 0..10 {
            assert_eq!(send(&office).await, 0);
        }
        assert_eq!(outbox(&app).await, vec![settled("pending", 0, None); 2]);
        let sink = Sink::start_on(port);
        assert_eq!((send(&office).await, sink.take().len()), (2, 2));
    }

    async fn a_mail_server_that_lets_nobody_in_refuses_no_letter(app) {
        let sink = Sink::start();
        let url = format!("smtp://user%40example.com:wrong%3Apassword@127.0.0.1:{}", sink.port);
        let office = office_with(&app, &[("SMTP_URL", &url)]);
        waiting(&app, "kim@example.com").await;
        for (line, answer) in
            [("connect", "554 no service here"), ("EHLO", "550 5.1.1 go away"), ("AUTH", "535 5.7.8 wrong password")]
        {
            sink.answer(line, answer);
            assert_eq!(send(&office).await, 0);
            assert_eq!(outbox(&app).await, [settled("pending", 0, None)]);
            sink.behave();
        }
        assert_eq!((send(&office).await, sink.take().len()), (1, 1));
        assert!(sink.count("AUTH PLAIN ") > 0);
    }

    async fn a_letter_whose_receipt_is_lost_comes_twice_and_can_be_told(app) {
        let sink = Sink::start();
        let office = office(&app, sink.port);
        waiting(&app, "kim@example.com").await;
        sink.answer(".", "");
        assert_eq!(send(&office).await, 0);
        assert_eq!(outbox(&app).await[0].0, "pending");
        sink.behave();
        app.advance(60);
        assert_eq!(send(&office).await, 1);
        let letters = sink.take();
        let to: Vec<&str> = letters.iter().map(|letter| letter.to[0].as_str()).collect();
        assert_eq!(to, ["kim@example.com"; 2]);
        let ids: Vec<String> = letters.iter().map(|letter| open(letter).message_id().unwrap().to_owned()).collect();
        assert_eq!(ids[0], ids[1]);
    }

    async fn a_connection_that_breaks_is_made_again(app) {
        let sink = Sink::start();
        for line in ["connect", "EHLO", "MAIL", "RCPT", "DATA"] {
            let office = office(&app, sink.port);
            waiting(&app, &format!("{}@example.com", line.to_lowercase())).await;
            sink.answer(line, "");
            assert_eq!(send(&office).await, 0, "{line}");
            assert_eq!(sink.take().len(), 0, "{line}");
            sink.behave();
            app.advance(60);
            assert_eq!(send(&office).await, 1, "{line}");
            assert_eq!(sink.take().len(), 1, "{line}");
        }
    }

    async fn the_log_has_no_addresses(app) {
        let log = Log::default();
        let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(log.clone());
        let _guard = tracing::subscriber::set_default(lines.with_ansi(false).finish());
        let sink = Sink::start();
        waiting(&app, "secret-kim@example.com").await;
        waiting(&app, "secret-lee@example.com").await;
        waiting(&app, "secret-park@@example.com").await;
        sink.answer("RCPT TO:<secret-kim", "550 5.1.1 <secret-kim@example.com> no such user");
        sink.answer("RCPT TO:<secret-lee", "451 4.7.1 <secret-lee@example.com> is busy");
        assert_eq!(send(&office(&app, sink.port)).await, 0);
        let closed = closed_port();
        let url = format!("smtp://me:secret-word@{}", closed.local_addr().unwrap());
        app.advance(60);
        assert_eq!(send(&office_with(&app, &[("SMTP_URL", &url)])).await, 0);
        let text = log.text();
        for line in ["a letter is given up", "a letter is tried again later", "the mail server cannot be used"] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
        assert!(text.contains("the mail server answered 550") && text.contains("test-001"), "{text}");
        assert!(!text.contains("secret"), "{text}");
        let errors: Vec<_> = outbox(&app).await.into_iter().filter_map(|(_, _, error)| error).collect();
        assert!(errors.len() == 3 && !errors.concat().contains("secret"), "{errors:?}");
    }
}
