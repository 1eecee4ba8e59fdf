//! The audit log, which every server writes and seals.

use std::time::Instant;

use bizcenter::db::sql;
use tokio::task::JoinSet;

use super::site::{PATIENCE, Site, until};
use super::{TASKS, task};

const VERIFY: [&str; 2] = ["audit", "verify"];

#[tokio::test]
async fn what_two_servers_write_becomes_one_chain_and_an_edited_row_is_named_on_mariadb() {
    let site = Site::new(&[]).await;
    let [a, b] = site.two_servers();
    site.user("kim@acme.kr", "owner");
    let kim = a.sign_in("kim@acme.kr").await;

    // Two hundred changes at once, and again until some are sealed: who writes, who seals and who verifies all meet.
    let started = Instant::now();
    while site.count("select count(*) from audit_logs where seq > 2").await == 0 {
        assert!(started.elapsed() < PATIENCE, "nothing is sealed");
        let mut changes = JoinSet::new();
        for number in 0..100 {
            for server in [&a, &b] {
                changes.spawn(server.post(TASKS, task(&number.to_string())).by(&kim).send());
            }
        }
        let (replies, (code, said)) = tokio::join!(changes.join_all(), site.run(&VERIFY));
        for reply in replies {
            reply.expect(201);
        }
        assert_eq!(code, Some(0), "{said}");
    }

    // One row each, and before them the user's and his sign-in's.
    let rows = site.count("select count(*) from audit_logs").await;
    assert_eq!(rows, 2 + site.count("select count(*) from tasks").await);
    let all = [
        format!("rows      {rows}, seq 1 to {rows}\n"),
        "unsealed  0\n".into(),
        format!("no problem in {rows} rows of 1 tenant\n"),
    ];
    until("all rows are sealed", async || {
        let (code, said) = site.run(&VERIFY).await;
        assert_eq!(code, Some(0), "{said}");
        all.iter().all(|line| said.contains(line))
    })
    .await;

    let seq = rows / 2;
    let find = sql("select id from audit_logs where seq = ?").bind(seq);
    let (id,): (i64,) = site.db.read().await.unwrap().fetch_one(find).await.unwrap();
    let edit = sql("update audit_logs set action = 'deleted' where id = ?").bind(id);
    assert_eq!(site.execute(edit).await, 1);
    let (code, said) = site.run(&VERIFY).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("problem   seq {seq} (id {id}): edited")), "{said}");
    assert!(said.contains(&format!("1 problem in {rows} rows of 1 tenant")), "{said}");
}
