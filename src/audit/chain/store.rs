//! The rows of the chain and what seals them, tenant by tenant: for the server's own work on every tenant's log, which
//! no user asks for. What users ask for is in the store beside `routes.rs`, and takes a scope.

use std::sync::Arc;

use super::{Chain, Entry, Link};
use crate::db::{Conn, DbResult, Stored, Value, sql};

/// Comes before every number and every id.
pub const START: (i64, i64) = (i64::MIN, i64::MIN);

macro_rules! select_entries {
    ($where:literal) => {
        concat!(
            "select id, seq, nonce, action, resource_type, resource_id, user_id, ip, user_agent, request_id, changes, \
             created_at, mac, previous_seal, seal from audit_logs where tenant_id = ? and ",
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

/// Every tenant that has a chain.
pub async fn chained_tenants(conn: &mut Conn) -> DbResult<Vec<Arc<str>>> {
    names(conn, "select tenant_id from audit_chains order by tenant_id").await
}

async fn names(conn: &mut Conn, select: &'static str) -> DbResult<Vec<Arc<str>>> {
    let rows: Vec<(Stored<String>,)> = conn.fetch_all(sql(select)).await?;
    Ok(rows.into_iter().map(|(name,)| String::from(name).into()).collect())
}

/// Keeps others from changing the chain before this transaction ends. Comes first in it.
pub async fn lock(conn: &mut Conn, tenant: &Arc<str>) -> DbResult<()> {
    conn.lock(sql("select last_seq from audit_chains where tenant_id = ?").bind(tenant)).await
}

/// The tenant's chain.
pub async fn find(conn: &mut Conn, tenant: &Arc<str>) -> DbResult<Option<Chain>> {
    const FIND: &str = "select last_seq, last_seal, faults, fault_seq, fault_at, head_mac, first_seq, previous_seal, \
                        deleted_before, checkpoint_mac from audit_chains where tenant_id = ?";
    conn.fetch_optional(sql(FIND).bind(tenant)).await
}

/// Inserts the tenant's chain.
pub async fn insert(conn: &mut Conn, tenant: &Arc<str>, chain: &Chain) -> DbResult<()> {
    const INSERT: &str = "insert into audit_chains (tenant_id, last_seq, last_seal, faults, fault_seq, fault_at, \
                          head_mac, first_seq, previous_seal, deleted_before, checkpoint_mac) values ";
    let mut values = vec![Value::from(tenant)];
    values.extend(columns(chain));
    conn.execute(sql(INSERT).values([values])).await?;
    Ok(())
}

/// Writes the tenant's chain.
pub async fn update(conn: &mut Conn, tenant: &Arc<str>, chain: &Chain) -> DbResult<()> {
    const UPDATE: &str = "update audit_chains set last_seq = ?, last_seal = ?, faults = ?, fault_seq = ?, \
                          fault_at = ?, head_mac = ?, first_seq = ?, previous_seal = ?, deleted_before = ?, \
                          checkpoint_mac = ? where tenant_id = ?";
    let update = columns(chain).into_iter().fold(sql(UPDATE), |update, value| update.bind(value));
    conn.execute(update.bind(tenant)).await?;
    Ok(())
}

/// Sealed rows after this number and id, in the order of both; none only when there are no more.
pub async fn sealed(conn: &mut Conn, tenant: &Arc<str>, (seq, id): (i64, i64), limit: usize) -> DbResult<Vec<Entry>> {
    // Two rows under one number are tampering, and must not escape by standing at the end of a step.
    const BESIDE: &str = select_entries!("seq = ? and id > ? order by id limit ?");
    // A range with an end: without one MariaDB may walk through all of the tenant's rows up to it.
    const BEHIND: &str = select_entries!("seq >= ? and seq <= ? order by seq, id limit ?");
    let beside = sql(BESIDE).bind(tenant).bind(seq).bind(id).bind(bound(limit));
    let mut entries: Vec<Entry> = conn.fetch_all(beside).await?;
    let missing = bound(limit - entries.len());
    if missing == 0 {
        return Ok(entries);
    }
    let next = sql("select min(seq) from audit_logs where tenant_id = ? and seq > ?").bind(tenant).bind(seq);
    if let (Some(first),) = conn.fetch_one::<(Option<i64>,)>(next).await? {
        let behind = sql(BEHIND).bind(tenant).bind(first).bind(first.saturating_add(missing)).bind(missing);
        entries.extend(conn.fetch_all::<Entry>(behind).await?);
    }
    Ok(entries)
}

/// The last sealed rows, the very last one first.
pub async fn last_sealed(conn: &mut Conn, tenant: &Arc<str>, limit: usize) -> DbResult<Vec<Entry>> {
    const LAST: &str = select_entries!("seq is not null order by seq desc, id desc limit ?");
    conn.fetch_all(sql(LAST).bind(tenant).bind(bound(limit))).await
}

/// The next rows after this id that are not sealed.
pub async fn unsealed(conn: &mut Conn, tenant: &Arc<str>, id: i64, limit: usize) -> DbResult<Vec<Entry>> {
    const UNSEALED: &str = select_entries!("seq is null and id > ? order by id limit ?");
    conn.fetch_all(sql(UNSEALED).bind(tenant).bind(id).bind(bound(limit))).await
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

/// Seals a row, unless it is sealed. Gives whether it did.
pub async fn seal(conn: &mut Conn, tenant: &Arc<str>, link: Link) -> DbResult<bool> {
    // By its key, row by row: a statement on many rows may lock the gaps between them, where others write.
    const SEAL: &str = "update audit_logs set seq = ?, previous_seal = ?, seal = ? where tenant_id = ? and id = ? \
                        and seq is null";
    let Link { id, seq, previous_seal, seal, is_genuine: _ } = link;
    Ok(conn.execute(sql(SEAL).bind(seq).bind(previous_seal).bind(seal).bind(tenant).bind(id)).await? == 1)
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
        faults,
        fault_seq,
        fault_at,
        head_mac,
        first_seq,
        previous_seal,
        deleted_before,
        checkpoint_mac,
    } = chain;
    [
        (*last_seq).into(),
        last_seal.into(),
        (*faults).into(),
        (*fault_seq).into(),
        (*fault_at).into(),
        head_mac.into(),
        (*first_seq).into(),
        previous_seal.into(),
        (*deleted_before).into(),
        checkpoint_mac.into(),
    ]
}

fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
