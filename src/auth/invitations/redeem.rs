//! Registration by invitation.

use secrecy::{ExposeSecret, SecretString};

use super::store::{self, InvitationRow};
use crate::auth::secret;
use crate::auth::store::{email_key, lock_tenant};
use crate::clock::Timestamp;
use crate::db::Conn;
use crate::error::{ApiError, FieldMessage};
use crate::policy::{Role, RolePolicy};

/// An invitation that counts, shown by whom it is for.
#[derive(Debug)]
pub struct Invited {
    invitation: InvitationRow,
    token_hash: String,
}

impl Invited {
    /// The invitation with this token; 400 unless it counts now, and for this address.
    pub async fn find(
        conn: &mut Conn,
        policy: RolePolicy,
        token: &SecretString,
        email: &str,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let token_hash = secret::hash(token.expose_secret());
        let invitation = store::find_by_token(conn, policy, &token_hash, now).await?;
        let invitation = invitation.filter(|invitation| email_key(&invitation.email) == email_key(email));
        Ok(Self { invitation: invitation.ok_or_else(refusal)?, token_hash })
    }

    /// Its key.
    pub fn id(&self) -> i64 {
        self.invitation.id
    }

    /// The tenant to join, the role there, and who chose it.
    pub fn place(&self) -> (String, Role, Option<i64>) {
        let InvitationRow { tenant_id, role, created_by, .. } = &self.invitation;
        (tenant_id.clone(), *role, Some(*created_by))
    }

    /// Uses the invitation up, in the transaction that makes the account; 400 when it does not count any more. Comes first
    /// there: whether it counts depends on who its author is now.
    pub async fn use_up(&self, tx: &mut Conn, policy: RolePolicy, now: Timestamp) -> Result<(), ApiError> {
        lock_tenant(tx, &self.invitation.tenant_id).await?;
        let counts = store::find_by_token(tx, policy, &self.token_hash, now).await?.is_some();
        if counts && store::use_up(tx, &self.invitation, now).await? { Ok(()) } else { Err(refusal()) }
    }
}

/// The same for an unknown, used or expired token as for another's, so that nobody learns which it is.
fn refusal() -> ApiError {
    ApiError::field("invite_token", FieldMessage::NotAnInvitation)
}
