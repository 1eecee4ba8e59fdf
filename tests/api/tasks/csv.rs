//! Lists as CSV, and tasks from CSV.

use std::time::Duration;

use bizcenter::policy::Role::{Admin, Editor, Owner, Viewer};
use encoding_rs::EUC_KR;
use serde_json::{Value, json};

use super::{forbidden, invalid, make, read};
use crate::app::{Session, TestApp};
use crate::client::{Call, Method, Reply, without_request_id};
use crate::on_both;

const TASKS: &str = "/api/v1/tasks";
const IMPORT: &str = "/api/v1/tasks/import";
const HEADER: &str = "id,title,description,status,priority,assigned_to,assignee_name,due_date,week_number,year,tags,\
                      parent_id,comment_count,created_at,updated_at,created_by,version";
const NOW: &str = "2026-02-07T10:17:56.942016Z";

/// The list as CSV.
async fn export(app: &TestApp, user: &Session, path: &str) -> Reply {
    app.get(path).header("accept", "text/csv").by(user).send().await
}

/// The lines of a file, without the byte order mark and the names of the columns.
fn lines(reply: &Reply) -> Vec<String> {
    let text = reply.text();
    let mut lines = text.strip_prefix('\u{feff}').unwrap().strip_suffix("\r\n").unwrap().split("\r\n");
    assert!(lines.next().unwrap().starts_with("id,"), "{text}");
    lines.map(str::to_owned).collect()
}

fn import(app: &TestApp, query: &str, csv: impl Into<Vec<u8>>) -> Call {
    app.call(Method::POST, &format!("{IMPORT}{query}")).header("content-type", "text/csv").bytes(csv)
}

