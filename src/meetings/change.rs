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

/// The meeting, if the user may change it. A published one is changed only by those who may publish.
pub async fn find_changeable(conn: &mut Conn, scope: &Scope, id: i64) -> Result<MeetingRow, ApiError> {
    let meeting = find(conn, scope, id).await?;
    scope.check::<UpdateMeeting>(meeting.created_by)?;
    if meeting.status == MeetingStatus::Published {
        scope.check::<PublishMeeting>(None)?;
    }
    Ok(meeting)
}

/// Moving a meeting into or out of `published` is a permission of its own.
pub fn check_publishing(scope: &Scope, from: MeetingStatus, to: MeetingStatus) -> Result<(), ApiError> {
    if from == to || (from != MeetingStatus::Published && to != MeetingStatus::Published) {
        return Ok(());
    }
    scope.check::<PublishMeeting>(None)
}
