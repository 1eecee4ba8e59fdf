//! Bodies and answers about sessions.

use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::types::{MAX_PASSWORD_LENGTH, new_password};
use crate::fields::{self, Fields, FromFields};

/// Replaces one's own password.
#[derive(Debug, ToSchema)]
pub struct PasswordChange {
    /// The password of now.
    #[schema(value_type = String, format = "password", max_length = 1024, example = "password123")]
    pub current_password: SecretString,
    /// The password from now on.
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 1024, example = "password456")]
    pub new_password: SecretString,
}

impl FromFields for PasswordChange {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let current_password = fields.required("current_password", fields::text_up_to(MAX_PASSWORD_LENGTH));
        let new_password = fields.required("new_password", new_password);
        Some(Self { current_password: current_password?.into(), new_password: new_password?.into() })
    }
}

/// The answer to a new password.
#[derive(Serialize, ToSchema)]
pub struct PasswordChanged {
    /// For people.
    #[schema(value_type = String, example = "Password changed successfully")]
    pub message: &'static str,
    /// In place of the caller's own, which has ended with all others.
    pub access_token: String,
    /// In place of the caller's own.
    pub refresh_token: String,
}

/// What ends beside the access token that the call is made with.
#[derive(Debug, Default, ToSchema)]
pub struct Logout {
    /// The refresh token of this session, which ends with it.
    #[schema(value_type = Option<String>, nullable = false)]
    pub refresh_token: Option<SecretString>,
    /// Every session of the account, and its calendar link.
    #[schema(value_type = Option<bool>, nullable = false)]
    pub all: bool,
}

impl FromFields for Logout {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let refresh_token = fields.optional("refresh_token", fields::any_text);
        let all = fields.optional("all", fields::boolean);
        Some(Self { refresh_token: refresh_token.map(SecretString::from), all: all.unwrap_or_default() })
    }
}
