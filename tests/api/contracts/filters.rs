//! The filters of contracts.

use bizcenter::policy::Role::{Editor, Owner};
use serde_json::json;

use super::make;
use crate::app::{Session, TestApp};
use crate::client::without_request_id;
use crate::lists::{found, invalid_query, path};
use crate::on_both;

async fn make_customers(app: &TestApp, user: &Session, names: &[&str]) {
    for (number, name) in names.iter().enumerate() {
        make(app, user, json!({"contract_number": number.to_string(), "customer_name": name})).await;
    }
}

/// Asserts that every query finds exactly these contracts.
async fn assert_found(app: &TestApp, user: &Session, queries: &[(&str, &str, &[i64])]) {
    for &(name, value, expected) in queries {
        assert_eq!(found(app, user, "contracts", &[(name, value)]).await, expected, "{name}={value}");
    }
}

on_both! {
    async fn contracts_are_found_by_status(app) {
        let user = app.user("test-001", Owner).await;
        let statuses = ["draft", "active", "expired", "terminated", "renewed", "active"];
        for (number, status) in statuses.into_iter().enumerate() {
            make(&app, &user, json!({"contract_number": number.to_string(), "status": status})).await;
        }
        assert_found(&app, &user, &[
            ("status", "draft", &[1]),
            ("status", "active", &[2, 6]),
            ("status", "expired", &[3]),
            ("status", "terminated", &[4]),
            ("status", "renewed", &[5]),
        ]).await;
    }

    async fn contracts_are_found_by_their_type(app) {
        let user = app.user("test-001", Owner).await;
        let kinds = ["service", "license", "maintenance", "nda", "mou", "other", "nda"];
        for (number, kind) in kinds.into_iter().enumerate() {
            make(&app, &user, json!({"contract_number": number.to_string(), "contract_type": kind})).await;
        }
        assert_found(&app, &user, &[
            ("contract_type", "service", &[1]),
            ("contract_type", "license", &[2]),
            ("contract_type", "maintenance", &[3]),
            ("contract_type", "nda", &[4, 7]),
            ("contract_type", "mou", &[5]),
            ("contract_type", "other", &[6]),
        ]).await;
    }

    async fn the_contract_that_follows_is_found_by_the_one_before(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        make(&app, &user, json!({"status": "active"})).await;
        make(&app, &stranger, json!({"status": "active"})).await;
        for (parent, number) in [(1, "next"), (3, "last")] {
            let path = format!("/api/v1/contracts/{parent}/renew");
            app.post(&path, json!({"contract_number": number})).by(&user).expect(201).await;
        }
        app.post("/api/v1/contracts/2/renew", json!({"contract_number": "next"})).by(&stranger).expect(201).await;
        assert_found(&app, &user, &[
            ("parent_id", "1", &[3]),
            ("parent_id", "3", &[4]),
            ("parent_id", "4", &[]),
            ("parent_id", "2", &[]),
            ("parent_id", "-1", &[]),
            ("parent_id", "9223372036854775807", &[]),
        ]).await;
        assert_found(&app, &stranger, &[("parent_id", "2", &[5]), ("parent_id", "1", &[])]).await;
        assert_eq!(found(&app, &user, "contracts", &[("parent_id", "1"), ("status", "renewed")]).await, [3]);
        assert_eq!(found(&app, &user, "contracts", &[("parent_id", "1"), ("q", "last")]).await, [0_i64; 0]);
        let sheet = app.get("/api/v1/contracts?parent_id=1").header("accept", "text/csv").by(&user).send().await.text();
        assert_eq!((sheet.lines().count(), sheet.contains(",next,")), (2, true), "{sheet}");
    }

    async fn contracts_are_found_by_a_part_of_the_customers_name_whatever_its_case(app) {
        let user = app.user("test-001", Owner).await;
        let names = ["한빛정보 ACME", "acme_korea", "AcmeXKorea", "100% 보안!", "Société Générale", "ＫＴ 클라우드"];
        make_customers(&app, &user, &names).await;
        assert_found(&app, &user, &[
            ("customer_name", "acme", &[1, 2, 3]),
            ("customer_name", "ACME", &[1, 2, 3]),
            ("customer_name", "빛정", &[1]),
            ("customer_name", "정보 a", &[1]),
            ("customer_name", "E_K", &[2]),
            ("customer_name", "%", &[4]),
            ("customer_name", "_", &[2]),
            ("customer_name", "!", &[4]),
            ("customer_name", "안!", &[4]),
            ("customer_name", "SOCIÉTÉ GÉNÉRALE", &[5]),
            ("customer_name", "socie\u{301}te\u{301}", &[5]),
            ("customer_name", "kt", &[6]),
            ("customer_name", "x", &[3]),
            ("customer_name", "", &[1, 2, 3, 4, 5, 6]),
            ("customer_name", "%%", &[]),
            ("customer_name", "\\", &[]),
            ("customer_name", "관제", &[]),
            ("customer_name", "' or '1'='1", &[]),
        ]).await;
        let editor = app.user("test-001", Editor).await;
        assert_eq!(found(&app, &editor, "contracts", &[("customer_name", "acme")]).await, [1, 2, 3]);
    }

    async fn a_changed_name_is_found_and_the_old_one_is_not(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({"notes": "옛 메모"})).await;
        let change = json!({"customer_name": "Neu GmbH", "notes": "새 메모"});
        app.patch("/api/v1/contracts/1", change).by(&user).expect(200).await;
        assert_found(&app, &user, &[
            ("customer_name", "neu gmbh", &[1]),
            ("customer_name", "한빛", &[]),
            ("q", "NEU", &[1]),
            ("q", "한빛", &[]),
            ("q", "새 메모", &[1]),
            ("q", "옛 메모", &[]),
        ]).await;
    }

    async fn contracts_are_found_by_their_last_day(app) {
        let user = app.user("test-001", Owner).await;
        for (number, end) in ["2026-06-29", "2026-06-30", "2026-07-01", "9999-12-31"].into_iter().enumerate() {
            make(&app, &user, json!({"contract_number": number.to_string(), "end_date": end})).await;
        }
        assert_found(&app, &user, &[
            ("end_from", "2026-06-30", &[2, 3, 4]),
            ("end_from", "2026-6-30", &[2, 3, 4]),
            ("end_from", "9999-12-31", &[4]),
            ("end_to", "2026-06-30", &[1, 2]),
            ("end_to", "2026-06-28", &[]),
            ("end_to", "9999-12-31", &[1, 2, 3, 4]),
        ]).await;
        let day = [("end_from", "2026-06-30"), ("end_to", "2026-06-30")];
        assert_eq!(found(&app, &user, "contracts", &day).await, [2]);
        let nothing = [("end_from", "2026-07-01"), ("end_to", "2026-06-30")];
        assert_eq!(found(&app, &user, "contracts", &nothing).await, [0_i64; 0]);
    }

    async fn text_is_found_in_number_customer_title_description_and_notes(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({
            "contract_number": "MSSP-2026-001", "customer_name": "한빛정보", "title": "보안 관제",
            "description": "Level_1", "notes": "할인 50%", "contact_email": "secret@example.com",
            "contact_phone": "02-1234-5678", "amount": "4711.42",
        })).await;
        make(&app, &user, json!({"contract_number": "X-1", "customer_name": "LevelX1", "title": "500"})).await;
        assert_found(&app, &user, &[
            ("q", "mssp-2026", &[1]),
            ("q", "x-1", &[2]),
            ("q", "빛정", &[1]),
            ("q", "관제", &[1]),
            ("q", "LEVEL", &[1, 2]),
            ("q", "l_1", &[1]),
            ("q", "할인", &[1]),
            ("q", "50%", &[1]),
            ("q", "50", &[1, 2]),
            ("q", "4711", &[]),
            ("q", "krw", &[]),
            ("q", "draft", &[]),
        ]).await;
    }

    async fn all_wrong_parameters_come_in_one_answer(app) {
        let user = app.user("test-001", Owner).await;
        let query = path("contracts", &[
            ("status", "open"), ("contract_type", "lease"), ("customer_name", &"가".repeat(256)), ("parent_id", "x"),
            ("end_from", "2026-02-30"), ("end_to", "2026-06-30T00:00:00"), ("q", "a"), ("limit", "0"), ("sort", "-amount"), ("cursor", "x"),
        ]);
        let error = app.get(&query).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid_query(json!({
            "status": ["Must be one of: draft, active, expired, terminated, renewed."],
            "contract_type": ["Must be one of: service, license, maintenance, nda, mou, other."],
            "customer_name": ["Longer than maximum length 255."],
            "parent_id": ["Not a valid integer."],
            "end_from": ["Not a valid date."],
            "end_to": ["Not a valid date."],
            "q": ["Length must be between 2 and 200."],
            "limit": ["Must be greater than or equal to 1 and less than or equal to 1000."],
            "sort": [
                "Must be one of: end_date, start_date, created_at, updated_at, contract_number, customer_name, title, \
                 id.",
            ],
            "cursor": ["Not a valid cursor."],
        })));
    }

    async fn filters_hold_together(app) {
        let user = app.user("test-001", Owner).await;
        for (number, (status, customer, end)) in [
            ("active", "한빛", "2026-06-30"),
            ("active", "한빛", "2026-12-31"),
            ("draft", "한빛", "2026-06-30"),
            ("active", "다른 고객", "2026-06-30"),
        ].into_iter().enumerate() {
            let number = number.to_string();
            make(&app, &user, json!({
                "contract_number": number, "status": status, "customer_name": customer, "end_date": end,
            })).await;
        }
        let parameters = [("status", "active"), ("customer_name", "한빛"), ("end_to", "2026-06-30"), ("q", "관제")];
        assert_eq!(found(&app, &user, "contracts", &parameters).await, [1]);
    }
}
