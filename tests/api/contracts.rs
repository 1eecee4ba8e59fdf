//! `/contracts`.

mod amounts;
mod change;
mod create;
mod etags;
mod expiring;
mod filters;
mod history;
mod numbers;
mod renew;
mod roles;

use serde_json::{Value, json};

use crate::app::{Session, TestApp};

/// A contract's required fields, with these in addition or instead.
fn contract(fields: &Value) -> Value {
    let mut body = json!({
        "contract_number": "MSSP-2026-001", "customer_name": "한빛정보", "title": "보안 관제", "amount": "1000.10",
        "start_date": "2026-01-01", "end_date": "2026-12-31",
    });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

/// Makes a contract with these fields beside the required ones.
pub async fn make(app: &TestApp, user: &Session, fields: Value) -> Value {
    app.post("/api/v1/contracts", contract(&fields)).by(user).expect(201).await["contract"].take()
}

/// The contract as it is now.
async fn read(app: &TestApp, user: &Session, id: i64) -> Value {
    app.get(&format!("/api/v1/contracts/{id}")).by(user).expect(200).await["contract"].take()
}

/// The error of a contract that is not there.
fn not_found() -> Value {
    json!({"error": "Contract not found", "code": "contract_not_found"})
}

/// The error of a number that another contract has.
fn number_taken() -> Value {
    json!({"error": "Contract number already exists", "code": "contract_number_taken"})
}
