//! The forms of a report.

use axum::http::HeaderMap;

use crate::accept;
use crate::db::text_enum;

text_enum! {
    /// The form of a report.
    pub enum ReportFormat {
        /// For programs.
        Json = "json",
        /// For a wiki or a chat.
        Markdown = "markdown",
        /// A page to read and to print.
        Html = "html",
    }
}

impl ReportFormat {
    /// What the caller wants most; JSON unless another form is wanted more.
    pub fn negotiate(headers: &HeaderMap) -> Self {
        accept::preferred(headers, Self::Json, &[Self::Markdown, Self::Html], Self::media_type)
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Markdown => "text/markdown",
            Self::Html => "text/html",
        }
    }
}
