//! What is searched: texts of any size and script, folded when they change and only then.

use bizcenter::db::sql;
use bizcenter::policy::Role::Owner;
use serde_json::{Value, json};

use super::found;
use crate::app::{Session, TestApp};
use crate::isolation::smallest_body;
use crate::on_both;

/// The largest text that a body has room for.
const LIMIT: usize = 1024 * 1024 - 100;

/// Makes a row of this kind, the first one.
async fn make(app: &TestApp, user: &Session, kind: &str) {
    let body = smallest_body(&format!("create_{kind}"), "mark").unwrap();
    app.post(&format!("/api/v1/{kind}s"), body).by(user).expect(201).await;
}

/// Gives each of these fields as much text as a body has room for, one after the other, and then changes the title.
async fn fill(app: &TestApp, user: &Session, kind: &str, fields: &[&str], letter: &str) {
    let path = format!("/api/v1/{kind}s/1");
    let end = " 끝말";
    let text = letter.repeat((LIMIT - end.len()) / letter.len()) + end;
    for field in fields {
        let mut body = json!({});
        body[*field] = Value::from(text.as_str());
        app.patch(&path, body).by(user).expect(200).await;
    }
    app.patch(&path, json!({"title": format!("{letter} 새 제목")})).by(user).expect(200).await;
    let row = app.get(&path).by(user).expect(200).await[kind].take();
    assert!(fields.iter().all(|field| row[*field] == text.as_str()), "{kind} {letter:?}");
    for query in [letter.repeat(2), "끝말".into(), format!("{letter} 새 제목")] {
        assert_eq!(found(app, user, &format!("{kind}s"), &[("q", &query)]).await, [1], "{kind} {query:?}");
    }
}

on_both! {
    async fn every_text_may_be_as_large_as_a_body(app) {
        let user = app.user("test-001", Owner).await;
        for (kind, fields) in [
            ("task", &["description"][..]),
            ("meeting", &["agenda", "notes", "decisions"]),
            ("contract", &["description", "notes"]),
        ] {
            make(&app, &user, kind).await;
            // Folded one has four times as many bytes; the other, which would have eleven times as many, stays.
            for letter in ["㍿", "ﷺ"] {
                fill(&app, &user, kind, fields, letter).await;
            }
        }
    }

    async fn a_character_of_very_many_letters_is_found_as_itself(app) {
        let user = app.user("test-001", Owner).await;
        for title in ["ﷺ ﷻ", "ㄱ ㈜한빛 ㌔", "株式会社"] {
            let task = json!({"title": title, "week_number": 6, "year": 2026});
            app.post("/api/v1/tasks", task).by(&user).expect(201).await;
        }
        for (query, ids) in [
            ("ﷺ ﷻ", &[1_i64][..]),
            ("صلى", &[]),
            ("(주)한", &[2]),
            ("㈜한", &[2]),
            ("キロ", &[2]),
            ("㍿㍿", &[]),
            ("会社", &[3]),
        ] {
            assert_eq!(found(&app, &user, "tasks", &[("q", query)]).await, ids, "{query}");
        }
    }

    async fn only_a_change_of_what_is_searched_is_folded(app) {
        let user = app.user("test-001", Owner).await;
        for (kind, others, searched) in [
            (
                "task",
                json!({
                    "status": "review", "priority": "high", "assigned_to": user.id, "week_number": 7, "title": "shared",
                    "due_date": "2026-02-10T00:00:00Z",
                }),
                json!({"title": "다른 새말", "description": "새말 설명", "tags": ["새말"]}),
            ),
            (
                "meeting",
                json!({"status": "published", "meeting_date": "2026-03-01T10:00:00Z", "title": "shared"}),
                json!({
                    "title": "새말 제목", "location": "새말 장소", "agenda": "새말 안건", "notes": "새말",
                    "decisions": "새말 결정",
                }),
            ),
            (
                "contract",
                json!({
                    "status": "active", "amount": "5", "currency": "USD", "start_date": "2026-02-01",
                    "end_date": "2026-12-30", "auto_renewal": true, "contract_type": "nda", "contact_phone": "새말",
                    "contact_email": "a@example.com", "title": "shared",
                }),
                json!({
                    "contract_number": "새말-1", "customer_name": "새말 고객", "title": "새말 제목", "description": "새말",
                    "notes": "새말 메모",
                }),
            ),
        ] {
            make(&app, &user, kind).await;
            let (path, list) = (format!("/api/v1/{kind}s/1"), format!("{kind}s"));
            let found = async |query: &str| !found(&app, &user, &list, &[("q", query)]).await.is_empty();
            for (field, value) in others.as_object().unwrap() {
                mark(&app, kind).await;
                app.patch(&path, json!({field.as_str(): value})).by(&user).expect(200).await;
                assert!(found("marked").await, "{kind} {field}");
            }
            for (field, value) in searched.as_object().unwrap() {
                mark(&app, kind).await;
                app.patch(&path, json!({field.as_str(): value})).by(&user).expect(200).await;
                assert!(!found("marked").await && found("새말").await, "{kind} {field}");
            }
        }
        mark(&app, "contract").await;
        app.post("/api/v1/contracts/1/renew", json!({"contract_number": "next"})).by(&user).expect(201).await;
        assert_eq!(found(&app, &user, "contracts", &[("q", "marked")]).await, [1]);
        for (changes, is_folded) in [
            (json!({"status": "pending"}), false),
            (json!({"title": "다른 새말"}), false),
            (json!({"tags": ["꼬리말"]}), true),
        ] {
            mark(&app, "task").await;
            app.patch("/api/v1/tasks/bulk", json!({"ids": [1], "changes": changes})).by(&user).expect(200).await;
            assert_eq!(found(&app, &user, "tasks", &[("q", "marked")]).await.is_empty(), is_folded, "{changes}");
        }
        assert_eq!(found(&app, &user, "tasks", &[("q", "꼬리말")]).await, [1]);
    }
}

/// Writes what is searched of all rows of this kind by hand, so that it shows when it is written again.
async fn mark(app: &TestApp, kind: &str) {
    app.execute(match kind {
        "task" => sql("update tasks set search_text = 'marked'"),
        "meeting" => sql("update meetings set search_text = 'marked'"),
        _ => sql("update contracts set search_text = 'marked'"),
    })
    .await;
}
