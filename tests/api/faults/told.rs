//! What the audit log and notifications tell of a change.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::contents::Change;
use super::scene::Request;
use crate::client::Reply;

/// What the audit log calls the rows of a table, and where their key stands. A part of a row stands for the whole.
const RESOURCES: &[(&str, &str, &str)] = &[
    ("action_items", "action_item", "id"),
    ("calendar_feeds", "calendar_feed", "id"),
    ("contract_history", "contract", "contract_id"),
    ("contract_renewals", "contract", "contract_id"),
    ("contracts", "contract", "id"),
    ("invitations", "invitation", "id"),
    ("meeting_attendees", "attendee", "id"),
    ("meetings", "meeting", "id"),
    ("notification_preferences", "preferences", "user_id"),
    ("notification_settings", "preferences", "user_id"),
    ("revoked_tokens", "session", "user_id"),
    ("task_comments", "comment", "id"),
    ("task_parents", "task", "task_id"),
    ("task_tags", "task", "task_id"),
    ("tasks", "task", "id"),
    ("users", "user", "id"),
];

/// What comes with a change and is none.
const BESIDE: &[&str] =
    &["audit_logs", "idempotency_keys", "mail_outbox", "notification_counters", "notifications", "tenants"];

/// Which column of a row comes with a change of another row, and is none of its own row.
const BESIDE_COLUMNS: &[(&str, &str)] = &[("meetings", "attendees_changed_at")];

/// Which rows an operation changes without a row of their own in the audit log, and why. This list may only shrink.
const EXCUSED: &[(&str, &str, &str)] = &[
    ("issue_stream_ticket", "stream_tickets", "it counts for a minute"),
    ("logout", "users", "the session stands for its user"),
    ("user_login", "users", "the session stands for its user"),
    ("user_register", "invitations", "the account stands for its invitation"),
];

/// What is done to rows without changing them.
const SEEN: &[&str] = &["exported", "imported", "viewed"];

/// Which excuses were needed.
#[derive(Default)]
pub struct Told(RefCell<BTreeSet<(&'static str, &'static str)>>);

impl Told {
    /// Checks what was told of these changes.
    pub fn check(
        &self,
        operation: &str,
        request: &Request,
        reply: &Reply,
        changes: &[Change],
        audited: &[&str],
        notified: &[&str],
    ) {
        let rows = added(changes, "audit_logs");
        let actions = rows.iter().map(|row| format!("{} {}", text(row, "action"), text(row, "resource_type")));
        assert_eq!(sorted(actions), sorted(audited.iter().copied()), "{operation} in the audit log");
        let kinds = added(changes, "notifications").into_iter().map(|row| text(row, "kind").to_owned());
        let letters = added(changes, "mail_outbox").into_iter().map(|_| "letter".to_owned());
        assert_eq!(sorted(kinds.chain(letters)), sorted(notified.iter().copied()), "{operation}'s notifications");
        for row in &rows {
            assert_eq!(row["request_id"], reply.header("x-request-id").unwrap(), "{operation}: {row}");
            match &request.by {
                Some(user) => {
                    assert_eq!(json!([row["tenant_id"], row["user_id"]]), json!([user.tenant, user.id]), "{row}")
                }
                None => assert!(row["user_id"].is_i64(), "{operation}: {row}"),
            }
        }
        self.check_rows(operation, changes, &rows);
    }

    /// No change without its row in the audit log, and no row there without its change.
    fn check_rows(&self, operation: &str, changes: &[Change], audited: &[&Value]) {
        let told: BTreeSet<_> =
            audited.iter().map(|row| (text(row, "resource_type"), row["resource_id"].as_i64())).collect();
        let mut changed = BTreeSet::new();
        for change in changes.iter().filter(|change| !is_beside(change, changes)) {
            let resource = RESOURCES.iter().find(|(table, _, _)| *table == change.table);
            let resource = resource.map(|(_, resource, key)| (*resource, change.row[*key].as_i64()));
            changed.extend(resource);
            if resource.is_some_and(|resource| told.contains(&resource)) {
                continue;
            }
            let mut excuses = EXCUSED.iter().map(|(operation, table, _)| (*operation, *table));
            let excuse = excuses.find(|excuse| *excuse == (operation, change.table.as_str()));
            let excuse =
                excuse.unwrap_or_else(|| panic!("{operation} changed this without a row in the audit log: {change}"));
            self.0.borrow_mut().insert(excuse);
        }
        for row in audited {
            let resource = (text(row, "resource_type"), row["resource_id"].as_i64());
            let is_of_change =
                changed.contains(&resource) || resource.0 == "session" || SEEN.contains(&text(row, "action"));
            assert!(is_of_change, "{operation} left this in the audit log without a change: {row}");
        }
    }

    /// Fails when one of these operations has an excuse that it does not need.
    pub fn finish(self, operations: &[&str]) {
        let needed = self.0.into_inner();
        let excused = EXCUSED.iter().filter(|(operation, _, _)| operations.contains(operation));
        for (operation, table, _) in excused {
            assert!(needed.contains(&(*operation, *table)), "{operation} needs no excuse for {table} any more");
        }
    }
}

/// Whether it is a change of what only comes with other changes.
fn is_beside(change: &Change, changes: &[Change]) -> bool {
    let stays = |column: &str| {
        let rest = |change: &Change| {
            let mut row = change.row.clone();
            row[column].take();
            row
        };
        let mut others = changes.iter().filter(|other| (other.is_new, &other.table) == (!change.is_new, &change.table));
        others.any(|other| rest(other) == rest(change))
    };
    let mut columns = BESIDE_COLUMNS.iter().filter(|(table, _)| *table == change.table);
    BESIDE.contains(&change.table.as_str()) || columns.any(|(_, column)| stays(column))
}

/// The rows of this table that were added.
fn added<'a>(changes: &'a [Change], table: &str) -> Vec<&'a Value> {
    let rows = |is_new: bool| {
        let changes = changes.iter().filter(move |change| change.is_new == is_new && change.table == table);
        changes.map(|change| &change.row)
    };
    let before: Vec<&Value> = rows(false).map(|row| &row["id"]).collect();
    rows(true).filter(|row| !before.contains(&&row["id"])).collect()
}

fn text<'a>(row: &'a Value, column: &str) -> &'a str {
    row[column].as_str().unwrap_or_else(|| panic!("no {column} in {row}"))
}

fn sorted(texts: impl Iterator<Item = impl Into<String>>) -> Vec<String> {
    let mut texts: Vec<String> = texts.map(Into::into).collect();
    texts.sort();
    texts
}
