//! Answers about tickets.

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;

/// A ticket for a stream.
#[derive(Serialize, ToSchema)]
pub struct StreamTicket {
    /// `ticket` for the stream. It counts once.
    #[schema(example = "PYL2U8HhZcPAzD8yQ2aFEnl6lXcX9aBSC3ZP5K3Yq0w")]
    pub ticket: String,
    /// Until when the stream must be opened.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}
