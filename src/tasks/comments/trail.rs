//! What is told of a comment, in the transaction of its change.

use super::store::{self, CommentRow};
use super::types::Comment;
use crate::audit::{self, Action, Changes, Event};
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::Conn;
use crate::error::ApiError;
use crate::notifications::{self, Kind, Notice};
use crate::resource::Resource;
use crate::tasks::row::TaskRow;

/// The comment is new; whoever has the task or made it hears of it.
pub async fn created(
    conn: &mut Conn,
    scope: &Scope,
    task: &TaskRow,
    comment: &Comment,
    now: Timestamp,
) -> Result<(), ApiError> {
    let event = Event::new(Action::Created, Resource::Comment, comment.id).with(Changes::created(comment));
    audit::record(conn, scope, event, now).await?;
    let (kind, title) = (Kind::TaskCommented, task.title.clone());
    let notice = Notice { kind, title, resource_type: Resource::Task, resource_id: task.id };
    let to: Vec<i64> = task.assigned_to.into_iter().chain(task.created_by).collect();
    notifications::send(conn, scope, notice, &to, now).await
}

/// The comment has changed.
pub async fn updated(
    conn: &mut Conn,
    scope: &Scope,
    old: &CommentRow,
    new: &CommentRow,
    now: Timestamp,
) -> Result<(), ApiError> {
    let changes = Changes::between(&Comment::from(old.clone()), &Comment::from(new.clone()));
    let event = Event::new(Action::Updated, Resource::Comment, new.id).with(changes);
    audit::record(conn, scope, event, now).await
}

/// The comment is gone.
pub async fn deleted(conn: &mut Conn, scope: &Scope, comment: &CommentRow, now: Timestamp) -> Result<(), ApiError> {
    audit::record(conn, scope, deletion(comment.clone()), now).await
}

/// All comments of the task go with it. Comes before the task is deleted, and after it is locked.
pub async fn all_deleted(conn: &mut Conn, scope: &Scope, task: i64, now: Timestamp) -> Result<(), ApiError> {
    let comments = store::list_for_deletion(conn, scope, task).await?;
    audit::record_all(conn, scope, comments.into_iter().map(deletion).collect(), now).await
}

fn deletion(comment: CommentRow) -> Event {
    let id = comment.id;
    Event::new(Action::Deleted, Resource::Comment, id).with(Changes::deleted(&Comment::from(comment)))
}
