//! `POST /notifications/{id}/read` and `POST /notifications/read-all`.

use bizcenter::notifications::{self, Kind};
use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::{Value, json};

use super::{LIST, list, titles};
use crate::app::{Session, TestApp};
use crate::client::{Method, without_request_id};
use crate::on_both;
use crate::tasks::invalid;

const READ_ALL: &str = "/api/v1/notifications/read-all";
const DAY: i64 = 86_400;

async fn read(app: &TestApp, user: &Session, id: i64) -> Value {
    app.call(Method::POST, &format!("{LIST}/{id}/read")).by(user).expect(200).await
}

async fn read_all(app: &TestApp, user: &Session, body: Value) -> Value {
    app.post(READ_ALL, body).by(user).expect(200).await
}

fn all_read(updated: u64) -> Value {
    json!({"message": "Notifications marked as read", "updated": updated})
}

async fn unread(app: &TestApp, user: &Session) -> Vec<String> {
    titles(&list(app, user, "unread=true").await).into_iter().map(str::to_owned).collect()
}

on_both! {
    async fn reading_notes_when_and_a_second_time_changes_nothing(app) {
        let user = app.user("test-001", Viewer).await;
        app.notify(&[&user], Kind::MeetingPublished, "a").await;
        app.notify(&[&user], Kind::MeetingPublished, "b").await;
        app.advance(60);
        let notification = json!({
            "id": 1, "kind": "meeting_published", "title": "a", "resource_type": "task", "resource_id": 7,
            "read_at": "2026-02-07T10:18:56.942016Z", "created_at": "2026-02-07T10:17:56.942016Z",
        });
        let answer = json!({"message": "Notification marked as read", "notification": notification});
        assert_eq!(read(&app, &user, 1).await, answer);
        app.advance(60);
        assert_eq!(read(&app, &user, 1).await, answer);
        let list = list(&app, &user, "").await;
        assert_eq!((&list["notifications"][1], &list["unread_count"]), (&answer["notification"], &json!(1)));
    }

    async fn another_users_notification_is_not_found(app) {
        let (user, owner) = (app.user("test-001", Viewer).await, app.user("test-001", Owner).await);
        let stranger = app.user("test-002", Owner).await;
        app.notify(&[&user], Kind::TaskAssigned, "a").await;
        let not_found = json!({"error": "Notification not found", "code": "notification_not_found"});
        for other in [&owner, &stranger] {
            for id in ["1", "2"] {
                let refused = app.call(Method::POST, &format!("{LIST}/{id}/read")).by(other).expect(404).await;
                assert_eq!(without_request_id(refused), not_found);
            }
            assert_eq!(read_all(&app, other, json!({})).await, all_read(0));
        }
        assert_eq!(unread(&app, &user).await, ["a"]);
    }

    async fn all_are_read_at_once_and_counted(app) {
        let (user, other) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        for title in ["a", "b", "c"] {
            app.notify(&[&user, &other], Kind::TaskAssigned, title).await;
        }
        read(&app, &user, 1).await;
        let before = list(&app, &user, "sort=id").await["notifications"][0].clone();
        app.advance(60);
        let answer = app.call(Method::POST, READ_ALL).by(&user).expect(200).await;
        assert_eq!(answer, all_read(2));
        assert_eq!(read_all(&app, &user, json!({})).await, all_read(0));
        let after = list(&app, &user, "sort=id").await;
        assert_eq!((&after["notifications"][0], &after["unread_count"]), (&before, &json!(0)));
        assert_eq!(after["notifications"][2]["read_at"], "2026-02-07T10:18:56.942016Z");
        assert_eq!(unread(&app, &other).await, ["c", "b", "a"]);
    }

    async fn what_the_user_has_not_seen_stays_unread(app) {
        let user = app.user("test-001", Viewer).await;
        for title in ["a", "b", "c"] {
            app.notify(&[&user], Kind::TaskAssigned, title).await;
        }
        let seen = list(&app, &user, "").await["notifications"][1]["id"].clone();
        assert_eq!(read_all(&app, &user, json!({"up_to": seen})).await, all_read(2));
        assert_eq!(unread(&app, &user).await, ["c"]);
        let wrong = json!({"up_to": "x", "ids": [1]});
        let refused = app.post(READ_ALL, wrong).by(&user).expect(400).await;
        let errors = json!({"up_to": ["Not a valid integer."], "ids": ["Unknown field."]});
        assert_eq!(without_request_id(refused), invalid(errors));
        assert_eq!(unread(&app, &user).await, ["c"]);
    }

    async fn what_nobody_reads_goes_after_a_year_too(app) {
        let (user, stranger) = (app.user("test-001", Viewer).await, app.user("test-002", Viewer).await);
        app.notify(&[&user], Kind::TaskAssigned, "read").await;
        app.notify(&[&user], Kind::TaskAssigned, "unread").await;
        app.notify(&[&stranger], Kind::TaskAssigned, "another tenant's").await;
        read(&app, &user, 1).await;
        app.advance(180 * DAY);
        assert_eq!(delete_expired(&app).await, 0);
        app.advance(1);
        assert_eq!(delete_expired(&app).await, 1);
        app.advance(185 * DAY - 1);
        assert_eq!(delete_expired(&app).await, 0);
        assert_eq!(unread(&app, &app.signed_in(&user).await).await, ["unread"]);
        app.advance(1);
        assert_eq!((delete_expired(&app).await, delete_expired(&app).await), (1, 0));
        assert_eq!(unread(&app, &app.signed_in(&stranger).await).await, ["another tenant's"]);
    }
}

async fn delete_expired(app: &TestApp) -> u64 {
    let mut tx = app.db().begin().await.unwrap();
    let deleted = notifications::delete_expired(&mut tx, &app.system("test-001"), app.now()).await.unwrap();
    tx.commit().await.unwrap();
    deleted
}
