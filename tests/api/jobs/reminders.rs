//! Reminders of contracts that end.

use bizcenter::db::sql;
use bizcenter::policy::Role::{Admin, Editor, Owner};
use serde_json::json;

use super::{DAY, notice, notices, notices_after, run_due};
use crate::contracts::make;
use crate::on_both;

const EXPIRING: &str = "contract_expiring";

on_both! {
    async fn active_owners_and_admins_are_told_30_and_7_days_before(app) {
        let owner = app.user("test-001", Owner).await;
        let admin = app.user("test-001", Admin).await;
        let former = app.user("test-001", Admin).await;
        app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(former.id)).await;
        app.user("test-001", Editor).await;
        app.user("test-002", Owner).await;
        // 31 days from now.
        make(&app, &owner, json!({"status": "active", "end_date": "2026-03-10"})).await;
        let (mut told, mut last) = (Vec::new(), 0);
        for day in 0..40 {
            run_due(&app.state).await;
            let (now, notices) = notices_after(&app, last).await;
            last = now;
            if !notices.is_empty() {
                told.push((day, notices));
            }
            app.advance(DAY);
        }
        let both = |kind| vec![notice(owner.id, kind, 1), notice(admin.id, kind, 1)];
        assert_eq!(told, [(1, both(EXPIRING)), (24, both(EXPIRING)), (32, both("contract_expired"))]);
    }

    async fn a_notice_names_the_contract(app) {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, json!({"status": "active", "end_date": "2026-02-20", "title": "보안 관제"})).await;
        run_due(&app.state).await;
        let list = app.get("/api/v1/notifications").by(&owner).expect(200).await;
        let notices = list["notifications"].as_array().unwrap();
        assert_eq!(notices.len(), 1);
        for (field, value) in [
            ("kind", json!(EXPIRING)),
            ("title", json!("보안 관제")),
            ("resource_type", json!("contract")),
            ("resource_id", json!(1)),
            ("created_at", json!("2026-02-07T10:17:56.942016Z")),
        ] {
            assert_eq!(notices[0][field], value, "{field}");
        }
    }

    async fn a_contract_seen_late_gets_the_nearer_reminder_alone(app) {
        let owner = app.user("test-001", Owner).await;
        let ends = ["2026-02-06", "2026-02-07", "2026-02-14", "2026-02-15", "2026-03-09", "2026-03-10"];
        for end in ends {
            make(&app, &owner, json!({"contract_number": end, "status": "active", "end_date": end})).await;
        }
        run_due(&app.state).await;
        let expected = [(1, "contract_expired"), (2, EXPIRING), (3, EXPIRING), (4, EXPIRING), (5, EXPIRING)];
        let mut expected: Vec<_> = expected.into_iter().map(|(id, kind)| notice(owner.id, kind, id)).collect();
        expected.sort();
        assert_eq!(notices(&app).await, expected);
        let select = sql("select contract_id, days from contract_reminders order by contract_id");
        let days: Vec<(i64, i64)> = app.db().read().await.unwrap().fetch_all(select).await.unwrap();
        assert_eq!(days, [(2, 7), (3, 7), (4, 30), (5, 30)]);
    }

    async fn only_active_contracts_are_told_of_and_those_that_renew_themselves_too(app) {
        let owner = app.user("test-001", Owner).await;
        for status in ["draft", "expired", "terminated", "renewed", "active"] {
            let fields = json!({
                "contract_number": status, "status": status, "end_date": "2026-02-20", "auto_renewal": true,
            });
            make(&app, &owner, fields).await;
        }
        run_due(&app.state).await;
        assert_eq!(notices(&app).await, [notice(owner.id, EXPIRING, 5)]);
    }

    async fn another_end_is_told_of_anew_and_the_same_one_is_not(app, JWT_ACCESS_TOKEN_EXPIRES = "31536000") {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, json!({"status": "active", "end_date": "2026-02-20"})).await;
        let mut counts = Vec::new();
        for end in ["2026-02-20", "2026-03-01", "2026-02-20", "2026-12-31", "2026-02-16", "2026-03-01"] {
            app.patch("/api/v1/contracts/1", json!({"end_date": end})).by(&owner).expect(200).await;
            run_due(&app.state).await;
            counts.push(notices(&app).await.len());
            app.advance(DAY);
        }
        // On the 11th the 16th is five days away; on the 12th the 1st of March still has had its first reminder.
        assert_eq!(counts, [1, 2, 2, 2, 3, 3]);
        // Until the nearer reminder of the 1st of March is due.
        for _ in 0..10 {
            app.advance(DAY);
            run_due(&app.state).await;
        }
        assert_eq!(notices(&app).await.len(), 4);
    }

    async fn with_nobody_to_tell_a_contract_waits_for_somebody(app) {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, json!({"status": "active", "end_date": "2026-02-20"})).await;
        for (is_active, told) in [(false, vec![]), (true, vec![notice(owner.id, EXPIRING, 1)])] {
            app.execute(sql("update users set is_active = ? where id = ?").bind(is_active).bind(owner.id)).await;
            run_due(&app.state).await;
            assert_eq!(notices(&app).await, told);
            app.advance(DAY);
        }
    }

    async fn more_contracts_than_one_batch_are_all_told_of(app) {
        let owner = app.user("test-001", Owner).await;
        for number in 0..105 {
            let fields = json!({"contract_number": number.to_string(), "status": "active", "end_date": "2026-02-20"});
            make(&app, &owner, fields).await;
        }
        run_due(&app.state).await;
        let expected: Vec<_> = (1..=105).map(|id| notice(owner.id, EXPIRING, id)).collect();
        assert_eq!(notices(&app).await, expected);
    }

    async fn a_deleted_contract_takes_its_reminders_along(app) {
        let owner = app.user("test-001", Owner).await;
        make(&app, &owner, json!({"status": "active", "end_date": "2026-02-20"})).await;
        run_due(&app.state).await;
        assert_eq!(app.count("select count(*) from contract_reminders").await, 1);
        app.delete("/api/v1/contracts/1").by(&owner).expect(204).await;
        assert_eq!(app.count("select count(*) from contract_reminders").await, 0);
    }
}
