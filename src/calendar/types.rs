//! Which calendar.

use utoipa::IntoParams;

use crate::db::text_enum;
use crate::fields::{self, Fields, FromFields};

text_enum! {
    /// Whose meetings.
    #[derive(Default)]
    pub enum CalendarScope {
        /// Those that the user attends or has made.
        #[default]
        Mine = "mine",
        /// The whole tenant's.
        All = "all",
    }
}

/// What a calendar shows.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CalendarQuery {
    /// Which meetings: `mine`, the default, are those that the user attends or has made; `all` are the whole tenant's.
    #[param(inline)]
    pub scope: Option<CalendarScope>,
}

impl FromFields for CalendarQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { scope: fields.optional("scope", fields::one_of::<CalendarScope>) })
    }
}
