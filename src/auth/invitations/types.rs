//! Bodies and answers of invitations.

use serde::Serialize;
use utoipa::ToSchema;

use super::store::InvitationRow;
use crate::clock::Timestamp;
use crate::fields::{self, Fields, FromFields};
use crate::page::{Listing, Page, PageAnswer};
use crate::policy::Role;

/// Invites somebody into the tenant.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"email": "lee@example.com", "role": "editor"}))]
pub struct NewInvitation {
    /// Whom; only this address can register by it.
    #[schema(format = "email", max_length = 255, example = "lee@example.com")]
    pub email: String,
    /// The role to be; only an owner may invite an owner.
    pub role: Role,
}

impl FromFields for NewInvitation {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let email = fields.required("email", fields::email);
        let role = fields.required("role", fields::one_of::<Role>);
        Some(Self { email: email?, role: role? })
    }
}

/// Which page of invitations.
#[derive(Debug)]
pub struct InvitationQuery {
    /// Page and order.
    pub page: Page,
}

impl FromFields for InvitationQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { page: Page::from_fields::<InvitationRow>(fields)? })
    }
}

/// An invitation that nobody has used yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invitation {
    /// Key.
    #[schema(example = 1)]
    pub id: i64,
    /// Who is invited.
    #[schema(format = "email", example = "lee@example.com")]
    pub email: String,
    /// The role to be.
    pub role: Role,
    /// Until when it counts.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The id of who gave it. It counts only as long as he could give it anew.
    #[schema(example = 1)]
    pub created_by: i64,
    /// His name.
    #[schema(example = "Kim Ji-eun")]
    pub created_by_name: String,
    /// `invite_token` for `POST /auth/register`. Only in the answer that made it; nobody can read it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub token: Option<String>,
}

impl From<InvitationRow> for Invitation {
    fn from(row: InvitationRow) -> Self {
        let InvitationRow { id, tenant_id: _, email, role, expires_at, created_at, created_by, created_by_name } = row;
        Self { id, email, role, expires_at, created_at, created_by, created_by_name, token: None }
    }
}

/// An answer with an invitation.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationAnswer {
    /// The invitation.
    pub invitation: Invitation,
}

/// The answer to a new invitation.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationCreated {
    /// For people.
    #[schema(value_type = String, example = "Invitation created successfully")]
    pub message: &'static str,
    /// The invitation, with its token.
    pub invitation: Invitation,
}

/// A page of invitations.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationList {
    /// The page.
    pub invitations: Vec<Invitation>,
    /// Counts and cursor.
    #[serde(flatten)]
    pub page: PageAnswer,
}

impl From<Listing<InvitationRow>> for InvitationList {
    fn from(listing: Listing<InvitationRow>) -> Self {
        let (rows, page) = listing.split();
        Self { invitations: rows.into_iter().map(Invitation::from).collect(), page }
    }
}
