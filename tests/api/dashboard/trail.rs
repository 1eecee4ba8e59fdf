//! What the audit log says of who has seen sums of amounts.

use bizcenter::policy::Role::{Editor, Owner};
use serde_json::{Value, json};

use crate::client::Method;
use crate::on_both;

on_both! {
    async fn who_sees_sums_leaves_a_row_with_each_call(app) {
        let (owner, editor) = (app.user("test-001", Owner).await, app.user("test-001", Editor).await);
        for part in ["summary", "contracts/monthly"] {
            let path = format!("/api/v1/dashboard/{part}");
            // Neither of them sees one.
            assert_eq!(app.call(Method::HEAD, &path).by(&owner).send().await.status, 200);
            app.get(&path).by(&editor).expect(200).await;
            app.get(&path).by(&owner).expect(200).await;
        }
        let log = app.get("/api/v1/audit-logs?sort=id").by(&owner).expect(200).await;
        let names = ["action", "resource_type", "resource_id", "user_id", "changes"];
        let rows = log["audit_logs"].as_array().unwrap().iter();
        let rows: Vec<Value> = rows.map(|row| json!(names.map(|name| row[name].clone()))).collect();
        let row = |part: &str| json!(["viewed", "contract", null, owner.id, {"dashboard": {"from": null, "to": part}}]);
        assert_eq!(rows, [row("summary"), row("monthly")]);
    }
}
