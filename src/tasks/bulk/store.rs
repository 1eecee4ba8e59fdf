//! One change of many rows, in few statements. Each goes by the tasks' key, as `tasks/store.rs` says.

use super::super::row::TaskRow;
use super::super::store::{fitting, replace_parents, replace_tags, search_text, searched, tags_json};
use super::super::types::TaskPatch;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::{Conn, DbResult, Sql, Value, sql};
use crate::fields::Change;

/// Makes the same change in each of these rows, given as they were and as they are to be. They are locked.
pub async fn update(
    conn: &mut Conn,
    scope: &Scope,
    rows: &[(TaskRow, TaskRow)],
    patch: &TaskPatch,
    now: Timestamp,
) -> DbResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids = rows.iter().map(|(task, _)| task.id);
    let update = sql("update tasks /*M! force index (tasks_tenant_id_id) */ set version = version + 1, updated_at = ?")
        .bind(now)
        .append(&assignments(patch))
        .push(" where tenant_id = ? and id in ")
        .bind(scope.tenant())
        .list(ids);
    conn.execute(update).await?;
    let tagged = changed(rows, |old, new| old.tags != new.tags);
    if !tagged.is_empty() {
        replace_tags(conn, scope, &tagged).await?;
    }
    let moved = changed(rows, |old, new| old.parent_id != new.parent_id);
    if !moved.is_empty() {
        replace_parents(conn, scope, &moved).await?;
    }
    let texts = changed(rows, |old, new| searched(old) != searched(new));
    update_search_texts(conn, scope, &texts).await
}

/// The new rows that differ in this.
fn changed(rows: &[(TaskRow, TaskRow)], differ: fn(&TaskRow, &TaskRow) -> bool) -> Vec<&TaskRow> {
    rows.iter().filter(|(old, new)| differ(old, new)).map(|(_, new)| new).collect()
}

/// `, column = ?` for each field that changes.
fn assignments(patch: &TaskPatch) -> Sql {
    // The parent stands in another table.
    let TaskPatch {
        title,
        description,
        status,
        priority,
        assigned_to,
        due_date,
        week_number,
        year,
        tags,
        parent_id: _,
    } = patch;
    let mut sql = sql("");
    if let Some(title) = title {
        sql = sql.push(", title = ?").bind(title);
    }
    sql = nullable(sql, ", description = ?", description);
    if let Some(status) = status {
        sql = sql.push(", status = ?").bind(*status);
    }
    if let Some(priority) = priority {
        sql = sql.push(", priority = ?").bind(*priority);
    }
    sql = nullable(sql, ", assigned_to = ?", assigned_to);
    sql = nullable(sql, ", due_date = ?", due_date);
    if let Some(week_number) = week_number {
        sql = sql.push(", week_number = ?").bind(*week_number);
    }
    if let Some(year) = year {
        sql = sql.push(", year = ?").bind(*year);
    }
    match tags {
        Change::Keep => sql,
        Change::Clear => sql.push(", tags = ?").bind(tags_json(&[])),
        Change::Set(tags) => sql.push(", tags = ?").bind(tags_json(tags)),
    }
}

fn nullable<T: Clone + Into<Value>>(sql: Sql, assignment: &'static str, change: &Change<T>) -> Sql {
    match change {
        Change::Keep => sql,
        Change::Clear => sql.push(assignment).bind(Value::Null),
        Change::Set(value) => sql.push(assignment).bind(value.clone()),
    }
}

/// Each row has a text of its own, since it has the fields that did not change, too.
async fn update_search_texts(conn: &mut Conn, scope: &Scope, rows: &[&TaskRow]) -> DbResult<()> {
    let texts: Vec<(i64, String)> = rows.iter().map(|row| (row.id, search_text(row))).collect();
    let mut rest = texts.as_slice();
    while !rest.is_empty() {
        let (some, others) = rest.split_at(fitting(rest.iter().map(|(_, text)| text.len())));
        rest = others;
        let cases = some.iter().fold(sql(""), |cases, (id, text)| cases.push(" when ? then ?").bind(*id).bind(text));
        let ids = some.iter().map(|(id, _)| *id);
        let update = sql("update tasks /*M! force index (tasks_tenant_id_id) */ set search_text = case id")
            .append(&cases)
            .push(" end where tenant_id = ? and id in ")
            .bind(scope.tenant())
            .list(ids);
        conn.execute(update).await?;
    }
    Ok(())
}
