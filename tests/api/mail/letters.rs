//! What letters say, and to whom.

use bizcenter::notifications::Kind;
use bizcenter::policy::Role::Editor;
use bizcenter::resource::Resource;
use mail_parser::MimeHeaders;
use mail_parser::decoders::html::html_to_text;

use super::{FROM, Letter, Sink, office, office_with, open, reads, send, tell, tell_of, wants};
use crate::on_both;

/// The only letter.
fn only(sink: &Sink) -> Letter {
    let letters = sink.take();
    assert_eq!(letters.len(), 1, "{letters:?}");
    letters.into_iter().next().unwrap()
}

fn text(letter: &Letter) -> String {
    open(letter).body_text(0).unwrap().replace("\r\n", "\n").trim_end().to_owned()
}

fn html(letter: &Letter) -> String {
    open(letter).body_html(0).unwrap().into_owned()
}

/// The names of the header's fields, in order of the alphabet.
fn fields(letter: &Letter) -> Vec<String> {
    let mut fields: Vec<String> =
        open(letter).headers().iter().map(|header| header.name().to_ascii_lowercase()).collect();
    fields.sort();
    fields
}

/// What every letter has, and nothing else.
const FIELDS: [&str; 8] =
    ["auto-submitted", "content-type", "date", "from", "message-id", "mime-version", "subject", "to"];

