//! What letters say, in Korean and in English.

use crate::error::Language;
use crate::notifications::Kind;

/// What happened, in a few words.
pub const fn news(kind: Kind, language: Language) -> &'static str {
    match (kind, language) {
        (Kind::TaskAssigned, Language::Korean) => "업무가 배정되었습니다",
        (Kind::TaskAssigned, Language::English) => "A task was assigned to you",
        (Kind::TaskCommented, Language::Korean) => "업무에 새 댓글이 있습니다",
        (Kind::TaskCommented, Language::English) => "There is a new comment on your task",
        (Kind::TaskOverdue, Language::Korean) => "업무의 기한이 지났습니다",
        (Kind::TaskOverdue, Language::English) => "Your task is overdue",
        (Kind::MeetingPublished, Language::Korean) => "참석하신 회의가 게시되었습니다",
        (Kind::MeetingPublished, Language::English) => "A meeting of yours was published",
        (Kind::ActionItemAssigned, Language::Korean) => "실행 항목이 배정되었습니다",
        (Kind::ActionItemAssigned, Language::English) => "An action item was assigned to you",
        (Kind::ContractExpiring, Language::Korean) => "계약이 곧 만료됩니다",
        (Kind::ContractExpiring, Language::English) => "A contract is about to expire",
        (Kind::ContractExpired, Language::Korean) => "계약이 만료되었습니다",
        (Kind::ContractExpired, Language::English) => "A contract has expired",
        (Kind::ContractRenewed, Language::Korean) => "계약이 갱신되었습니다",
        (Kind::ContractRenewed, Language::English) => "A contract was renewed",
    }
}

/// How the reader is addressed, who may have a name of which nothing can be shown.
pub fn greeting(name: &str, language: Language) -> String {
    match language {
        Language::Korean if name.is_empty() => "안녕하세요.".into(),
        Language::English if name.is_empty() => "Hello,".into(),
        Language::Korean => format!("{name} 님, 안녕하세요."),
        Language::English => format!("Hello {name},"),
    }
}

/// Why he gets this, and how to stop it.
pub const fn footer(language: Language) -> &'static str {
    match language {
        Language::Korean => {
            "알림 설정에서 이메일을 선택하셨기 때문에 보내 드린 메일입니다. 알림 설정에서 언제든지 끄실 수 있습니다. \
             이 메일에는 답장하실 수 없습니다."
        }
        Language::English => {
            "You get this because you chose e-mail in your notification settings, where you can switch it off at any \
             time. Nobody reads replies."
        }
    }
}
