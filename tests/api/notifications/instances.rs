//! Several servers on one database.

use std::time::{Duration, Instant};

use bizcenter::notifications::Kind;
use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::json;

use super::events::Events;
use super::{STREAM, ticket};
use crate::on_both;

on_both! {
    async fn what_happens_on_one_instance_comes_through_the_streams_of_all(app) {
        let (user, other) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        let second = app.second_instance().await;
        let mut streams = Vec::new();
        for instance in [&app, &second] {
            for user in [&user, &other] {
                streams.push(Events::open(instance.get(STREAM).by(user)).await);
            }
        }
        let started = Instant::now();
        for (instance, title) in [(&app, "on the first"), (&second, "on the second"), (&app, "on the first again")] {
            instance.notify(&[&user, &other], Kind::TaskAssigned, title).await;
            for events in &mut streams {
                assert_eq!(events.titles(1).await, [title]);
            }
        }
        // By the bus, and not by the next sign of life.
        assert!(started.elapsed() < Duration::from_secs(12), "{:?}", started.elapsed());
    }

    async fn a_ticket_of_one_instance_counts_on_another(app) {
        let user = app.user("test-001", Viewer).await;
        let second = app.second_instance().await;
        let ticket = ticket(&app, &user).await;
        let mut events = Events::open(second.get(&format!("{STREAM}?ticket={ticket}"))).await;
        app.notify(&[&user], Kind::TaskAssigned, "a").await;
        assert_eq!(events.titles(1).await, ["a"]);
        app.get(&format!("{STREAM}?ticket={ticket}")).expect(401).await;
    }

    async fn a_stream_goes_on_at_another_instance(app) {
        let user = app.user("test-001", Viewer).await;
        let second = app.second_instance().await;
        let mut events = Events::open(app.get(STREAM).by(&user)).await;
        app.notify(&[&user], Kind::TaskAssigned, "a").await;
        let (last, _) = events.next().await;
        app.notify(&[&user], Kind::TaskAssigned, "b").await;
        let mut events = Events::open(second.get(STREAM).by(&user).header("last-event-id", &last.to_string())).await;
        assert_eq!(events.titles(1).await, ["b"]);
        second.notify(&[&user], Kind::TaskAssigned, "c").await;
        assert_eq!(events.titles(1).await, ["c"]);
    }

    async fn who_is_let_in_no_more_loses_his_streams_on_every_instance(app, STREAM_HEARTBEAT = "1") {
        let (owner, user) = (app.user("test-001", Owner).await, app.user("test-001", Viewer).await);
        let second = app.second_instance().await;
        let streams = [Events::open(app.get(STREAM).by(&user)).await, Events::open(second.get(STREAM).by(&user)).await];
        app.patch(&format!("/api/v1/users/{}", user.id), json!({"is_active": false})).by(&owner).expect(200).await;
        for events in streams {
            let rest = events.rest().await;
            assert!(rest.iter().all(|block| block.data.is_none()), "{rest:?}");
        }
    }
}
