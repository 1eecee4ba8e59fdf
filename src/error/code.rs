//! Every error code with its status and its texts. Codes never change; texts may.

use axum::http::StatusCode;

use super::Language;

macro_rules! codes {
    ($($(#[$meta:meta])* $Code:ident = $status:ident $name:literal $english:literal $korean:literal)+) => {
        /// What went wrong, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$meta])* #[doc = concat!("`", $english, "`")] $Code),+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$Code),+];

            /// The `code` in the answer.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Code => $name),+ }
            }

            /// The status of the answer.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$Code => StatusCode::$status),+ }
            }

            /// The `error` in the answer, in the reader's language. `{}` stands for the detail.
            pub const fn text(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$Code, Language::English) => $english, (Self::$Code, Language::Korean) => $korean),+
                }
            }
        }
    };
}

codes! {
    MalformedJson = BAD_REQUEST "malformed_json"
        "Failed to decode JSON object: {}" "JSON을 해석할 수 없습니다: {}"
    MalformedCsv = BAD_REQUEST "malformed_csv"
        "Failed to read CSV: {}" "CSV를 읽을 수 없습니다: {}"
    MalformedRequest = BAD_REQUEST "malformed_request"
        "The request could not be read" "요청을 읽을 수 없습니다"
    ValidationFailed = BAD_REQUEST "validation_failed"
        "Validation failed" "입력값이 올바르지 않습니다"
    InvalidQuery = BAD_REQUEST "invalid_query"
        "Invalid query parameters" "쿼리 매개변수가 올바르지 않습니다"

    MissingToken = UNAUTHORIZED "missing_token"
        "Missing Authorization Header" "Authorization 헤더가 없습니다"
    WrongScheme = UNAUTHORIZED "wrong_scheme"
        "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'"
        "'Authorization' 헤더에 'Bearer' 형식이 없습니다. 'Authorization: Bearer <JWT>' 형식이어야 합니다"
    MalformedHeader = UNAUTHORIZED "malformed_header"
        "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'"
        "Authorization 헤더가 잘못되었습니다. 'Authorization: Bearer <JWT>' 형식이어야 합니다"
    MalformedToken = UNAUTHORIZED "malformed_token"
        "Not enough segments" "토큰의 형식이 올바르지 않습니다"
    WrongSignature = UNAUTHORIZED "wrong_signature"
        "Signature verification failed" "토큰의 서명이 올바르지 않습니다"
    WrongAlgorithm = UNAUTHORIZED "wrong_algorithm"
        "The specified alg value is not allowed" "허용되지 않는 서명 알고리즘입니다"
    ExpiredToken = UNAUTHORIZED "expired_token"
        "Token has expired" "토큰이 만료되었습니다"
    TokenNotYetValid = UNAUTHORIZED "token_not_yet_valid"
        "The token is not yet valid ({})" "아직 유효하지 않은 토큰입니다 ({})"
    MissingClaim = UNAUTHORIZED "missing_claim"
        "Missing claim: {}" "토큰에 다음 항목이 없습니다: {}"
    InvalidSubject = UNAUTHORIZED "invalid_subject"
        "Subject must be a string" "토큰의 주체가 올바르지 않습니다"
    AccessTokenRequired = UNAUTHORIZED "access_token_required"
        "Only non-refresh tokens are allowed" "액세스 토큰만 사용할 수 있습니다"
    RefreshTokenRequired = UNAUTHORIZED "refresh_token_required"
        "Only refresh tokens are allowed" "리프레시 토큰만 사용할 수 있습니다"
    RevokedToken = UNAUTHORIZED "revoked_token"
        "Token has been revoked" "토큰이 취소되었습니다"
    WrongCredentials = UNAUTHORIZED "wrong_credentials"
        "Invalid email or password" "이메일 또는 비밀번호가 올바르지 않습니다"
    InvalidTicket = UNAUTHORIZED "invalid_ticket"
        "The ticket is unknown, used or expired" "알 수 없거나 이미 사용되었거나 만료된 티켓입니다"

    AccountInactive = FORBIDDEN "account_inactive"
        "Account is inactive" "비활성화된 계정입니다"
    InsufficientPermissions = FORBIDDEN "insufficient_permissions"
        "Insufficient permissions" "권한이 없습니다"
    RegistrationClosed = FORBIDDEN "registration_closed"
        "Registration is closed" "회원가입이 허용되지 않습니다"
    InvitationRequired = FORBIDDEN "invitation_required"
        "Registration needs an invitation" "초대를 받아야 가입할 수 있습니다"

    NotFound = NOT_FOUND "not_found"
        "The requested URL was not found" "요청한 주소를 찾을 수 없습니다"
    UserNotFound = NOT_FOUND "user_not_found"
        "User not found" "사용자를 찾을 수 없습니다"
    InvitationNotFound = NOT_FOUND "invitation_not_found"
        "Invitation not found" "초대를 찾을 수 없습니다"
    CalendarFeedNotFound = NOT_FOUND "calendar_feed_not_found"
        "Calendar feed not found" "캘린더 링크를 찾을 수 없습니다"
    TaskNotFound = NOT_FOUND "task_not_found"
        "Task not found" "업무를 찾을 수 없습니다"
    CommentNotFound = NOT_FOUND "comment_not_found"
        "Comment not found" "댓글을 찾을 수 없습니다"
    MeetingNotFound = NOT_FOUND "meeting_not_found"
        "Meeting not found" "회의를 찾을 수 없습니다"
    AttendeeNotFound = NOT_FOUND "attendee_not_found"
        "Attendee not found" "참석자를 찾을 수 없습니다"
    ActionItemNotFound = NOT_FOUND "action_item_not_found"
        "Action item not found" "실행 항목을 찾을 수 없습니다"
    ContractNotFound = NOT_FOUND "contract_not_found"
        "Contract not found" "계약을 찾을 수 없습니다"
    NotificationNotFound = NOT_FOUND "notification_not_found"
        "Notification not found" "알림을 찾을 수 없습니다"

    MethodNotAllowed = METHOD_NOT_ALLOWED "method_not_allowed"
        "The method is not allowed for the requested URL." "이 주소에는 허용되지 않는 메서드입니다."
    RequestTimeout = REQUEST_TIMEOUT "request_timeout"
        "The request took too long to arrive" "요청을 받는 데 시간이 너무 오래 걸렸습니다"
    EmailTaken = CONFLICT "email_taken"
        "Email already registered" "이미 등록된 이메일입니다"
    LastOwner = CONFLICT "last_owner"
        "The tenant would lose its last active owner" "테넌트에 활성 소유자가 한 명도 남지 않게 됩니다"
    ContractNumberTaken = CONFLICT "contract_number_taken"
        "Contract number already exists" "이미 사용 중인 계약 번호입니다"
    AttendeeExists = CONFLICT "attendee_exists"
        "The user attends this meeting already" "이미 이 회의에 참석하는 사용자입니다"
    AlreadyConverted = CONFLICT "already_converted"
        "The action item is a task already" "이미 업무로 전환된 실행 항목입니다"
    AlreadyRenewed = CONFLICT "already_renewed"
        "The contract is renewed already" "이미 갱신된 계약입니다"
    NotRenewable = CONFLICT "not_renewable"
        "Only an active or expired contract can be renewed" "진행 중이거나 만료된 계약만 갱신할 수 있습니다"
    MalformedIdempotencyKey = BAD_REQUEST "malformed_idempotency_key"
        "Idempotency-Key must have 1 to 255 printable ASCII characters"
        "Idempotency-Key는 출력 가능한 ASCII 문자 1~255자여야 합니다"
    IdempotencyKeyInFlight = CONFLICT "idempotency_key_in_flight"
        "A request with this Idempotency-Key is still running" "같은 Idempotency-Key의 요청이 아직 처리 중입니다"
    IdempotentAnswerLost = CONFLICT "idempotent_answer_lost"
        "The request with this Idempotency-Key was done before; its answer can no longer be shown"
        "이 Idempotency-Key의 요청은 이미 처리되었으며, 그 응답은 더 이상 표시할 수 없습니다"
    IdempotencyKeyReused = UNPROCESSABLE_ENTITY "idempotency_key_reused"
        "This Idempotency-Key belongs to another request" "이 Idempotency-Key는 다른 요청에 이미 사용되었습니다"
    PreconditionFailed = PRECONDITION_FAILED "precondition_failed"
        "The resource has changed since you read it" "읽은 뒤에 내용이 변경되었습니다"
    BodyTooLarge = PAYLOAD_TOO_LARGE "body_too_large"
        "The request body is larger than 1 MiB" "요청 본문이 1 MiB를 초과합니다"
    FileTooLarge = PAYLOAD_TOO_LARGE "file_too_large"
        "The file is larger than 10 MiB" "파일이 10 MiB를 초과합니다"
    NotJson = UNSUPPORTED_MEDIA_TYPE "not_json"
        "Did not attempt to load JSON data because the request Content-Type was not 'application/json'."
        "요청의 Content-Type이 'application/json'이 아니어서 JSON 데이터를 읽지 않았습니다."
    NotCsv = UNSUPPORTED_MEDIA_TYPE "not_csv"
        "The request Content-Type was not 'text/csv'" "요청의 Content-Type이 'text/csv'가 아닙니다"
    UnknownCharset = UNSUPPORTED_MEDIA_TYPE "unknown_charset"
        "Unknown charset: {}" "알 수 없는 문자 집합입니다: {}"
    TooManyLogins = TOO_MANY_REQUESTS "too_many_logins"
        "Too many failed logins, try again later" "로그인 실패가 너무 많습니다. 잠시 후 다시 시도하세요"

    Internal = INTERNAL_SERVER_ERROR "internal_error"
        "Internal Server Error" "서버 내부 오류"
    Unavailable = SERVICE_UNAVAILABLE "unavailable"
        "Service temporarily unavailable" "서비스를 일시적으로 사용할 수 없습니다"
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_has_its_own_name_and_both_texts() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            let (english, korean) = (code.text(Language::English), code.text(Language::Korean));
            assert!(!english.is_empty() && english.is_ascii(), "{english}");
            assert!(korean.chars().any(|letter| ('가'..='힣').contains(&letter)), "{korean}");
            assert_eq!(english.matches("{}").count(), korean.matches("{}").count(), "{english}");
            assert!(code.status().is_client_error() || code.status().is_server_error());
        }
    }
}
