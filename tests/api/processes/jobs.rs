//! A job that several processes want to run.

use bizcenter::db::{Conn, sql};
use serde_json::json;

use super::site::{Process, Site, until};

const RUN: [&str; 3] = ["jobs", "run", "contract_ends"];
/// Contracts that are past their last day.
const CONTRACTS: i64 = 30;
/// How many of them a run has ended when it is stuck.
const BEFORE: i64 = 10;

/// A site with contracts that are to be ended.
async fn site() -> Site {
    let site = Site::new(&[]).await;
    let server = site.server();
    site.user("kim@acme.kr", "owner");
    let kim = server.sign_in("kim@acme.kr").await;
    for number in 1..=CONTRACTS {
        let contract = json!({
            "contract_number": number.to_string(), "customer_name": "한빛정보", "title": "보안 관제", "amount": "1000.10",
            "start_date": "2020-01-01", "end_date": "2020-12-31", "status": "active",
        });
        server.post("/api/v1/contracts", contract).by(&kim).expect(201).await;
    }
    site
}

/// A run that has ended the first contracts and waits for the next one, which somebody holds.
async fn stuck_run(site: &Site) -> (Conn, Process) {
    let mut held = site.db.begin().await.unwrap();
    held.lock(sql("select id from contracts where id = ?").bind(BEFORE + 1)).await.unwrap();
    let run = site.start(&RUN);
    until("the first ones have expired", async || {
        site.count("select count(*) from contracts where status = 'expired'").await == BEFORE
    })
    .await;
    site.until_running("select id from contracts where").await;
    (held, run)
}

/// Waits for these runs, of which some may find the job being run; gives how many contracts they have let expire.
async fn expired_by(runs: Vec<Process>) -> i64 {
    let mut count = 0;
    for run in runs {
        match run.end().await {
            (Some(0), said) => {
                let expired =
                    said.strip_prefix("contract_ends: ").and_then(|said| said.split_once(" expired, 0 renewed\n"));
                count += expired.unwrap_or_else(|| panic!("{said}")).0.parse::<i64>().unwrap();
            }
            (code, said) => assert!(code == Some(1) && said.contains("is being run by another process"), "{said}"),
        }
    }
    count
}

/// What `jobs list` says of the job.
async fn listed(site: &Site) -> String {
    let (code, list) = site.run(&["jobs", "list"]).await;
    assert_eq!(code, Some(0), "{list}");
    list.lines().find(|line| line.starts_with("contract_ends ")).unwrap().to_owned()
}

async fn assert_each_has_expired_once(site: &Site) {
    for statement in [
        "select count(*) from contracts where status = 'expired' and version = 2",
        "select count(*) from contract_history where action = 'expired'",
        "select count(distinct contract_id) from contract_history where action = 'expired'",
        "select count(*) from audit_logs where action = 'expired'",
        "select count(distinct resource_id) from audit_logs where action = 'expired' and resource_type = 'contract'",
        "select count(*) from notifications",
        "select count(distinct resource_id) from notifications where kind = 'contract_expired'",
    ] {
        assert_eq!(site.count(statement).await, CONTRACTS, "{statement}");
    }
}

#[tokio::test]
async fn of_six_processes_at_once_one_ends_each_contract_on_mariadb() {
    let site = site().await;
    let runs = (0..6).map(|_| site.start(&RUN)).collect();
    assert_eq!(expired_by(runs).await, CONTRACTS);
    assert_each_has_expired_once(&site).await;
    let line = listed(&site).await;
    assert!(line.contains("  ok  "), "{line}");
}

#[tokio::test]
async fn a_killed_run_is_followed_when_its_lease_has_lapsed_on_mariadb() {
    let site = site().await;
    let (held, mut run) = stuck_run(&site).await;
    let line = listed(&site).await;
    assert!(line.contains("  running  "), "{line}");
    run.kill();
    // Nobody knows yet.
    let line = listed(&site).await;
    assert!(line.contains("  running  "), "{line}");
    held.rollback().await.unwrap();
    let (code, said) = site.run(&RUN).await;
    assert!(code == Some(1) && said.contains("is being run by another process"), "{said}");

    // As if a minute had passed.
    let lapse =
        "update job_runs set lease_until = last_started_at where name = 'contract_ends' and lease_until is not null";
    assert_eq!(site.execute(sql(lapse)).await, 1);
    let line = listed(&site).await;
    assert!(line.contains("  interrupted  "), "{line}");
    let runs = (0..3).map(|_| site.start(&RUN)).collect();
    assert_eq!(expired_by(runs).await, CONTRACTS - BEFORE);
    assert_each_has_expired_once(&site).await;
    let line = listed(&site).await;
    assert!(line.contains("  ok  "), "{line}");
}

#[tokio::test]
async fn a_run_that_is_told_to_stop_gives_its_lease_back_on_mariadb() {
    let site = site().await;
    let (held, mut run) = stuck_run(&site).await;
    run.terminate();
    // It gives the lease back as soon as its open transaction is undone, which holds the same row.
    until("it gives the lease back", async || run.has_ended() || site.is_running("update job_runs").await).await;
    held.rollback().await.unwrap();
    let (code, said) = run.end().await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("contract_ends was stopped before its end"), "{said}");
    let line = listed(&site).await;
    assert!(line.contains("  interrupted  "), "{line}");
    assert_eq!(expired_by(vec![site.start(&RUN)]).await, CONTRACTS - BEFORE);
    assert_each_has_expired_once(&site).await;
}
