//! What the log is told.

use serde::Serialize;
use serde_json::Value;

use super::changes::Changes;
use crate::db::text_enum;
use crate::resource::Resource;

text_enum! {
    /// What was done.
    pub enum Action {
        /// It was made.
        Created = "created",
        /// Its values changed.
        Updated = "updated",
        /// It is gone.
        Deleted = "deleted",
        /// Somebody signed in.
        LoggedIn = "login",
        /// Somebody failed to sign in.
        LoginFailed = "login_failed",
        /// Somebody signed out.
        LoggedOut = "logout",
        /// A password changed.
        PasswordChanged = "password_changed",
        /// It was shown, with what not everybody may see.
        Viewed = "viewed",
        /// It was handed out as a file.
        Exported = "exported",
        /// It was made known.
        Published = "published",
        /// It became something else.
        Converted = "converted",
        /// Another one followed it.
        Renewed = "renewed",
        /// Many came in with a file; each has a row of its own besides.
        Imported = "imported",
        /// Somebody was invited.
        Invited = "invited",
        /// Somebody made himself an account.
        Registered = "registered",
        /// It does not count any more.
        Revoked = "revoked",
        /// Its time ran out.
        Expired = "expired",
    }
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What was done.
    pub action: Action,
    /// To what.
    pub resource_type: Resource,
    /// To which one; nothing when it was none, or many.
    pub resource_id: Option<i64>,
    /// What changed.
    pub changes: Changes,
}

impl Event {
    /// Without changes.
    pub fn new(action: Action, resource_type: Resource, resource_id: i64) -> Self {
        Self { action, resource_type, resource_id: Some(resource_id), changes: Changes::default() }
    }

    /// With these changes.
    #[must_use]
    pub fn with(self, changes: Changes) -> Self {
        Self { changes, ..self }
    }

    /// An export: of what, in which format, and chosen by which filters of the query.
    pub fn export(resource_type: Resource, format: &str, query: &impl Serialize) -> Self {
        let changes = Changes::created(query).field("format", Value::Null, format);
        Self { action: Action::Exported, resource_type, resource_id: None, changes }
    }
}
