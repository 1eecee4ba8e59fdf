//! Bodies and answers of action items.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::store::ActionItemRow;
use crate::clock::Timestamp;
use crate::db::text_enum;
use crate::etag::Tag;
use crate::fields::{self, Change, Fields, FromFields};
use crate::page::{Listing, Page, PageAnswer};

text_enum! {
    /// How far an action item is.
    #[derive(Default)]
    pub enum ActionItemStatus {
        /// Not begun.
        #[default]
        Pending = "pending",
        /// Being done.
        InProgress = "in_progress",
        /// Done.
        Completed = "completed",
        /// Given up.
        Cancelled = "cancelled",
    }
}

impl ActionItemStatus {
    /// Of an action item that is still to be done.
    pub const OPEN: [Self; 2] = [Self::Pending, Self::InProgress];
}

/// A new action item.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({"description": "Send the incident report", "due_date": "2026-02-13T18:00:00+09:00"}))]
pub struct NewActionItem {
    /// What is to be done.
    #[schema(min_length = 1, example = "Send the incident report")]
    pub description: String,
    /// An active user of the tenant.
    pub assigned_to: Option<i64>,
    /// When it must be done; without an offset it is UTC.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-02-13T18:00:00+09:00")]
    pub due_date: Option<Timestamp>,
}

impl FromFields for NewActionItem {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let description = fields.required("description", fields::text_from(1));
        let assigned_to = fields.nullable("assigned_to", fields::integer);
        let due_date = fields.nullable("due_date", fields::moment);
        Some(Self { description: description?, assigned_to, due_date })
    }
}

impl NewActionItem {
    /// The row to insert, at this time.
    pub fn into_row(self, meeting: i64, now: Timestamp) -> ActionItemRow {
        let Self { description, assigned_to, due_date } = self;
        ActionItemRow {
            id: 0,
            meeting_id: meeting,
            task_id: None,
            description,
            assigned_to,
            assignee_name: None,
            due_date,
            status: ActionItemStatus::default(),
            version: 1,
            created_at: now,
        }
    }
}

/// A change of an action item: absent fields stay, null clears.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({"status": "completed"}))]
pub struct ActionItemPatch {
    /// What is to be done.
    #[schema(min_length = 1, nullable = false, example = "Send the incident report")]
    pub description: Option<String>,
    /// An active user of the tenant.
    #[schema(value_type = Option<i64>)]
    pub assigned_to: Change<i64>,
    /// When it must be done.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_date: Change<Timestamp>,
    /// How far it is.
    #[schema(nullable = false)]
    pub status: Option<ActionItemStatus>,
}

impl FromFields for ActionItemPatch {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            description: fields.optional("description", fields::text_from(1)),
            assigned_to: fields.change("assigned_to", fields::integer),
            due_date: fields.change("due_date", fields::moment),
            status: fields.optional("status", fields::one_of::<ActionItemStatus>),
        })
    }
}

impl ActionItemPatch {
    /// The row with the change applied.
    pub fn apply(self, row: &ActionItemRow) -> ActionItemRow {
        let Self { description, assigned_to, due_date, status } = self;
        let mut row = row.clone();
        fields::replace(&mut row.description, description);
        assigned_to.apply(&mut row.assigned_to);
        due_date.apply(&mut row.due_date);
        fields::replace(&mut row.status, status);
        row
    }
}

/// Which of a meeting's action items, and which page of them.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActionItemQuery {
    /// How far they are.
    pub status: Option<ActionItemStatus>,
    /// The assignee's id.
    pub assigned_to: Option<i64>,
    /// Page and order.
    #[param(ignore)]
    pub page: Page,
}

impl FromFields for ActionItemQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            status: fields.optional("status", fields::one_of::<ActionItemStatus>),
            assigned_to: fields.optional("assigned_to", fields::integer),
            page: Page::from_fields::<ActionItemRow>(fields)?,
        })
    }
}

/// What follows from a meeting.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionItem {
    /// Key.
    pub id: i64,
    /// The meeting.
    pub meeting_id: i64,
    /// The task that it became.
    #[schema(required)]
    pub task_id: Option<i64>,
    /// What is to be done.
    pub description: String,
    /// Who does it.
    #[schema(required)]
    pub assigned_to: Option<i64>,
    /// His name.
    #[schema(required)]
    pub assignee_name: Option<String>,
    /// When it must be done.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub due_date: Option<Timestamp>,
    /// How far it is.
    pub status: ActionItemStatus,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

impl ActionItem {
    /// The tag of the answer, which shows the assignee's name too.
    pub fn tag(&self) -> Tag {
        Tag::with_rest(self.version, &self.assignee_name)
    }
}

impl From<ActionItemRow> for ActionItem {
    fn from(row: ActionItemRow) -> Self {
        let ActionItemRow {
            id,
            meeting_id,
            task_id,
            description,
            assigned_to,
            assignee_name,
            due_date,
            status,
            version,
            created_at,
        } = row;
        Self { id, meeting_id, task_id, description, assigned_to, assignee_name, due_date, status, created_at, version }
    }
}

/// An answer with an action item.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionItemAnswer {
    /// The action item.
    pub action_item: ActionItem,
}

/// The answer to a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionItemChanged {
    /// For people.
    #[schema(value_type = String, example = "Action item created successfully")]
    pub message: &'static str,
    /// The action item as it is now.
    pub action_item: ActionItem,
}

/// A page of a meeting's action items.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionItemList {
    /// The page.
    pub action_items: Vec<ActionItem>,
    /// Counts and cursor.
    #[serde(flatten)]
    pub page: PageAnswer,
}

impl From<Listing<ActionItemRow>> for ActionItemList {
    fn from(listing: Listing<ActionItemRow>) -> Self {
        let (rows, page) = listing.split();
        Self { action_items: rows.into_iter().map(ActionItem::from).collect(), page }
    }
}
