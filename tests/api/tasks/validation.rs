//! What a task's fields may be, in marshmallow's words.

use bizcenter::policy::Role::Viewer;
use serde_json::json;

use super::{invalid, make, read, task};
use crate::client::without_request_id;
use crate::on_both;

on_both! {
    async fn all_wrong_fields_come_in_one_answer(app) {
        let user = app.user("test-001", Viewer).await;
        let body = json!({
            "title": "", "description": 5, "status": "done", "priority": "huge", "assigned_to": true,
            "due_date": "2026-02-07", "week_number": 54, "year": "abc",
            "tags": ["a", 1, null, "b", "x".repeat(101), ["c"]], "id": 7, "colour": "red",
        });
        let error = app.post("/api/v1/tasks", body).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid(json!({
            "title": ["Length must be between 1 and 255."],
            "description": ["Not a valid string."],
            "status": ["Must be one of: pending, in_progress, review, completed, cancelled."],
            "priority": ["Must be one of: low, medium, high, urgent."],
            "assigned_to": ["Not a valid integer."],
            "due_date": ["Not a valid datetime."],
            "week_number": ["Must be greater than or equal to 1 and less than or equal to 53."],
            "year": ["Not a valid integer."],
            "tags": {
                "1": ["Not a valid string."], "2": ["Field may not be null."],
                "4": ["Longer than maximum length 100."], "5": ["Not a valid string."],
            },
            "id": ["Unknown field."],
            "colour": ["Unknown field."],
        })));
        assert_eq!(app.count("select count(*) from tasks").await, 0);
    }

    async fn required_fields_must_be_there(app) {
        let user = app.user("test-001", Viewer).await;
        let error = app.post("/api/v1/tasks", json!({})).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid(json!({
            "title": ["Missing data for required field."],
            "week_number": ["Missing data for required field."],
            "year": ["Missing data for required field."],
        })));
    }

    async fn fields_that_are_not_nullable_refuse_null(app) {
        let user = app.user("test-001", Viewer).await;
        let nulls = json!({"title": null, "status": null, "priority": null, "week_number": null, "year": null});
        let errors = json!({
            "title": ["Field may not be null."], "status": ["Field may not be null."],
            "priority": ["Field may not be null."], "week_number": ["Field may not be null."],
            "year": ["Field may not be null."],
        });
        let error = app.post("/api/v1/tasks", nulls.clone()).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid(errors.clone()));
        let old = make(&app, &user, json!({})).await;
        for call in [app.put("/api/v1/tasks/1", nulls.clone()), app.patch("/api/v1/tasks/1", nulls)] {
            assert_eq!(without_request_id(call.by(&user).expect(400).await), invalid(errors.clone()));
        }
        assert_eq!(read(&app, &user, 1).await, old);
    }

    async fn a_body_must_be_an_object(app) {
        let user = app.user("test-001", Viewer).await;
        for body in [json!(null), json!([]), json!([task(&json!({}))]), json!("x"), json!(1), json!(true)] {
            let error = app.post("/api/v1/tasks", body.clone()).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({"_schema": ["Invalid input type."]})), "{body}");
        }
    }

    async fn whole_numbers_are_what_pythons_int_takes(app) {
        let user = app.user("test-001", Viewer).await;
        for (value, week) in [
            (json!(6), 6),
            (json!("6"), 6),
            (json!(6.7), 6),
            (json!(6.0), 6),
            (json!(" 6 "), 6),
            (json!("+6"), 6),
            (json!("0006"), 6),
            (json!("５３"), 53),
            (json!("０６"), 6),
            (json!("5_3"), 53),
            (json!(1e1), 10),
        ] {
            let task = make(&app, &user, json!({"week_number": value, "year": "2026"})).await;
            assert_eq!((&task["week_number"], &task["year"]), (&json!(week), &json!(2026)), "{value}");
        }
    }

    async fn other_values_are_no_whole_numbers(app) {
        let user = app.user("test-001", Viewer).await;
        make(&app, &user, json!({})).await;
        for value in [
            json!(true),
            json!("6.0"),
            json!("1e1"),
            json!("0x6"),
            json!(""),
            json!(" "),
            json!("5__3"),
            json!("육"),
            json!([6]),
            json!({}),
        ] {
            let expected = invalid(json!({"week_number": ["Not a valid integer."]}));
            let error = app.post("/api/v1/tasks", task(&json!({"week_number": value}))).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), expected, "{value}");
            let error = app.patch("/api/v1/tasks/1", json!({"week_number": value})).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), expected, "{value}");
        }
    }

    async fn weeks_and_years_have_bounds(app) {
        let user = app.user("test-001", Viewer).await;
        for (week, year) in [(1, 2020), (53, 2100)] {
            let task = make(&app, &user, json!({"week_number": week, "year": year})).await;
            assert_eq!((&task["week_number"], &task["year"]), (&json!(week), &json!(year)));
        }
        for (week, year) in [
            (json!(0), json!(2019)),
            (json!(54), json!(2101)),
            (json!(-6), json!(-2026)),
            (json!(0.9), json!("99999999999999999999")),
            (json!(9_223_372_036_854_775_808_u64), json!(1e300)),
        ] {
            let body = task(&json!({"week_number": week, "year": year}));
            let error = app.post("/api/v1/tasks", body).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({
                "week_number": ["Must be greater than or equal to 1 and less than or equal to 53."],
                "year": ["Must be greater than or equal to 2020 and less than or equal to 2100."],
            })), "{week} {year}");
        }
    }

    async fn read_only_fields_are_unknown_fields(app) {
        let user = app.user("test-001", Viewer).await;
        let old = make(&app, &user, json!({})).await;
        for field in [
            "id",
            "tenant_id",
            "assignee",
            "comment_count",
            "created_at",
            "updated_at",
            "created_by",
            "version",
            "Title",
            "",
        ] {
            let expected = invalid(json!({field: ["Unknown field."]}));
            // Even the value that the field has.
            let value = old.get(field).cloned().unwrap_or_default();
            let body = json!({"title": "새 제목", "week_number": 7, "year": 2027, field: value});
            for call in [
                app.post("/api/v1/tasks", body.clone()),
                app.put("/api/v1/tasks/1", body.clone()),
                app.patch("/api/v1/tasks/1", body),
            ] {
                assert_eq!(without_request_id(call.by(&user).expect(400).await), expected, "{field}");
            }
        }
        assert_eq!(read(&app, &user, 1).await, old);
        assert_eq!(app.count("select count(*) from tasks").await, 1);
    }

    async fn text_has_a_longest_length(app) {
        let user = app.user("test-001", Viewer).await;
        let tags: Vec<String> = (0..101).map(|number| number.to_string()).collect();
        let body = task(&json!({"title": "가".repeat(256), "tags": tags}));
        let error = app.post("/api/v1/tasks", body).by(&user).expect(400).await;
        assert_eq!(without_request_id(error), invalid(json!({
            "title": ["Length must be between 1 and 255."],
            "tags": ["Longer than maximum length 100."],
        })));
    }

    async fn tags_are_a_list(app) {
        let user = app.user("test-001", Viewer).await;
        for tags in [json!("보안"), json!({"0": "보안"}), json!(1), json!(true), json!("")] {
            let error = app.post("/api/v1/tasks", task(&json!({"tags": tags}))).by(&user).expect(400).await;
            assert_eq!(without_request_id(error), invalid(json!({"tags": ["Not a valid list."]})), "{tags}");
        }
    }

    async fn impossible_due_dates_are_refused(app) {
        let user = app.user("test-001", Viewer).await;
        for due_date in [
            json!("2026-02-30T10:00:00"),
            json!("2026-02-13T24:00:00"),
            json!("2026-02-13T23:59:60"),
            json!("2026-02-13T10:00:00+25:00"),
            json!("0001-01-01T00:00:00+09:00"),
            json!("9999-12-31T23:59:59-01:00"),
            json!(" 2026-02-13T10:00:00"),
            json!("tomorrow"),
            json!(""),
            json!(1_770_459_476),
        ] {
            let error = app.post("/api/v1/tasks", task(&json!({"due_date": due_date}))).by(&user).expect(400).await;
            let expected = invalid(json!({"due_date": ["Not a valid datetime."]}));
            assert_eq!(without_request_id(error), expected, "{due_date}");
        }
    }
}
