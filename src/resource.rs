//! The kinds of things there are, for what speaks of all of them: the audit log and notifications.

use crate::db::text_enum;

text_enum! {
    /// What something happened to.
    pub enum Resource {
        /// An account.
        User = "user",
        /// A sign-in, and what was signed in with it.
        Session = "session",
        /// An invitation.
        Invitation = "invitation",
        /// A task.
        Task = "task",
        /// A comment on a task.
        Comment = "comment",
        /// A meeting.
        Meeting = "meeting",
        /// Somebody's part in a meeting.
        Attendee = "attendee",
        /// What a meeting has agreed on.
        ActionItem = "action_item",
        /// A contract.
        Contract = "contract",
        /// The audit log itself.
        AuditLog = "audit_log",
        /// A calendar to subscribe to.
        CalendarFeed = "calendar_feed",
        /// What a user wants to be told, and how.
        Preferences = "preferences",
    }
}
