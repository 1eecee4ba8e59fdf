//! Adding, changing and removing attendees.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Analyst, Editor, Owner, Viewer};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{make, not_found, read};
use crate::app::{Session, TestApp};
use crate::client::{Method, without_request_id};
use crate::on_both;
use crate::tasks::{forbidden, invalid};

const ATTENDEES: &str = "/api/v1/meetings/1/attendees";
const FIRST: &str = "/api/v1/meetings/1/attendees/1";
const NOT_A_MEMBER: &str = "Not an active user of this tenant.";

fn no_attendee() -> Value {
    json!({"error": "Attendee not found", "code": "attendee_not_found"})
}

fn attends_already() -> Value {
    json!({"error": "The user attends this meeting already", "code": "attendee_exists"})
}

/// Two users of test-001, and a meeting of the first one.
async fn prepare(app: &TestApp) -> (Session, Session) {
    let kim = app.user_named("test-001", Owner, "kim@example.com", "김영희").await;
    let hong = app.user_named("test-001", Viewer, "hong@example.com", "홍길동").await;
    make(app, &kim, json!({})).await;
    (kim, hong)
}

/// Adds this user to the first meeting.
async fn add(app: &TestApp, user: &Session) -> Value {
    let answer = app.post(ATTENDEES, json!({"user_id": user.id})).by(user).expect(201).await;
    answer["attendees"][0].clone()
}

