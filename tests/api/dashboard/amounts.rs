//! Sums of amounts.

use std::collections::BTreeMap;

use bizcenter::contracts::Place;
use bizcenter::db::{Value as SqlValue, sql};
use bizcenter::policy::Role::Owner;
use chrono::NaiveDate;
use fastrand::Rng;
use serde_json::{Value, json};

use super::{make, summary};
use crate::app::{Session, TestApp};
use crate::on_both;

/// More digits than any sum has.
const WIDTH: usize = 40;
/// Rows of one statement.
const PER_INSERT: usize = 1_000;

/// The sum as taught at school: digit under digit, from right to left, carrying what is ten or more.
fn school_sum(amounts: &[String]) -> String {
    let halves = || amounts.iter().map(|amount| amount.split_once('.').unwrap_or((amount.as_str(), "")));
    let digits = halves().map(|(_, fraction)| fraction.len()).max().unwrap_or(0);
    let mut columns = [0_u32; WIDTH];
    for (whole, fraction) in halves() {
        let written = format!("{whole}{fraction:0<digits$}");
        for (column, digit) in columns.iter_mut().zip(written.bytes().rev()) {
            *column += u32::from(digit - b'0');
        }
    }
    let mut carried = 0;
    for column in &mut columns {
        *column += carried;
        carried = *column / 10;
        *column %= 10;
    }
    let written: String = columns.iter().rev().map(|digit| char::from_digit(*digit, 10).unwrap()).collect();
    let (whole, fraction) = written.split_at(WIDTH - digits);
    let whole = whole[..WIDTH - digits - 1].trim_start_matches('0').to_owned() + &whole[WIDTH - digits - 1..];
    if digits == 0 { whole } else { format!("{whole}.{fraction}") }
}

#[test]
fn school_is_right() {
    let sum = |amounts: &[&str]| school_sum(&amounts.iter().map(|amount| (*amount).to_owned()).collect::<Vec<_>>());
    assert_eq!(sum(&["9.9", "0.10"]), "10.00");
    assert_eq!(sum(&["0"]), "0");
    assert_eq!(sum(&["0.0"]), "0.0");
    assert_eq!(sum(&["007", "95.5"]), "102.5");
    assert_eq!(sum(&["999999999999999999.9999", "0.0001"]), "1000000000000000000.0000");
}

/// What the sums of these amounts, by their currency, look like.
fn sums(amounts: &BTreeMap<String, Vec<String>>) -> Value {
    let sum = |currency: &str, amounts: &[String]| {
        let (total, count) = (school_sum(amounts), amounts.len());
        json!({"currency": currency, "total": total, "count": count, "unreadable": 0})
    };
    amounts.iter().map(|(currency, amounts)| sum(currency, amounts)).collect()
}

/// Of any length that is allowed, and often of the greatest.
fn any_amount(rng: &mut Rng) -> String {
    let mut digits = |most: usize| -> String {
        let count = if rng.bool() { most } else { rng.usize(1..=most) };
        (0..count).map(|_| if rng.bool() { '9' } else { rng.digit(10) }).collect()
    };
    let (whole, fraction) = (digits(18), digits(4));
    if rng.usize(..4) == 0 { whole } else { format!("{whole}.{fraction}") }
}

/// Makes a contract with this amount in the database, as fast as it goes.
fn row(app: &TestApp, tenant: &str, id: i64, amount: &str, start_date: &str) -> Vec<SqlValue> {
    let sealed = app.state.amounts.seal(amount, Place { tenant, contract: id }).unwrap();
    let start_date: NaiveDate = start_date.parse().unwrap();
    vec![
        tenant.to_owned().into(),
        id.into(),
        format!("C-{id}").into(),
        "x".into(),
        "x".into(),
        "x".into(),
        sealed.into(),
        "KRW".into(),
        start_date.into(),
        start_date.into(),
        false.into(),
        "active".into(),
        "x".into(),
        1_i64.into(),
        app.now().into(),
        app.now().into(),
    ]
}

async fn insert(app: &TestApp, rows: Vec<Vec<SqlValue>>) {
    const INSERT: &str = "insert into contracts (tenant_id, id, contract_number, customer_name, customer_name_folded, \
                          title, amount_encrypted, currency, start_date, end_date, auto_renewal, status, search_text, \
                          version, created_at, updated_at) values ";
    for rows in rows.chunks(PER_INSERT) {
        app.execute(sql(INSERT).values(rows.to_vec())).await;
    }
}

/// The sums of all contracts, as this user sees them.
async fn amounts(app: &TestApp, user: &Session) -> Value {
    summary(app, user).await["contracts"]["amounts"].take()
}

/// Puts this text in the place of the sealed amount.
async fn put_sealed(app: &TestApp, contract: &Value, text: &str) {
    let update = sql("update contracts set amount_encrypted = ? where id = ?").bind(text.to_owned());
    assert_eq!(app.execute(update.bind(contract["id"].as_i64().unwrap())).await, 1);
}

