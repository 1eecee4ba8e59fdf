//! Bodies and answers of comments.

use serde::Serialize;
use utoipa::ToSchema;

use super::store::CommentRow;
use crate::clock::Timestamp;
use crate::error::FieldMessage;
use crate::etag::Tag;
use crate::fields::{self, Fields, FromFields};
use crate::letters::is_blank;
use crate::page::{Listing, Page, PageAnswer};
use crate::policy::Role;

/// The longest comment.
const CONTENT_LENGTH: usize = 10_000;

/// A new comment.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({"content": "The report waits for the customer's figures."}))]
pub struct NewComment {
    /// What is said; more than blanks.
    #[schema(min_length = 1, max_length = 10_000, example = "The report waits for the customer's figures.")]
    pub content: String,
}

impl FromFields for NewComment {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { content: fields.required("content", content)? })
    }
}

/// A change of a comment: an absent field stays.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({"content": "The customer's figures are there."}))]
pub struct CommentPatch {
    /// What is said; more than blanks.
    #[schema(min_length = 1, max_length = 10_000, nullable = false, example = "The customer's figures are there.")]
    pub content: Option<String>,
}

impl FromFields for CommentPatch {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { content: fields.optional("content", content) })
    }
}

fn content(value: serde_json::Value) -> fields::Read<String> {
    let text = fields::text(1, CONTENT_LENGTH)(value)?;
    if text.chars().all(is_blank) { Err(FieldMessage::Blank.into()) } else { Ok(text) }
}

/// Which page of a task's comments.
#[derive(Debug, Clone)]
pub struct CommentQuery {
    /// Page and order.
    pub page: Page,
}

impl FromFields for CommentQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { page: Page::from_fields::<CommentRow>(fields)? })
    }
}

/// What somebody says about a task.
#[derive(Debug, Serialize, ToSchema)]
pub struct Comment {
    /// Key.
    #[schema(example = 1)]
    pub id: i64,
    /// The task.
    #[schema(example = 1)]
    pub task_id: i64,
    /// Who says it.
    #[schema(required)]
    pub author: Option<CommentAuthor>,
    /// What is said.
    pub content: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

/// Who wrote a comment.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentAuthor {
    /// Key.
    pub id: i64,
    /// Display name.
    pub name: String,
    /// Role in the tenant.
    pub role: Role,
}

impl Comment {
    /// The tag of the answer, which shows the author's account too.
    pub fn tag(&self) -> Tag {
        Tag::with_rest(self.version, &self.author)
    }
}

impl From<CommentRow> for Comment {
    fn from(row: CommentRow) -> Self {
        let CommentRow { id, task_id, content, version, created_at, updated_at, created_by, author_name, author_role } =
            row;
        let author = match (created_by, author_name, author_role) {
            (Some(id), Some(name), Some(role)) => Some(CommentAuthor { id, name, role }),
            _ => None,
        };
        Self { id, task_id, author, content, created_at, updated_at, version }
    }
}

/// An answer with a comment.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentAnswer {
    /// The comment.
    pub comment: Comment,
}

/// The answer to a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentChanged {
    /// For people.
    #[schema(value_type = String, example = "Comment created successfully")]
    pub message: &'static str,
    /// The comment as it is now.
    pub comment: Comment,
}

/// A page of comments.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentList {
    /// The page.
    pub comments: Vec<Comment>,
    /// Counts and cursor.
    #[serde(flatten)]
    pub page: PageAnswer,
}

impl From<Listing<CommentRow>> for CommentList {
    fn from(listing: Listing<CommentRow>) -> Self {
        let (rows, page) = listing.split();
        Self { comments: rows.into_iter().map(Comment::from).collect(), page }
    }
}
