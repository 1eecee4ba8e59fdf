//! The rows of the chain and what seals them, tenant by tenant: for the server's own work on every tenant's log, which
//! no user asks for. What users ask for is in the store beside `routes.rs`, and takes a scope.

use std::sync::Arc;

use super::{Chain, Entry, Link};
use crate::db::{Conn, DbResult, Stored, Value, sql};

/// Where a step goes on: behind this number and id; at the very beginning there is none. No number stands for that: the
/// least of all may be on a row that somebody has put in.
pub type Place = Option<(i64, i64)>;

const LOCK: &str = "select last_seq from audit_chains where tenant_id = ?";

macro_rules! select_entries {
    ($where:literal) => {
        concat!(
            "select id, seq, nonce, action, resource_type, resource_id, user_id, ip, user_agent, request_id, changes, \
             created_at, mac, previous_seal, seal, sealed_at from audit_logs where tenant_id = ? and ",
            $where
        )
    };
}

/// Every tenant that is there, or of whom something is.
pub async fn tenants(conn: &mut Conn) -> DbResult<Vec<Arc<str>>> {
    const SELECT: &str = "select id from tenants union select tenant_id from audit_chains \
                          union select tenant_id from audit_logs order by 1";
    names(conn, SELECT).await
}

/// Every tenant that has rows to seal.
pub async fn unsealed_tenants(conn: &mut Conn) -> DbResult<Vec<Arc<str>>> {
    // One look into the index for each tenant: with an `exists` the database may choose to walk through all rows.
    const SELECT: &str = "select t.id from tenants t where (select 1 from audit_logs a where a.tenant_id = t.id \
                          and a.seq is null limit 1) = 1 order by t.id";
    names(conn, SELECT).await
}

/// Every tenant that should have a chain, or has one.
pub async fn known_tenants(conn: &mut Conn) -> DbResult<Vec<Arc<str>>> {
    names(conn, "select id from tenants union select tenant_id from audit_chains order by 1").await
}

async fn names(conn: &mut Conn, select: &'static str) -> DbResult<Vec<Arc<str>>> {
    let rows: Vec<(Stored<String>,)> = conn.fetch_all(sql(select)).await?;
    Ok(rows.into_iter().map(|(name,)| String::from(name).into()).collect())
}

/// Keeps others from changing the chain before this transaction ends. Comes first in it.
pub async fn lock(conn: &mut Conn, tenant: &Arc<str>) -> DbResult<()> {
    conn.lock(sql(LOCK).bind(tenant)).await
}

/// Likewise, but does not wait for long: false when somebody holds it.
pub async fn try_lock(conn: &mut Conn, tenant: &Arc<str>) -> DbResult<bool> {
    conn.lock_within_a_second(sql(LOCK).bind(tenant)).await
}

/// The tenant's chain.
pub async fn find(conn: &mut Conn, tenant: &Arc<str>) -> DbResult<Option<Chain>> {
    const FIND: &str = "select last_seq, last_seal, last_sealed_at, faults, fault_seq, fault_at, first_seq, \
                        previous_seal, deleted_until, mac from audit_chains where tenant_id = ?";
    conn.fetch_optional(sql(FIND).bind(tenant)).await
}

/// Inserts the tenant's chain.
pub async fn insert(conn: &mut Conn, tenant: &Arc<str>, chain: &Chain) -> DbResult<()> {
    const INSERT: &str = "insert into audit_chains (tenant_id, last_seq, last_seal, last_sealed_at, faults, fault_seq, \
                          fault_at, first_seq, previous_seal, deleted_until, mac) values ";
    let mut values = vec![Value::from(tenant)];
    values.extend(columns(chain));
    conn.execute(sql(INSERT).values([values])).await?;
    Ok(())
}

/// Writes the tenant's chain.
pub async fn update(conn: &mut Conn, tenant: &Arc<str>, chain: &Chain) -> DbResult<()> {
    const UPDATE: &str = "update audit_chains set last_seq = ?, last_seal = ?, last_sealed_at = ?, faults = ?, \
                          fault_seq = ?, fault_at = ?, first_seq = ?, previous_seal = ?, deleted_until = ?, mac = ? \
                          where tenant_id = ?";
    let update = columns(chain).into_iter().fold(sql(UPDATE), |update, value| update.bind(value));
    conn.execute(update.bind(tenant)).await?;
    Ok(())
}