on_both! {
    async fn a_letter_is_in_korean(app) {
        let sink = Sink::start();
        let user = app.user_named("test-001", Editor, "kim@example.com", "김지은").await;
        wants(&app, &user, Kind::TaskAssigned, true).await;
        tell(&app, &[&user], Kind::TaskAssigned, "주간 보안 보고서").await;
        assert_eq!(send(&office(&app, sink.port)).await, 1);
        let letter = only(&sink);
        assert_eq!((letter.from.as_str(), letter.to.as_slice()), (FROM, ["kim@example.com".to_owned()].as_slice()));
        assert!(letter.data.is_ascii());
        assert_eq!(fields(&letter), FIELDS);
        let message = open(&letter);
        assert_eq!(message.subject(), Some("[BizCenter] 업무가 배정되었습니다: 주간 보안 보고서"));
        let (from, to) = (message.from().unwrap().first().unwrap(), message.to().unwrap().first().unwrap());
        assert_eq!((from.name(), from.address()), (Some("BizCenter"), Some(FROM)));
        assert_eq!((to.name(), to.address()), (Some("김지은"), Some("kim@example.com")));
        let field = |name: &'static str| message.header_raw(name).unwrap().trim_ascii();
        assert_eq!(field("Date"), "Sat, 07 Feb 2026 10:17:56 +0000");
        assert_eq!(field("Auto-Submitted"), "auto-generated");
        assert!(message.is_content_type("multipart", "alternative"));
        // The whole, the text and the page.
        assert_eq!(message.parts.len(), 3);
        let id = message.message_id().unwrap();
        assert!(id.starts_with("notification-") && id.ends_with("-1@bizcenter.example"), "{id}");
        assert_eq!(text(&letter), "김지은 님, 안녕하세요.\n\n업무가 배정되었습니다.\n\n    주간 보안 보고서\n\n\
            https://biz.example/tasks/7\n\n알림 설정에서 이메일을 선택하셨기 때문에 보내 드린 메일입니다. \
            알림 설정에서 언제든지 끄실 수 있습니다. 이 메일에는 답장하실 수 없습니다.");
        let html = html(&letter);
        assert!(html.contains("<html lang=\"ko\">"), "{html}");
        assert!(html.contains("<a href=\"https://biz.example/tasks/7\">https://biz.example/tasks/7</a>"), "{html}");
        for line in ["김지은 님, 안녕하세요.", "업무가 배정되었습니다.", "주간 보안 보고서"] {
            assert!(html.contains(&format!(">{line}<")), "{line}: {html}");
        }
    }

    async fn a_letter_is_in_english_for_who_reads_that(app) {
        let sink = Sink::start();
        let user = app.user_named("test-001", Editor, "jo@example.com", "Jo").await;
        wants(&app, &user, Kind::TaskCommented, true).await;
        reads(&app, &user, "en").await;
        tell(&app, &[&user], Kind::TaskCommented, "Weekly report").await;
        assert_eq!(send(&office(&app, sink.port)).await, 1);
        let letter = only(&sink);
        assert_eq!(open(&letter).subject(), Some("[BizCenter] There is a new comment on your task: Weekly report"));
        assert_eq!(text(&letter), "Hello Jo,\n\nThere is a new comment on your task.\n\n    Weekly report\n\n\
            https://biz.example/tasks/7\n\nYou get this because you chose e-mail in your notification settings, where \
            you can switch it off at any time. Nobody reads replies.");
        assert!(html(&letter).contains("<html lang=\"en\">"));
    }

    async fn every_kind_has_its_words_and_its_link(app) {
        use Resource::{Contract, Meeting, Task};
        let sink = Sink::start();
        let (kim, jo) = (app.user("test-001", Editor).await, app.user("test-001", Editor).await);
        reads(&app, &kim, "ko").await;
        reads(&app, &jo, "en").await;
        for (kind, resource, korean, english, link) in [
            (Kind::TaskAssigned, Task, "업무가 배정되었습니다", "A task was assigned to you", "/tasks/7"),
            (Kind::TaskCommented, Task, "업무에 새 댓글이 있습니다", "There is a new comment on your task", "/tasks/7"),
            (Kind::TaskOverdue, Task, "업무의 기한이 지났습니다", "Your task is overdue", "/tasks/7"),
            (Kind::MeetingPublished, Meeting, "참석하신 회의가 게시되었습니다", "A meeting of yours was published", "/meetings/7"),
            (Kind::ActionItemAssigned, Meeting, "실행 항목이 배정되었습니다", "An action item was assigned to you", "/meetings/7"),
            (Kind::ContractExpiring, Contract, "계약이 곧 만료됩니다", "A contract is about to expire", "/contracts/7"),
            (Kind::ContractExpired, Contract, "계약이 만료되었습니다", "A contract has expired", "/contracts/7"),
            (Kind::ContractRenewed, Contract, "계약이 갱신되었습니다", "A contract was renewed", "/contracts/7"),
        ] {
            wants(&app, &kim, kind, true).await;
            wants(&app, &jo, kind, true).await;
            tell_of(&app, &[&kim, &jo], kind, "제목", resource).await;
            assert_eq!(send(&office(&app, sink.port)).await, 2);
            let mut said: Vec<(String, String)> = Vec::new();
            for letter in sink.take() {
                assert!(text(&letter).contains(&format!("\nhttps://biz.example{link}\n")), "{kind:?}");
                said.push((letter.to[0].clone(), open(&letter).subject().unwrap().to_owned()));
            }
            said.sort();
            let subject = |news: &str| format!("[BizCenter] {news}: 제목");
            let mut expected = [(kim.email.clone(), subject(korean)), (jo.email.clone(), subject(english))];
            expected.sort();
            assert_eq!(said, expected, "{kind:?}");
        }
    }

    async fn an_old_letter_of_an_action_item_leads_to_the_web_app(app) {
        let sink = Sink::start();
        let user = app.user("test-001", Editor).await;
        wants(&app, &user, Kind::ActionItemAssigned, true).await;
        tell_of(&app, &[&user], Kind::ActionItemAssigned, "점검", Resource::ActionItem).await;
        assert_eq!(send(&office(&app, sink.port)).await, 1);
        let text = text(&only(&sink));
        assert!(text.contains("\n    점검\n\nhttps://biz.example\n"), "{text}");
    }

    async fn no_title_gets_out_of_its_place(app) {
        let sink = Sink::start();
        let office = office(&app, sink.port);
        let user = app.user("test-001", Editor).await;
        wants(&app, &user, Kind::TaskAssigned, true).await;
        reads(&app, &user, "en").await;
        let long = "긴 제목 ".repeat(50);
        for (title, shown) in [
            ("a\r\nBcc: victim@example.com", "a Bcc: victim@example.com"),
            ("a\r\n\r\n.\r\nQUIT\r\n", "a . QUIT"),
            ("a\nb\tc\u{b}d\u{2028}e\u{85}f", "a b c d e f"),
            ("=?utf-8?q?a=0D=0ABcc:_victim@example.com?=", "=?utf-8?q?a=0D=0ABcc:_victim@example.com?="),
            ("<script>alert(1)</script>", "<script>alert(1)</script>"),
            ("\"><img src=x onerror='a'> &amp;", "\"><img src=x onerror='a'> &amp;"),
            ("\u{202e}gnp.exe\u{202c}", "gnp.exe"),
            ("{{ footer }} {title} %s", "{{ footer }} {title} %s"),
            (long.as_str(), long.trim()),
        ] {
            tell(&app, &[&user], Kind::TaskAssigned, title).await;
            assert_eq!(send(&office).await, 1);
            let letter = only(&sink);
            assert_eq!(letter.to, std::slice::from_ref(&user.email), "{title:?}");
            assert_eq!(fields(&letter), FIELDS, "{title:?}");
            let message = open(&letter);
            assert_eq!(message.to().unwrap().iter().count(), 1, "{title:?}");
            assert!(text(&letter).contains(&format!("\n    {shown}\n")), "{title:?}: {}", text(&letter));
            let html = html(&letter);
            assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
            assert!(html_to_text(&html).contains(shown), "{title:?}: {html}");
            let subject = format!("[BizCenter] A task was assigned to you: {}", shown.replace("=?", "= ?"));
            assert_eq!(message.subject(), Some(subject.as_str()));
        }
    }

    async fn no_name_gets_out_of_its_place(app) {
        let sink = Sink::start();
        let office = office(&app, sink.port);
        for (number, (name, shown)) in [
            ("Kim\r\nBcc: victim@example.com", "Kim Bcc: victim@example.com"),
            ("Kim <victim@example.com>, Lee", "Kim <victim@example.com>, Lee"),
            ("\"Kim\" \\", "\"Kim\" \\"),
            ("<b>김</b>", "<b>김</b>"),
            ("=?utf-8?q?a?=", "= ?utf-8?q?a?="),
        ].into_iter().enumerate() {
            let email = format!("name{number}@example.com");
            let user = app.user_named("test-001", Editor, &email, name).await;
            wants(&app, &user, Kind::TaskAssigned, true).await;
            tell(&app, &[&user], Kind::TaskAssigned, "x").await;
            assert_eq!(send(&office).await, 1);
            let letter = only(&sink);
            assert_eq!((&letter.to, fields(&letter)), (&vec![email.clone()], FIELDS.map(str::to_owned).to_vec()));
            let message = open(&letter);
            let to: Vec<_> = message.to().unwrap().iter().map(|to| (to.name(), to.address())).collect();
            assert_eq!(to, [(Some(shown), Some(email.as_str()))]);
            assert!(!html(&letter).contains("<b>"));
        }
    }

    async fn who_has_no_name_that_can_be_shown_is_greeted_without(app) {
        let sink = Sink::start();
        let user = app.user_named("test-001", Editor, "kim@example.com", "\u{202e}\u{2066}").await;
        wants(&app, &user, Kind::TaskAssigned, true).await;
        tell(&app, &[&user], Kind::TaskAssigned, "x").await;
        assert_eq!(send(&office(&app, sink.port)).await, 1);
        let letter = only(&sink);
        assert!(text(&letter).starts_with("안녕하세요.\n"), "{}", text(&letter));
        assert_eq!(open(&letter).to().unwrap().first().unwrap().name(), None);
        reads(&app, &user, "en").await;
        tell(&app, &[&user], Kind::TaskAssigned, "x").await;
        assert_eq!(send(&office(&app, sink.port)).await, 1);
        assert!(text(&only(&sink)).starts_with("Hello,\n"));
    }

    async fn without_a_place_of_the_web_app_there_is_no_link(app) {
        let sink = Sink::start();
        let user = app.user("test-001", Editor).await;
        wants(&app, &user, Kind::TaskAssigned, true).await;
        reads(&app, &user, "en").await;
        tell(&app, &[&user], Kind::TaskAssigned, "Weekly report").await;
        let url = format!("smtp://127.0.0.1:{}", sink.port);
        assert_eq!(send(&office_with(&app, &[("SMTP_URL", &url)])).await, 1);
        let letter = only(&sink);
        assert!(text(&letter).contains("    Weekly report\n\nYou get this"), "{}", text(&letter));
        assert!(!text(&letter).contains("http") && !html(&letter).contains("href"));
    }

    async fn a_domain_in_another_script_is_written_in_ascii(app) {
        let sink = Sink::start();
        let user = app.user_named("test-001", Editor, "kim@한국.kr", "김").await;
        wants(&app, &user, Kind::TaskAssigned, true).await;
        tell(&app, &[&user], Kind::TaskAssigned, "x").await;
        assert_eq!(send(&office(&app, sink.port)).await, 1);
        assert_eq!(only(&sink).to, ["kim@xn--3e0b707e.kr"]);
    }
}
