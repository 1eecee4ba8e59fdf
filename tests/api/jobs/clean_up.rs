//! What is deleted when nobody needs it any more.

use bizcenter::clock::Timestamp;
use bizcenter::db::{Value as SqlValue, sql};
use bizcenter::jobs::Report;
use bizcenter::policy::Role::Owner;
use serde_json::json;

use super::{DAY, run};
use crate::on_both;

on_both! {
    async fn an_invitation_goes_thirty_days_after_it_has_expired(app) {
        let owner = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        for (user, email) in [(&owner, "a@example.com"), (&stranger, "b@example.com")] {
            let body = json!({"email": email, "role": "viewer"});
            app.post("/api/v1/auth/invitations", body).by(user).expect(201).await;
        }
        // It lasts seven days.
        app.advance(37 * DAY);
        assert!(matches!(run(&app.state, "clean_up").await, Report::Done(_)));
        assert_eq!(app.count("select count(*) from invitations").await, 2);
        app.advance(1);
        assert!(matches!(run(&app.state, "clean_up").await, Report::Done(_)));
        assert_eq!(app.count("select count(*) from invitations").await, 0);
    }

    async fn a_revoked_token_is_forgotten_when_it_would_have_ended(app) {
        let owner = app.user("test-001", Owner).await;
        app.post("/api/v1/auth/logout", json!({})).by(&owner).send().await;
        assert_eq!(app.count("select count(*) from revoked_tokens").await, 1);
        // A token lasts an hour.
        app.advance(3599);
        assert!(matches!(run(&app.state, "clean_up").await, Report::Done(_)));
        assert_eq!(app.count("select count(*) from revoked_tokens").await, 1);
        app.advance(1);
        assert!(matches!(run(&app.state, "clean_up").await, Report::Done(_)));
        assert_eq!(app.count("select count(*) from revoked_tokens").await, 0);
    }

    async fn an_answer_is_kept_for_a_day(app) {
        let owner = app.user("test-001", Owner).await;
        let body = json!({"title": "task", "week_number": 6, "year": 2026});
        app.post("/api/v1/tasks", body).header("idempotency-key", "key").by(&owner).expect(201).await;
        app.advance(DAY - 1);
        assert!(matches!(run(&app.state, "clean_up").await, Report::Done(_)));
        assert_eq!(app.count("select count(*) from idempotency_keys").await, 1);
        app.advance(2);
        assert!(matches!(run(&app.state, "clean_up").await, Report::Done(_)));
        assert_eq!(app.count("select count(*) from idempotency_keys").await, 0);
    }

    async fn a_ticket_that_nobody_used_is_forgotten(app) {
        let owner = app.user("test-001", Owner).await;
        app.post("/api/v1/notifications/stream-ticket", json!({})).by(&owner).send().await;
        assert_eq!(app.count("select count(*) from stream_tickets").await, 1);
        // It counts for a minute.
        app.advance(61);
        assert!(matches!(run(&app.state, "clean_up").await, Report::Done(_)));
        assert_eq!(app.count("select count(*) from stream_tickets").await, 0);
    }

    async fn a_notification_that_was_read_goes_after_half_a_year(app, JWT_ACCESS_TOKEN_EXPIRES = "31536000") {
        let owner = app.user("test-001", Owner).await;
        let other = app.user("test-001", Owner).await;
        for _ in 0..2 {
            crate::tasks::make(&app, &owner, json!({"assigned_to": other.id})).await;
        }
        assert_eq!(app.count("select count(*) from notifications").await, 2);
        let list = app.get("/api/v1/notifications").by(&other).expect(200).await;
        let path = format!("/api/v1/notifications/{}/read", list["notifications"][0]["id"]);
        app.post(&path, json!({})).by(&other).send().await;
        app.advance(179 * DAY);
        assert!(matches!(run(&app.state, "clean_up").await, Report::Done(_)));
        assert_eq!(app.count("select count(*) from notifications").await, 2);
        app.advance(2 * DAY);
        assert!(matches!(run(&app.state, "clean_up").await, Report::Done(_)));
        assert_eq!(app.count("select count(*) from notifications").await, 1);
    }

    async fn more_than_a_batch_goes_in_one_run(app) {
        const TOKENS: &str = "insert into revoked_tokens (tenant_id, user_id, jti, expires_at) values ";
        const INVITATIONS: &str = "insert into invitations (tenant_id, email, email_key, role, token_hash, expires_at, \
                                   created_at, created_by) values ";
        const TICKETS: &str = "insert into stream_tickets (tenant_id, user_id, token_hash, token_generation, ends_at, \
                               expires_at) values ";
        let owner = app.user("test-001", Owner).await;
        let long_ago = Timestamp::from_micros(0).unwrap();
        let token = |number: i64| -> Vec<SqlValue> {
            vec!["test-001".into(), owner.id.into(), number.to_string().into(), long_ago.into()]
        };
        let invitation = |number: i64| -> Vec<SqlValue> {
            vec![
                "test-001".into(), "a@b.co".into(), "a@b.co".into(), "viewer".into(), number.to_string().into(),
                long_ago.into(), long_ago.into(), owner.id.into(),
            ]
        };
        let ticket = |number: i64| -> Vec<SqlValue> {
            vec![
                "test-001".into(), owner.id.into(), number.to_string().into(), 0_i64.into(), long_ago.into(),
                long_ago.into(),
            ]
        };
        app.execute(sql(TOKENS).values((0..2003).map(token))).await;
        app.execute(sql(INVITATIONS).values((0..2003).map(invitation))).await;
        app.execute(sql(TICKETS).values((0..2003).map(ticket))).await;
        let all = "0 kept answers, 0 letters, 0 notifications, 2003 invitations, 4006 tokens and tickets deleted";
        assert_eq!(run(&app.state, "clean_up").await, Report::Done(all.into()));
        for count in [
            "select count(*) from revoked_tokens", "select count(*) from invitations",
            "select count(*) from stream_tickets",
        ] {
            assert_eq!(app.count(count).await, 0, "{count}");
        }
    }

    async fn a_report_tells_what_was_deleted(app) {
        let nothing = "0 kept answers, 0 letters, 0 notifications, 0 invitations, 0 tokens and tickets deleted";
        assert_eq!(run(&app.state, "clean_up").await, Report::Done(nothing.into()));
        assert_eq!(run(&app.state, "audit_retention").await, Report::Done("0 audit rows deleted".into()));
    }
}
