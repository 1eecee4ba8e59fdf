//! Who may change a meeting with what belongs to it.

use super::store::{self, MeetingRow};
use super::types::MeetingStatus;
use crate::auth::Scope;
use crate::db::Conn;
use crate::error::{ApiError, Code};
use crate::policy::{PublishMeeting, UpdateMeeting};

/// The meeting.
pub async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> Result<MeetingRow, ApiError> {
    store::find(conn, scope, id).await?.ok_or_else(|| Code::MeetingNotFound.into())
}

/// The meeting, for a change of it or of what belongs to it: no other transaction changes either before this one ends.
pub async fn find_to_change(conn: &mut Conn, scope: &Scope, id: i64) -> Result<MeetingRow, ApiError> {
    store::lock(conn, scope, id).await?;
    find_changeable(conn, scope, id).await
}

/// The meeting, if the user may change it. One that stands for what was published is changed only by those who may
/// publish.
pub async fn find_changeable(conn: &mut Conn, scope: &Scope, id: i64) -> Result<MeetingRow, ApiError> {
    let meeting = find(conn, scope, id).await?;
    scope.check::<UpdateMeeting>(meeting.created_by)?;
    check_publishing(scope, &meeting)?;
    Ok(meeting)
}

/// To change a meeting that stands for what was published is a permission of its own, and so is to make it one.
pub fn check_publishing(scope: &Scope, meeting: &MeetingRow) -> Result<(), ApiError> {
    if stands(meeting) { scope.check::<PublishMeeting>(None) } else { Ok(()) }
}

/// Whether readers rely on it: it is published, or was put away after that. What is a draft again is being written.
fn stands(meeting: &MeetingRow) -> bool {
    match meeting.status {
        MeetingStatus::Draft => false,
        MeetingStatus::Published => true,
        MeetingStatus::Archived => meeting.published_at.is_some(),
    }
}
