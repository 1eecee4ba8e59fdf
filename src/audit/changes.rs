//! What of a row has changed, from what to what.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Fields that are no news in a log that says itself what happened to which row, and when; and fields that repeat
/// other rows.
const LEFT_OUT: [&str; 11] = [
    "id",
    "tenant_id",
    "version",
    "created_at",
    "updated_at",
    "action_items",
    "assignee_name",
    "attendees",
    "author_name",
    "comment_count",
    "user_name",
];
/// In place of a value that the log must not show.
const HIDDEN: &str = "***";
/// The most characters of a value: a change of many rows writes a long text down for each of them.
const LENGTH: usize = 2000;

/// A value of a field before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = AuditChange)]
pub struct Change {
    /// Before; null when there was none.
    pub from: Value,
    /// After; null when there is none.
    pub to: Value,
}

/// The fields that changed, by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Changes(pub BTreeMap<String, Change>);

impl Changes {
    /// Of a new row: every field that is not null.
    pub fn created(new: &impl Serialize) -> Self {
        Self::of(&Map::new(), &fields(new))
    }

    /// Of a row that is gone: every field that was not null.
    pub fn deleted(old: &impl Serialize) -> Self {
        Self::of(&fields(old), &Map::new())
    }

    /// Of a row that is still there: every field that is not as it was.
    pub fn between(old: &impl Serialize, new: &impl Serialize) -> Self {
        Self::of(&fields(old), &fields(new))
    }

    /// With this field too, if it has changed.
    #[must_use]
    pub fn field(mut self, name: &str, from: impl Into<Value>, to: impl Into<Value>) -> Self {
        let (from, to) = (from.into(), to.into());
        // What differs only beyond the cut has changed as well.
        if from != to {
            self.0.insert(name.to_owned(), Change { from: shortened(from), to: shortened(to) });
        }
        self
    }

    /// Without the values of this field: that it changed stays.
    #[must_use]
    pub fn hide(mut self, name: &str) -> Self {
        if let Some(Change { from, to }) = self.0.get_mut(name) {
            for value in [from, to].into_iter().filter(|value| !value.is_null()) {
                *value = HIDDEN.into();
            }
        }
        self
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(old: &Map<String, Value>, new: &Map<String, Value>) -> Self {
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let value = |fields: &Map<String, Value>, name: &str| fields.get(name).cloned().unwrap_or_default();
        let values = names.into_iter().map(|name| (name, value(old, name), value(new, name)));
        let own = values.filter(|(_, from, to)| !is_of_other_rows(from) && !is_of_other_rows(to));
        own.fold(Self::default(), |changes, (name, from, to)| changes.field(name, from, to))
    }
}

fn fields(row: &impl Serialize) -> Map<String, Value> {
    // What can be answered always serializes, and to an object.
    let Ok(Value::Object(mut fields)) = serde_json::to_value(row) else { return Map::new() };
    fields.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
    fields
}

/// What the log keeps of a value, and what a list shows of it. Of a long text it is the first characters and the number of the others; of a list the
/// first texts, as many as are no longer together, and the number of what comes behind them.
pub fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) => shortened_text(text).into(),
        Value::Array(parts) => shortened_list(parts).into(),
        other => other,
    }
}

fn shortened_text(text: String) -> String {
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}{}", &text[..end], left_out(text[end..].chars().count())),
        None => text,
    }
}

fn shortened_list(mut parts: Vec<Value>) -> Vec<Value> {
    let mut length = 0;
    let beyond = parts.iter().position(|part| {
        length += part.as_str().map_or(0, |text| text.chars().count());
        length > LENGTH
    });
    if let Some(beyond) = beyond {
        let rest = parts.split_off(beyond);
        parts.push(left_out(rest.len()).into());
    }
    parts
}

fn left_out(count: usize) -> String {
    format!("…+{count}")
}

