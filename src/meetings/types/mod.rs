//! Bodies and answers of meetings.

mod answers;
mod bodies;

pub use answers::{Meeting, MeetingAnswer, MeetingChanged, MeetingList};
pub use bodies::{MeetingPatch, MeetingQuery, NewMeeting};

use crate::db::text_enum;

text_enum! {
    /// How far a meeting's notes are.
    #[derive(Default)]
    pub enum MeetingStatus {
        /// Being written.
        #[default]
        Draft = "draft",
        /// For everybody to read.
        Published = "published",
        /// Put away.
        Archived = "archived",
    }
}
