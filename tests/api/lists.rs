//! Lists: pages, filters, orders and cursors.

mod cursors;
mod filters;
mod orders;
mod pages;
mod searches;

use serde_json::{Value, json};

use crate::app::{Session, TestApp};
use crate::tasks;

/// The answer of this list to these query parameters.
pub async fn list(app: &TestApp, user: &Session, collection: &str, parameters: &[(&str, &str)]) -> Value {
    app.get(&path(collection, parameters)).by(user).expect(200).await
}

/// The ids of the rows that these query parameters find, the smallest first.
pub async fn found(app: &TestApp, user: &Session, collection: &str, parameters: &[(&str, &str)]) -> Vec<i64> {
    let mut ids = ids(&list(app, user, collection, parameters).await);
    ids.sort_unstable();
    ids
}

/// The ids of a list's rows, in its order.
pub fn ids(list: &Value) -> Vec<i64> {
    rows(list).iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

/// The path of a list with these query parameters.
pub fn path(collection: &str, parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("/api/v1/{collection}?{query}")
}

/// The error of these wrong query parameters.
pub fn invalid_query(errors: Value) -> Value {
    let mut error = json!({"error": "Invalid query parameters", "code": "invalid_query"});
    error["errors"] = errors;
    error
}

fn rows(list: &Value) -> &Vec<Value> {
    list.as_object().unwrap().values().find_map(Value::as_array).unwrap()
}

/// Thirty tasks with ties in every field but the id, and nulls.
async fn make_many_tasks(app: &TestApp, user: &Session) {
    const STATUSES: [&str; 5] = ["completed", "pending", "cancelled", "in_progress", "review"];
    const PRIORITIES: [&str; 4] = ["urgent", "low", "high", "medium"];
    const TITLES: [&str; 6] = ["b", "가나", "A", "é", "a", "가"];
    for number in 0..30_usize {
        if number % 8 == 0 {
            app.advance(1);
        }
        let day = 10 + number % 4;
        let due_date = (number % 3 != 0).then(|| format!("2026-02-{day}T00:00:00Z"));
        let task = json!({
            "title": TITLES[number % 6], "status": STATUSES[number / 2 % 5], "priority": PRIORITIES[number * 3 / 2 % 4],
            "due_date": due_date, "year": 2025 + number % 2, "week_number": 1 + number / 3 % 6,
        });
        tasks::make(app, user, task).await;
    }
    for id in [3, 4, 17, 28] {
        if id != 4 {
            app.advance(1);
        }
        let path = format!("/api/v1/tasks/{id}");
        app.patch(&path, json!({"description": "바뀐 설명"})).by(user).expect(200).await;
    }
}

/// Twelve meetings with ties.
async fn make_many_meetings(app: &TestApp, user: &Session) {
    for number in 0..12_usize {
        app.advance(i64::from(number % 2 == 1));
        let day = 10 + number % 3;
        let title = ["나", "b", "B", "가"][number / 2 % 4];
        let meeting = json!({"title": title, "meeting_date": format!("2026-02-{day}T10:00:00Z")});
        app.post("/api/v1/meetings", meeting).by(user).expect(201).await;
    }
}

/// Twelve contracts with ties.
async fn make_many_contracts(app: &TestApp, user: &Session) {
    for number in 0..12_usize {
        app.advance(i64::from(number % 2 == 1));
        let (start, end) = (10 + number % 2, 20 + number % 3);
        let (title, customer) = (["b", "a"][number % 2], ["한빛", "acme", "Acme"][number / 2 % 3]);
        let contract = json!({
            "contract_number": format!("C-{}", number * 5 % 12), "customer_name": customer, "title": title,
            "amount": "1", "start_date": format!("2026-01-{start}"), "end_date": format!("2026-01-{end}"),
        });
        app.post("/api/v1/contracts", contract).by(user).expect(201).await;
    }
}

/// Orders to try, of each list.
const ORDERS: [(&str, &[&str]); 3] = [
    (
        "tasks",
        &[
            "created_at",
            "-created_at",
            "updated_at",
            "-updated_at",
            "due_date",
            "-due_date",
            "title",
            "-title",
            "status",
            "-status",
            "priority",
            "-priority",
            "year",
            "-year",
            "week_number",
            "-week_number",
            "id",
            "-id",
            "priority,-created_at",
            "-priority,created_at",
            "year,week_number",
            "-year,-week_number",
            "-year,due_date",
            "due_date,-title",
            "-due_date,status,-title",
            "status,-priority,due_date,-week_number",
        ],
    ),
    (
        "meetings",
        &[
            "meeting_date",
            "-meeting_date",
            "created_at",
            "-created_at",
            "updated_at",
            "-updated_at",
            "title",
            "-title",
            "id",
            "-id",
            "-title,meeting_date",
        ],
    ),
    (
        "contracts",
        &[
            "end_date",
            "-end_date",
            "start_date",
            "-start_date",
            "created_at",
            "-created_at",
            "updated_at",
            "-updated_at",
            "contract_number",
            "-contract_number",
            "customer_name",
            "-customer_name",
            "title",
            "-title",
            "id",
            "-id",
            "start_date,-end_date",
        ],
    ),
];

/// Fills the three lists.
async fn make_many(app: &TestApp, user: &Session) {
    make_many_tasks(app, user).await;
    make_many_meetings(app, user).await;
    make_many_contracts(app, user).await;
}
