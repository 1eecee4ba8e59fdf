//! Making contracts: defaults, values and their rules.

use bizcenter::policy::Role::{Admin, Owner};
use serde_json::json;

use super::{contract, make, read};
use crate::client::without_request_id;
use crate::on_both;
use crate::tasks::invalid;

on_both! {
    async fn a_new_contract_has_flasks_fields_and_defaults(app) {
        let user = app.user("test-001", Admin).await;
        let body = json!({
            "contract_number": "MSSP-2026-001", "customer_name": "한빛정보", "title": "보안 관제 🛡",
            "amount": "55000000.50", "start_date": "2026-1-1", "end_date": "2026-12-31",
        });
        let reply = app.post("/api/v1/contracts", body).by(&user).send().await;
        assert_eq!(reply.header("location"), Some("/api/v1/contracts/1"));
        let created = reply.expect(201);
        assert_eq!(created, json!({
            "message": "Contract created successfully",
            "contract": {
                "id": 1, "tenant_id": "test-001", "contract_number": "MSSP-2026-001", "customer_name": "한빛정보",
                "title": "보안 관제 🛡", "contract_type": "service", "description": null, "amount": "55000000.50",
                "currency": "KRW",
                "start_date": "2026-01-01", "end_date": "2026-12-31", "auto_renewal": false, "status": "draft",
                "contact_email": null, "contact_phone": null, "notes": null, "parent_id": null,
                "created_at": "2026-02-07T10:17:56.942016Z", "updated_at": "2026-02-07T10:17:56.942016Z", "version": 1,
            },
        }));
        let read = app.get("/api/v1/contracts/1").by(&user).expect(200).await;
        assert_eq!(read, json!({"contract": created["contract"]}));
        assert_eq!(app.get("/api/v1/contracts").by(&user).expect(200).await, json!({
            "contracts": [created["contract"]], "total": 1, "page": 1, "limit": 100, "pages": 1, "next_cursor": null,
        }));
    }

    async fn every_field_is_kept_exactly(app) {
        let user = app.user("test-001", Owner).await;
        let fields = json!({
            "contract_number": " 계약-№1 ", "customer_name": "한빛 e\u{301} é 🚀", "title": "%_!\\'\"",
            "contract_type": "nda", "description": "", "amount": "0.0100", "currency": "usd", "start_date": "0001-01-01",
            "end_date": "9999-12-31", "auto_renewal": true, "status": "terminated",
            "contact_email": "영업@example.com", "contact_phone": "☎".repeat(50), "notes": "가\r\n".repeat(20_000),
        });
        let mut expected = fields.clone();
        expected["currency"] = json!("USD");
        for (name, value) in [
            ("id", json!(1)),
            ("tenant_id", json!("test-001")),
            ("parent_id", json!(null)),
            ("created_at", json!("2026-02-07T10:17:56.942016Z")),
            ("updated_at", json!("2026-02-07T10:17:56.942016Z")),
            ("version", json!(1)),
        ] {
            expected[name] = value;
        }
        assert_eq!(make(&app, &user, fields).await, expected);
        assert_eq!(read(&app, &user, 1).await, expected);
    }

    async fn required_fields_must_be_there(app) {
        let user = app.user("test-001", Owner).await;
        let error = app.post("/api/v1/contracts", json!({})).by(&user).expect(400).await;
        let missing = ["Missing data for required field."];
        assert_eq!(without_request_id(error), invalid(json!({
            "contract_number": missing, "customer_name": missing, "title": missing, "amount": missing,
            "start_date": missing, "end_date": missing,
        })));
    }

    async fn all_wrong_fields_come_in_one_answer(app) {
        let user = app.user("test-001", Owner).await;
        let body = json!({
            "contract_number": "가".repeat(101), "customer_name": "", "title": 1, "description": 2, "amount": 1000,
            "currency": "WONS", "start_date": "20260101", "end_date": "2026-02-30", "auto_renewal": "maybe",
            "status": "open", "contact_email": "", "contact_phone": "0".repeat(51), "notes": ["a"], "created_by": 1,
            "amount_encrypted": "v1", "contract_type": "lease", "parent_id": 1,
        });
        let error = app.post("/api/v1/contracts", body).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid(json!({
            "contract_number": ["Length must be between 1 and 100."],
            "customer_name": ["Length must be between 1 and 255."],
            "title": ["Not a valid string."],
            "description": ["Not a valid string."],
            "amount": ["Not a valid string."],
            "currency": ["Length must be 3."],
            "start_date": ["Not a valid date."],
            "end_date": ["Not a valid date."],
            "auto_renewal": ["Not a valid boolean."],
            "status": ["Must be one of: draft, active, expired, terminated, renewed."],
            "contact_email": ["Not a valid email address."],
            "contact_phone": ["Longer than maximum length 50."],
            "notes": ["Not a valid string."],
            "created_by": ["Unknown field."],
            "amount_encrypted": ["Unknown field."],
            "contract_type": ["Must be one of: service, license, maintenance, nda, mou, other."],
            "parent_id": ["Unknown field."],
        })));
        assert_eq!(app.count("select count(*) from contracts").await, 0);
    }

    async fn fields_that_are_not_nullable_refuse_null(app) {
        let user = app.user("test-001", Owner).await;
        let old = make(&app, &user, json!({})).await;
        let message = ["Field may not be null."];
        for field in [
            "contract_number",
            "customer_name",
            "title",
            "amount",
            "currency",
            "start_date",
            "end_date",
            "auto_renewal",
            "contract_type",
            "status",
        ] {
            let body = json!({field: null});
            for call in [
                app.post("/api/v1/contracts", contract(&body)),
                app.put("/api/v1/contracts/1", body.clone()),
                app.patch("/api/v1/contracts/1", body),
            ] {
                assert_eq!(without_request_id(call.by(&user).expect(400).await), invalid(json!({field: message})));
            }
        }
        assert_eq!(read(&app, &user, 1).await, old);
    }

    async fn amounts_are_kept_to_the_digit(app) {
        let user = app.user("test-001", Owner).await;
        let amounts = ["1000.10", "1000.1", "1000", "0", "0.0001", "00.50", "999999999999999999.9999", "007"];
        for (number, amount) in amounts.into_iter().enumerate() {
            let made = make(&app, &user, json!({"contract_number": number.to_string(), "amount": amount})).await;
            assert_eq!(made["amount"], amount);
            assert_eq!(read(&app, &user, made["id"].as_i64().unwrap()).await, made);
        }
    }

    async fn other_amounts_are_refused(app) {
        let user = app.user("test-001", Owner).await;
        let old = make(&app, &user, json!({})).await;
        let (string, number) = ("Not a valid string.", "Not a valid number.");
        for (amount, message) in [
            (json!(1000), string),
            (json!(1000.5), string),
            (json!(true), string),
            (json!(["1000"]), string),
            (json!(""), number),
            (json!("abc"), number),
            (json!("-1"), number),
            (json!("+1"), number),
            (json!("1e3"), number),
            (json!("1,000"), number),
            (json!(" 1"), number),
            (json!("1 "), number),
            (json!("1000000000000000000"), number),
            (json!("1.00000"), number),
            (json!("1."), number),
            (json!(".5"), number),
            (json!("."), number),
            (json!("1.2.3"), number),
            (json!("１０００"), number),
            (json!("1_000"), number),
            (json!("NaN"), number),
            (json!("***"), number),
        ] {
            let body = json!({"amount": amount});
            for call in [
                app.post("/api/v1/contracts", contract(&body)),
                app.put("/api/v1/contracts/1", body.clone()),
                app.patch("/api/v1/contracts/1", body.clone()),
            ] {
                let error = without_request_id(call.by(&user).expect(400).await);
                assert_eq!(error, invalid(json!({"amount": [message]})), "{amount}");
            }
        }
        assert_eq!(read(&app, &user, 1).await, old);
    }

    async fn currencies_are_iso_4217_in_either_case(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        for (sent, kept) in [("XAU", "XAU"), ("USD", "USD"), ("krw", "KRW"), ("jPy", "JPY")] {
            let answer = app.patch("/api/v1/contracts/1", json!({"currency": sent})).by(&user).expect(200).await;
            assert_eq!(answer["contract"]["currency"], kept);
        }
        for (currency, message) in [
            (json!("KR"), "Length must be 3."),
            (json!(""), "Length must be 3."),
            (json!("KRWW"), "Length must be 3."),
            (json!("ABC"), "Not a valid currency code."),
            // No currency, and one for tests: they would have sums of their own.
            (json!("XXX"), "Not a valid currency code."),
            (json!("xts"), "Not a valid currency code."),
            (json!("한국어"), "Not a valid currency code."),
            (json!("ＫＲＷ"), "Not a valid currency code."),
            (json!(410), "Not a valid string."),
        ] {
            let error = app.patch("/api/v1/contracts/1", json!({"currency": currency})).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({"currency": [message]})), "{currency}");
        }
        assert_eq!(read(&app, &user, 1).await["currency"], "JPY");
    }

    async fn auto_renewal_takes_marshmallows_words(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        let yes = json!([true, 1, 1.0, "1", "t", "T", "true", "True", "TRUE", "on", "y", "Yes", "YES"]);
        let no = json!([false, 0, 0.0, "0", "f", "F", "false", "False", "FALSE", "off", "n", "No", "NO"]);
        for (yes, no) in yes.as_array().unwrap().iter().zip(no.as_array().unwrap()) {
            for (sent, kept) in [(yes, true), (no, false)] {
                let body = json!({"auto_renewal": sent});
                let answer = app.patch("/api/v1/contracts/1", body).by(&user).expect(200).await;
                assert_eq!(answer["contract"]["auto_renewal"], kept, "{sent}");
            }
        }
        for value in [json!(""), json!(2), json!(-1), json!("tRUE"), json!("예"), json!([]), json!({}), json!(" true")] {
            let body = json!({"auto_renewal": value});
            let error = app.patch("/api/v1/contracts/1", body).by(&user).expect(400).await;
            let expected = invalid(json!({"auto_renewal": ["Not a valid boolean."]}));
            assert_eq!(without_request_id(error), expected, "{value}");
        }
    }
}
