//! Answers about calendar feeds.

use serde::Serialize;
use utoipa::ToSchema;

use super::store::FeedRow;
use crate::clock::Timestamp;

/// The link to the caller's calendar, which is shown only when it is made.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarFeed {
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When a calendar program last used it, to the hour; null before the first time.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub last_used_at: Option<Timestamp>,
}

impl From<FeedRow> for CalendarFeed {
    fn from(row: FeedRow) -> Self {
        let FeedRow { id: _, user_id: _, locale: _, token_generation: _, created_at, last_used_at } = row;
        Self { created_at, last_used_at }
    }
}

/// An answer about a link.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarFeedAnswer {
    /// The link, without its address.
    pub calendar_feed: CalendarFeed,
}

/// A new link.
#[derive(Serialize, ToSchema)]
pub struct NewCalendarFeed {
    /// Where the calendar is, on this server; whoever has it reads the calendar. Only in this answer: nobody can read
    /// it again.
    #[schema(example = "/api/v1/calendar/feeds/3q2-7wXkT0yVb5mJZr9nQe8sLhU1aFcGdIoKpRtYvBg.ics")]
    pub url: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// The answer to a new link.
#[derive(Serialize, ToSchema)]
pub struct CalendarFeedCreated {
    /// For people.
    #[schema(value_type = String, example = "Calendar feed created successfully")]
    pub message: &'static str,
    /// The link.
    pub calendar_feed: NewCalendarFeed,
}
