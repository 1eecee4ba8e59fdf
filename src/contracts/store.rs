//! The rows of contracts.

use chrono::NaiveDate;

use super::types::{ContractQuery, ContractStatus, ContractType};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Sql, Value, escape_like, fold, sql};
use crate::page::{Kind, List, Listing, SortField, Sortable};

/// A contract.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct ContractRow {
    /// Key.
    pub id: i64,
    /// Tenant.
    pub tenant_id: String,
    /// Number.
    pub contract_number: String,
    /// Customer.
    pub customer_name: String,
    /// Title.
    pub title: String,
    /// Kind.
    pub contract_type: ContractType,
    /// Description.
    pub description: Option<String>,
    /// Sealed for this row.
    pub amount_encrypted: String,
    /// ISO 4217.
    pub currency: String,
    /// First day.
    pub start_date: NaiveDate,
    /// Last day.
    pub end_date: NaiveDate,
    /// Renews itself.
    pub auto_renewal: bool,
    /// Status.
    pub status: ContractStatus,
    /// Contact.
    pub contact_email: Option<String>,
    /// Contact.
    pub contact_phone: Option<String>,
    /// Notes.
    pub notes: Option<String>,
    /// The contract that it succeeds.
    pub parent_id: Option<i64>,
    /// Counts changes.
    pub version: i64,
    /// Made.
    pub created_at: Timestamp,
    /// Changed.
    pub updated_at: Timestamp,
    /// Author.
    pub created_by: Option<i64>,
}

impl Sortable for ContractRow {
    const FIELDS: &'static [SortField] = &[
        SortField { name: "end_date", column: "c.end_date", kind: Kind::Date, nullable: false },
        SortField { name: "start_date", column: "c.start_date", kind: Kind::Date, nullable: false },
        SortField { name: "created_at", column: "c.created_at", kind: Kind::Time, nullable: false },
        SortField { name: "updated_at", column: "c.updated_at", kind: Kind::Time, nullable: false },
        SortField { name: "contract_number", column: "c.contract_number", kind: Kind::Text, nullable: false },
        SortField { name: "customer_name", column: "c.customer_name", kind: Kind::Text, nullable: false },
        SortField { name: "title", column: "c.title", kind: Kind::Text, nullable: false },
        SortField { name: "id", column: "c.id", kind: Kind::Int, nullable: false },
    ];
    const DEFAULT: &'static str = "-end_date";
    const ID: &'static str = "c.id";

    fn id(&self) -> i64 {
        self.id
    }

    fn sort_value(&self, field: &str) -> Value {
        match field {
            "end_date" => self.end_date.into(),
            "start_date" => self.start_date.into(),
            "created_at" => self.created_at.into(),
            "updated_at" => self.updated_at.into(),
            "contract_number" => (&self.contract_number).into(),
            "customer_name" => (&self.customer_name).into(),
            "title" => (&self.title).into(),
            _ => self.id.into(),
        }
    }
}

macro_rules! columns {
    () => {
        "c.id, c.tenant_id, c.contract_number, c.customer_name, c.title, c.contract_type, c.description, \
         c.amount_encrypted, c.currency, c.start_date, c.end_date, c.auto_renewal, c.status, c.contact_email, \
         c.contact_phone, c.notes, r.parent_id, c.version, c.created_at, c.updated_at, c.created_by"
    };
}

macro_rules! from {
    () => {
        "contracts c left join contract_renewals r on r.tenant_id = c.tenant_id and r.contract_id = c.id"
    };
}

const LIST: List = List { table: "contracts c", from: from!(), columns: columns!() };

/// A page of the contracts that match.
pub async fn list(conn: &mut Conn, scope: &Scope, query: &ContractQuery) -> DbResult<Listing<ContractRow>> {
    query.page.fetch(conn, &LIST, &filter(scope, query)).await
}

/// The ids of all contracts that match, in the order of the list.
pub async fn ids(conn: &mut Conn, scope: &Scope, query: &ContractQuery) -> DbResult<Vec<i64>> {
    query.page.fetch_ids::<ContractRow>(conn, &LIST, &filter(scope, query)).await
}

/// Those of these contracts that are there, in this order.
pub async fn rows(conn: &mut Conn, scope: &Scope, ids: &[i64]) -> DbResult<Vec<ContractRow>> {
    LIST.fetch_rows(conn, &sql("c.tenant_id = ?").bind(scope.tenant()), ids).await
}

/// The contract.
pub async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<Option<ContractRow>> {
    const FIND: &str = concat!("select ", columns!(), " from ", from!(), " where c.tenant_id = ? and c.id = ?");
    conn.fetch_optional(sql(FIND).bind(scope.tenant()).bind(id)).await
}