on_both! {
    async fn tasks_come_as_a_file_for_spreadsheets(app) {
        let user = app.user("test-001", Owner).await;
        let hong = app.user_named("test-001", Viewer, "hong@example.com", "홍길동").await;
        let full = json!({
            "title": "주간 \"보고\", 1부", "description": "첫 줄\n둘째 줄", "status": "review", "priority": "urgent",
            "assigned_to": hong.id, "due_date": "2026-02-13T18:00:00+09:00", "tags": ["보안", "a b"],
        });
        make(&app, &user, full).await;
        make(&app, &user, json!({"parent_id": 1})).await;
        app.post("/api/v1/tasks/2/comments", json!({"content": "댓글"})).by(&user).expect(201).await;
        let reply = export(&app, &user, "/api/v1/tasks?sort=id").await;
        for (name, value) in [
            ("content-type", "text/csv; charset=utf-8"), ("content-disposition", "attachment; filename=\"tasks.csv\""),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(reply.header(name), Some(value));
        }
        let (kim, hong) = (user.id, hong.id);
        assert_eq!((reply.status, reply.text()), (200, format!(
            "\u{feff}{HEADER}\r\n\
             1,\"주간 \"\"보고\"\", 1부\",\"첫 줄\n둘째 줄\",review,urgent,{hong},홍길동,2026-02-13T09:00:00.000000Z,6,2026,\
             보안;a b,,0,{NOW},{NOW},{kim},1\r\n\
             2,주간 보고,,pending,medium,,,,6,2026,,1,1,{NOW},{NOW},{kim},1\r\n"
        )));
    }

    async fn an_empty_list_is_a_file_with_the_names_of_the_columns(app) {
        let user = app.user("test-001", Viewer).await;
        let reply = export(&app, &user, TASKS).await;
        assert_eq!((reply.status, reply.text()), (200, format!("\u{feff}{HEADER}\r\n")));
    }

    async fn a_file_has_all_rows_in_the_lists_order_and_with_its_filters(app) {
        let user = app.user("test-001", Owner).await;
        let stranger = app.user("test-002", Owner).await;
        make(&app, &stranger, json!({})).await;
        for part in 0..5 {
            let tasks: Vec<Value> = (0..500).map(|number| json!({
                "title": format!("{}", (number * 7 + part) % 100), "week_number": 1 + number % 2, "year": 2026,
            })).collect();
            app.advance(1);
            app.post("/api/v1/tasks/bulk", json!({"tasks": tasks})).by(&user).expect(201).await;
        }
        for (query, count) in [
            ("", 2500), ("?sort=title,-created_at", 2500), ("?sort=due_date", 2500), ("?week=2", 1250),
            ("?page=7&limit=1&sort=-id", 2500),
        ] {
            let lines = lines(&export(&app, &user, &format!("{TASKS}{query}")).await);
            let ids: Vec<i64> = lines.iter().map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
            // The list itself, page by page.
            let mut listed = Vec::new();
            for page in 1..=3 {
                let query = query.replace("page=7&limit=1", "").replace('?', "&");
                let path = format!("{TASKS}?page={page}&limit=1000{query}");
                let answer = app.get(&path).by(&user).expect(200).await;
                listed.extend(answer["tasks"].as_array().unwrap().iter().map(|task| task["id"].as_i64().unwrap()));
            }
            assert_eq!((ids.len(), ids == listed), (count, true), "{query}");
        }
        assert_eq!(lines(&export(&app, &stranger, TASKS).await).len(), 1);
        let first = app.get("/api/v1/tasks?limit=1000").by(&user).expect(200).await;
        let path = format!("{TASKS}?cursor={}", first["next_cursor"].as_str().unwrap());
        assert_eq!(lines(&export(&app, &user, &path).await).len(), 2500);
    }

    async fn no_row_is_lost_or_there_twice_when_others_change_meanwhile(app) {
        let user = app.user("test-001", Owner).await;
        // More than the connection holds, so that most rows are not read before the caller reads.
        let long = "x".repeat(150_000);
        for _ in 1..=150 {
            make(&app, &user, json!({"description": long})).await;
        }
        let call = app.get("/api/v1/tasks?sort=-updated_at&status=pending").header("accept", "text/csv").by(&user);
        let reply = call.open().await;
        assert_eq!(reply.status(), 200);
        app.advance(1);
        // From the end of the order to its beginning; out of what matches; and gone for good.
        app.patch("/api/v1/tasks/1", json!({"title": "첫째"})).by(&user).expect(200).await;
        app.patch("/api/v1/tasks/2", json!({"status": "completed"})).by(&user).expect(200).await;
        app.delete("/api/v1/tasks/3").by(&user).expect(204).await;
        let text = reply.text().await.unwrap();
        let rows = text.split("\r\n").skip(1).filter(|line| !line.is_empty());
        let ids: Vec<i64> = rows.map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
        assert_eq!(ids, (4..=150).rev().chain([2, 1]).collect::<Vec<_>>());
        assert!(text.contains("\r\n1,첫째,"), "a row is as it is when it is read");
    }

    async fn no_cell_is_a_formula(app) {
        let user = app.user("test-001", Owner).await;
        for text in ["=1+1", "+82", "-1", "@x", "\t=1", "\r=1"] {
            make(&app, &user, json!({"title": text, "description": "=cmd|'/c calc'!A1", "tags": [text]})).await;
        }
        let file = export(&app, &user, "/api/v1/tasks?sort=id").await.text();
        for cell in ["1,'=1+1,'=cmd|'/c calc'!A1,", "2,'+82,", "3,'-1,", "4,'@x,", "5,'\t=1,", "6,\"'\r=1\","] {
            assert!(file.contains(&format!("\r\n{cell}")), "{cell:?} {file}");
        }
        assert!(file.contains(",2026,'=1+1,") && file.contains(",2026,'-1,"), "{file}");
    }

    async fn who_does_not_ask_for_csv_gets_json_and_caches_are_told(app) {
        let user = app.user("test-001", Owner).await;
        for path in ["/api/v1/tasks", "/api/v1/meetings", "/api/v1/contracts"] {
            for accept in ["*/*", "application/json", "application/json, text/csv", "text/html", "text/csv;q=0"] {
                let reply = app.get(path).header("accept", accept).by(&user).send().await;
                assert_eq!(reply.header("content-type"), Some("application/json"), "{accept}");
                let vary = reply.headers.get_all("vary").iter().any(|line| line == "accept");
                assert!(vary, "{:?}", reply.headers);
            }
            let reply = app.get(path).header("accept", "text/csv, */*;q=0.1").by(&user).send().await;
            assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"), "{path}");
            assert!(reply.headers.get_all("vary").iter().any(|line| line == "accept"), "{:?}", reply.headers);
            // What is wrong is said as ever.
            let error = export(&app, &user, &format!("{path}?sort=colour")).await;
            assert_eq!(error.header("content-type"), Some("application/json"));
            assert_eq!(error.expect(400)["code"], "invalid_query");
        }
    }

    async fn meetings_and_contracts_come_as_files_too_with_amounts_for_those_who_may_see_them(app) {
        let owner = app.user_named("test-001", Owner, "kim@example.com", "김지은").await;
        let editor = app.user("test-001", Editor).await;
        let meeting = json!({"title": "주간 회의", "meeting_date": "2026-02-09T10:00:00Z", "notes": "=1"});
        app.post("/api/v1/meetings", meeting).by(&owner).expect(201).await;
        app.execute(bizcenter::db::sql(
            "insert into meeting_attendees (tenant_id, meeting_id, user_id, created_at, updated_at) \
             select tenant_id, id, created_by, created_at, updated_at from meetings",
        )).await;
        let reply = export(&app, &editor, "/api/v1/meetings").await;
        assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"meetings.csv\""));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let line = format!("1,주간 회의,2026-02-09T10:00:00.000000Z,,draft,,'=1,,김지은,,,{NOW},{NOW},");
        assert!(lines(&reply)[0].starts_with(&line), "{}", reply.text());

        let contract = json!({
            "contract_number": "C-1", "customer_name": "한빛, 주식회사", "title": "관제", "amount": "1000.10",
            "start_date": "2026-01-01", "end_date": "2026-12-31", "contact_phone": "+82 2 123",
        });
        app.post("/api/v1/contracts", contract).by(&owner).expect(201).await;
        for (user, amount) in [(&owner, "1000.10"), (&editor, "***")] {
            let reply = export(&app, user, "/api/v1/contracts").await;
            assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"contracts.csv\""));
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            let line = format!(
                "1,C-1,\"한빛, 주식회사\",관제,service,,{amount},KRW,2026-01-01,2026-12-31,false,draft,,'+82 2 123,,,{NOW},"
            );
            assert!(lines(&reply)[0].starts_with(&line), "{}", reply.text());
        }
        let viewer = app.user("test-001", Viewer).await;
        assert_eq!(export(&app, &viewer, "/api/v1/contracts").await.status, 403);
    }

    async fn tasks_are_made_from_csv(app) {
        let user = app.user("test-001", Viewer).await;
        let hong = app.user("test-001", Viewer).await;
        let parent = make(&app, &user, json!({})).await;
        let csv = format!(
            "\u{feff}year, tags ,title,week_number,description,assigned_to,due_date,status,priority,parent_id\r\n\
             2026, 보안 ;a;;보안,\"주간 \"\"보고\"\", 1부\",6,\"첫 줄\r\n둘째 줄\",{},2026-02-13T18:00:00+09:00,review,high,1\r\n\
             ,,,,,,,,,\r\n\
             2027,,둘째,7\r\n", hong.id,
        );
        let answer = import(&app, "?dry_run=true", csv.clone()).by(&user).expect(200).await;
        assert_eq!(answer, json!({"message": "Tasks can be imported", "valid": 2}));
        assert_eq!(app.count("select count(*) from tasks").await, 1);
        let answer = import(&app, "", csv).by(&user).expect(201).await;
        assert_eq!(answer, json!({"message": "Tasks imported successfully", "imported": 2}));
        let told = "select count(*) from audit_logs where action = 'imported' and resource_type = 'task' and changes = \
                    '{\"tasks\":{\"from\":null,\"to\":2}}'";
        assert_eq!(app.count(told).await, 1);
        let mut first = parent.clone();
        for (name, value) in [
            ("id", json!(2)), ("title", json!("주간 \"보고\", 1부")), ("description", json!("첫 줄\r\n둘째 줄")),
            ("status", json!("review")), ("priority", json!("high")), ("assigned_to", json!(hong.id)),
            ("due_date", json!("2026-02-13T09:00:00.000000Z")), ("tags", json!(["보안", "a", "보안"])),
            ("parent_id", json!(1)),
        ] {
            first[name] = value;
        }
        let mut made = read(&app, &user, 2).await;
        assert_eq!(made["assignee"].take()["id"], hong.id);
        assert_eq!(made, first);
        let mut second = parent;
        second["id"] = json!(3);
        second["title"] = json!("둘째");
        second["week_number"] = json!(7);
        second["year"] = json!(2027);
        assert_eq!(read(&app, &user, 3).await, second);
    }

    async fn everything_that_is_wrong_comes_by_line_and_nothing_is_made(app) {
        let user = app.user("test-001", Viewer).await;
        let stranger = app.user("test-002", Viewer).await;
        let csv = format!(
            "title,week_number,year,assigned_to,parent_id,tags\n\
             좋음,6,2026,,,\n\
             ,54,x,,,\n\
             \"두\n줄\",6,2026,{},9,{}\n\
             많음,6,2026,,,,더\n\
             좋음,6,2026,,,,,,\n", stranger.id, "x".repeat(101),
        );
        let csv = csv + "나쁨,6,2026,x,,\n" + &format!("나쁨,6,2026,{},9,\n", stranger.id);
        let no_parent = json!(["Not a top-level task of this tenant."]);
        let expected = invalid(json!({
            "3": {
                "title": ["Missing data for required field."], "year": ["Not a valid integer."],
                "week_number": ["Must be greater than or equal to 1 and less than or equal to 53."],
            },
            "4": {"tags": {"0": ["Longer than maximum length 100."]}},
            "6": {"_schema": ["More cells than columns."]},
            "8": {"assigned_to": ["Not a valid integer."]},
            "9": {"assigned_to": ["Not an active user of this tenant."], "parent_id": no_parent},
        }));
        for query in ["", "?dry_run=1"] {
            let error = import(&app, query, csv.clone()).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), expected);
        }
        assert_eq!(app.count("select count(*) from tasks").await, 0);
    }

    async fn the_first_line_names_every_column(app) {
        let user = app.user("test-001", Viewer).await;
        let required = json!(["Missing data for required field."]);
        for (csv, errors) in [
            ("", json!({"title": required, "week_number": required, "year": required})),
            ("title|week_number|year\nx|6|2026", json!({
                "title|week_number|year": ["Unknown field."], "title": required, "week_number": required,
                "year": required,
            })),
            ("title,week_number,year,colour,,Title\nx,6,2026,1,,y", json!({
                "colour": ["Unknown field."], "": ["Unknown field."], "title": ["Must not be repeated."],
            })),
        ] {
            let error = import(&app, "", csv).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({"1": errors})), "{csv}");
        }
    }

    async fn an_import_has_one_to_five_thousand_tasks(app) {
        let user = app.user("test-001", Viewer).await;
        let file = |count: usize| format!("title,week_number,year\n{}", "업무,6,2026\n".repeat(count));
        for (count, message) in [(0, "Shorter than minimum length 1."), (5001, "Longer than maximum length 5000.")] {
            let error = import(&app, "", file(count)).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({"_schema": [message]})));
        }
        let answer = import(&app, "?dry_run=false", file(5000)).by(&user).expect(201).await;
        assert_eq!(answer["imported"], 5000);
        assert_eq!(app.count("select count(*) from tasks").await, 5000);
    }

    async fn what_is_no_csv_is_refused(app) {
        let user = app.user("test-001", Viewer).await;
        let csv = "title,week_number,year\nx,6,2026\n";
        for (kind, bytes, message) in [
            ("text/csv", b"title,week_number,year\r\nx,6,2026\r\n\xff,6,2026\r\n".as_slice(), "UTF-8 or EUC-KR"),
            ("text/csv; charset=utf-8", b"title,week_number,year\n\n\xbe\xf7\xb9\xab,6,2026\n".as_slice(), "UTF-8"),
        ] {
            let call = app.call(Method::POST, IMPORT).header("content-type", kind).bytes(bytes);
            let message = format!("Not valid {message} text.");
            let error = call.by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({"3": {"_schema": [message]}})));
        }
        for kind in ["application/json", "text/plain", "application/octet-stream", ""] {
            let call = app.call(Method::POST, IMPORT).header("content-type", kind).bytes(csv);
            assert_eq!(without_request_id(call.by(&user).expect(415).await), json!({
                "error": "The request Content-Type was not 'text/csv'", "code": "not_csv",
            }), "{kind}");
        }
        let unknown = app.call(Method::POST, IMPORT).header("content-type", "text/csv; charset=klingon").bytes(csv);
        assert_eq!(without_request_id(unknown.by(&user).expect(415).await), json!({
            "error": "Unknown charset: klingon", "code": "unknown_charset",
        }));
        let call = app.call(Method::POST, IMPORT).header("content-type", "Text/CSV; charset=utf-8; header=present");
        call.bytes(csv).by(&user).expect(201).await;
        let error = import(&app, "?dry_run=maybe", csv).by(&user).expect(400).await;
        assert_eq!(error["errors"], json!({"dry_run": ["Not a valid boolean."]}));
    }

    async fn a_file_may_be_larger_than_a_body_of_json(app) {
        let user = app.user("test-001", Viewer).await;
        let line = format!("업무,6,2026,{}\n", "설명 ".repeat(20_000));
        let file = format!("title,week_number,year,description\n{}", line.repeat(20));
        assert!(file.len() > 2_000_000);
        assert_eq!(import(&app, "", file).by(&user).expect(201).await["imported"], 20);
        let large = format!("title,week_number,year\n{}", " ".repeat(10 * 1024 * 1024));
        assert_eq!(without_request_id(import(&app, "", large).by(&user).expect(413).await), json!({
            "error": "The file is larger than 10 MiB", "code": "file_too_large",
        }));
        let cell = format!("title,week_number,year,description\nx,6,2026,{}\n", "x".repeat(1024 * 1024 + 1));
        let error = import(&app, "", cell).by(&user).expect(400).await;
        let message = "Longer than maximum length 1048576.";
        assert_eq!(without_request_id(error), invalid(json!({"2": {"description": [message]}})));
    }

    async fn a_quote_that_is_not_closed_hides_no_line(app) {
        let user = app.user("test-001", Viewer).await;
        let header = "week_number,year,title,description\r\n6,2026,\"first\",fine\r\n";
        for (lines, english, korean) in [
            (
                "6,2026,second,\"an open quote\r\n6,2026,third,fine\r\n",
                "A quote (\") that begins a cell here is never closed.",
                "여기서 셀을 여는 큰따옴표(\")가 닫히지 않았습니다.",
            ),
            (
                "6,2026,second,\"an open quote\r\n6,2026,third,\"fine\"\r\n",
                "A quote (\") that begins a cell here is closed before the cell ends. Inside it a quote is written twice.",
                "여기서 셀을 여는 큰따옴표(\")가 셀이 끝나기 전에 닫힙니다. 셀 안의 큰따옴표는 두 번 적어야 합니다.",
            ),
        ] {
            let send = || import(&app, "", format!("{header}{lines}")).by(&user);
            let errors = |message: &str| json!({"3": {"_schema": [message]}});
            assert_eq!(without_request_id(send().expect(400).await), invalid(errors(english)));
            let said = send().header("accept-language", "ko").expect(400).await;
            assert_eq!(said["errors"], errors(korean));
        }
        assert_eq!(app.count("select count(*) from tasks").await, 0);
        let fine = format!("{header}6,2026,\"a \"\"b\"\",\nc\",5\" disk\r\n");
        import(&app, "", fine).by(&user).expect(201).await;
        let made = read(&app, &user, 2).await;
        assert_eq!((&made["title"], &made["description"]), (&json!("a \"b\",\nc"), &json!("5\" disk")));
    }

    async fn a_file_is_taken_as_a_spreadsheet_writes_it(app) {
        let user = app.user("test-001", Viewer).await;
        let korean = |text: &str| EUC_KR.encode(text).0.into_owned();
        let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let (commas, tabs) = ("title,week_number,year\r\n업무,6,2026\r\n", "\u{feff}Title\tWeek_Number\tYEAR\r\n업무\t6\t2026\r\n");
        let files = [
            ("text/csv", korean(commas)),
            ("text/csv; charset=\"EUC-KR\"", korean(commas)),
            ("text/csv; charset=cp949", korean(commas)),
            ("text/csv; charset=utf-16", utf_16(commas)),
            ("text/csv", utf_16(tabs)),
            ("text/csv;charset=utf-8", tabs.into()),
            ("application/vnd.ms-excel", "title;week_number;year;tags;;\r\n업무;6;2026;;;;\r\n".into()),
            ("text/csv", "sep=;\r\ntitle;week_number;year\r\n업무;6;2026\r\n".into()),
        ];
        let count = files.len();
        for (kind, file) in files {
            let call = app.call(Method::POST, IMPORT).header("content-type", kind).bytes(file);
            assert_eq!(call.by(&user).expect(201).await["imported"], 1, "{kind}");
        }
        let list = app.get("/api/v1/tasks").by(&user).expect(200).await;
        let titles: Vec<&Value> = list["tasks"].as_array().unwrap().iter().map(|task| &task["title"]).collect();
        assert_eq!(titles, vec![&json!("업무"); count]);
    }

    async fn a_file_with_very_many_columns_is_refused_soon(app) {
        let user = app.user("test-001", Viewer).await;
        for (header, message) in [
            (",".repeat(520_000) + &"title,".repeat(85_000) + "\n", "More than 1000 columns."),
            ("title,".repeat(900) + "title\n", "More than 100 columns."),
        ] {
            let call = import(&app, "?dry_run=1", header).by(&user).expect(400);
            let error = tokio::time::timeout(Duration::from_secs(10), call).await.expect("an answer within ten seconds");
            assert_eq!(without_request_id(error), invalid(json!({"1": {"_schema": [message]}})));
        }
    }

    async fn what_is_exported_can_be_imported(app) {
        let user = app.user("test-001", Owner).await;
        make(&app, &user, json!({})).await;
        let texts = [
            "=1+1", "'=1+1", "''=1", "+82 10", " =1", "\u{feff}=1", "\t=1", "＝1", "a;b", "a\\;b\\", " 앞뒤 ", "첫 줄\r\n\"둘째\" 줄",
            "'", "1,2", "null", "sep=;",
        ];
        for (text, status) in texts.iter().zip(["pending", "review", "completed", "cancelled"].iter().cycle()) {
            let task = json!({
                "title": text, "description": text, "tags": [text, "보안", text], "status": status, "priority": "urgent",
                "assigned_to": user.id, "due_date": "2026-02-13T18:00:00.000001Z", "parent_id": 1, "week_number": 7,
            });
            make(&app, &user, task).await;
        }
        let file = export(&app, &user, "/api/v1/tasks?sort=id&week=7").await.bytes;
        let answer = import(&app, "", file).by(&user).expect(201).await;
        assert_eq!(answer["imported"], texts.len());
        for id in 2..i64::try_from(texts.len()).unwrap() + 2 {
            let mut first = read(&app, &user, id).await;
            let copy = id + i64::try_from(texts.len()).unwrap();
            first["id"] = json!(copy);
            assert_eq!(read(&app, &user, copy).await, first);
        }
    }

    async fn under_the_strict_policy_a_viewer_imports_nothing(app, ROLE_POLICY = "strict") {
        let (viewer, admin) = (app.user("test-001", Viewer).await, app.user("test-001", Admin).await);
        let csv = "title,week_number,year\nx,6,2026\n";
        for query in ["", "?dry_run=true"] {
            let error = import(&app, query, csv).by(&viewer).expect(403).await;
            let writers = ["owner", "admin", "editor", "analyst"];
            assert_eq!(without_request_id(error), forbidden(&writers, "viewer"));
        }
        import(&app, "", csv).by(&admin).expect(201).await;
        assert_eq!(app.count("select count(*) from tasks").await, 1);
    }
}
