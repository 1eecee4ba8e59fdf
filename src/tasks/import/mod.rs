//! Tasks from CSV, as spreadsheets write it.

mod layout;
mod reader;
mod routes;
mod text;
mod types;

pub use routes::router;

use crate::error::{ApiError, FieldFault, FieldFaults, FieldMessage};

/// What has no column of its own: the body or a line, in marshmallow's words.
const WHOLE: &str = "_schema";

/// What is wrong with a line as a whole.
fn fault(line: usize, message: FieldMessage) -> ApiError {
    let whole = FieldFault::Parts(FieldFaults::one(WHOLE, message));
    ApiError::fields(FieldFaults::one(&line.to_string(), whole))
}
