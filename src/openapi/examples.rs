//! An example of each error that an operation can give: one that it does give.

use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, ParameterIn};

use crate::error::{ApiError, Code, FieldFault, FieldFaults, FieldMessage, Language};
use crate::policy::Role;

/// Any id.
const REQUEST_ID: &str = "0b3b7a55-6d0c-4b0e-9b0e-6c8a1a3d1c11";

/// Gives the operation's errors their examples.
pub fn add(operation: &mut Operation, path: &str) {
    let examples: Vec<_> = operation.responses.responses.keys().map(|status| error(operation, path, status)).collect();
    for (response, error) in operation.responses.responses.values_mut().zip(examples) {
        if let (RefOr::T(response), Some(error)) = (response, error)
            && let Some(RefOr::T(content)) = response.content.get_mut("application/json")
        {
            content.example = serde_json::to_value(error.body(REQUEST_ID, Language::English)).ok();
        }
    }
}

/// The error that this status most likely stands for.
fn error(operation: &Operation, path: &str, status: &str) -> Option<ApiError> {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let code = match (status, id) {
        ("400", _) => return Some(wrong_request(operation, id)),
        ("401", "user_login") => Code::WrongCredentials,
        ("401", _) => Code::MissingToken,
        ("403", "user_login") => Code::AccountInactive,
        ("403", "user_register") => Code::InvitationRequired,
        ("403", _) => return Some(ApiError::role(vec![Role::Owner, Role::Admin], Role::Viewer)),
        ("404", _) => missing_row(path),
        ("408", _) => Code::RequestTimeout,
        ("409", "user_register" | "create_user" | "create_invitation") => Code::EmailTaken,
        ("409", "update_user" | "patch_user") => Code::LastOwner,
        ("409", "create_contract" | "update_contract" | "patch_contract") => Code::ContractNumberTaken,
        ("409", "renew_contract") => Code::AlreadyRenewed,
        ("409", "convert_action_item") => Code::AlreadyConverted,
        ("409", "add_attendees") => Code::AttendeeExists,
        ("409", _) => Code::IdempotencyKeyInFlight,
        ("412", _) => Code::PreconditionFailed,
        ("413", "import_tasks") => Code::FileTooLarge,
        ("413", _) => Code::BodyTooLarge,
        ("415", "import_tasks") => Code::NotCsv,
        ("415", _) => Code::NotJson,
        ("422", _) => Code::IdempotencyKeyReused,
        ("429", _) => Code::TooManyLogins,
        ("500", _) => Code::Internal,
        ("503", _) => Code::Unavailable,
        _ => return None,
    };
    Some(code.into())
}

/// What can be wrong with every body, or with a parameter of the query.
fn wrong_request(operation: &Operation, id: &str) -> ApiError {
    if id == "import_tasks" {
        let line = FieldFault::Parts(FieldFaults::one("title", FieldMessage::Required));
        return ApiError::fields(FieldFaults::one("2", line));
    }
    if operation.request_body.is_some() {
        return ApiError::field("colour", FieldMessage::Unknown);
    }
    let parameters = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Query) => Some(parameter.name.as_str()),
        _ => None,
    });
    let parameters: Vec<&str> = parameters.collect();
    match parameters.iter().find(|name| **name == "limit").or(parameters.first()) {
        None => Code::MalformedIdempotencyKey.into(),
        Some(&"scope") => ApiError::query(FieldFaults::one("scope", FieldMessage::OneOf(&["mine", "all"]))),
        Some(name) => ApiError::query(FieldFaults::one(name, FieldMessage::NotAnInteger)),
    }
}

/// That there is nothing of which the path names the last id.
fn missing_row(path: &str) -> Code {
    match path.rsplit('{').next().and_then(|last| last.split('}').next()) {
        Some("user_id") => Code::UserNotFound,
        Some("invitation_id") => Code::InvitationNotFound,
        Some("task_id") => Code::TaskNotFound,
        Some("comment_id") => Code::CommentNotFound,
        Some("meeting_id") => Code::MeetingNotFound,
        Some("attendee_id") => Code::AttendeeNotFound,
        Some("item_id") => Code::ActionItemNotFound,
        Some("contract_id") => Code::ContractNotFound,
        Some("notification_id") => Code::NotificationNotFound,
        _ if path.contains("/calendar/feed") => Code::CalendarFeedNotFound,
        _ => Code::NotFound,
    }
}
