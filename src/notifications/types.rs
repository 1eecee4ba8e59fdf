//! Queries, bodies and answers of notifications.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::store::NotificationRow;
use crate::clock::Timestamp;
use crate::db::text_enum;
use crate::fields::{self, Fields, FromFields};
use crate::page::{Page, PageAnswer};
use crate::resource::Resource;

text_enum! {
    /// What a notification tells of.
    #[derive(PartialOrd, Ord)]
    pub enum NotificationKind {
        /// A task was given to the user.
        TaskAssigned = "task_assigned",
        /// Somebody commented on a task of his.
        TaskCommented = "task_commented",
        /// A task of his is overdue.
        TaskOverdue = "task_overdue",
        /// A meeting that he attends was published.
        MeetingPublished = "meeting_published",
        /// An action item was given to him.
        ActionItemAssigned = "action_item_assigned",
        /// A contract ends soon.
        ContractExpiring = "contract_expiring",
        /// A contract has ended.
        ContractExpired = "contract_expired",
        /// A contract was renewed.
        ContractRenewed = "contract_renewed",
    }
}

/// Which of one's own notifications, and which page of them.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NotificationQuery {
    /// Only those that are not read, or only those that are.
    pub unread: Option<bool>,
    /// What they tell of.
    pub kind: Option<NotificationKind>,
    /// Page and order.
    #[param(ignore)]
    pub page: Page,
}

impl FromFields for NotificationQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            unread: fields.optional("unread", fields::boolean),
            kind: fields.optional("kind", fields::one_of::<NotificationKind>),
            page: Page::from_fields::<NotificationRow>(fields)?,
        })
    }
}

/// Something that has happened to the user's work.
#[derive(Debug, Serialize, ToSchema)]
pub struct Notification {
    /// Key.
    #[schema(example = 1)]
    pub id: i64,
    /// What it tells of.
    pub kind: NotificationKind,
    /// What it is about: the title of the task, the meeting or the contract, or what is to be done after the meeting;
    /// at most 255 characters of it.
    #[schema(example = "Weekly security report")]
    pub title: String,
    /// Where to see it: an action item in its meeting. `action_item` is only in old ones.
    pub resource_type: Resource,
    /// Its key. It may be gone by now.
    #[schema(example = 1)]
    pub resource_id: i64,
    /// When the user read it; null before.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub read_at: Option<Timestamp>,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<NotificationRow> for Notification {
    fn from(row: NotificationRow) -> Self {
        let NotificationRow { id, kind, title, resource_type, resource_id, seq: _, read_at, created_at } = row;
        Self { id, kind, title, resource_type, resource_id, read_at, created_at }
    }
}

/// A page of notifications.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationList {
    /// The page.
    pub notifications: Vec<Notification>,
    /// All that the user has not read, whatever the filters.
    #[schema(example = 1)]
    pub unread_count: i64,
    /// As `last_event_id` it makes the stream go on from this list.
    #[schema(example = 1)]
    pub last_event_id: i64,
    /// Counts and cursor.
    #[serde(flatten)]
    pub page: PageAnswer,
}

/// The answer to a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationChanged {
    /// For people.
    #[schema(value_type = String, example = "Notification marked as read")]
    pub message: &'static str,
    /// The notification as it is now.
    pub notification: Notification,
}

/// Which notifications the user has seen.
#[derive(Debug, Clone, Copy, Default, ToSchema)]
#[schema(example = json!({"up_to": 1}))]
pub struct ReadAll {
    /// The newest one that he has seen, by its id; what has come since stays unread. All by default.
    #[schema(nullable = false, example = 1)]
    pub up_to: Option<i64>,
}

impl FromFields for ReadAll {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { up_to: fields.optional("up_to", fields::integer) })
    }
}

/// The answer to marking many.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllRead {
    /// For people.
    #[schema(value_type = String, example = "Notifications marked as read")]
    pub message: &'static str,
    /// How many were not read before.
    #[schema(example = 1)]
    pub updated: u64,
}
