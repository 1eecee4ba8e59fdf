//! The query and the answers of an import.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::fields::{self, Fields, FromFields};

/// Whether to import.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Only say what is wrong; false by default.
    #[param(value_type = Option<bool>, example = true)]
    pub dry_run: bool,
}

impl FromFields for ImportQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { dry_run: fields.optional("dry_run", fields::boolean).unwrap_or(false) })
    }
}

/// The answer to an import.
#[derive(Debug, Serialize, ToSchema)]
pub struct TasksImported {
    /// For people.
    #[schema(value_type = String, example = "Tasks imported successfully")]
    pub message: &'static str,
    /// How many tasks were made.
    #[schema(example = 2)]
    pub imported: usize,
}

/// The answer to a dry run.
#[derive(Debug, Serialize, ToSchema)]
pub struct TasksValid {
    /// For people.
    #[schema(value_type = String, example = "Tasks can be imported")]
    pub message: &'static str,
    /// How many tasks would be made.
    #[schema(example = 2)]
    pub valid: usize,
}
