//! Where a stream begins.

use serde_json::Value;
use utoipa::IntoParams;

use crate::error::FieldMessage;
use crate::fields::{self, Fields, FromFields, Read};

/// Where a stream begins.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// For callers that cannot send the header `Last-Event-ID`, which wins: the `id` of the last event that they have, or
    /// `last_event_id` of a list.
    #[param(minimum = 0)]
    pub last_event_id: Option<i64>,
}

impl FromFields for StreamQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { last_event_id: fields.optional("last_event_id", event_id) })
    }
}

/// The id of an event; 0 stands before the first one.
pub fn event_id(value: Value) -> Read<i64> {
    let id = fields::integer(value)?;
    if id >= 0 { Ok(id) } else { Err(FieldMessage::Min(0).into()) }
}
