//! Contracts past their last day.

use bizcenter::db::{Value as SqlValue, sql};
use bizcenter::jobs::{self, Report};
use bizcenter::policy::Role::{Admin, Editor, Owner};
use serde_json::{Value, json};

use super::{DAY, another_instance, notice, notices, run, run_due};
use crate::app::{Session, TestApp};
use crate::contracts::make;
use crate::on_both;

const EXPIRED: &str = "contract_expired";
const RENEWED: &str = "contract_renewed";

/// All contracts, the oldest first.
async fn contracts(app: &TestApp, user: &Session) -> Vec<Value> {
    let list = app.get("/api/v1/contracts?sort=id&limit=1000").by(user).expect(200).await;
    list["contracts"].as_array().unwrap().clone()
}

/// Number, status, first and last day and parent of all contracts.
async fn lives(app: &TestApp, user: &Session) -> Value {
    let life = |contract: &Value| {
        let fields = ["contract_number", "status", "start_date", "end_date", "parent_id"];
        Value::from(fields.map(|field| contract[field].clone()).to_vec())
    };
    contracts(app, user).await.iter().map(life).collect()
}

on_both! {
    async fn a_contract_expires_the_day_after_its_last(app, JWT_ACCESS_TOKEN_EXPIRES = "31536000") {
        let owner = app.user("test-001", Owner).await;
        let admin = app.user("test-001", Admin).await;
        app.user("test-001", Editor).await;
        let mut contract = make(&app, &owner, json!({"status": "active", "end_date": "2026-02-07"})).await;
        run_due(&app.state).await;
        assert_eq!(contracts(&app, &owner).await, [contract.clone()]);
        app.advance(DAY);
        run_due(&app.state).await;
        contract["status"] = json!("expired");
        contract["version"] = json!(2);
        contract["updated_at"] = json!("2026-02-08T10:17:56.942016Z");
        assert_eq!(contracts(&app, &owner).await, [contract]);
        let history = app.get("/api/v1/contracts/1/history").by(&owner).expect(200).await;
        assert_eq!(history["history"][0], json!({
            "id": 2, "action": "expired", "changes": {"status": {"from": "active", "to": "expired"}},
            "created_by": null, "created_by_name": null, "created_at": "2026-02-08T10:17:56.942016Z",
        }));
        let told = notices(&app).await;
        let told: Vec<_> = told.into_iter().filter(|(_, kind, _)| kind == EXPIRED).collect();
        assert_eq!(told, [notice(owner.id, EXPIRED, 1), notice(admin.id, EXPIRED, 1)]);
        let log = app.get("/api/v1/audit-logs?action=expired").by(&owner).expect(200).await;
        assert_eq!((&log["total"], &log["audit_logs"][0]["resource_id"]), (&json!(1), &json!(1)));
        assert_eq!(log["audit_logs"][0]["changes"], json!({"status": {"from": "active", "to": "expired"}}));
    }

    async fn only_active_contracts_expire(app) {
        let owner = app.user("test-001", Owner).await;
        for status in ["draft", "expired", "terminated", "renewed"] {
            let fields = json!({
                "contract_number": status, "status": status, "end_date": "2026-02-01", "auto_renewal": true,
            });
            make(&app, &owner, fields).await;
        }
        let before = contracts(&app, &owner).await;
        run_due(&app.state).await;
        assert_eq!(contracts(&app, &owner).await, before);
        assert!(notices(&app).await.is_empty());
    }

    async fn one_that_renews_itself_is_followed_by_one_like_it(app) {
        let owner = app.user("test-001", Owner).await;
        let old = make(&app, &owner, json!({
            "status": "active", "auto_renewal": true, "start_date": "2025-02-07", "end_date": "2026-02-06",
            "amount": "4711.42", "currency": "USD", "contract_type": "license", "description": "설명", "notes": "메모",
            "contact_email": "sales@example.com", "contact_phone": "02-1234-5678",
        })).await;
        app.advance(60);
        run_due(&app.state).await;
        let now = "2026-02-07T10:18:56.942016Z";
        let mut new = old.clone();
        for (field, value) in [
            ("id", json!(2)),
            ("contract_number", json!("MSSP-2026-001-R1")),
            ("start_date", json!("2026-02-07")),
            ("end_date", json!("2027-02-06")),
            ("parent_id", json!(1)),
            ("created_at", json!(now)),
            ("updated_at", json!(now)),
        ] {
            new[field] = value;
        }
        let mut renewed = old;
        renewed["status"] = json!("renewed");
        renewed["version"] = json!(2);
        renewed["updated_at"] = json!(now);
        assert_eq!(contracts(&app, &owner).await, [renewed, new]);
        assert_eq!(notices(&app).await, [notice(owner.id, RENEWED, 2)]);
        for (id, action) in [(1, "renewed"), (2, "created")] {
            let history = app.get(&format!("/api/v1/contracts/{id}/history")).by(&owner).expect(200).await;
            let last = &history["history"][0];
            assert_eq!((&last["action"], &last["created_by"]), (&json!(action), &json!(null)));
        }
        let log = app.get("/api/v1/audit-logs?action=renewed").by(&owner).expect(200).await;
        assert_eq!((&log["total"], &log["audit_logs"][0]["resource_id"]), (&json!(1), &json!(1)));
        let log = app.get("/api/v1/audit-logs?action=created&resource_type=contract").by(&owner).expect(200).await;
        assert_eq!((&log["total"], &log["audit_logs"][0]["resource_id"]), (&json!(2), &json!(2)));
        assert_eq!(log["audit_logs"][0]["changes"]["amount"], json!({"from": null, "to": "***"}));
        assert!(!log.to_string().contains("4711"), "{log}");
    }

    async fn after_a_long_pause_as_many_terms_follow_as_it_takes(app, JWT_ACCESS_TOKEN_EXPIRES = "31536000") {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, json!({
            "contract_number": "A", "status": "active", "auto_renewal": true, "start_date": "2026-01-01",
            "end_date": "2026-01-31",
        })).await;
        run_due(&app.state).await;
        assert_eq!(lives(&app, &owner).await, json!([
            ["A", "renewed", "2026-01-01", "2026-01-31", null],
            ["A-R1", "active", "2026-02-01", "2026-02-28", 1],
        ]));
        // To the 18th of May.
        app.advance(100 * DAY);
        run_due(&app.state).await;
        assert_eq!(lives(&app, &owner).await, json!([
            ["A", "renewed", "2026-01-01", "2026-01-31", null],
            ["A-R1", "renewed", "2026-02-01", "2026-02-28", 1],
            ["A-R2", "renewed", "2026-03-01", "2026-03-31", 2],
            ["A-R3", "renewed", "2026-04-01", "2026-04-30", 3],
            ["A-R4", "active", "2026-05-01", "2026-05-31", 4],
        ]));
        // Nobody is told of those between. The last one's end is thirteen days away.
        let mut expected: Vec<_> = [2, 5].map(|id| notice(owner.id, RENEWED, id)).into();
        expected.extend([2, 5].map(|id| notice(owner.id, "contract_expiring", id)));
        expected.sort();
        assert_eq!(notices(&app).await, expected);
    }

    async fn a_renewal_for_today_alone_is_told_of(app) {
        let owner = app.user("test-001", Owner).await;
        // One of the last days ends today, the other one a day too early: its turn comes first.
        for (number, end) in [("A", "2026-02-06"), ("B", "2026-02-05")] {
            make(&app, &owner, json!({
                "contract_number": number, "status": "active", "auto_renewal": true, "start_date": end,
                "end_date": end,
            })).await;
        }
        run_due(&app.state).await;
        assert_eq!(lives(&app, &owner).await.as_array().unwrap()[2..], [
            json!(["B-R1", "renewed", "2026-02-06", "2026-02-06", 2]),
            json!(["B-R2", "active", "2026-02-07", "2026-02-07", 3]),
            json!(["A-R1", "active", "2026-02-07", "2026-02-07", 1]),
        ]);
        let told: Vec<_> = notices(&app).await.into_iter().filter(|(_, kind, _)| kind == RENEWED).collect();
        assert_eq!(told, [4, 5].map(|id| notice(owner.id, RENEWED, id)));
    }

    async fn a_mistyped_year_is_followed_by_a_term_for_today_and_keeps_nobody_waiting(app) {
        let owner = app.user("test-001", Owner).await;
        let other = app.user("test-002", Owner).await;
        for (number, start, end) in [
            ("day", "0026-01-01", "0026-01-01"),
            ("year", "0206-03-01", "0207-02-28"),
            ("month", "2024-01-01", "2024-01-31"),
        ] {
            make(&app, &owner, json!({
                "contract_number": number, "status": "active", "auto_renewal": true, "start_date": start,
                "end_date": end,
            })).await;
        }
        make(&app, &other, json!({"status": "active", "end_date": "2026-02-06"})).await;
        // The month's twenty-four missed terms follow one by one.
        let done = "1 expired, 27 renewed, 2 of them over many missed terms";
        assert_eq!(run(&app.state, "contract_ends").await, Report::Done(done.into()));
        let lives = lives(&app, &owner).await;
        let lives = lives.as_array().unwrap();
        assert_eq!((lives.len(), &lives[0][1], &lives[1][1]), (30, &json!("renewed"), &json!("renewed")));
        assert_eq!(lives[3..6], [
            json!(["day-R1", "active", "2026-02-07", "2026-02-07", 1]),
            json!(["year-R1", "active", "2025-03-01", "2026-02-28", 2]),
            json!(["month-R1", "renewed", "2024-02-01", "2024-02-29", 3]),
        ]);
        assert_eq!(lives[29], json!(["month-R25", "active", "2026-02-01", "2026-02-28", 30]));
        assert_eq!(contracts(&app, &other).await[0]["status"], "expired");
        let told: Vec<_> = notices(&app).await.into_iter().filter(|(_, kind, _)| kind == RENEWED).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert_eq!(run(&app.state, "contract_ends").await, Report::Done("0 expired, 0 renewed".into()));
    }

    async fn more_contracts_than_a_turn_are_all_ended(app) {
        const INSERT: &str = "insert into contracts (tenant_id, contract_number, customer_name, \
                              customer_name_folded, title, amount_encrypted, currency, start_date, end_date, \
                              auto_renewal, status, search_text, version, created_at, updated_at) values ";
        for (tenant, contracts) in [("test-001", 1105), ("test-002", 3)] {
            app.user(tenant, Editor).await;
            let row = |number: i64| -> Vec<SqlValue> {
                let end_date = if number % 2 == 0 { "2026-01-15" } else { "2026-01-16" };
                vec![
                    tenant.into(), number.to_string().into(), "c".into(), "c".into(), "t".into(), "x".into(),
                    "KRW".into(), "2025-01-01".into(), end_date.into(), false.into(), "active".into(), "t".into(),
                    1_i64.into(), app.now().into(), app.now().into(),
                ]
            };
            app.execute(sql(INSERT).values((0..contracts).map(row))).await;
        }
        assert_eq!(run(&app.state, "contract_ends").await, Report::Done("1108 expired, 0 renewed".into()));
        assert_eq!(app.count("select count(*) from contract_history where action = 'expired'").await, 1108);
    }

    async fn terms_with_leap_days_keep_their_length(app, JWT_ACCESS_TOKEN_EXPIRES = "157680000") {
        let owner = app.user("test-001", Owner).await;
        for (number, start, end) in [
            ("year to the leap day", "2027-03-01", "2028-02-29"),
            ("year from the leap day", "2028-02-29", "2029-02-27"),
            ("month to the leap day", "2028-02-01", "2028-02-29"),
            ("days", "2028-02-20", "2028-02-29"),
        ] {
            let fields = json!({
                "contract_number": number, "status": "active", "auto_renewal": true, "start_date": start,
                "end_date": end,
            });
            make(&app, &owner, fields).await;
        }
        // To the 29th of February 2028: no last day is over yet.
        app.advance(752 * DAY);
        run_due(&app.state).await;
        assert_eq!(contracts(&app, &owner).await.len(), 4);
        app.advance(DAY);
        run_due(&app.state).await;
        let lives = lives(&app, &owner).await;
        assert_eq!(lives.as_array().unwrap()[4..], [
            json!(["year to the leap day-R1", "active", "2028-03-01", "2029-02-28", 1]),
            json!(["month to the leap day-R1", "active", "2028-03-01", "2028-03-31", 3]),
            json!(["days-R1", "active", "2028-03-01", "2028-03-10", 4]),
        ]);
        // To the 28th of February 2029, when the other year is over.
        app.advance(364 * DAY);
        run_due(&app.state).await;
        let contracts = contracts(&app, &owner).await;
        let new = contracts.iter().find(|contract| contract["parent_id"] == 2).unwrap();
        assert_eq!((&new["start_date"], &new["end_date"]), (&json!("2029-02-28"), &json!("2030-02-27")));
    }

    async fn terms_that_end_with_a_month_do_not_drift(app) {
        let owner = app.user("test-001", Owner).await;
        let chains: [(&str, &[[&str; 2]]); 4] = [
            ("year", &[["2023-08-31", "2024-08-30"], ["2024-08-31", "2025-08-30"], ["2025-08-31", "2026-08-30"]]),
            ("leap year", &[["2024-02-29", "2025-02-28"], ["2025-03-01", "2026-02-28"]]),
            ("half", &[["2024-08-31", "2025-02-28"], ["2025-03-01", "2025-08-31"], ["2025-09-01", "2026-02-28"]]),
            ("month", &[["2025-10-31", "2025-11-30"], ["2025-12-01", "2025-12-31"], ["2026-01-01", "2026-01-31"],
                ["2026-02-01", "2026-02-28"]]),
        ];
        for (number, terms) in chains {
            make(&app, &owner, json!({
                "contract_number": number, "status": "active", "auto_renewal": true, "start_date": terms[0][0],
                "end_date": terms[0][1],
            })).await;
        }
        run_due(&app.state).await;
        let contracts = contracts(&app, &owner).await;
        for (number, terms) in chains {
            let is_own = |contract: &&Value| {
                let own = contract["contract_number"].as_str().unwrap();
                own == number || own.starts_with(&format!("{number}-R"))
            };
            let own: Vec<Value> = contracts.iter().filter(is_own)
                .map(|contract| json!([contract["start_date"], contract["end_date"]])).collect();
            assert_eq!(json!(own), json!(terms), "{number}");
        }
    }

    async fn a_taken_number_is_passed_over(app) {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, json!({
            "contract_number": "A", "status": "active", "auto_renewal": true, "end_date": "2026-02-06",
        })).await;
        for number in ["A-R1", "A-R2"] {
            make(&app, &owner, json!({"contract_number": number})).await;
        }
        let stranger = app.user("test-002", Owner).await;
        make(&app, &stranger, json!({"contract_number": "A-R3"})).await;
        run_due(&app.state).await;
        assert_eq!(contracts(&app, &owner).await[3]["contract_number"], "A-R3");
    }

    async fn one_that_was_renewed_by_hand_expires(app) {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, json!({"status": "active", "auto_renewal": true, "end_date": "2026-02-06"})).await;
        let next = json!({"contract_number": "next"});
        app.post("/api/v1/contracts/1/renew", next).by(&owner).expect(201).await;
        app.patch("/api/v1/contracts/1", json!({"status": "active"})).by(&owner).expect(200).await;
        run_due(&app.state).await;
        let contracts = contracts(&app, &owner).await;
        assert_eq!((&contracts[0]["status"], &contracts[1]["status"]), (&json!("expired"), &json!("active")));
    }

    async fn one_that_cannot_be_renewed_stays_and_keeps_no_other_waiting(app) {
        let owner = app.user("test-001", Owner).await;
        let fields = json!({"status": "active", "auto_renewal": true, "end_date": "2026-02-06"});
        let broken = make(&app, &owner, fields).await;
        app.execute(sql("update contracts set amount_encrypted = 'v1.00000000.AAAA'")).await;
        make(&app, &owner, json!({"contract_number": "2", "status": "active", "end_date": "2026-02-06"})).await;
        let reports = jobs::run_due(&app.state).await.unwrap();
        let reason = "1 expired, 0 renewed, 1 failed: contract 1 of test-001: its amount does not open";
        assert_eq!(reports[0], ("contract_ends", Report::Failed(reason.into())));
        assert!(reports[1..].iter().all(|(_, report)| matches!(report, Report::Done(_))), "{reports:?}");
        let contracts = contracts(&app, &owner).await;
        let mut expected = broken;
        expected["amount"] = json!(null);
        assert_eq!((&contracts[0], &contracts[1]["status"]), (&expected, &json!("expired")));
        assert_eq!(app.count("select count(*) from contracts").await, 2);
        assert_eq!(notices(&app).await, [notice(owner.id, EXPIRED, 2)]);
    }

    async fn two_runs_at_once_end_a_contract_once(app) {
        let owner = app.user("test-001", Owner).await;
        let other = another_instance(&app).await;
        for number in 0..20 {
            make(&app, &owner, json!({
                "contract_number": number.to_string(), "status": "active", "auto_renewal": number % 2 == 0,
                "start_date": "2026-01-10", "end_date": "2026-02-06",
            })).await;
        }
        let reports = tokio::join!(
            run(&app.state, "contract_ends"), run(&other, "contract_ends"), run(&app.state, "contract_ends"),
        );
        let reports = [reports.0, reports.1, reports.2];
        // Who comes after the first is done finds nothing to do.
        let (done, idle) = (Report::Done("10 expired, 10 renewed".into()), Report::Done("0 expired, 0 renewed".into()));
        assert_eq!(reports.iter().filter(|report| **report == done).count(), 1, "{reports:?}");
        let others = reports.iter().filter(|report| **report == Report::Busy || **report == idle).count();
        assert_eq!(others, 2, "{reports:?}");
        assert_eq!(contracts(&app, &owner).await.len(), 30);
        assert_eq!(notices(&app).await.len(), 20);
    }
}
