//! Three years of daily work beside an independent model of what should come of it: with pauses, two instances, ends of
//! contracts that move, leap days, and contracts that renew themselves.

use std::collections::BTreeMap;

use bizcenter::db::sql;
use bizcenter::jobs::{self, Report};
use bizcenter::policy::Role::{Admin, Editor, Owner};
use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use fastrand::Rng;
use serde_json::{Value, json};

use super::{DAY, another_instance, notices_after};
use crate::app::{Session, TestApp};
use crate::contracts::make;
use crate::on_both;

/// Which notices: of which kind, about the contract with which number.
type Told = (&'static str, String);

/// A contract as the model knows it.
#[derive(Debug, Clone)]
struct Contract {
    /// Whose it is: the index of the tenant.
    tenant: usize,
    /// The number of the contract that it was at first, and how often that was renewed.
    first: String,
    renewal: u32,
    start: NaiveDate,
    end: NaiveDate,
    status: &'static str,
    auto_renewal: bool,
    /// Every end that it has had.
    ends: Vec<NaiveDate>,
}

impl Contract {
    fn number(&self) -> String {
        if self.renewal == 0 { self.first.clone() } else { format!("{}-R{}", self.first, self.renewal) }
    }
}

/// What should be: contracts by number, which end of which was told of how many days before, and the last day's work.
#[derive(Debug, Default)]
struct Model {
    contracts: BTreeMap<String, Contract>,
    told: BTreeMap<(String, NaiveDate), i64>,
    done_for: Option<NaiveDate>,
}

impl Model {
    fn add(&mut self, contract: Contract) {
        self.contracts.insert(contract.number(), contract);
    }

    /// A look at what is due, at this time in Seoul; gives what is to be told.
    fn look(&mut self, local: NaiveDateTime) -> Vec<Told> {
        let three = NaiveTime::from_hms_opt(3, 0, 0).unwrap();
        let today = local.date();
        let day = if local.time() < three { today.pred_opt().unwrap() } else { today };
        if self.done_for >= Some(day) {
            return Vec::new();
        }
        self.done_for = Some(day);
        let mut told = self.end(today);
        told.extend(self.remind(today));
        told
    }

    fn end(&mut self, today: NaiveDate) -> Vec<Told> {
        let mut told = Vec::new();
        while let Some(old) =
            self.contracts.values_mut().find(|contract| contract.status == "active" && contract.end < today)
        {
            if !old.auto_renewal {
                old.status = "expired";
                told.push(("contract_expired", old.number()));
                continue;
            }
            old.status = "renewed";
            let (start, end) = following(old.start, old.end);
            let (renewal, ends) = (old.renewal + 1, vec![end]);
            let next = Contract { renewal, start, end, status: "active", ends, ..old.clone() };
            if end >= today {
                told.push(("contract_renewed", next.number()));
            }
            self.add(next);
        }
        told
    }

    fn remind(&mut self, today: NaiveDate) -> Vec<Told> {
        let mut told = Vec::new();
        for (number, contract) in self.contracts.iter().filter(|(_, contract)| contract.status == "active") {
            let days = match (contract.end - today).num_days() {
                0..=7 => 7,
                8..=30 => 30,
                _ => continue,
            };
            let nearest = self.told.entry((number.clone(), contract.end)).or_insert(i64::MAX);
            if days < *nearest {
                *nearest = days;
                told.push(("contract_expiring", number.clone()));
            }
        }
        told
    }
}

/// The term after this one, by hand: as many months if it is whole months, else as many days.
fn following(start: NaiveDate, end: NaiveDate) -> (NaiveDate, NaiveDate) {
    let next = end + Days::new(1);
    match (1..1200).find(|months| last_of(start, *months) == end || months_later(start, *months) == next) {
        Some(months) => (next, last_of(next, months)),
        None => (next, next + (end - start)),
    }
}

/// The last day of so many months: the day before the same day, or where there is none the last one of that month.
fn last_of(start: NaiveDate, months: i32) -> NaiveDate {
    let same = months_later(start, months);
    if same.day() < start.day() { same } else { same - Days::new(1) }
}

/// The same day some months later, or that month's last one.
fn months_later(date: NaiveDate, months: i32) -> NaiveDate {
    let month = date.year() * 12 + date.month0() as i32 + months;
    let day = |day| NaiveDate::from_ymd_opt(month.div_euclid(12), month.rem_euclid(12) as u32 + 1, day);
    (1..=date.day()).rev().find_map(day).unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The tenants' owners, and who is to be told in each.
struct Tenants {
    owners: [Session; 2],
    told: [Vec<i64>; 2],
}

impl Tenants {
    async fn new(app: &TestApp) -> Self {
        let owners = [app.user("test-001", Owner).await, app.user("test-002", Owner).await];
        let admin = app.user("test-001", Admin).await;
        app.user("test-001", Editor).await;
        let former = app.user("test-002", Admin).await;
        app.execute(sql("update users set is_active = ? where id = ?").bind(false).bind(former.id)).await;
        let told = [vec![owners[0].id, admin.id], vec![owners[1].id]];
        Self { owners, told }
    }
}

/// Makes contracts of all kinds, in the database and in the model.
async fn populate(app: &TestApp, tenants: &Tenants, model: &mut Model, rng: &mut Rng) {
    let mut contracts = vec![
        ("month".to_owned(), date("2026-01-01"), date("2026-01-31"), true),
        ("70 days".into(), date("2026-01-10"), date("2026-03-20"), true),
        ("quarter".into(), date("2025-11-30"), date("2026-02-28"), true),
        ("end of a month".into(), date("2026-01-31"), date("2026-02-28"), true),
        ("a day short".into(), date("2025-12-31"), date("2026-02-27"), true),
        ("year".into(), date("2025-04-01"), date("2026-03-31"), true),
        ("year to the leap day".into(), date("2027-03-01"), date("2028-02-29"), true),
        ("from the leap day".into(), date("2028-02-29"), date("2028-05-28"), true),
        ("leap day".into(), date("2028-02-29"), date("2028-02-29"), false),
        ("to the leap day".into(), date("2026-01-01"), date("2028-02-29"), false),
    ];
    for number in 0..18 {
        let end = date("2026-01-20") + Days::new(rng.u64(0..1000));
        contracts.push((format!("plain {number}"), date("2026-01-01"), end, false));
    }
    for (index, (number, start, end, auto_renewal)) in contracts.into_iter().enumerate() {
        let tenant = index % 2;
        let fields = json!({
            "contract_number": number, "status": "active", "start_date": start, "end_date": end,
            "auto_renewal": auto_renewal,
        });
        make(app, &tenants.owners[tenant], fields).await;
        let ends = vec![end];
        model.add(Contract { tenant, first: number, renewal: 0, start, end, status: "active", auto_renewal, ends });
    }
}

/// Numbers of contracts by their ids.
async fn numbers(app: &TestApp) -> BTreeMap<i64, String> {
    let select = sql("select id, contract_number from contracts");
    let rows: Vec<(i64, String)> = app.db().read().await.unwrap().fetch_all(select).await.unwrap();
    rows.into_iter().collect()
}

/// Moves a contract's end, back to where it was before now and then, or ends it early, or takes it up again.
async fn change(app: &TestApp, tenants: &Tenants, model: &mut Model, rng: &mut Rng, today: NaiveDate) {
    let movable: Vec<String> = model
        .contracts
        .iter()
        .filter(|(_, contract)| ["active", "terminated"].contains(&contract.status))
        .map(|(number, _)| number.clone())
        .collect();
    let Some(number) = rng.choice(movable) else { return };
    let id = numbers(app).await.into_iter().find(|(_, other)| *other == number).unwrap().0;
    let contract = model.contracts.get_mut(&number).unwrap();
    let body = match rng.u32(..10) {
        0 => {
            contract.status = if contract.status == "active" { "terminated" } else { "active" };
            json!({"status": contract.status})
        }
        other => {
            // At least so long that a pause makes few terms of it.
            let earliest = contract.start + Days::new(15);
            let end = match other {
                1..=3 => *rng.choice(&contract.ends).unwrap(),
                _ => today - Days::new(3) + Days::new(rng.u64(0..60)),
            };
            let end = if contract.ends.contains(&end) { end } else { end.max(earliest) };
            contract.end = end;
            contract.ends.push(end);
            json!({"end_date": end})
        }
    };
    let owner = &tenants.owners[contract.tenant];
    app.patch(&format!("/api/v1/contracts/{id}"), body).by(owner).expect(200).await;
}

/// Number, status, first and last day of a tenant's contracts.
async fn lives(app: &TestApp, owner: &Session) -> Vec<Value> {
    let list = app.get("/api/v1/contracts?sort=contract_number&limit=1000").by(owner).expect(200).await;
    let fields = ["contract_number", "status", "start_date", "end_date"];
    let life = |contract: &Value| Value::from(fields.map(|field| contract[field].clone()).to_vec());
    list["contracts"].as_array().unwrap().iter().map(life).collect()
}

on_both! {
    async fn three_years_of_work_come_out_as_they_should(app, JWT_ACCESS_TOKEN_EXPIRES = "157680000") {
        let mut rng = Rng::with_seed(20_260_207);
        let tenants = Tenants::new(&app).await;
        let mut model = Model::default();
        populate(&app, &tenants, &mut model, &mut rng).await;
        let instances = [app.state.clone(), another_instance(&app).await];
        let (mut last, mut counts) = (0, BTreeMap::<&str, usize>::new());
        loop {
            // Seoul is nine hours ahead all year.
            let local = app.now().utc().naive_utc() + TimeDelta::hours(9);
            if local.date() > date("2029-03-02") {
                break;
            }
            let reports = match rng.u32(..3) {
                0 => jobs::run_due(&instances[0]).await.unwrap(),
                1 => jobs::run_due(&instances[1]).await.unwrap(),
                _ => {
                    let both = tokio::join!(jobs::run_due(&instances[0]), jobs::run_due(&instances[1]));
                    [both.0.unwrap(), both.1.unwrap()].concat()
                }
            };
            assert!(reports.iter().all(|(_, report)| matches!(report, Report::Done(_) | Report::Busy)), "{reports:?}");

            let told = model.look(local);
            let users = |number: &String| tenants.told[model.contracts[number].tenant].clone();
            let mut expected: Vec<(i64, &str, &String)> = Vec::new();
            for (kind, number) in &told {
                *counts.entry(*kind).or_default() += 1;
                expected.extend(users(number).into_iter().map(|user| (user, *kind, number)));
            }
            expected.sort();
            let (now, notices) = notices_after(&app, last).await;
            last = now;
            let numbers = if notices.is_empty() { BTreeMap::new() } else { numbers(&app).await };
            let mut notices: Vec<(i64, &str, &String)> =
                notices.iter().map(|(user, kind, id)| (*user, kind.as_str(), &numbers[id])).collect();
            notices.sort();
            assert_eq!(notices, expected, "{local}");

            // Most days, a few days, some hours, or a long pause.
            app.advance(match rng.u32(..20) {
                0 => rng.i64(7..45) * DAY,
                1..=5 => rng.i64(2..6) * DAY,
                6 | 7 => rng.i64(1..24) * 3600,
                _ => DAY,
            });
            if rng.u32(..3) == 0 {
                change(&app, &tenants, &mut model, &mut rng, local.date()).await;
            }
        }

        for (tenant, owner) in tenants.owners.iter().enumerate() {
            let ours = model.contracts.values().filter(|contract| contract.tenant == tenant);
            let mut expected: Vec<&Contract> = ours.collect();
            expected.sort_by_key(|contract| contract.number());
            let life = |contract: &&Contract| json!([contract.number(), contract.status, contract.start, contract.end]);
            assert_eq!(lives(&app, owner).await, expected.iter().map(life).collect::<Vec<_>>());
        }
        // The years were not idle.
        for (kind, least) in [("contract_expiring", 100), ("contract_renewed", 30), ("contract_expired", 8)] {
            assert!(counts[kind] >= least, "{counts:?}");
        }
    }
}