/// The contract, for a change: no other transaction changes it before this one ends.
pub async fn find_for_update(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<Option<ContractRow>> {
    let lock = sql("select id from contracts where tenant_id = ? and id = ?");
    conn.lock(lock.bind(scope.tenant()).bind(id)).await?;
    find(conn, scope, id).await
}

/// The contract that follows this one, if one does, for a change.
pub async fn find_successor_for_update(conn: &mut Conn, scope: &Scope, id: i64) -> DbResult<Option<ContractRow>> {
    const FIND: &str = concat!("select ", columns!(), " from ", from!(), " where c.tenant_id = ? and r.parent_id = ?");
    // Only one can.
    Ok(conn.fetch_all_locked(sql(FIND).bind(scope.tenant()).bind(id)).await?.pop())
}

/// Inserts a contract and gives its id; `id` and `parent_id` do not count. A taken number is a duplicate.
///
/// The amount can only be sealed for an id, so [`set_amount`] follows in the same transaction.
pub async fn insert(conn: &mut Conn, scope: &Scope, contract: &ContractRow) -> DbResult<i64> {
    const INSERT: &str = "insert into contracts (tenant_id, contract_number, customer_name, customer_name_folded, \
                          title, contract_type, description, amount_encrypted, currency, start_date, end_date, \
                          auto_renewal, status, contact_email, contact_phone, notes, search_text, version, created_at, \
                          updated_at, created_by) values ";
    let values = vec![
        scope.tenant().into(),
        (&contract.contract_number).into(),
        (&contract.customer_name).into(),
        fold(&contract.customer_name).into(),
        (&contract.title).into(),
        contract.contract_type.into(),
        (&contract.description).into(),
        "".into(),
        (&contract.currency).into(),
        contract.start_date.into(),
        contract.end_date.into(),
        contract.auto_renewal.into(),
        contract.status.into(),
        (&contract.contact_email).into(),
        (&contract.contact_phone).into(),
        (&contract.notes).into(),
        search_text(contract).into(),
        contract.version.into(),
        contract.created_at.into(),
        contract.updated_at.into(),
        contract.created_by.into(),
    ];
    conn.insert(sql(INSERT).values([values]).push(" returning id")).await
}

/// Stores the sealed amount.
pub async fn set_amount(conn: &mut Conn, scope: &Scope, id: i64, sealed: &str) -> DbResult<()> {
    let update = sql("update contracts set amount_encrypted = ? where tenant_id = ? and id = ?");
    conn.execute(update.bind(sealed.to_owned()).bind(scope.tenant()).bind(id)).await?;
    Ok(())
}

/// Writes the row's values and its new version, unless it has changed since `old` was read; a taken number is a
/// duplicate. Gives whether it did.
pub async fn update(conn: &mut Conn, scope: &Scope, old: &ContractRow, new: &ContractRow) -> DbResult<bool> {
    const UPDATE: &str = "update contracts set contract_number = ?, customer_name = ?, title = ?, contract_type = ?, \
                          description = ?, amount_encrypted = ?, currency = ?, start_date = ?, end_date = ?, \
                          auto_renewal = ?, status = ?, contact_email = ?, contact_phone = ?, notes = ?, \
                          version = ?, updated_at = ? where tenant_id = ? and id = ? and version = ?";
    let update = sql(UPDATE)
        .bind(&new.contract_number)
        .bind(&new.customer_name)
        .bind(&new.title)
        .bind(new.contract_type)
        .bind(&new.description)
        .bind(&new.amount_encrypted)
        .bind(&new.currency)
        .bind(new.start_date)
        .bind(new.end_date)
        .bind(new.auto_renewal)
        .bind(new.status)
        .bind(&new.contact_email)
        .bind(&new.contact_phone)
        .bind(&new.notes)
        .bind(new.version)
        .bind(new.updated_at);
    if conn.execute(update.bind(scope.tenant()).bind(new.id).bind(old.version)).await? == 0 {
        return Ok(false);
    }
    if searched(old) != searched(new) {
        set_search_text(conn, scope, new).await?;
    }
    Ok(true)
}

/// To be called only when a text has changed: to fold long ones takes a while, in which nobody else writes on SQLite.
async fn set_search_text(conn: &mut Conn, scope: &Scope, contract: &ContractRow) -> DbResult<()> {
    const UPDATE: &str =
        "update contracts set customer_name_folded = ?, search_text = ? where tenant_id = ? and id = ?";
    let update = sql(UPDATE).bind(fold(&contract.customer_name)).bind(search_text(contract));
    conn.execute(update.bind(scope.tenant()).bind(contract.id)).await?;
    Ok(())
}

/// Deletes the contract with its history, if its version is still this one. Gives whether it was.
pub async fn delete(conn: &mut Conn, scope: &Scope, id: i64, version: i64) -> DbResult<bool> {
    let delete = sql("delete from contracts where tenant_id = ? and id = ? and version = ?");
    Ok(conn.execute(delete.bind(scope.tenant()).bind(id).bind(version)).await? == 1)
}

fn filter(scope: &Scope, query: &ContractQuery) -> Sql {
    let mut filter = sql("c.tenant_id = ?").bind(scope.tenant());
    if let Some(status) = query.status {
        filter = filter.push(" and c.status = ?").bind(status);
    }
    if let Some(kind) = query.contract_type {
        filter = filter.push(" and c.contract_type = ?").bind(kind);
    }
    // An empty part is in every name.
    if let Some(name) = query.customer_name.as_deref().filter(|name| !name.is_empty()) {
        filter = filter.push(" and c.customer_name_folded like ? escape '!'").bind(escape_like(&fold(name)));
    }
    if let Some(parent) = query.parent_id {
        let follows =
            " and c.id in (select s.contract_id from contract_renewals s where s.tenant_id = ? and s.parent_id = ?)";
        filter = filter.push(follows).bind(scope.tenant()).bind(parent);
    }
    if let Some(from) = query.end_from {
        filter = filter.push(" and c.end_date >= ?").bind(from);
    }
    if let Some(to) = query.end_to {
        filter = filter.push(" and c.end_date <= ?").bind(to);
    }
    if let Some(text) = &query.q {
        filter = filter.push(" and c.search_text like ? escape '!'").bind(escape_like(&fold(text)));
    }
    filter
}

/// What `search_text` is made of.
fn searched(contract: &ContractRow) -> [&str; 5] {
    [
        &contract.contract_number,
        &contract.customer_name,
        &contract.title,
        contract.description.as_deref().unwrap_or_default(),
        contract.notes.as_deref().unwrap_or_default(),
    ]
}

fn search_text(contract: &ContractRow) -> String {
    fold(&searched(contract).join("\n"))
}
