//! What is put into the outbox, and who takes it out.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bizcenter::app::AppState;
use bizcenter::auth::Scope;
use bizcenter::db::{Conn, sql};
use bizcenter::mail;
use bizcenter::notifications::{self, Kind, Notice};
use bizcenter::policy::Role::{Admin, Editor, Viewer};
use bizcenter::resource::Resource;
use tokio_util::sync::CancellationToken;

use super::{Sink, office, open, outbox, resource, send, settled, tell, tell_of, wants};
use crate::app::TestApp;
use crate::on_both;

/// Everything that is due, as a server that runs would send it.
async fn send_all(office: &AppState) -> usize {
    let mut sum = 0;
    loop {
        match send(office).await {
            0 => return sum,
            sent => sum += sent,
        }
    }
}

async fn delete_expired(app: &TestApp, limit: i64) -> u64 {
    let mut tx = app.db().begin().await.unwrap();
    let deleted = mail::delete_expired(&mut tx, app.now(), limit).await.unwrap();
    tx.commit().await.unwrap();
    deleted
}

on_both! {
    async fn without_a_mail_server_nothing_is_sent(app) {
        let user = app.user("test-001", Editor).await;
        wants(&app, &user, Kind::TaskAssigned, true).await;
        tell(&app, &[&user], Kind::TaskAssigned, "Weekly report").await;
        assert!(app.state.mailer.is_none());
        assert_eq!(send(&app.state).await, 0);
        assert_eq!(outbox(&app).await, [settled("pending", 0, None)]);
        // Nor does it end before it is told to.
        let stop = CancellationToken::new();
        let running = tokio::spawn(mail::sender::run(app.state.clone(), stop.clone()));
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!running.is_finished());
        stop.cancel();
        running.await.unwrap();
    }

    async fn only_who_wants_it_gets_a_letter(app) {
        let sink = Sink::start();
        let (kim, lee) = (app.user("test-001", Editor).await, app.user("test-001", Editor).await);
        let (park, choi) = (app.user("test-001", Editor).await, app.user("test-001", Editor).await);
        wants(&app, &kim, Kind::TaskAssigned, true).await;
        wants(&app, &lee, Kind::TaskAssigned, false).await;
        wants(&app, &park, Kind::TaskCommented, true).await;
        tell(&app, &[&kim, &lee, &park, &choi], Kind::TaskAssigned, "Weekly report").await;
        assert_eq!(send_all(&office(&app, sink.port)).await, 1);
        assert_eq!(sink.take()[0].to, [kim.email]);
        assert_eq!(outbox(&app).await, [settled("sent", 1, None)]);
        // A second look finds nothing.
        assert_eq!(send(&office(&app, sink.port)).await, 0);
        assert_eq!(sink.take().len(), 0);
    }

    async fn what_did_not_happen_is_not_told(app) {
        let sink = Sink::start();
        let user = app.user("test-001", Editor).await;
        wants(&app, &user, Kind::TaskAssigned, true).await;
        let scope = Scope::operator("test-001", 0, app.state.audit_key.clone());
        let notice =
            Notice { kind: Kind::TaskAssigned, title: "x".into(), resource_type: Resource::Task, resource_id: 1 };
        let mut tx: Conn = app.db().begin().await.unwrap();
        notifications::send(&mut tx, &scope, notice, &[user.id], app.now()).await.unwrap();
        assert_eq!(tx.count(sql("select count(*) from mail_outbox")).await.unwrap(), 1);
        tx.rollback().await.unwrap();
        assert_eq!(send(&office(&app, sink.port)).await, 0);
        assert_eq!((outbox(&app).await.len(), sink.take().len()), (0, 0));
    }

    async fn every_tenant_gets_its_letters(app) {
        let sink = Sink::start();
        let mut users = Vec::new();
        for tenant in ["acme", "ACME", "한빛 정보", "a\"@<b>\r\n"] {
            let user = app.user(tenant, Admin).await;
            wants(&app, &user, Kind::ContractExpiring, true).await;
            tell(&app, &[&user], Kind::ContractExpiring, tenant).await;
            users.push(user.email);
        }
        assert_eq!(send_all(&office(&app, sink.port)).await, 4);
        let letters = sink.take();
        assert_eq!(letters.iter().map(|letter| letter.to[0].clone()).collect::<Vec<_>>(), users);
        let ids: BTreeSet<String> =
            letters.iter().map(|letter| open(letter).message_id().unwrap().to_owned()).collect();
        assert_eq!(ids.len(), 4, "{ids:?}");
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-@.".contains(letter);
        assert!(ids.iter().all(|id| id.chars().all(is_plain)), "{ids:?}");
    }

    async fn two_servers_send_each_letter_once(app) {
        let sink = Sink::start();
        let mut users = Vec::new();
        for _ in 0..30 {
            let user = app.user("test-001", Editor).await;
            wants(&app, &user, Kind::TaskAssigned, true).await;
            users.push(user);
        }
        tell(&app, &users.iter().collect::<Vec<_>>(), Kind::TaskAssigned, "Weekly report").await;
        let (one, other) = (office(&app, sink.port), office(&app, sink.port));
        let (sent, by_other) = tokio::join!(send_all(&one), send_all(&other));
        assert_eq!(sent + by_other, 30, "{sent} and {by_other}");
        let reached: BTreeSet<String> = sink.take().into_iter().flat_map(|letter| letter.to).collect();
        assert_eq!(reached, users.into_iter().map(|user| user.email).collect());
        assert_eq!((sink.count("."), outbox(&app).await), (30, vec![settled("sent", 1, None); 30]));
    }

    async fn who_has_left_or_changed_his_mind_gets_none(app) {
        let sink = Sink::start();
        let (kim, lee) = (app.user("test-001", Editor).await, app.user("test-001", Editor).await);
        let park = app.user("test-001", Editor).await;
        for user in [&kim, &lee, &park] {
            wants(&app, user, Kind::TaskAssigned, true).await;
        }
        tell(&app, &[&kim, &lee, &park], Kind::TaskAssigned, "Weekly report").await;
        app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(kim.id)).await;
        wants(&app, &lee, Kind::TaskAssigned, false).await;
        let delete = sql("delete from notification_preferences where tenant_id = ? and user_id = ?");
        app.execute(delete.bind("test-001").bind(park.id)).await;
        assert_eq!(send_all(&office(&app, sink.port)).await, 0);
        let (left, unwanted) = ("the user is not active any more", "the user does not want it any more");
        let expected = [settled("dead", 1, Some(left)), settled("dead", 1, Some(unwanted))];
        assert_eq!(outbox(&app).await, [&expected[..], &expected[1..]].concat());
        // It is settled, even if they come back.
        app.execute(sql("update users set is_active = ? where id = ?").bind(true).bind(kim.id)).await;
        wants(&app, &lee, Kind::TaskAssigned, true).await;
        app.advance(86_400);
        assert_eq!((send_all(&office(&app, sink.port)).await, sink.take().len()), (0, 0));
    }

    async fn who_may_not_read_contracts_any_more_gets_none_of_them(app) {
        let sink = Sink::start();
        let (kim, lee) = (app.user("test-001", Editor).await, app.user("test-001", Editor).await);
        for user in [&kim, &lee] {
            wants(&app, user, Kind::ContractExpired, true).await;
            wants(&app, user, Kind::TaskAssigned, true).await;
        }
        tell_of(&app, &[&kim, &lee], Kind::ContractExpired, "x", Resource::Contract).await;
        tell(&app, &[&kim], Kind::TaskAssigned, "Weekly report").await;
        app.execute(sql("update users set role = ? where id = ?").bind(Viewer).bind(kim.id)).await;
        assert_eq!(send_all(&office(&app, sink.port)).await, 2);
        let refused = settled("dead", 1, Some("the user may not read contracts any more"));
        assert_eq!(outbox(&app).await, [refused, settled("sent", 1, None), settled("sent", 1, None)]);
        let to: Vec<String> = sink.take().into_iter().flat_map(|letter| letter.to).collect();
        assert_eq!(to, [lee.email, kim.email]);
    }

    async fn nothing_tells_of_what_is_gone(app) {
        let sink = Sink::start();
        let user = app.user("test-001", Editor).await;
        for (kind, resource_type, delete) in [
            (Kind::TaskAssigned, Resource::Task, "delete from tasks where tenant_id = ?"),
            (Kind::ActionItemAssigned, Resource::ActionItem, "delete from action_items where tenant_id = ?"),
            (Kind::MeetingPublished, Resource::Meeting, "delete from meetings where tenant_id = ?"),
            (Kind::ContractExpired, Resource::Contract, "delete from contracts where tenant_id = ?"),
        ] {
            wants(&app, &user, kind, true).await;
            tell_of(&app, &[&user], kind, "x", resource_type).await;
            assert_eq!(app.execute(sql(delete).bind("test-001")).await, 1, "{kind:?}");
            // One of another tenant's under the same number is not it.
            if resource_type == Resource::Task {
                app.user("test-002", Editor).await;
                assert_eq!(resource(&app, "test-002", resource_type).await, 7);
            }
            assert_eq!(send(&office(&app, sink.port)).await, 0, "{kind:?}");
        }
        let gone = settled("dead", 1, Some("what it tells of is gone"));
        assert_eq!((outbox(&app).await, sink.take().len()), (vec![gone; 4], 0));
    }

    async fn what_waited_for_a_week_is_not_sent_even_if_nobody_cleans_up(app) {
        let sink = Sink::start();
        let user = app.user("test-001", Editor).await;
        wants(&app, &user, Kind::TaskAssigned, true).await;
        tell(&app, &[&user], Kind::TaskAssigned, "old").await;
        app.advance(1);
        tell(&app, &[&user], Kind::TaskAssigned, "not so old").await;
        app.advance(7 * 86_400 - 1);
        assert_eq!(send_all(&office(&app, sink.port)).await, 1);
        assert_eq!(outbox(&app).await, [settled("pending", 0, None), settled("sent", 1, None)]);
        assert!(open(&sink.take()[0]).subject().unwrap().ends_with(": not so old"));
    }

    async fn a_letter_goes_with_its_notification(app) {
        let user = app.user("test-001", Editor).await;
        wants(&app, &user, Kind::TaskAssigned, true).await;
        tell(&app, &[&user], Kind::TaskAssigned, "Weekly report").await;
        app.execute(sql("delete from notifications where tenant_id = ?").bind("test-001")).await;
        assert_eq!(outbox(&app).await.len(), 0);
    }

    async fn what_a_dead_server_had_taken_is_sent_later(app) {
        let sink = Sink::start();
        let user = app.user("test-001", Editor).await;
        wants(&app, &user, Kind::TaskAssigned, true).await;
        tell(&app, &[&user], Kind::TaskAssigned, "Weekly report").await;
        let office = office(&app, sink.port);
        let taken = sql("update mail_outbox set claimed_until = ? where tenant_id = ?");
        app.advance(300);
        let until = app.now();
        app.advance(-300);
        app.execute(taken.bind(until).bind("test-001")).await;
        assert_eq!(send(&office).await, 0);
        app.advance(299);
        assert_eq!(send(&office).await, 0);
        app.advance(1);
        assert_eq!((send(&office).await, sink.take().len()), (1, 1));
    }

    async fn a_running_server_sends_until_it_is_told_to_stop(app) {
        let sink = Sink::start();
        let mut users = Vec::new();
        for _ in 0..25 {
            let user = app.user("test-001", Editor).await;
            wants(&app, &user, Kind::TaskAssigned, true).await;
            users.push(user);
        }
        tell(&app, &users.iter().collect::<Vec<_>>(), Kind::TaskAssigned, "Weekly report").await;
        let stop = CancellationToken::new();
        let running = tokio::spawn(mail::sender::run(office(&app, sink.port), stop.clone()));
        // More than a batch, without a pause in between.
        let started = Instant::now();
        while sink.count(".") < 25 {
            assert!(started.elapsed() < Duration::from_secs(20), "{} letters", sink.count("."));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
        assert_eq!((outbox(&app).await, sink.take().len()), (vec![settled("sent", 1, None); 25], 25));
    }

    async fn what_is_old_is_deleted(app) {
        let sink = Sink::start();
        let office = office(&app, sink.port);
        let user = app.user("test-001", Editor).await;
        wants(&app, &user, Kind::TaskAssigned, true).await;
        tell(&app, &[&user], Kind::TaskAssigned, "sent").await;
        assert_eq!(send(&office).await, 1);
        tell(&app, &[&user], Kind::TaskAssigned, "dead").await;
        sink.answer("RCPT", "550 5.1.1 no such user");
        assert_eq!(send(&office).await, 0);
        for _ in 0..3 {
            tell(&app, &[&user], Kind::TaskAssigned, "pending").await;
        }
        app.advance(7 * 86_400 - 1);
        assert_eq!(delete_expired(&app, 10).await, 0);
        app.advance(1);
        assert_eq!((delete_expired(&app, 2).await, delete_expired(&app, 2).await), (2, 1));
        let states: Vec<String> = outbox(&app).await.into_iter().map(|(state, ..)| state).collect();
        assert_eq!(states, ["sent", "dead"]);
        app.advance(23 * 86_400 - 1);
        assert_eq!(delete_expired(&app, 10).await, 0);
        app.advance(1);
        assert_eq!((delete_expired(&app, 10).await, outbox(&app).await.len()), (2, 0));
    }
}
