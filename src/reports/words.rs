//! The words of a report in both languages, and its times as clocks show them where the users are.

use chrono::DateTime;
use chrono_tz::Tz;

use crate::clock::Timestamp;
use crate::error::Language;
use crate::meetings::types::MeetingStatus;
use crate::tasks::types::{TaskPriority, TaskStatus};

macro_rules! texts {
    ($($Text:ident = $english:literal $korean:literal)+) => {
        /// What a report says besides what users wrote.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Text { $(#[doc = concat!("`", $english, "`")] $Text),+ }

        impl Text {
            /// In the reader's language. `{}` stands for what comes in.
            const fn in_language(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$Text, Language::English) => $english, (Self::$Text, Language::Korean) => $korean),+
                }
            }

            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$Text),+];
        }
    };
}

texts! {
    Report = "Weekly report" "주간 보고서"
    Written = "Written: {}" "작성: {}"
    LateRule = "Late: open and due before {}; without a due date, when its week had ended by then"
        "지연: 마감일이 {} 전인 미완료 업무 (마감일이 없으면 그때까지 주차가 끝난 업무)"
    Cut = "Not everything is shown; the counts are of everything." "일부만 표시했습니다. 개수는 전체 기준입니다."

    Tasks = "Tasks" "업무"
    NoTasks = "There are no tasks." "업무가 없습니다."
    Unassigned = "Unassigned" "담당자 없음"
    Done = "Done" "완료"
    Open = "Open" "미완료"
    Late = "Late" "지연"
    Cancelled = "Cancelled" "취소"
    CarriedOver = "Carried over" "이월"

    Number = "No." "번호"
    Title = "Title" "제목"
    Week = "Week" "주차"
    Status = "Status" "상태"
    Priority = "Priority" "우선순위"
    Due = "Due" "마감일"
    IsLate = "{} (late)" "{} (지연)"

    Pending = "Pending" "대기"
    InProgress = "In progress" "진행 중"
    Review = "In review" "검토 중"
    Low = "Low" "낮음"
    Medium = "Medium" "보통"
    High = "High" "높음"
    Urgent = "Urgent" "긴급"

    Meetings = "Meetings" "회의"
    NoMeetings = "There are no meetings." "회의가 없습니다."
    Place = "Place" "장소"
    Attendees = "Attendees" "참석자"
    IsAbsent = "{} (absent)" "{} (불참)"
    Decisions = "Decisions" "결정 사항"
    ActionItems = "Action items" "실행 항목"
    Draft = "Draft" "초안"
    Published = "Published" "게시"
    Archived = "Archived" "보관"
}

impl From<TaskStatus> for Text {
    fn from(status: TaskStatus) -> Self {
        match status {
            TaskStatus::Pending => Self::Pending,
            TaskStatus::InProgress => Self::InProgress,
            TaskStatus::Review => Self::Review,
            TaskStatus::Completed => Self::Done,
            TaskStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl From<TaskPriority> for Text {
    fn from(priority: TaskPriority) -> Self {
        match priority {
            TaskPriority::Low => Self::Low,
            TaskPriority::Medium => Self::Medium,
            TaskPriority::High => Self::High,
            TaskPriority::Urgent => Self::Urgent,
        }
    }
}

impl From<MeetingStatus> for Text {
    fn from(status: MeetingStatus) -> Self {
        match status {
            MeetingStatus::Draft => Self::Draft,
            MeetingStatus::Published => Self::Published,
            MeetingStatus::Archived => Self::Archived,
        }
    }
}

/// How a report speaks to its reader.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// In which language.
    pub language: Language,
    /// What his clock shows.
    pub timezone: Tz,
}

impl Words {
    /// The text in the reader's language.
    pub fn say(self, text: impl Into<Text>) -> &'static str {
        text.into().in_language(self.language)
    }

    /// The text with this in it.
    pub fn say_with(self, text: Text, inside: &str) -> String {
        self.say(text).replace("{}", inside)
    }

    /// `2026-02-07`
    pub fn day(self, moment: Timestamp) -> String {
        self.local(moment).format("%Y-%m-%d").to_string()
    }

    /// `2026-02-07 19:17`
    pub fn minute(self, moment: Timestamp) -> String {
        self.local(moment).format("%Y-%m-%d %H:%M").to_string()
    }

    fn local(self, moment: Timestamp) -> DateTime<Tz> {
        moment.utc().with_timezone(&self.timezone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_there_in_both_languages() {
        for text in Text::ALL {
            let (english, korean) = (text.in_language(Language::English), text.in_language(Language::Korean));
            assert!(!english.is_empty() && english.is_ascii(), "{english}");
            assert!(korean.chars().any(|letter| ('가'..='힣').contains(&letter)), "{korean}");
            assert_eq!(english.matches("{}").count(), korean.matches("{}").count(), "{english}");
        }
    }
}
