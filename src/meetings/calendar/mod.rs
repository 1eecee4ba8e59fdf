//! Meetings for calendar programs.

mod event;
mod routes;

pub use event::{MeetingEvent, TEXT_LENGTH};
pub use routes::router;