on_both! {
    async fn sums_are_exact_for_any_amounts_currencies_and_months(app) {
        let mut rng = Rng::with_seed(20_260_207);
        for round in 0..3 {
            let user = app.user(&format!("tenant-{round}"), Owner).await;
            let (mut all, mut active, mut started) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
            for _ in 0..40 {
                let currency = rng.choice(["KRW", "USD", "JPY", "BHD"]).unwrap().to_owned();
                let (amount, month) = (any_amount(&mut rng), rng.choice(["2025-12", "2026-01", "2026-02"]).unwrap());
                let status = rng.choice(["draft", "active", "active", "expired", "renewed"]).unwrap();
                make(&app, &user, "contract", json!({
                    "currency": currency, "amount": amount, "status": status,
                    "start_date": format!("{month}-{:02}", rng.u32(1..=28)),
                })).await;
                let add = |amounts: &mut BTreeMap<String, Vec<String>>| {
                    amounts.entry(currency.clone()).or_default().push(amount.clone());
                };
                add(&mut all);
                add(started.entry(month).or_default());
                if status == "active" {
                    add(&mut active);
                }
            }
            let contracts = summary(&app, &user).await["contracts"].take();
            assert_eq!(contracts["amounts"], sums(&all));
            assert_eq!(contracts["active_amounts"], sums(&active));
            let path = "/api/v1/dashboard/contracts/monthly?months=3";
            let months = app.get(path).by(&user).expect(200).await["months"].take();
            let months = months.as_array().unwrap().iter().map(|month| &month["started_amounts"]);
            let expected = ["2025-12", "2026-01", "2026-02"].map(|month| sums(&started[month]));
            assert_eq!(months.collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
        }
    }

    async fn more_amounts_than_are_read_at_once_are_all_added_up_once(app) {
        let (user, stranger) = (app.user("test-001", Owner).await, app.user("test-002", Owner).await);
        // Two steps and a bit, nearly all of them on one day, with a stranger's in between.
        let mut rows = Vec::new();
        for number in 1..=10_007 {
            let day = match number {
                1 => "2025-12-31",
                10_007 => "2026-02-01",
                _ => "2026-01-15",
            };
            rows.push(row(&app, &user.tenant, number * 2, "999999999999999999.9999", day));
        }
        rows.extend([1, 9_999, 30_001].map(|id| row(&app, &stranger.tenant, id, "5", "2026-01-15")));
        insert(&app, rows).await;
        let sum = |count: usize| {
            let total = school_sum(&vec!["999999999999999999.9999".to_owned(); count]);
            json!([{"currency": "KRW", "total": total, "count": count, "unreadable": 0}])
        };
        assert_eq!(amounts(&app, &user).await, sum(10_007));
        let path = "/api/v1/dashboard/contracts/monthly?months=3";
        let months = app.get(path).by(&user).expect(200).await["months"].take();
        let figures = months.as_array().unwrap().iter().map(|month| (&month["starting"], &month["started_amounts"]));
        assert_eq!(figures.collect::<Vec<_>>(), [
            (&json!(1), &sum(1)), (&json!(10_005), &sum(10_005)), (&json!(1), &sum(1)),
        ]);
        let theirs = json!([{"currency": "KRW", "total": "15", "count": 3, "unreadable": 0}]);
        assert_eq!(amounts(&app, &stranger).await, theirs);
    }

    async fn what_cannot_be_read_is_counted_and_never_a_wrong_number(app) {
        let user = app.user("test-001", Owner).await;
        let mut contracts = Vec::new();
        for currency in ["KRW", "KRW", "KRW", "KRW", "USD"] {
            contracts.push(make(&app, &user, "contract", json!({"currency": currency, "amount": "1.50"})).await);
        }
        put_sealed(&app, &contracts[1], "garbage").await;
        // Sealed as it should be, as the Flask server might have had it, but no decimal.
        let place = Place { tenant: &user.tenant, contract: contracts[2]["id"].as_i64().unwrap() };
        put_sealed(&app, &contracts[2], &app.state.amounts.seal("1,000", place).unwrap()).await;
        // Sealed for another contract.
        let place = Place { tenant: &user.tenant, contract: contracts[0]["id"].as_i64().unwrap() };
        put_sealed(&app, &contracts[4], &app.state.amounts.seal("1.50", place).unwrap()).await;
        let sums = json!([
            {"currency": "KRW", "total": "3.00", "count": 2, "unreadable": 2},
            {"currency": "USD", "total": "0", "count": 0, "unreadable": 1},
        ]);
        assert_eq!(amounts(&app, &user).await, sums);
        let path = "/api/v1/dashboard/contracts/monthly?months=2";
        assert_eq!(app.get(path).by(&user).expect(200).await["months"][0]["started_amounts"], sums);
        let path = format!("/api/v1/contracts/{}", contracts[4]["id"]);
        app.patch(&path, json!({"amount": "0.5"})).by(&user).expect(200).await;
        let healed = json!({"currency": "USD", "total": "0.5", "count": 1, "unreadable": 0});
        assert_eq!(amounts(&app, &user).await[1], healed);
    }

    async fn sums_follow_every_change(app) {
        let user = app.user("test-001", Owner).await;
        let contract = make(&app, &user, "contract", json!({"amount": "10.00"})).await;
        let path = format!("/api/v1/contracts/{}", contract["id"]);
        for (change, currency, total) in [
            (json!({"amount": "7"}), "KRW", "7"),
            (json!({"currency": "USD"}), "USD", "7"),
            (json!({"amount": "0.0001"}), "USD", "0.0001"),
        ] {
            app.patch(&path, change).by(&user).expect(200).await;
            let sums = json!([{"currency": currency, "total": total, "count": 1, "unreadable": 0}]);
            assert_eq!(amounts(&app, &user).await, sums);
        }
        app.delete(&path).by(&user).expect(204).await;
        assert_eq!(amounts(&app, &user).await, json!([]));
    }
}