/// Sealed rows behind this place, in the order of number and id; none only when there are no more.
pub async fn sealed(conn: &mut Conn, tenant: &Arc<str>, place: Place, limit: usize) -> DbResult<Vec<Entry>> {
    // Two rows under one number are tampering, and must not escape by standing at the end of a step.
    const BESIDE: &str = select_entries!("seq = ? and id > ? order by id limit ?");
    // A range with an end: without one MariaDB may walk through all of the tenant's rows up to it.
    const BEHIND: &str = select_entries!("seq >= ? and seq <= ? order by seq, id limit ?");
    let mut entries: Vec<Entry> = Vec::new();
    let mut next = sql("select min(seq) from audit_logs where tenant_id = ?").bind(tenant);
    if let Some((seq, id)) = place {
        let beside = sql(BESIDE).bind(tenant).bind(seq).bind(id).bind(bound(limit));
        entries = conn.fetch_all(beside).await?;
        next = next.push(" and seq > ?").bind(seq);
    }
    let missing = bound(limit - entries.len());
    if missing == 0 {
        return Ok(entries);
    }
    if let (Some(first),) = conn.fetch_one::<(Option<i64>,)>(next).await? {
        let behind = sql(BEHIND).bind(tenant).bind(first).bind(first.saturating_add(missing)).bind(missing);
        entries.extend(conn.fetch_all::<Entry>(behind).await?);
    }
    Ok(entries)
}

/// The seals of the rows under this number; there should be one.
pub async fn seals(conn: &mut Conn, tenant: &Arc<str>, seq: i64) -> DbResult<Vec<String>> {
    let seals = sql("select seal from audit_logs where tenant_id = ? and seq = ?").bind(tenant).bind(seq);
    let seals: Vec<(Stored<String>,)> = conn.fetch_all(seals).await?;
    Ok(seals.into_iter().map(|(seal,)| seal.into()).collect())
}

/// The last sealed rows, the very last one first.
pub async fn last_sealed(conn: &mut Conn, tenant: &Arc<str>, limit: usize) -> DbResult<Vec<Entry>> {
    const LAST: &str = select_entries!("seq is not null order by seq desc, id desc limit ?");
    conn.fetch_all(sql(LAST).bind(tenant).bind(bound(limit))).await
}

/// The next rows that are not sealed, behind this id if there is one.
pub async fn unsealed(conn: &mut Conn, tenant: &Arc<str>, id: Option<i64>, limit: usize) -> DbResult<Vec<Entry>> {
    const UNSEALED: &str = select_entries!("seq is null");
    let mut unsealed = sql(UNSEALED).bind(tenant);
    if let Some(id) = id {
        unsealed = unsealed.push(" and id > ?").bind(id);
    }
    conn.fetch_all(unsealed.push(" order by id limit ?").bind(bound(limit))).await
}

/// Number, id and nonce of each row that is there a second time; of the one that was sealed first, nothing.
pub async fn copies(conn: &mut Conn, tenant: &Arc<str>, limit: usize) -> DbResult<Vec<(Option<i64>, i64, String)>> {
    const COPIES: &str = "select a.seq, a.id, a.nonce from audit_logs a join (select nonce, min(seq) as seq, \
                          min(id) as id from audit_logs where tenant_id = ? group by nonce having count(*) > 1) f \
                          on f.nonce = a.nonce where a.tenant_id = ? and (a.seq > f.seq or a.seq = f.seq and \
                          a.id > f.id or a.seq is null and f.seq is not null or a.seq is null and a.id > f.id) \
                          order by a.id limit ?";
    let copies = sql(COPIES).bind(tenant).bind(tenant).bind(bound(limit));
    let copies: Vec<(Option<i64>, i64, Stored<String>)> = conn.fetch_all(copies).await?;
    Ok(copies.into_iter().map(|(seq, id, nonce)| (seq, id, nonce.into())).collect())
}

/// Seals a row, unless it is sealed. Gives whether it did; also not when somebody holds the row.
pub async fn seal(conn: &mut Conn, tenant: &Arc<str>, link: Link) -> DbResult<bool> {
    // By its key, row by row: a statement on many rows may lock the gaps between them, where others write.
    const SEAL: &str = "update audit_logs set seq = ?, previous_seal = ?, seal = ?, sealed_at = ? where tenant_id = ? \
                        and id = ? and seq is null";
    let Link { id, seq, previous_seal, seal, sealed_at, is_genuine: _ } = link;
    let seal = sql(SEAL).bind(seq).bind(previous_seal).bind(seal).bind(sealed_at).bind(tenant).bind(id);
    Ok(conn.count_within_a_second(seal).await? == Some(1))
}

/// Deletes a row; by its key, too.
pub async fn delete(conn: &mut Conn, tenant: &Arc<str>, id: i64) -> DbResult<()> {
    conn.execute(sql("delete from audit_logs where tenant_id = ? and id = ?").bind(tenant).bind(id)).await?;
    Ok(())
}

fn columns(chain: &Chain) -> [Value; 10] {
    let Chain {
        last_seq,
        last_seal,
        last_sealed_at,
        faults,
        fault_seq,
        fault_at,
        first_seq,
        previous_seal,
        deleted_until,
        mac,
    } = chain;
    [
        (*last_seq).into(),
        last_seal.into(),
        (*last_sealed_at).into(),
        (*faults).into(),
        (*fault_seq).into(),
        (*fault_at).into(),
        (*first_seq).into(),
        previous_seal.into(),
        (*deleted_until).into(),
        mac.into(),
    ]
}

fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
