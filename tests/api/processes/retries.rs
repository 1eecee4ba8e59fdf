//! `Idempotency-Key`, whichever server a request comes to.

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use super::site::Site;
use super::{TASKS, task};

const KEYS: usize = 30;

#[tokio::test]
async fn thirty_requests_sent_to_both_servers_make_thirty_rows_on_mariadb() {
    let site = Site::new(&[]).await;
    let servers = site.two_servers();
    site.user("kim@acme.kr", "owner");
    let kim = servers[0].sign_in("kim@acme.kr").await;
    let send = |server: usize, key: usize| {
        let call = servers[server].post(TASKS, task(&format!("task {key}"))).by(&kim);
        let call = call.header("idempotency-key", &format!("key-{key}"));
        async move { (server, key, call.send().await) }
    };
    let mut calls = JoinSet::new();
    for _ in 0..3 {
        for key in 0..KEYS {
            for server in [0, 1] {
                calls.spawn(send(server, key));
            }
        }
    }
    let mut firsts = BTreeMap::new();
    for (server, key, reply) in calls.join_all().await {
        if reply.status == 409 {
            assert_eq!(reply.json()["code"], "idempotency_key_in_flight");
            continue;
        }
        let replayed = reply.header("idempotency-replayed").map(str::to_owned);
        let answer = reply.expect(201);
        match replayed.as_deref() {
            None => assert!(firsts.insert(key, (server, answer)).is_none(), "key {key} has had its effect twice"),
            Some(replayed) => assert_eq!(replayed, "true"),
        }
    }
    assert_eq!(firsts.len(), KEYS);
    for (key, (server, first)) in firsts {
        let (_, _, again) = send(1 - server, key).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.expect(201), first);
    }
    for statement in [
        "select count(*) from tasks",
        "select count(distinct title) from tasks",
        "select count(*) from idempotency_keys",
        "select count(*) from audit_logs where action = 'created' and resource_type = 'task'",
    ] {
        assert_eq!(site.count(statement).await, KEYS as i64, "{statement}");
    }
}
