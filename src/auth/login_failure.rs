//! Why somebody was not let in.

use serde_json::Value;

use crate::audit::{Action, Changes, Event};
use crate::resource::Resource;

/// Why somebody was not let in, as the audit log tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginFailure {
    /// The password was wrong.
    WrongPassword,
    /// The password was right, and the account is inactive.
    Inactive,
    /// Who was signed in did not know the current password.
    WrongCurrentPassword,
    /// That was one failure too many: the account is closed to this address for a while.
    TooMany,
}

impl LoginFailure {
    /// This, and that it closed the account if it did.
    pub fn followed_by(self, is_closed: bool) -> Vec<Self> {
        if is_closed { vec![self, Self::TooMany] } else { vec![self] }
    }

    /// What the log is told.
    pub fn event(self, user: i64) -> Event {
        let reason = match self {
            Self::WrongPassword => "wrong_password",
            Self::Inactive => "inactive_account",
            Self::WrongCurrentPassword => "wrong_current_password",
            Self::TooMany => "too_many_failures",
        };
        let changes = Changes::default().field("reason", Value::Null, reason);
        Event::new(Action::LoginFailed, Resource::Session, user).with(changes)
    }
}
