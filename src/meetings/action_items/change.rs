//! Finding action items, to read or to change them.

use super::store::{self, ActionItemRow};
use crate::auth::Scope;
use crate::db::Conn;
use crate::error::{ApiError, Code};
use crate::meetings;
use crate::meetings::change::find_changeable;

/// The action item of the meeting.
pub async fn find_item(conn: &mut Conn, scope: &Scope, meeting: i64, id: i64) -> Result<ActionItemRow, ApiError> {
    store::find(conn, scope, meeting, id).await?.ok_or_else(|| Code::ActionItemNotFound.into())
}

/// The action item, for a change of it by somebody who may change its meeting: no other transaction changes either
/// before this one ends.
pub async fn find_item_to_change(
    conn: &mut Conn,
    scope: &Scope,
    meeting: i64,
    id: i64,
) -> Result<ActionItemRow, ApiError> {
    meetings::store::lock(conn, scope, meeting).await?;
    // A task that changes takes its action item along without asking for the meeting.
    store::lock(conn, scope, meeting, id).await?;
    find_changeable(conn, scope, meeting).await?;
    find_item(conn, scope, meeting, id).await
}
