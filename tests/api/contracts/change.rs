//! Changing and deleting contracts.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Owner};
use serde_json::{Value, json};

use super::{contract, make, not_found, read};
use crate::app::{Session, TestApp};
use crate::client::{Method, without_request_id};
use crate::on_both;
use crate::tasks::invalid;

/// A contract with a value in every field.
async fn make_full(app: &TestApp, user: &Session) -> Value {
    let fields = json!({
        "description": "설명", "currency": "USD", "auto_renewal": true, "status": "active",
        "contact_email": "sales@example.com", "contact_phone": "02-1234-5678", "notes": "메모",
    });
    make(app, user, fields).await
}

fn ends_too_early() -> Value {
    invalid(json!({"end_date": ["Must not be before start_date."]}))
}

on_both! {
    async fn put_and_patch_change_only_what_they_name(app) {
        let user = app.user("test-001", Admin).await;
        let mut contract = make_full(&app, &user).await;
        for (method, title, version, updated_at) in [
            (Method::PUT, "하나", 2, "2026-02-07T10:18:56.942016Z"),
            (Method::PATCH, "둘", 3, "2026-02-07T10:19:56.942016Z"),
        ] {
            app.advance(60);
            let call = app.call(method, "/api/v1/contracts/1").json(json!({"title": title}));
            let answer = call.by(&user).expect(200).await;
            contract["title"] = json!(title);
            contract["version"] = json!(version);
            contract["updated_at"] = json!(updated_at);
            assert_eq!(answer, json!({"message": "Contract updated successfully", "contract": contract}));
            assert_eq!(read(&app, &user, 1).await, contract);
        }
    }

    async fn every_field_can_be_changed(app) {
        let user = app.user("test-001", Owner).await;
        let mut contract = make(&app, &user, json!({})).await;
        let changes = json!({
            "contract_number": "새 번호", "customer_name": "새 고객", "title": "새 제목", "description": "새 설명",
            "amount": "2.50", "currency": "EUR", "start_date": "2027-01-01", "end_date": "2027-01-01",
            "auto_renewal": true, "status": "renewed", "contact_email": "a@localhost", "contact_phone": "1",
            "notes": "새 메모", "contract_type": "mou",
        });
        let answer = app.put("/api/v1/contracts/1", changes.clone()).by(&user).expect(200).await;
        contract.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        contract["version"] = json!(2);
        assert_eq!(answer["contract"], contract);
        assert_eq!(read(&app, &user, 1).await, contract);
    }

    async fn null_clears_what_may_be_null(app) {
        let user = app.user("test-001", Owner).await;
        let mut contract = make_full(&app, &user).await;
        let nulls = json!({"description": null, "contact_email": null, "contact_phone": null, "notes": null});
        app.patch("/api/v1/contracts/1", nulls.clone()).by(&user).expect(200).await;
        contract.as_object_mut().unwrap().extend(nulls.as_object().unwrap().clone());
        contract["version"] = json!(2);
        assert_eq!(read(&app, &user, 1).await, contract);
    }

    async fn what_changes_nothing_leaves_version_and_time_alone(app) {
        let user = app.user("test-001", Owner).await;
        let contract = make_full(&app, &user).await;
        app.advance(60);
        let same = json!({
            "contract_number": "MSSP-2026-001", "customer_name": "한빛정보", "title": "보안 관제", "amount": "1000.10",
            "start_date": "2026-1-1", "end_date": "2026-12-31", "description": "설명", "currency": "usd",
            "auto_renewal": "yes", "status": "active", "contact_email": "sales@example.com",
            "contact_phone": "02-1234-5678", "notes": "메모", "contract_type": "service",
        });
        for body in [json!({}), same] {
            for method in [Method::PUT, Method::PATCH] {
                let answer = app.call(method, "/api/v1/contracts/1").json(body.clone()).by(&user).expect(200).await;
                assert_eq!(answer["contract"], contract);
                assert_eq!(read(&app, &user, 1).await, contract);
            }
        }
    }

    async fn read_only_fields_are_unknown_fields(app) {
        let user = app.user("test-001", Owner).await;
        let old = make(&app, &user, json!({})).await;
        let fields =
            ["id", "tenant_id", "parent_id", "created_at", "updated_at", "version", "created_by", "notified_7days"];
        for field in fields {
            let body = json!({"title": "새 제목", field: old[field]});
            for method in [Method::PUT, Method::PATCH] {
                let error = app.call(method, "/api/v1/contracts/1").json(body.clone()).by(&user).expect(400).await;
                assert_eq!(without_request_id(error), invalid(json!({field: ["Unknown field."]})));
            }
        }
        assert_eq!(read(&app, &user, 1).await, old);
    }

    async fn a_contract_does_not_end_before_it_starts(app) {
        let user = app.user("test-001", Owner).await;
        for (start, end) in [("2026-01-02", "2026-01-01"), ("2026-12-31", "2025-12-31"), ("9999-12-31", "0001-01-01")] {
            let body = contract(&json!({"start_date": start, "end_date": end}));
            let error = app.post("/api/v1/contracts", body).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), ends_too_early(), "{start} to {end}");
        }
        let body = contract(&json!({"start_date": "2026-12-31", "end_date": "2026-01-01", "title": ""}));
        let error = app.post("/api/v1/contracts", body).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid(json!({
            "end_date": ["Must not be before start_date."], "title": ["Length must be between 1 and 255."],
        })));
        assert_eq!(app.count("select count(*) from contracts").await, 0);
        let one_day = make(&app, &user, json!({"start_date": "2026-01-01", "end_date": "2026-01-01"})).await;
        assert_eq!(one_day["end_date"], "2026-01-01");
    }

    async fn changing_one_date_does_not_let_a_contract_end_before_it_starts(app) {
        let user = app.user("test-001", Owner).await;
        let old = make(&app, &user, json!({})).await;
        for body in [
            json!({"end_date": "2025-12-31"}),
            json!({"start_date": "2027-01-01"}),
            json!({"start_date": "2026-06-02", "end_date": "2026-06-01"}),
            json!({"title": "새 제목", "end_date": "2025-12-31"}),
        ] {
            for method in [Method::PUT, Method::PATCH] {
                let error = app.call(method, "/api/v1/contracts/1").json(body.clone()).by(&user).expect(400).await;
                assert_eq!(without_request_id(error), ends_too_early(), "{body}");
            }
        }
        assert_eq!(read(&app, &user, 1).await, old);
        for body in [
            json!({"end_date": "2026-01-01"}),
            json!({"start_date": "2027-01-01", "end_date": "2027-12-31"}),
            json!({"start_date": "2027-12-31"}),
        ] {
            app.patch("/api/v1/contracts/1", body).by(&user).expect(200).await;
        }
    }

    async fn a_contract_with_wrong_dates_from_before_can_still_be_changed(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        // The Flask server did not compare the two.
        app.execute(sql("update contracts set end_date = '2025-12-31' where id = 1")).await;
        let answer = app.patch("/api/v1/contracts/1", json!({"status": "terminated"})).by(&user).expect(200).await;
        assert_eq!(answer["contract"]["status"], "terminated");
        assert_eq!(answer["contract"]["end_date"], "2025-12-31");
    }

    async fn a_deleted_contract_is_gone_with_its_history(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        let other = make(&app, &user, json!({"contract_number": "2"})).await;
        let reply = app.delete("/api/v1/contracts/1").by(&user).send().await;
        assert_eq!((reply.status, reply.text().as_str()), (204, ""));
        for call in [
            app.get("/api/v1/contracts/1"),
            app.patch("/api/v1/contracts/1", json!({})),
            app.delete("/api/v1/contracts/1"),
        ] {
            assert_eq!(without_request_id(call.by(&user).expect(404).await), not_found());
        }
        assert_eq!(app.count("select count(*) from contract_history where contract_id = 1").await, 0);
        assert_eq!(app.count("select count(*) from contract_history where contract_id = 2").await, 1);
        assert_eq!(app.get("/api/v1/contracts").by(&user).expect(200).await["contracts"], json!([other]));
    }

    async fn a_missing_contract_comes_before_a_wrong_body(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        let old = make(&app, &stranger, json!({})).await;
        for path in ["/api/v1/contracts/1", "/api/v1/contracts/999", "/api/v1/contracts/9223372036854775808"] {
            for call in [
                app.get(path),
                app.call(Method::PUT, path).raw("{"),
                app.call(Method::PATCH, path).bytes("{}"),
                app.patch(path, json!({"colour": "red"})),
                app.patch(path, json!({"amount": "1"})),
                app.delete(path),
            ] {
                assert_eq!(without_request_id(call.by(&user).expect(404).await), not_found(), "{path}");
            }
        }
        assert_eq!(read(&app, &stranger, 1).await, old);
    }
}
