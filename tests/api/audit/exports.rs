//! The audit log as CSV and as JSON lines, and what the lines prove.

use bizcenter::audit::chain::problem::Kind;
use bizcenter::audit::chain::verifier::Noted;
use bizcenter::audit::exported::{self, Exported};
use bizcenter::audit::{Action, Changes, Event};
use bizcenter::policy::Role::{Owner, Viewer};
use bizcenter::resource::Resource;
use serde_json::{Value, json};

use super::{AUDIT_LOGS, NOW, events, problems as problems_in_database, record, seal_all};
use crate::app::{Session, TestApp};
use crate::client::{Method, Reply};
use crate::lists::list;
use crate::on_both;

const HEADER: &str = "id,seq,created_at,user_id,user_name,action,resource_type,resource_id,changes,ip,user_agent,\
                      request_id";
const JSON_LINES: &str = "application/x-ndjson";

async fn export(app: &TestApp, user: &Session, query: &str, accept: &str) -> Reply {
    let reply = app.get(&format!("{AUDIT_LOGS}{query}")).header("accept", accept).by(user).send().await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.headers.get_all("vary").iter().any(|line| line == "accept"), "{:?}", reply.headers);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    reply
}

async fn lines(app: &TestApp, user: &Session, query: &str) -> Vec<String> {
    export(app, user, query, JSON_LINES).await.text().lines().map(str::to_owned).collect()
}

fn check(app: &TestApp, lines: &[String], is_filtered: bool) -> Exported {
    exported::verify(text(lines).as_bytes(), &app.state.audit_key, is_filtered, None).unwrap()
}

/// The lines as a file.
fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A line, what is wrong there, and from which number to which.
type Found = (u64, Kind, Option<(i64, i64)>);

/// What is wrong with a file.
fn problems(app: &TestApp, lines: &[String]) -> Vec<Found> {
    let problems = check(app, lines, false).problems.into_iter();
    problems.map(|(line, problem)| (line, problem.kind, problem.seqs)).collect()
}

/// What is wrong with the rows of a file, of which it is found as well that it is not as it was given.
fn row_problems(app: &TestApp, lines: &[String]) -> Vec<Found> {
    let mut found = problems(app, lines);
    assert_eq!(found.pop(), Some((lines.len() as u64, Kind::EditedFile, None)));
    found
}

/// A line with another value in this field.
fn edited(line: &str, field: &str, value: Value) -> String {
    let mut line: Value = serde_json::from_str(line).unwrap();
    assert_ne!(line[field], value, "{field}");
    line[field] = value;
    line.to_string()
}