/// An object is another row, and a list of objects other rows.
fn is_of_other_rows(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(parts) => parts.iter().any(Value::is_object),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn text(changes: &Changes) -> Value {
        serde_json::to_value(changes).unwrap()
    }

    #[test]
    fn a_new_row_has_come_from_nothing_and_a_deleted_one_goes_to_nothing() {
        let row = json!({
            "id": 1, "tenant_id": "acme", "title": "보고", "description": null, "tags": ["a"], "assigned_to": 2,
            "assignee": {"id": 2, "name": "Kim"}, "parts": [{"id": 1}], "action_items": [], "comment_count": 3,
            "created_at": "x", "updated_at": "x", "version": 1, "user_name": "Kim", "done": false,
        });
        assert_eq!(
            text(&Changes::created(&row)),
            json!({
                "title": {"from": null, "to": "보고"}, "tags": {"from": null, "to": ["a"]},
                "assigned_to": {"from": null, "to": 2}, "done": {"from": null, "to": false},
            })
        );
        assert_eq!(text(&Changes::deleted(&row))["title"], json!({"from": "보고", "to": null}));
        assert_eq!(Changes::deleted(&row).0.len(), 4);
    }

    #[test]
    fn only_what_differs_is_a_change() {
        let old = json!({"id": 1, "title": "a", "notes": null, "tags": [], "location": "x", "assignee": null, "p": []});
        let new = json!({"id": 2, "title": "b", "notes": "n", "tags": [], "assignee": {"id": 2}, "p": [{"id": 1}]});
        assert_eq!(
            text(&Changes::between(&old, &new)),
            json!({
                "title": {"from": "a", "to": "b"}, "notes": {"from": null, "to": "n"},
                "location": {"from": "x", "to": null},
            })
        );
        assert!(Changes::between(&old, &old).is_empty());
    }

    #[test]
    fn what_is_hidden_has_still_changed() {
        let changes =
            Changes::between(&json!({"amount": "1.00", "title": "a"}), &json!({"amount": "2.00", "title": "b"}));
        assert_eq!(
            text(&changes.hide("amount").hide("absent")),
            json!({
                "amount": {"from": "***", "to": "***"}, "title": {"from": "a", "to": "b"},
            })
        );
        let changes = Changes::default().field("amount", Value::Null, "1").field("title", "a", "a").hide("amount");
        assert_eq!(text(&changes), json!({"amount": {"from": null, "to": "***"}}));
    }

    #[test]
    fn a_long_value_is_cut_and_says_by_how_much() {
        let whole = "가".repeat(LENGTH);
        let (long, longer) = (format!("{whole}나"), format!("{whole}나다"));
        let row = |title: &str| json!({"title": title});
        let cases = [(&whole, whole.clone()), (&long, format!("{whole}…+1")), (&longer, format!("{whole}…+2"))];
        for (title, kept) in cases {
            assert_eq!(text(&Changes::created(&row(title))), json!({"title": {"from": null, "to": kept}}));
            assert_eq!(text(&Changes::deleted(&row(title))), json!({"title": {"from": kept, "to": null}}));
        }
        let changes = Changes::between(&row(&whole), &row(&longer)).field("notes", long.as_str(), "n");
        assert_eq!(
            text(&changes),
            json!({
                "title": {"from": whole, "to": format!("{whole}…+2")},
                "notes": {"from": format!("{whole}…+1"), "to": "n"},
            })
        );
        // What differs only in what was left out has changed all the same.
        let cut = format!("{whole}…+1");
        let changes = Changes::between(&row(&format!("{whole}a")), &row(&format!("{whole}b")));
        assert_eq!(text(&changes), json!({"title": {"from": cut, "to": cut}}));
    }

    #[test]
    fn a_list_of_many_texts_is_cut_and_one_of_numbers_is_not() {
        let tag = "x".repeat(100);
        let kept = |tags: usize, rest: Option<&str>| {
            let tags = std::iter::repeat_n(tag.as_str(), tags).chain(rest);
            Value::from(tags.collect::<Vec<_>>())
        };
        for (tags, expected) in [(20, kept(20, None)), (21, kept(20, Some("…+1"))), (100, kept(20, Some("…+80")))] {
            let changes = Changes::created(&json!({"tags": vec![tag.as_str(); tags]}));
            assert_eq!(text(&changes)["tags"]["to"], expected, "{tags}");
        }
        let ids: Vec<i64> = (0..10_000).collect();
        assert_eq!(text(&Changes::default().field("ids", (), ids.clone()))["ids"]["to"], json!(ids));
    }

    fn any_row() -> impl Strategy<Value = BTreeMap<String, Option<i64>>> {
        prop::collection::btree_map("[a-d]|id|version", prop::option::of(0..3_i64), 0..6)
    }

    proptest! {
        #[test]
        fn the_changes_lead_from_the_old_row_to_the_new_one(old in any_row(), new in any_row()) {
            let own = |row: &BTreeMap<String, Option<i64>>| -> BTreeMap<String, i64> {
                let own = row.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
                own.filter_map(|(name, value)| Some((name.clone(), (*value)?))).collect()
            };
            let mut row = own(&old);
            for (name, Change { from, to }) in Changes::between(&old, &new).0 {
                prop_assert_ne!(&from, &to);
                prop_assert_eq!(row.remove(&name), from.as_i64());
                if let Some(to) = to.as_i64() {
                    row.insert(name, to);
                }
            }
            prop_assert_eq!(row, own(&new));
        }

        #[test]
        fn changes_are_read_back(old in any_row(), new in any_row()) {
            let changes = Changes::between(&old, &new);
            let read: Changes = serde_json::from_str(&serde_json::to_string(&changes).unwrap()).unwrap();
            prop_assert_eq!(read, changes);
        }
    }
}
