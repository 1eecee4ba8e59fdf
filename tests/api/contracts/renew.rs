//! Renewing contracts.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Analyst, Editor, Owner, Viewer};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{make, not_found, number_taken, read};
use crate::client::{Method, without_request_id};
use crate::on_both;
use crate::tasks::{forbidden, invalid};

const RENEW: &str = "/api/v1/contracts/1/renew";

/// The smallest body.
fn next() -> Value {
    json!({"contract_number": "MSSP-2027-001"})
}

fn renewed_already() -> Value {
    json!({"error": "The contract is renewed already", "code": "already_renewed"})
}

fn not_renewable() -> Value {
    json!({"error": "Only an active or expired contract can be renewed", "code": "not_renewable"})
}

on_both! {
    async fn the_next_contract_is_like_the_old_one_and_begins_when_that_ends(app) {
        let user = app.user("test-001", Owner).await;
        let admin = app.user("test-001", Admin).await;
        let mut old = make(&app, &user, json!({
            "description": "설명", "currency": "USD", "auto_renewal": true, "status": "active", "contract_type": "license",
            "contact_email": "sales@example.com", "contact_phone": "02-1234-5678", "notes": "메모",
        })).await;
        app.advance(60);
        let now = "2026-02-07T10:18:56.942016Z";
        let reply = app.post(RENEW, next()).by(&admin).send().await;
        assert_eq!(reply.header("location"), Some("/api/v1/contracts/2"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let mut new = old.clone();
        for (field, value) in [
            ("id", json!(2)),
            ("contract_number", json!("MSSP-2027-001")),
            ("start_date", json!("2027-01-01")),
            ("end_date", json!("2027-12-31")),
            ("parent_id", json!(1)),
            ("created_at", json!(now)),
            ("updated_at", json!(now)),
        ] {
            new[field] = value;
        }
        assert_eq!(reply.expect(201), json!({"message": "Contract renewed successfully", "contract": new}));
        assert_eq!(read(&app, &user, 2).await, new);
        old["status"] = json!("renewed");
        old["version"] = json!(2);
        old["updated_at"] = json!(now);
        assert_eq!(read(&app, &user, 1).await, old);
        let list = app.get("/api/v1/contracts?sort=id").by(&user).expect(200).await;
        assert_eq!(list["contracts"], json!([old, new]));
    }

    async fn every_field_may_be_another(app) {
        let user = app.user("test-001", Owner).await;
        let fields = json!({"description": "설명", "notes": "메모", "contact_phone": "1", "status": "active"});
        make(&app, &user, fields).await;
        let body = json!({
            "contract_number": "2", "customer_name": "새 고객", "title": "새 제목", "description": null,
            "amount": "2.50", "currency": "EUR", "start_date": "2028-01-01", "end_date": "2028-06-30",
            "auto_renewal": true, "status": "active", "contract_type": "other", "contact_email": "a@localhost",
            "contact_phone": null, "notes": "새 메모",
        });
        let new = app.post(RENEW, body.clone()).by(&user).expect(201).await["contract"].take();
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(new[field], *value, "{field}");
        }
        assert_eq!(read(&app, &user, 2).await, new);
    }

    async fn the_next_one_lasts_as_long_and_is_active_if_the_old_one_is(app) {
        let user = app.user("test-001", Owner).await;
        for (id, status, dates, body, expected) in [
            (1, "active", ["2027-01-01", "2027-12-31"], json!({}), ["active", "2028-01-01", "2028-12-31"]),
            (3, "renewed", ["2026-01-15", "2026-02-14"], json!({}), ["draft", "2026-02-15", "2026-03-14"]),
            (5, "expired", ["2026-01-01", "2026-01-10"], json!({}), ["draft", "2026-01-11", "2026-01-20"]),
            (
                7, "expired", ["2026-01-01", "2026-12-31"], json!({"start_date": "2027-03-01", "status": "active"}),
                ["active", "2027-03-01", "2028-02-29"],
            ),
            (
                9, "active", ["2026-01-01", "2026-12-31"], json!({"end_date": "2027-01-01"}),
                ["active", "2027-01-01", "2027-01-01"],
            ),
        ] {
            let number = id.to_string();
            let old = json!({
                "contract_number": number, "status": status, "start_date": dates[0], "end_date": dates[1],
            });
            assert_eq!(make(&app, &user, old).await["id"], id);
            let mut body = body;
            body["contract_number"] = json!(format!("after {id}"));
            let path = format!("/api/v1/contracts/{id}/renew");
            let new = app.post(&path, body).by(&user).expect(201).await["contract"].take();
            assert_eq!([&new["status"], &new["start_date"], &new["end_date"]], expected, "{id}");
        }
    }

    async fn a_contract_is_renewed_once(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({"status": "active"})).await;
        app.post(RENEW, next()).by(&user).expect(201).await;
        for status in ["renewed", "active", "expired", "draft", "terminated"] {
            app.patch("/api/v1/contracts/1", json!({"status": status})).by(&user).expect(200).await;
            let error = app.post(RENEW, json!({"contract_number": "3"})).by(&user).expect(409).await;
            assert_eq!(without_request_id(error), renewed_already(), "{status}");
        }
        assert_eq!(app.count("select count(*) from contracts").await, 2);
        let after = json!({"contract_number": "3"});
        let third = app.post("/api/v1/contracts/2/renew", after).by(&user).expect(201).await["contract"].take();
        assert_eq!((&third["parent_id"], &third["start_date"]), (&json!(2), &json!("2028-01-01")));
    }

    async fn two_renewals_at_once_make_one_contract(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({"status": "active"})).await;
        let mut calls = JoinSet::new();
        for number in 0..10 {
            calls.spawn(app.post(RENEW, json!({"contract_number": number.to_string()})).by(&user).send());
        }
        let mut statuses: Vec<u16> = calls.join_all().await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![201], vec![409; 9]].concat());
        assert_eq!(app.count("select count(*) from contracts").await, 2);
    }

    async fn a_deleted_contract_takes_the_link_along_and_nothing_more(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({"status": "active"})).await;
        let mut left = app.post(RENEW, next()).by(&user).expect(201).await["contract"].take();
        app.advance(60);
        app.delete("/api/v1/contracts/1").by(&user).expect(204).await;
        let (now, id) = ("2026-02-07T10:18:56.942016Z", left["id"].as_i64().unwrap());
        for (field, value) in [("parent_id", json!(null)), ("version", json!(2)), ("updated_at", json!(now))] {
            left[field] = value;
        }
        assert_eq!(read(&app, &user, id).await, left);
        // That it is alone now is told as every change of it is.
        let path = format!("/api/v1/contracts/{id}/history?action=updated");
        let history = app.get(&path).by(&user).expect(200).await;
        let changes = json!({"parent_id": {"from": 1, "to": null}});
        assert_eq!((&history["total"], &history["history"][0]["changes"]), (&json!(1), &changes));
        assert_eq!(history["history"][0]["created_by"], user.id);
        let path = format!("/api/v1/audit-logs?action=updated&resource_type=contract&resource_id={id}");
        let log = app.get(&path).by(&user).expect(200).await;
        assert_eq!((&log["total"], &log["audit_logs"][0]["changes"]), (&json!(1), &changes));
    }

    async fn what_was_renewed_wrongly_is_renewed_again(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({"status": "active"})).await;
        for (id, version) in [(2, 2), (3, 3)] {
            let new = app.post(RENEW, next()).by(&user).expect(201).await["contract"].take();
            assert_eq!((&new["id"], &new["parent_id"]), (&json!(id), &json!(1)));
            assert_eq!(without_request_id(app.post(RENEW, next()).by(&user).expect(409).await), renewed_already());
            app.delete(&format!("/api/v1/contracts/{id}")).by(&user).expect(204).await;
            let old = read(&app, &user, 1).await;
            assert_eq!((&old["status"], &old["version"]), (&json!("renewed"), &json!(version)));
        }
        let history = app.get("/api/v1/contracts/1/history?action=renewed").by(&user).expect(200).await;
        assert_eq!(history["history"][0]["changes"], json!({}));
        assert_eq!(history["history"][1]["changes"], json!({"status": {"from": "active", "to": "renewed"}}));
        // One that was called renewed all along.
        make(&app, &user, json!({"contract_number": "imported", "status": "renewed"})).await;
        let after = json!({"contract_number": "after"});
        let new = app.post("/api/v1/contracts/4/renew", after).by(&user).expect(201).await["contract"].take();
        assert_eq!((&new["parent_id"], &new["status"]), (&json!(4), &json!("draft")));
    }

    async fn of_many_renewals_at_once_of_one_that_lost_its_successor_one_is_made(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({"status": "renewed"})).await;
        let mut calls = JoinSet::new();
        for number in 0..10 {
            calls.spawn(app.post(RENEW, json!({"contract_number": number.to_string()})).by(&user).send());
        }
        let mut statuses: Vec<u16> = calls.join_all().await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![201], vec![409; 9]].concat());
        assert_eq!(app.count("select count(*) from contracts").await, 2);
    }

    async fn what_was_never_in_force_or_ended_early_is_not_renewed(app) {
        let user = app.user("test-001", Owner).await;
        for (id, status) in [(1, "draft"), (2, "terminated")] {
            let old = make(&app, &user, json!({"contract_number": status, "status": status})).await;
            let path = format!("/api/v1/contracts/{id}/renew");
            let error = app.post(&path, next()).by(&user).expect(409).await;
            assert_eq!(without_request_id(error), not_renewable(), "{status}");
            let korean = app.post(&path, next()).header("accept-language", "ko").by(&user).expect(409).await;
            assert_eq!(korean["error"], "진행 중이거나 만료된 계약만 갱신할 수 있습니다");
            assert_eq!(read(&app, &user, id).await, old);
        }
        assert_eq!(app.count("select count(*) from contract_history").await, 2);
    }

    async fn the_next_one_starts_later_and_its_life_has_just_begun(app) {
        let user = app.user("test-001", Owner).await;
        let old = make(&app, &user, json!({"status": "active"})).await;
        let late = ["Must be after the start_date of the renewed contract."];
        let names = ["Must be one of: draft, active."];
        for (fields, errors) in [
            (json!({"start_date": "2026-01-01"}), json!({"start_date": late})),
            (json!({"start_date": "2025-01-01", "end_date": "2025-12-31"}), json!({"start_date": late})),
            (json!({"status": "renewed"}), json!({"status": names})),
            (json!({"status": "expired"}), json!({"status": names})),
            (json!({"status": "terminated", "title": ""}), json!({
                "status": names, "title": ["Length must be between 1 and 255."],
            })),
        ] {
            let mut body = next();
            body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            let error = app.post(RENEW, body).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(errors), "{fields}");
        }
        assert_eq!(read(&app, &user, 1).await, old);
        let body = json!({"contract_number": "2", "start_date": "2026-01-02", "end_date": "2026-01-02"});
        let new = app.post(RENEW, body).by(&user).expect(201).await["contract"].take();
        assert_eq!((&new["start_date"], &new["end_date"]), (&json!("2026-01-02"), &json!("2026-01-02")));
    }

    async fn terms_of_months_do_not_drift(app) {
        let user = app.user("test-001", Owner).await;
        for terms in [
            ["2024-02-29 2025-02-28", "2025-03-01 2026-02-28", "2026-03-01 2027-02-28", "2027-03-01 2028-02-29"],
            ["2025-08-31 2026-02-28", "2026-03-01 2026-08-31", "2026-09-01 2027-02-28", "2027-03-01 2027-08-31"],
            ["2026-01-31 2026-02-28", "2026-03-01 2026-03-31", "2026-04-01 2026-04-30", "2026-05-01 2026-05-31"],
            ["2026-01-15 2026-02-14", "2026-02-15 2026-03-14", "2026-03-15 2026-04-14", "2026-04-15 2026-05-14"],
        ] {
            let (start, end) = terms[0].split_once(' ').unwrap();
            let fields = json!({"contract_number": terms[0], "status": "active", "start_date": start, "end_date": end});
            let mut contract = make(&app, &user, fields).await;
            for term in &terms[1..] {
                let path = format!("/api/v1/contracts/{}/renew", contract["id"]);
                let body = json!({"contract_number": format!("{} {term}", terms[0])});
                contract = app.post(&path, body).by(&user).expect(201).await["contract"].take();
                let (start, end) = term.split_once(' ').unwrap();
                assert_eq!((&contract["start_date"], &contract["end_date"]), (&json!(start), &json!(end)));
            }
        }
    }

    async fn what_is_wrong_with_the_next_one_leaves_the_old_one_alone(app) {
        let user = app.user("test-001", Owner).await;
        let old = make(&app, &user, json!({"status": "active"})).await;
        make(&app, &user, next()).await;
        let error = app.post(RENEW, next()).by(&user).expect(409).await;
        assert_eq!(without_request_id(error), number_taken());
        let early = ["Must not be before start_date."];
        for (body, errors) in [
            (json!({}), json!({"contract_number": ["Missing data for required field."]})),
            (
                json!({
                    "contract_number": "", "title": null, "amount": 5, "start_date": "2027-02-01",
                    "end_date": "2027-01-31", "parent_id": 1,
                }),
                json!({
                    "contract_number": ["Length must be between 1 and 100."], "title": ["Field may not be null."],
                    "amount": ["Not a valid string."], "end_date": early, "parent_id": ["Unknown field."],
                }),
            ),
            (json!({"contract_number": "3", "end_date": "2026-12-31"}), json!({"end_date": early})),
        ] {
            let error = app.post(RENEW, body).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(errors));
        }
        assert_eq!(read(&app, &user, 1).await, old);
        assert_eq!(app.count("select count(*) from contract_history").await, 2);
    }

    async fn an_amount_that_does_not_open_must_be_given_anew(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({"status": "active"})).await;
        app.execute(sql("update contracts set amount_encrypted = 'v1.00000000.AAAA'")).await;
        let error = app.post(RENEW, next()).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid(json!({"amount": ["Missing data for required field."]})));
        let mut body = next();
        body["amount"] = json!("7.00");
        let answer = app.post(RENEW, body).by(&user).expect(201).await;
        assert_eq!(answer["contract"]["amount"], "7.00");
    }

    async fn nothing_follows_the_last_day_of_the_calendar(app) {
        let user = app.user("test-001", Owner).await;
        let fields = json!({"start_date": "9999-01-01", "end_date": "9999-12-31", "status": "active"});
        make(&app, &user, fields).await;
        let error = app.post(RENEW, next()).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid(json!({"start_date": ["Missing data for required field."]})));
    }

    async fn the_next_amount_is_sealed_for_the_next_contract(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({"amount": "4711.42", "status": "active"})).await;
        app.post(RENEW, next()).by(&user).expect(201).await;
        let select = sql("select amount_encrypted from contracts order by id");
        let sealed = app.db().read().await.unwrap().fetch_all::<(String,)>(select).await.unwrap();
        assert!(sealed.iter().all(|(text,)| text.starts_with("v1.") && !text.contains("4711")), "{sealed:?}");
        assert_ne!(sealed[0], sealed[1]);
        assert_eq!(read(&app, &user, 2).await["amount"], "4711.42");
    }

    async fn a_missing_contract_comes_before_a_wrong_body(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        let old = make(&app, &stranger, json!({})).await;
        for path in [RENEW, "/api/v1/contracts/999/renew"] {
            for call in [app.post(path, next()), app.post(path, json!({})), app.call(Method::POST, path).raw("{")] {
                assert_eq!(without_request_id(call.by(&user).expect(404).await), not_found(), "{path}");
            }
        }
        assert_eq!(read(&app, &stranger, 1).await, old);
    }

    async fn owner_and_admin_renew(app) {
        let owner = app.user("test-001", Owner).await;
        let old = make(&app, &owner, json!({})).await;
        for (role, name) in [(Editor, "editor"), (Analyst, "analyst"), (Viewer, "viewer")] {
            let user = app.user("test-001", role).await;
            for path in [RENEW, "/api/v1/contracts/999/renew"] {
                let error = without_request_id(app.post(path, next()).by(&user).expect(403).await);
                assert_eq!(error, forbidden(&["owner", "admin"], name));
            }
        }
        assert_eq!(read(&app, &owner, 1).await, old);
    }
}
