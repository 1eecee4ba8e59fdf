//! `/notifications/preferences`.

use bizcenter::notifications::Kind;
use bizcenter::policy::Role::{Owner, Viewer};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{PREFERENCES, titles_of};
use crate::app::{Session, TestApp};
use crate::client::{Method, without_request_id};
use crate::on_both;
use crate::tasks::invalid;

const KINDS: [&str; 8] = [
    "task_assigned",
    "task_commented",
    "task_overdue",
    "meeting_published",
    "action_item_assigned",
    "contract_expiring",
    "contract_expired",
    "contract_renewed",
];

/// What somebody has who has chosen nothing.
fn defaults() -> Value {
    let mut kinds = json!({});
    KINDS.iter().for_each(|kind| kinds[kind] = json!({"in_app": true, "email": false}));
    json!({"locale": "ko", "kinds": kinds})
}

async fn preferences(app: &TestApp, user: &Session) -> Value {
    app.get(PREFERENCES).by(user).expect(200).await["preferences"].take()
}

on_both! {
    async fn by_default_everything_is_shown_and_nothing_is_mailed(app) {
        let user = app.user("test-001", Viewer).await;
        assert_eq!(app.get(PREFERENCES).by(&user).expect(200).await, json!({"preferences": defaults()}));
    }

    async fn put_and_patch_change_what_they_name_and_nothing_else(app) {
        let (user, other) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        let mut expected = defaults();
        for (method, change) in [
            (Method::PUT, json!({"locale": "en"})),
            (Method::PATCH, json!({"kinds": {"task_commented": {"email": true}}})),
            (Method::PUT, json!({"kinds": {"task_commented": {"in_app": false}, "task_overdue": {"in_app": "no"}}})),
            (Method::PUT, json!({"locale": "ko", "kinds": {"task_commented": {"in_app": true, "email": false}}})),
            (Method::PATCH, json!({"kinds": {"task_assigned": {}}})),
            (Method::PUT, json!({"kinds": {}})),
            (Method::PUT, json!({})),
        ] {
            if let Some(locale) = change.get("locale") {
                expected["locale"] = locale.clone();
            }
            for (kind, switches) in change["kinds"].as_object().into_iter().flatten() {
                for (name, switch) in switches.as_object().unwrap() {
                    expected["kinds"][kind][name] = json!(*switch == json!(true));
                }
            }
            let answer = app.call(method, PREFERENCES).json(change).by(&user).expect(200).await;
            let message = "Preferences updated successfully";
            assert_eq!(answer, json!({"message": message, "preferences": expected}));
            assert_eq!(preferences(&app, &user).await, expected);
        }
        assert_eq!(preferences(&app, &other).await, defaults());
    }

    async fn the_audit_log_tells_what_has_changed_and_of_nothing_else(app) {
        let (user, owner) = (app.user("test-001", Viewer).await, app.user("test-001", Owner).await);
        for change in [
            json!({"locale": "en", "kinds": {"task_commented": {"in_app": true, "email": true}}}),
            json!({"locale": "en", "kinds": {"task_commented": {"email": true}, "task_overdue": {}}}),
            json!({"kinds": {"task_commented": {"in_app": false, "email": false}}}),
        ] {
            app.put(PREFERENCES, change).by(&user).expect(200).await;
        }
        let told = app.get("/api/v1/audit-logs?resource_type=preferences&sort=id").by(&owner).expect(200).await;
        assert_eq!(told["total"], 2);
        for (index, changes) in [
            json!({"locale": {"from": "ko", "to": "en"}, "task_commented.email": {"from": false, "to": true}}),
            json!({
                "task_commented.in_app": {"from": true, "to": false},
                "task_commented.email": {"from": true, "to": false},
            }),
        ].into_iter().enumerate() {
            let row = &told["audit_logs"][index];
            assert_eq!(json!([row["action"], row["resource_id"], row["user_id"]]), json!(["updated", user.id, user.id]));
            assert_eq!(row["changes"], changes);
        }
    }

    async fn every_mistake_is_named_at_its_place(app) {
        let user = app.user("test-001", Viewer).await;
        for (body, errors) in [
            (json!({"locale": "fr", "x": 1}), json!({"locale": ["Must be one of: ko, en."], "x": ["Unknown field."]})),
            (json!({"locale": null, "kinds": null}), json!({
                "locale": ["Field may not be null."], "kinds": ["Field may not be null."],
            })),
            (json!({"kinds": []}), json!({"kinds": {"_schema": ["Invalid input type."]}})),
            (
                json!({"kinds": {
                    "task_assigned": {"in_app": "maybe", "sms": true}, "task_overdue": {"email": null},
                    "task_commented": true, "task_deleted": {"in_app": true}, "contract_expired": {"in_app": false},
                }}),
                json!({"kinds": {
                    "task_assigned": {"in_app": ["Not a valid boolean."], "sms": ["Unknown field."]},
                    "task_overdue": {"email": ["Field may not be null."]},
                    "task_commented": {"_schema": ["Invalid input type."]}, "task_deleted": ["Unknown field."],
                }}),
            ),
        ] {
            let refused = app.put(PREFERENCES, body).by(&user).expect(400).await;
            assert_eq!(without_request_id(refused), invalid(errors));
        }
        assert_eq!(preferences(&app, &user).await, defaults());
    }

    async fn changes_at_once_are_all_kept(app) {
        let user = app.user("test-001", Viewer).await;
        let mut calls = JoinSet::new();
        for kind in KINDS {
            let change = json!({"locale": "en", "kinds": {kind: {"email": true}}});
            calls.spawn(app.patch(PREFERENCES, change).by(&user).send());
        }
        for reply in calls.join_all().await {
            reply.expect(200);
        }
        let mut expected = defaults();
        expected["locale"] = json!("en");
        KINDS.iter().for_each(|kind| expected["kinds"][kind]["email"] = json!(true));
        assert_eq!(preferences(&app, &user).await, expected);
    }

    async fn a_kind_that_is_switched_off_does_not_come_and_what_is_there_stays(app) {
        let (user, other) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        app.notify(&[&user, &other], Kind::TaskCommented, "before").await;
        app.put(PREFERENCES, json!({"kinds": {"task_commented": {"in_app": false}}})).by(&user).expect(200).await;
        app.notify(&[&user, &other], Kind::TaskCommented, "while off").await;
        app.notify(&[&user, &other], Kind::TaskAssigned, "another kind").await;
        app.put(PREFERENCES, json!({"kinds": {"task_commented": {"in_app": true}}})).by(&user).expect(200).await;
        app.notify(&[&user, &other], Kind::TaskCommented, "after").await;
        assert_eq!(titles_of(&app, &user).await, ["before", "another kind", "after"]);
        assert_eq!(titles_of(&app, &other).await, ["before", "while off", "another kind", "after"]);
        assert_eq!(app.count("select count(*) from mail_outbox").await, 0);
    }

    async fn who_wants_a_kind_by_mail_gets_a_letter_with_or_without_seeing_it_here(app) {
        let (both, mail) = (app.user("test-001", Viewer).await, app.user("test-001", Viewer).await);
        for (user, in_app) in [(&both, true), (&mail, false)] {
            let change = json!({"kinds": {"task_assigned": {"in_app": in_app, "email": true}}});
            app.put(PREFERENCES, change).by(user).expect(200).await;
        }
        app.notify(&[&both, &mail], Kind::TaskAssigned, "mailed").await;
        app.notify(&[&both, &mail], Kind::TaskCommented, "not mailed").await;
        assert_eq!(app.count("select count(*) from mail_outbox").await, 2);
        assert_eq!(titles_of(&app, &both).await, ["mailed", "not mailed"]);
        // What is only for the letter is nowhere else.
        assert_eq!(titles_of(&app, &mail).await, ["not mailed"]);
        let list = crate::notifications::list(&app, &mail, "unread=true").await;
        assert_eq!((&list["total"], &list["unread_count"]), (&json!(1), &json!(1)));
        let id = app.count("select id from notifications where in_app = false").await;
        app.call(Method::POST, &format!("{}/{id}/read", crate::notifications::LIST)).by(&mail).expect(404).await;
        let all = app.call(Method::POST, &format!("{}/read-all", crate::notifications::LIST)).by(&mail).expect(200).await;
        assert_eq!(all["updated"], 1);
    }
}