on_both! {
    async fn one_user_is_added(app) {
        let (kim, hong) = prepare(&app).await;
        let mut meeting = read(&app, &kim, 1).await;
        let reply = app.post(ATTENDEES, json!({"user_id": hong.id, "role": "서기"})).by(&kim).send().await;
        assert_eq!(reply.header("location"), Some(ATTENDEES));
        let attendees = json!([{
            "id": 1, "meeting_id": 1, "user_id": hong.id, "user_name": "홍길동", "role": "서기", "attendance": "invited",
            "version": 1,
        }]);
        assert_eq!(reply.expect(201), json!({"message": "Attendees added successfully", "attendees": attendees}));
        meeting["attendees"] = attendees;
        assert_eq!(read(&app, &hong, 1).await, meeting);
    }

    async fn several_are_added_at_once_in_the_order_in_which_they_are_named(app) {
        let (kim, hong) = prepare(&app).await;
        let body = json!({"attendees": [
            {"user_id": hong.id, "role": "r".repeat(50), "attendance": "attended"},
            {"user_id": kim.id.to_string(), "role": null},
        ]});
        let answer = app.post(ATTENDEES, body).by(&hong).expect(201).await;
        assert_eq!(answer, json!({"message": "Attendees added successfully", "attendees": [
            {
                "id": 1, "meeting_id": 1, "user_id": hong.id, "user_name": "홍길동", "role": "r".repeat(50),
                "attendance": "attended", "version": 1,
            },
            {
                "id": 2, "meeting_id": 1, "user_id": kim.id, "user_name": "김영희", "role": null,
                "attendance": "invited", "version": 1,
            },
        ]}));
        assert_eq!(read(&app, &kim, 1).await["attendees"], answer["attendees"]);
    }

    async fn nobody_attends_twice_and_then_none_is_added(app) {
        let (kim, hong) = prepare(&app).await;
        let attendee = add(&app, &kim).await;
        for body in [
            json!({"user_id": kim.id, "role": "의장"}),
            json!({"attendees": [{"user_id": hong.id}, {"user_id": kim.id}]}),
        ] {
            let error = app.post(ATTENDEES, body).by(&kim).expect(409).await;
            assert_eq!(without_request_id(error), attends_already());
        }
        assert_eq!(read(&app, &kim, 1).await["attendees"], json!([attendee]));
        make(&app, &kim, json!({})).await;
        app.post("/api/v1/meetings/2/attendees", json!({"user_id": kim.id})).by(&kim).expect(201).await;
    }

    async fn nobody_is_named_twice_at_once(app) {
        let (kim, hong) = prepare(&app).await;
        let users = [hong.id, kim.id, hong.id, hong.id].map(|user| json!({"user_id": user}));
        let error = app.post(ATTENDEES, json!({"attendees": users})).by(&kim).expect(400).await;
        let repeated = json!({"user_id": ["Must not be repeated."]});
        assert_eq!(without_request_id(error), invalid(json!({"attendees": {"2": repeated, "3": repeated}})));
        assert_eq!(app.count("select count(*) from meeting_attendees").await, 0);
    }

    async fn one_user_added_many_times_at_once_attends_once(app) {
        let (kim, hong) = prepare(&app).await;
        let mut calls = JoinSet::new();
        for _ in 0..10 {
            calls.spawn(app.post(ATTENDEES, json!({"user_id": hong.id})).by(&kim).send());
        }
        let mut statuses: Vec<u16> = calls.join_all().await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![201], vec![409; 9]].concat());
        assert_eq!(app.count("select count(*) from meeting_attendees").await, 1);
    }

    async fn only_active_users_of_the_tenant_are_added(app) {
        let (kim, hong) = prepare(&app).await;
        let stranger = app.user("test-002", Owner).await;
        app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(hong.id)).await;
        for user in [stranger.id, hong.id, 987_654_321, 0, -1] {
            let error = app.post(ATTENDEES, json!({"user_id": user})).by(&kim).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({"user_id": [NOT_A_MEMBER]})), "{user}");
        }
        let users = [kim.id, stranger.id, hong.id].map(|user| json!({"user_id": user}));
        let error = app.post(ATTENDEES, json!({"attendees": users})).by(&kim).expect(400).await;
        assert_eq!(without_request_id(error), invalid(json!({"attendees": {
            "1": {"user_id": [NOT_A_MEMBER]}, "2": {"user_id": [NOT_A_MEMBER]},
        }})));
        assert_eq!(app.count("select count(*) from meeting_attendees").await, 0);
    }

    async fn all_wrong_fields_come_in_one_answer(app) {
        let (kim, _) = prepare(&app).await;
        let one = json!({"user_id": kim.id});
        for (body, errors) in [
            (json!({}), json!({"user_id": ["Missing data for required field."]})),
            (
                json!({"user_id": null, "role": "r".repeat(51), "attendance": "late", "meeting_id": 1}),
                json!({
                    "user_id": ["Field may not be null."], "role": ["Longer than maximum length 50."],
                    "attendance": ["Must be one of: invited, attended, absent."], "meeting_id": ["Unknown field."],
                }),
            ),
            (json!({"attendees": null}), json!({"attendees": ["Field may not be null."]})),
            (json!({"attendees": {}}), json!({"attendees": ["Not a valid list."]})),
            (json!({"attendees": []}), json!({"attendees": ["Length must be between 1 and 100."]})),
            (json!({"attendees": vec![one; 101]}), json!({"attendees": ["Longer than maximum length 100."]})),
            (
                json!({"attendees": [{}, null, 3, {"user_id": "x", "role": 5, "colour": "red"}], "user_id": kim.id}),
                json!({
                    "attendees": {
                        "0": {"user_id": ["Missing data for required field."]},
                        "1": ["Field may not be null."],
                        "2": {"_schema": ["Invalid input type."]},
                        "3": {
                            "user_id": ["Not a valid integer."], "role": ["Not a valid string."],
                            "colour": ["Unknown field."],
                        },
                    },
                    "user_id": ["Unknown field."],
                }),
            ),
        ] {
            let error = app.post(ATTENDEES, body).by(&kim).expect(400).await;
            assert_eq!(without_request_id(error), invalid(errors));
        }
        assert_eq!(app.count("select count(*) from meeting_attendees").await, 0);
    }

    async fn put_and_patch_change_only_what_they_name(app) {
        let (kim, hong) = prepare(&app).await;
        let mut attendee = add(&app, &kim).await;
        assert_eq!(app.get(FIRST).by(&hong).expect(200).await, json!({"attendee": attendee}));
        for (method, change, version) in [
            (Method::PUT, json!({"role": "의장"}), 2),
            (Method::PATCH, json!({"attendance": "attended"}), 3),
            (Method::PUT, json!({"role": null, "attendance": "absent"}), 4),
            (Method::PATCH, json!({}), 4),
        ] {
            let answer = app.call(method, FIRST).json(change.clone()).by(&hong).expect(200).await;
            attendee.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            attendee["version"] = json!(version);
            assert_eq!(answer, json!({"message": "Attendee updated successfully", "attendee": attendee}));
            assert_eq!(app.get(FIRST).by(&kim).expect(200).await, json!({"attendee": attendee}));
            assert_eq!(read(&app, &kim, 1).await["attendees"], json!([attendee]));
        }
        for method in [Method::PUT, Method::PATCH] {
            let body = json!({"user_id": hong.id, "attendance": null, "role": 1});
            let error = app.call(method, FIRST).json(body).by(&kim).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({
                "user_id": ["Unknown field."], "attendance": ["Field may not be null."],
                "role": ["Not a valid string."],
            })));
        }
        assert_eq!(read(&app, &kim, 1).await["attendees"], json!([attendee]));
    }

    async fn who_is_removed_is_gone_and_may_come_back(app) {
        let (kim, hong) = prepare(&app).await;
        add(&app, &kim).await;
        let other = add(&app, &hong).await;
        let reply = app.delete(FIRST).by(&kim).send().await;
        assert_eq!((reply.status, reply.text().as_str()), (204, ""));
        assert_eq!(read(&app, &kim, 1).await["attendees"], json!([other]));
        let change = json!({"role": "x"});
        for call in [app.get(FIRST), app.delete(FIRST), app.put(FIRST, json!({})), app.patch(FIRST, change)] {
            assert_eq!(without_request_id(call.by(&kim).expect(404).await), no_attendee());
        }
        assert_eq!(add(&app, &kim).await["id"], 3);
    }

    async fn the_list_is_paged_and_filtered(app) {
        let (kim, hong) = prepare(&app).await;
        let first = add(&app, &kim).await;
        let mut second = add(&app, &hong).await;
        app.patch("/api/v1/meetings/1/attendees/2", json!({"attendance": "absent"})).by(&kim).expect(200).await;
        second["attendance"] = json!("absent");
        second["version"] = json!(2);
        make(&app, &kim, json!({})).await;
        app.post("/api/v1/meetings/2/attendees", json!({"user_id": kim.id})).by(&kim).expect(201).await;
        assert_eq!(app.get(ATTENDEES).by(&hong).expect(200).await, json!({
            "attendees": [first, second], "total": 2, "page": 1, "limit": 100, "pages": 1, "next_cursor": null,
        }));
        let absent = app.get(&format!("{ATTENDEES}?attendance=absent")).by(&hong).expect(200).await;
        assert_eq!((&absent["attendees"], &absent["total"]), (&json!([second]), &json!(1)));
        let page = app.get(&format!("{ATTENDEES}?limit=1&sort=-id")).by(&hong).expect(200).await;
        assert_eq!((&page["attendees"], &page["total"]), (&json!([second]), &json!(2)));
        let next = format!("{ATTENDEES}?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
        let page = app.get(&next).by(&hong).expect(200).await;
        assert_eq!(page, json!({"attendees": [first], "next_cursor": null}));
    }

    async fn what_is_not_there_comes_before_a_wrong_body(app) {
        let (kim, _) = prepare(&app).await;
        make(&app, &kim, json!({})).await;
        add(&app, &kim).await;
        let other = "/api/v1/meetings/2/attendees/1";
        for (path, expected) in [(other, no_attendee()), ("/api/v1/meetings/999/attendees/1", not_found())] {
            for call in [
                app.get(path),
                app.put(path, json!({"role": "x"})),
                app.call(Method::PUT, path).raw("{"),
                app.patch(path, json!({"colour": "red"})),
                app.delete(path),
            ] {
                assert_eq!(without_request_id(call.by(&kim).expect(404).await), expected, "{path}");
            }
        }
        let path = "/api/v1/meetings/999/attendees";
        for call in [app.get(path), app.post(path, json!({"user_id": kim.id})), app.call(Method::POST, path).raw("{")] {
            assert_eq!(without_request_id(call.by(&kim).expect(404).await), not_found());
        }
        assert_eq!(read(&app, &kim, 1).await["attendees"][0]["role"], json!(null));
    }

    async fn under_the_strict_policy_who_may_change_the_meeting_may_change_its_attendees(app, ROLE_POLICY = "strict") {
        let (kim, viewer) = prepare(&app).await;
        let (analyst, editor) = (app.user("test-001", Analyst).await, app.user("test-001", Editor).await);
        make(&app, &analyst, json!({})).await;
        app.post(ATTENDEES, json!({"user_id": kim.id})).by(&editor).expect(201).await;
        let own = "/api/v1/meetings/2/attendees";
        app.post(own, json!({"user_id": analyst.id})).by(&analyst).expect(201).await;
        app.patch(&format!("{own}/2"), json!({"role": "의장"})).by(&analyst).expect(200).await;
        let refused = async |user: &Session, name: &str, collection: &str, id: i64| {
            let path = format!("{collection}/{id}");
            for call in [
                app.post(collection, json!({"user_id": viewer.id})),
                app.put(&path, json!({"role": "x"})),
                app.patch(&path, json!({})),
                app.delete(&path),
            ] {
                let error = without_request_id(call.by(user).expect(403).await);
                assert_eq!(error, forbidden(&["owner", "admin", "editor"], name));
            }
        };
        refused(&viewer, "viewer", own, 2).await;
        refused(&analyst, "analyst", ATTENDEES, 1).await;
        app.post("/api/v1/meetings/2/publish", json!({})).by(&editor).expect(200).await;
        refused(&analyst, "analyst", own, 2).await;
        app.patch("/api/v1/meetings/2", json!({"status": "archived"})).by(&editor).expect(200).await;
        refused(&analyst, "analyst", own, 2).await;
        app.get(&format!("{own}/2")).by(&analyst).expect(200).await;
        app.delete(&format!("{own}/2")).by(&editor).expect(204).await;
        assert_eq!(app.get(ATTENDEES).by(&viewer).expect(200).await["total"], 1);
    }
}
