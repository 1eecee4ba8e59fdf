//! The sums of 100,000 sealed amounts beside a plain count of the contracts, in turns in one run:
//! `cargo bench --bench sums [-- DATABASE_URL]`. The database must be an empty one; without a URL it is SQLite.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::future::pending;
use std::time::Instant;

use bizcenter::app::{self, AppState};
use bizcenter::auth::store::{self, NewUserRow};
use bizcenter::clock::Clock;
use bizcenter::config::Config;
use bizcenter::contracts::Place;
use bizcenter::db::{Db, Value, sql};
use bizcenter::policy::Role;
use bizcenter::server;
use chrono::{Days, NaiveDate};
use tokio::net::TcpListener;

const CONTRACTS: i64 = 100_000;
const TENANT: &str = "bench";
const AMOUNT: &str = "55000000.50";
/// What the answer must say.
const TOTAL: &str = r#""total":"5500000050000.00","count":100000,"unreadable":0"#;
const PER_INSERT: usize = 1_000;
const ROUNDS: usize = 9;

#[tokio::main]
async fn main() {
    let dir = tempfile::tempdir().unwrap();
    let own = format!("sqlite:///{}", dir.path().join("bench.db").display());
    let url = std::env::args().find(|argument| argument.contains("://")).unwrap_or(own);
    let settings = [("APP_ENV", "test"), ("DATABASE_URL", url.as_str())];
    let setting = |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let config = Config::from_lookup(setting).unwrap();
    let db = Db::connect(&config.database).await.unwrap();
    db.migrate().await.unwrap();
    let state = AppState::new(&config, db, Clock::System);
    let tokens = [user(&state, Role::Editor).await, user(&state, Role::Owner).await];
    fill(&state).await;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}/api/v1/dashboard", listener.local_addr().unwrap());
    tokio::spawn(server::serve(listener, app::service(&config, state.clone()), pending::<()>()));
    let http = reqwest::Client::new();
    let get = async |path: &str, token: &str, says: &str| {
        let reply = http.get(format!("{api}{path}")).bearer_auth(token).send().await.unwrap();
        let body = reply.text().await.unwrap();
        assert!(body.contains(says), "{body}");
    };

    let [editor, owner] = tokens;
    let mut times: [(&str, Vec<f64>); 4] = [
        ("select count(*)", Vec::new()),
        ("summary without sums", Vec::new()),
        ("summary with sums", Vec::new()),
        ("60 months with sums", Vec::new()),
    ];
    for round in 0..=ROUNDS {
        for (index, (_, times)) in times.iter_mut().enumerate() {
            let started = Instant::now();
            match index {
                0 => count(&state).await,
                1 => get("/summary", &editor, r#""total":100000"#).await,
                2 => get("/summary", &owner, TOTAL).await,
                _ => get("/contracts/monthly?months=60", &owner, "started_amounts").await,
            }
            // The first round warms up.
            if round > 0 {
                times.push(started.elapsed().as_secs_f64());
            }
        }
    }
    println!("{:24} {:>12} {:>8}", format!("{CONTRACTS} contracts"), "seconds", "ratio");
    let yardstick = median(&times[0].1);
    for (name, times) in &times {
        println!("{name:24} {:12.4} {:8.1}", median(times), median(times) / yardstick);
    }
}

/// A user's access token.
async fn user(state: &AppState, role: Role) -> String {
    let now = state.clock.now();
    let new = NewUserRow {
        tenant_id: TENANT.into(),
        email: format!("{}@example.com", role.as_str()),
        password_hash: "x".into(),
        name: "Kim".into(),
        role,
        created_by: None,
        created_at: now,
    };
    let mut tx = state.db.begin().await.unwrap();
    store::ensure_tenant(&mut tx, TENANT, &state.audit_key, now).await.unwrap();
    let id = store::insert(&mut tx, &new).await.unwrap();
    let row = store::find_by_id(&mut tx, id).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    state.tokens.begin_session(&row, now).unwrap().access_token
}

/// Active contracts as large as they are in life, spread over three years.
async fn fill(state: &AppState) {
    const INSERT: &str = "insert into contracts (tenant_id, id, contract_number, customer_name, customer_name_folded, \
                          title, description, amount_encrypted, currency, start_date, end_date, auto_renewal, status, \
                          notes, search_text, version, created_at, updated_at) values ";
    let (now, first) = (state.clock.now(), state.today().checked_sub_days(Days::new(1_095)).unwrap());
    let row = |id: i64| -> Vec<Value> {
        let sealed = state.amounts.seal(AMOUNT, Place { tenant: TENANT, contract: id }).unwrap();
        let start: NaiveDate = first + Days::new(u64::try_from(id).unwrap() % 1_095);
        vec![
            TENANT.into(),
            id.into(),
            format!("MSSP-{id}").into(),
            "Example Inc.".into(),
            "example inc.".into(),
            "Security monitoring".into(),
            "d".repeat(600).into(),
            sealed.into(),
            "KRW".into(),
            start.into(),
            (start + Days::new(365)).into(),
            false.into(),
            "active".into(),
            "n".repeat(400).into(),
            "s".repeat(1_000).into(),
            1_i64.into(),
            now.into(),
            now.into(),
        ]
    };
    let ids: Vec<i64> = (1..=CONTRACTS).collect();
    let mut tx = state.db.begin().await.unwrap();
    for ids in ids.chunks(PER_INSERT) {
        tx.execute(sql(INSERT).values(ids.iter().map(|id| row(*id)))).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn count(state: &AppState) {
    let count = sql("select count(*) from contracts where tenant_id = ?").bind(TENANT);
    assert_eq!(state.db.read().await.unwrap().count(count).await.unwrap(), CONTRACTS);
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