on_both! {
    async fn the_log_comes_as_a_file_for_spreadsheets(app) {
        let kim = app.user_named("test-001", Owner, "kim@example.com", "김지은").await;
        let changes = Changes::default().field("title", Value::Null, "=1+1, 2");
        record(&app, &kim, vec![Event::new(Action::Created, Resource::Task, 7).with(changes)]).await;
        seal_all(&app).await;
        let reply = export(&app, &kim, "?action=created", "text/csv").await;
        for (name, value) in [
            ("content-type", "text/csv; charset=utf-8"),
            ("content-disposition", "attachment; filename=\"audit-logs.csv\""),
        ] {
            assert_eq!(reply.header(name), Some(value));
        }
        assert_eq!(reply.text(), format!(
            "\u{feff}{HEADER}\r\n1,1,{NOW},{},김지은,created,task,7,\
             \"{{\"\"title\"\":{{\"\"from\"\":null,\"\"to\"\":\"\"=1+1, 2\"\"}}}}\",,,\r\n",
            kim.id,
        ));
    }

    async fn that_somebody_took_a_file_is_a_row_of_its_own(app) {
        let kim = app.user("test-001", Owner).await;
        export(&app, &kim, "?resource_type=task&user_id=3&from=2026-02-01", "text/csv").await;
        export(&app, &kim, "", JSON_LINES).await;
        let rows = list(&app, &kim, "audit-logs", &[("action", "exported"), ("sort", "id")]).await;
        let changes = |index: usize| {
            let row = &rows["audit_logs"][index];
            assert_eq!((&row["resource_type"], &row["resource_id"]), (&json!("audit_log"), &json!(null)));
            assert_eq!(row["user_id"], kim.id);
            row["changes"].clone()
        };
        let to = |value: &str| json!({"from": null, "to": value});
        assert_eq!(rows["total"], 2);
        assert_eq!(changes(0), json!({
            "format": to("csv"), "resource_type": to("task"), "user_id": {"from": null, "to": 3},
            "from": to("2026-02-01T00:00:00.000000Z"),
        }));
        assert_eq!(changes(1), json!({"format": to("jsonl")}));
        // A look is none, and neither is a mistake.
        list(&app, &kim, "audit-logs", &[]).await;
        app.get("/api/v1/audit-logs?action=x").header("accept", "text/csv").by(&kim).expect(400).await;
        assert_eq!(list(&app, &kim, "audit-logs", &[]).await["total"], 2);
    }

    async fn that_somebody_took_a_file_of_tasks_meetings_or_contracts_is_a_row_too(app) {
        let (kim, lee) = (app.user("test-001", Owner).await, app.user("test-001", Viewer).await);
        let to = |value: Value| json!({"from": null, "to": value});
        let paths = [
            ("tasks?status=pending&q=보고&due_from=2026-02-01&sort=title&page=3", "task", json!({
                "status": to(json!("pending")), "q": to(json!("보고")),
                "due_from": to(json!("2026-02-01T00:00:00.000000Z")),
            })),
            ("meetings?to_date=2026-02-01", "meeting", json!({
                "to_date": to(json!("2026-02-01T23:59:59.999999Z")),
            })),
            ("contracts?end_from=2026-02-01&customer_name=한빛", "contract", json!({
                "end_from": to(json!("2026-02-01")), "customer_name": to(json!("한빛")),
            })),
        ];
        let take = async |user: &Session, path: &str| {
            app.get(&format!("/api/v1/{path}")).header("accept", "text/csv").by(user).send().await.status
        };
        for (path, _, _) in &paths {
            // Who looks, asks for what cannot be, or may not, takes nothing.
            app.get(&format!("/api/v1/{path}")).by(&kim).expect(200).await;
            assert_eq!(take(&kim, &format!("{path}&sort=colour&cursor=x")).await, 400);
            assert_eq!(take(&kim, path).await, 200);
        }
        assert_eq!((take(&lee, "tasks").await, take(&lee, "contracts").await), (200, 403));
        let log = list(&app, &kim, "audit-logs", &[("action", "exported"), ("sort", "id")]).await;
        assert_eq!(log["total"], 4);
        let last = ("", "task", json!({}));
        for (index, (path, resource, mut changes)) in paths.into_iter().chain([last]).enumerate() {
            changes["format"] = to(json!("csv"));
            let (row, user) = (&log["audit_logs"][index], if index < 3 { kim.id } else { lee.id });
            let expected = json!([resource, null, user, changes]);
            let told = json!([row["resource_type"], row["resource_id"], row["user_id"], row["changes"]]);
            assert_eq!(told, expected, "{path}");
        }
    }

    async fn who_gets_nothing_to_see_leaves_no_row(app) {
        let kim = app.user("test-001", Owner).await;
        let body = json!({
            "contract_number": "1", "customer_name": "c", "title": "t", "amount": "1", "start_date": "2026-01-01",
            "end_date": "2026-02-20", "status": "active",
        });
        app.post("/api/v1/contracts", body).by(&kim).expect(201).await;
        let written = app.count("select count(*) from audit_logs").await;
        for (accept, paths) in [
            ("application/json", &["contracts", "contracts/1", "contracts/expiring", "contracts/1/history"][..]),
            ("text/csv", &["tasks", "meetings", "contracts", "audit-logs"]),
            (JSON_LINES, &["audit-logs"]),
        ] {
            for path in paths {
                let head = app.call(Method::HEAD, &format!("/api/v1/{path}")).header("accept", accept).by(&kim).send().await;
                assert_eq!((head.status, head.bytes.len()), (200, 0), "{path}");
            }
        }
        app.get("/api/v1/contracts/1").header("if-none-match", "\"1\"").by(&kim).expect(304).await;
        assert_eq!(app.count("select count(*) from audit_logs").await, written);
        // Who sees it does.
        app.get("/api/v1/contracts/1").header("if-none-match", "\"2\"").by(&kim).expect(200).await;
        assert_eq!(app.count("select count(*) from audit_logs").await, written + 1);
    }

    async fn json_lines_hold_all_that_was_written_by_now_and_verify(app) {
        let kim = app.user_named("test-001", Owner, "kim@example.com", "김지은").await;
        record(&app, &kim, events(1..=3)).await;
        let reply = export(&app, &kim, "?sort=-id&limit=1&page=7", JSON_LINES).await;
        assert_eq!(reply.header("content-type"), Some(JSON_LINES));
        assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"audit-logs.jsonl\""));
        let file: Vec<String> = reply.text().lines().map(str::to_owned).collect();
        let mut first: Value = serde_json::from_str(&file[0]).unwrap();
        let last: Value = serde_json::from_str(&file[4]).unwrap();
        for (field, length) in [("nonce", 32), ("mac", 64), ("seal", 64), ("previous_seal", 64)] {
            assert_eq!(first[field].take().as_str().unwrap().len(), length);
        }
        assert_eq!(first, json!({
            "tenant_id": "test-001", "seq": 1, "id": 1, "created_at": NOW, "user_id": kim.id, "user_name": "김지은",
            "action": "updated", "resource_type": "task", "resource_id": 1,
            "changes": {"title": {"from": "업무", "to": "업무 1"}}, "ip": null, "user_agent": null, "request_id": null,
            "nonce": null, "mac": null, "seal": null, "previous_seal": null,
            "sealed_at": NOW,
        }));
        let mut end = last["end"].clone();
        for field in ["digest", "mac"] {
            assert_eq!(end[field].take().as_str().unwrap().len(), 64);
        }
        assert_eq!(end["chain"]["last_seal"].take().as_str().unwrap().len(), 64);
        assert_eq!(end, json!({
            "tenant_id": "test-001", "made_at": NOW, "query": {}, "rows": 4, "first_seq": 1, "last_seq": 4,
            "unsealed": 0, "digest": null, "mac": null,
            "chain": {"first_seq": 1, "last_seq": 4, "last_seal": null, "faults": 0, "fault_seq": null},
        }));
        let report = check(&app, &file, false);
        assert_eq!((report.tenant.as_deref(), report.rows, report.gaps), (Some("test-001"), 4, 0));
        assert_eq!((report.first, report.problems.len()), (Some(1), 0));
        assert_eq!(report.last.unwrap().seq, 4);
        assert_eq!(problems_in_database(&app, "test-001").await, []);
    }

    async fn every_row_of_a_long_log_is_in_both_files_once(app) {
        let kim = app.user("test-001", Owner).await;
        record(&app, &kim, events(1..=2500)).await;
        let csv = export(&app, &kim, "", "text/csv").await.text();
        assert_eq!(csv.matches("\r\n").count(), 1 + 2501);
        let all = lines(&app, &kim, "").await;
        assert_eq!((all.len(), problems(&app, &all)), (2503, vec![]));
        let chosen = lines(&app, &kim, "?resource_id=2000").await;
        let report = check(&app, &chosen, true);
        assert_eq!((chosen.len(), report.first, report.problems.len()), (2, Some(2000), 0));
    }

    async fn a_file_ends_where_the_chain_did_when_it_began(app) {
        let kim = app.user("test-001", Owner).await;
        // More than the connection holds, so that the file's second piece is not read before the caller reads.
        let long = "x".repeat(150_000);
        let changes = |id: i64| Changes::default().field("notes", json!(null), format!("{long}{id}"));
        let long_ones = (1..=150).map(|id| Event::new(Action::Created, Resource::Task, id).with(changes(id)));
        record(&app, &kim, long_ones.collect()).await;
        let reply = app.get(AUDIT_LOGS).header("accept", JSON_LINES).by(&kim).open().await;
        assert_eq!(reply.status(), 200);
        record(&app, &kim, events(151..=400)).await;
        seal_all(&app).await;
        let file: Vec<String> = reply.text().await.unwrap().lines().map(str::to_owned).collect();
        assert_eq!((file.len(), problems(&app, &file)), (152, vec![]));
        let all = lines(&app, &kim, "").await;
        assert_eq!((all.len(), problems(&app, &all)), (403, vec![]));
    }

    async fn a_file_that_was_tampered_with_is_found_out(app) {
        let (kim, lee) = (app.user("test-001", Owner).await, app.user("test-002", Owner).await);
        record(&app, &kim, events(1..=5)).await;
        record(&app, &lee, events(1..=1)).await;
        let file = lines(&app, &kim, "").await;
        assert_eq!((file.len(), problems(&app, &file)), (7, vec![]));
        let with = |index: usize, line: String| {
            let mut file = file.clone();
            file[index] = line;
            file
        };
        let at_3 = |kind| vec![(3, kind, Some((3, 3)))];
        for (field, value) in [
            ("action", json!("deleted")), ("resource_type", json!("meeting")), ("resource_id", json!(9)),
            ("user_id", json!(null)), ("ip", json!("192.0.2.1")), ("user_agent", json!("")),
            ("request_id", json!("x")), ("changes", json!({})), ("nonce", json!("x")),
            ("created_at", json!("2026-02-07T10:17:56.942017Z")), ("created_at", json!("yesterday")),
        ] {
            let found = row_problems(&app, &with(2, edited(&file[2], field, value)));
            assert_eq!(found, at_3(Kind::Edited), "{field}");
        }
        for field in ["seal", "previous_seal", "sealed_at"] {
            let found = row_problems(&app, &with(2, edited(&file[2], field, json!("x"))));
            // Without its seal the row is none of the chain.
            assert_eq!(found, [at_3(Kind::Reordered), vec![(4, Kind::Missing, Some((3, 3)))]].concat(), "{field}");
        }
        // The name is for the reader; that it is another one is seen by the end.
        assert_eq!(row_problems(&app, &with(2, edited(&file[2], "user_name", json!("x")))), []);
        let more = file[5].replacen('{', "{\"note\":\"x\",", 1);
        for line in ["{}", "{\"id\": 1", more.as_str(), ""] {
            let found = row_problems(&app, &with(5, line.to_owned()));
            assert_eq!(found, [(6, Kind::Unreadable, None)], "{line}");
        }
        let mut removed = file.clone();
        removed.remove(2);
        assert_eq!(row_problems(&app, &removed), [(3, Kind::Missing, Some((3, 3)))]);
        let mut swapped = file.clone();
        swapped.swap(1, 2);
        let kinds: Vec<Kind> = row_problems(&app, &swapped).into_iter().map(|(_, kind, _)| kind).collect();
        assert_eq!(kinds, [Kind::Missing, Kind::Reordered]);
        let mut doubled = file.clone();
        doubled.insert(3, file[2].clone());
        let kinds: Vec<Kind> = row_problems(&app, &doubled).into_iter().map(|(_, kind, _)| kind).collect();
        assert_eq!(kinds, [Kind::Copied, Kind::Duplicate]);
        let theirs = lines(&app, &lee, "").await;
        assert_eq!(row_problems(&app, &with(5, theirs[0].clone())), [(6, Kind::Inserted, Some((1, 1)))]);
    }

    async fn a_file_of_chosen_rows_has_gaps_and_each_of_its_rows_still_verifies(app) {
        let kim = app.user("test-001", Owner).await;
        for id in 1..=4 {
            record(&app, &kim, vec![Event::new(Action::Created, Resource::Task, id)]).await;
            record(&app, &kim, vec![Event::new(Action::Deleted, Resource::Task, id)]).await;
        }
        let file = lines(&app, &kim, "?action=deleted").await;
        let report = check(&app, &file, true);
        assert_eq!((report.rows, report.gaps, report.problems.len()), (4, 3, 0));
        assert_eq!((report.first, report.last.unwrap().seq), (Some(2), 8));
        // Three gaps, and the end says that they were chosen.
        assert_eq!(check(&app, &file, false).problems.len(), 4);
        let kinds = |lines: &[String]| {
            check(&app, lines, true).problems.into_iter().map(|(_, problem)| problem.kind).collect::<Vec<_>>()
        };
        let mut wrong = file.clone();
        wrong[0] = edited(&file[0], "resource_id", json!(9));
        assert_eq!(kinds(&wrong), [Kind::Edited, Kind::EditedFile]);
        // A row that is left out, and the end.
        assert_eq!(kinds(&[&file[..1], &file[2..]].concat()), [Kind::EditedFile]);
        assert_eq!(kinds(&file[..4]), [Kind::CutFile]);
    }

    async fn a_file_that_was_cut_anywhere_is_found_out(app) {
        let kim = app.user("test-001", Owner).await;
        record(&app, &kim, events(1..=5)).await;
        let file = lines(&app, &kim, "").await;
        assert_eq!((file.len(), problems(&app, &file)), (7, vec![]));
        let end = |line: u64| (line, Kind::EditedFile, None);
        assert_eq!(problems(&app, &file[..6]), [(6, Kind::CutFile, None)]);
        assert_eq!(problems(&app, &file[..4]), [(4, Kind::CutFile, None)]);
        assert_eq!(problems(&app, &[]), [(0, Kind::CutFile, None)]);
        assert_eq!(problems(&app, &file[2..]), [end(5)]);
        assert_eq!(problems(&app, &file[6..]), [end(1)]);
        assert_eq!(problems(&app, &[&file[..4], &file[6..]].concat()), [end(5)]);
        assert_eq!(problems(&app, &[&file[..3], &file[4..]].concat()), [(4, Kind::Missing, Some((4, 4))), end(6)]);
        // The end of another file does not do, nor one that was edited, nor anything behind it.
        let later = lines(&app, &kim, "").await;
        assert_eq!(problems(&app, &[&file[..6], &later[7..]].concat()), [end(7)]);
        let mut wrong: Value = serde_json::from_str(&file[6]).unwrap();
        wrong["end"]["unsealed"] = json!(1);
        assert_eq!(problems(&app, &[&file[..6], &[wrong.to_string()][..]].concat()), [end(7)]);
        assert_eq!(problems(&app, &[&file[..], &file[..1]].concat()), [(8, Kind::BehindEnd, None)]);
        // Bytes that are no text are named by their line.
        let mut bytes = text(&file).into_bytes();
        let at = file[0].len() + 20;
        bytes[at] = 0xff;
        let report = exported::verify(bytes.as_slice(), &app.state.audit_key, false, None).unwrap();
        let found: Vec<(u64, Kind)> = report.problems.iter().map(|(line, problem)| (*line, problem.kind)).collect();
        assert_eq!(found, [(2, Kind::Unreadable), (3, Kind::Missing), (7, Kind::EditedFile)]);
    }

    async fn a_file_shows_that_the_log_was_cut_before_it_was_made(app) {
        for (tenant, delete, found) in [
            ("a", "delete from audit_logs where tenant_id = 'a' and seq < 3", (1, Kind::Missing, Some((1, 2)))),
            ("b", "delete from audit_logs where tenant_id = 'b' and seq = 4", (4, Kind::Missing, Some((4, 4)))),
            ("c", "delete from audit_chains where tenant_id = 'c'", (8, Kind::EarlierFault, Some((6, 6)))),
        ] {
            let kim = app.user(tenant, Owner).await;
            record(&app, &kim, events(1..=5)).await;
            seal_all(&app).await;
            app.execute(bizcenter::db::sql(delete)).await;
            let file = lines(&app, &kim, "").await;
            let line = if tenant == "c" { file.len() as u64 } else { found.0 };
            assert_eq!(problems(&app, &file), [(line, found.1, found.2)], "{tenant}");
        }
    }

    async fn a_noted_head_is_looked_for_in_a_file(app) {
        let kim = app.user("test-001", Owner).await;
        record(&app, &kim, events(1..=3)).await;
        let file = lines(&app, &kim, "").await;
        let text = text(&file);
        let second: Value = serde_json::from_str(&file[1]).unwrap();
        let seal = second["seal"].as_str().unwrap().to_owned();
        for (seq, seal, kind) in [
            (2, seal.clone(), None),
            (3, seal.clone(), Some(Kind::NotedDiffers)),
            (9, seal, Some(Kind::RolledBack)),
        ] {
            let noted = Some(Noted { seq, seal });
            let report = exported::verify(text.as_bytes(), &app.state.audit_key, false, noted).unwrap();
            let kinds: Vec<Kind> = report.problems.iter().map(|(_, problem)| problem.kind).collect();
            assert_eq!(kinds, Vec::from_iter(kind), "{seq}");
        }
    }
}
