//! Whom a notice reaches.

use std::collections::BTreeSet;
use std::sync::Arc;

use bizcenter::db::{Value as Column, sql};
use bizcenter::notifications::{Kind, Notice, send};
use bizcenter::policy::Role::{Owner, Viewer};
use bizcenter::resource::Resource;
use serde_json::json;
use tokio::task::JoinSet;

use super::{LIST, list, titles, titles_of};
use crate::app::{Session, TestApp};
use crate::on_both;

fn notice(title: &str) -> Notice {
    Notice { kind: Kind::TaskAssigned, title: title.into(), resource_type: Resource::Task, resource_id: 1 }
}

/// The numbers of a user's notifications, in the order of their ids.
async fn numbers(app: &TestApp, user: &Session) -> Vec<i64> {
    let select = sql("select seq from notifications where tenant_id = ? and user_id = ? order by id");
    let select = select.bind(user.tenant.clone()).bind(user.id);
    let rows: Vec<(i64,)> = app.db().read().await.unwrap().fetch_all(select).await.unwrap();
    rows.into_iter().map(|(seq,)| seq).collect()
}

on_both! {
    async fn active_users_of_the_tenant_are_told_once_and_not_who_does_it_himself(app) {
        let (actor, user) = (app.user("test-001", Owner).await, app.user("test-001", Viewer).await);
        let (inactive, stranger) = (app.user("test-001", Viewer).await, app.user("test-002", Viewer).await);
        app.patch(&format!("/api/v1/users/{}", inactive.id), json!({"is_active": false})).by(&actor).expect(200).await;
        let to = vec![user.id, actor.id, inactive.id, stranger.id, user.id, 987_654_321, 0, -1];
        let scope = app.scope_of(&actor);
        app.send_notices(&scope, vec![(notice("a"), to)]).await;
        app.send_notices(&scope, vec![(notice("to nobody"), vec![]), (notice("to himself"), vec![actor.id])]).await;
        assert_eq!(app.count("select count(*) from notifications").await, 1);
        assert_eq!(titles_of(&app, &user).await, ["a"]);
        // Nobody has done what the system does.
        app.notify(&[&actor, &user], Kind::ContractExpired, "b").await;
        assert_eq!(titles_of(&app, &actor).await, ["b"]);
        assert_eq!(titles_of(&app, &user).await, ["a", "b"]);
    }

    async fn a_notification_is_there_with_its_cause_or_not_at_all(app) {
        let user = app.user("test-001", Viewer).await;
        let mut tx = app.db().begin().await.unwrap();
        let scope = app.system("test-001");
        send(&mut tx, &scope, notice("a"), &[user.id], app.now()).await.unwrap();
        tx.rollback().await.unwrap();
        let empty = app.get(LIST).by(&user).expect(200).await;
        assert_eq!((&empty["total"], &empty["last_event_id"]), (&json!(0), &json!(0)));
        app.notify(&[&user], Kind::TaskAssigned, "b").await;
        assert_eq!(titles_of(&app, &user).await, ["b"]);
    }

    async fn many_notices_for_many_users_are_sent_at_once(app) {
        let (one, two) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        let scope = app.system("test-001");
        app.notify(&[&two], Kind::TaskAssigned, "before").await;
        let notices = vec![
            (notice("a"), vec![two.id, one.id]), (notice("b"), vec![one.id]), (notice("c"), vec![one.id, two.id]),
        ];
        app.send_notices(&scope, notices).await;
        app.notify(&[&two], Kind::TaskAssigned, "after").await;
        assert_eq!(titles_of(&app, &one).await, ["a", "b", "c"]);
        assert_eq!(titles_of(&app, &two).await, ["before", "a", "c", "after"]);
        for user in [&one, &two] {
            let numbers = numbers(&app, user).await;
            assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
            assert_eq!(app.get(LIST).by(user).expect(200).await["unread_count"], numbers.len());
        }
    }

    async fn a_title_is_cut_and_every_letter_is_kept(app) {
        let user = app.user("test-001", Viewer).await;
        for title in ["한".repeat(300), "🚀".repeat(255), "'; -- \\ \"\n\u{1}".into()] {
            app.notify(&[&user], Kind::ActionItemAssigned, &title).await;
            let cut: String = title.chars().take(255).collect();
            assert_eq!(titles(&list(&app, &user, "limit=1").await), [cut]);
        }
    }

    async fn more_users_than_a_statement_takes_are_told_too(app) {
        const USERS: i64 = 2100;
        let owner = app.user("test-001", Owner).await;
        let insert = "insert into users (tenant_id, email, email_key, password_hash, name, role, is_active, version, \
                      created_at, updated_at) values ";
        let row = |number: i64| -> Vec<Column> {
            let email = format!("many{number}@example.com");
            let now = app.now();
            vec![
                "test-001".into(), (&email).into(), email.into(), "x".into(), "Kim".into(), "viewer".into(),
                true.into(), 1_i64.into(), now.into(), now.into(),
            ]
        };
        app.execute(sql(insert).values((1..=USERS).map(row))).await;
        let users = (owner.id..=owner.id + USERS).collect::<Vec<_>>();
        app.send_notices(&app.scope_of(&owner), vec![(notice("a"), users.clone()), (notice("b"), users)]).await;
        assert_eq!(app.count("select count(*) from notifications").await, 2 * USERS);
        assert_eq!(app.count("select count(distinct user_id) from notifications").await, USERS);
        assert_eq!(app.count("select count(*) from notification_counters where last_seq = 2").await, USERS);
    }

    async fn the_first_notifications_of_many_users_are_sent_at_once(app) {
        let mut users = Vec::new();
        for _ in 0..30 {
            users.push(app.user("test-001", Viewer).await.id);
        }
        assert_eq!(app.count("select count(*) from notification_counters where last_seq = 0").await, 30);
        let app = Arc::new(app);
        let mut senders = JoinSet::new();
        for sender in 0..15 {
            let (app, users) = (Arc::clone(&app), users.clone());
            senders.spawn(async move {
                let to: Vec<i64> = users.iter().copied().cycle().skip(2 * sender).take(8).collect();
                let mut tx = app.db().begin().await.unwrap();
                // No second attempt: none is preferred to another.
                send(&mut tx, &app.system("test-001"), notice("a"), &to, app.now()).await.unwrap();
                tx.commit().await.unwrap();
            });
        }
        senders.join_all().await;
        assert_eq!(app.count("select count(*) from notification_counters where last_seq = 4").await, 30);
    }

    async fn who_was_made_without_a_counter_gets_one(app) {
        let user = app.user("test-001", Viewer).await;
        assert_eq!(app.execute(sql("delete from notification_counters")).await, 1);
        app.notify(&[&user], Kind::TaskAssigned, "a").await;
        app.notify(&[&user], Kind::TaskAssigned, "b").await;
        assert_eq!(titles_of(&app, &user).await, ["a", "b"]);
        assert_eq!(numbers(&app, &user).await, [1, 2]);
    }

    async fn of_many_who_send_at_once_none_is_lost_and_none_takes_anothers_number(app) {
        let mut users = Vec::new();
        for _ in 0..5 {
            users.push(app.user("test-001", Viewer).await);
        }
        let app = Arc::new(app);
        let mut senders = JoinSet::new();
        for sender in 0..20 {
            let (app, users) = (Arc::clone(&app), users.clone());
            senders.spawn(async move {
                let scope = app.system("test-001");
                for number in 0..5 {
                    let to = users.iter().cycle().skip(sender % 5).take(3).map(|user| user.id).collect();
                    app.send_notices(&scope, vec![(notice(&format!("{sender}-{number}")), to)]).await;
                }
            });
        }
        senders.join_all().await;
        for user in &users {
            let titles: BTreeSet<String> = titles_of(&app, user).await.into_iter().collect();
            let numbers: BTreeSet<i64> = numbers(&app, user).await.into_iter().collect();
            assert_eq!((titles.len(), numbers.len()), (60, 60));
        }
    }
}
