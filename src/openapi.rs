//! The document, made from the handlers themselves, and Swagger UI to explore it.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Ref, Schema, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, OpenApi, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::Config;

use crate::app::AppState;
use crate::error::{ApiError, Code, ErrorBody};
use crate::health;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "MSSP BizCenter API",
        version = "v1",
        description = "Weekly tasks, meetings and contracts of a managed-security team.\n\n\
            Register, sign in with `POST /api/v1/auth/login`, and send the access token as `Authorization: Bearer …`.",
        license(name = "MIT", identifier = "MIT"),
    ),
    tags(
        (name = "health", description = "Is the server up"),
        (name = "auth", description = "Accounts, tokens and invitations"),
        (name = "users", description = "Who is in the tenant, and with which role"),
        (name = "tasks", description = "Weekly tasks"),
        (name = "meetings", description = "Meetings with their attendees and action items"),
        (name = "contracts", description = "Contracts, their amounts encrypted"),
        (name = "calendar", description = "Meetings and due dates for calendar programs"),
        (name = "reports", description = "What a week brought"),
        (name = "dashboard", description = "Figures over tasks, meetings and contracts"),
        (name = "notifications", description = "What has happened to the caller's work, as a list and as a stream"),
        (name = "audit", description = "What was done in the tenant, by whom"),
    ),
    components(schemas(ErrorBody)),
    modifiers(&SecuritySchemes),
)]
struct Document;

struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, document: &mut OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("JWT".into());
        scheme.description = Some("The `access_token` from signing in.".into());
        let ticket = "Only for the stream, from `POST /api/v1/notifications/stream-ticket`; it counts once.";
        let ticket = ApiKey::Query(ApiKeyValue::with_description("ticket", ticket));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
        components.add_security_scheme("ticket", SecurityScheme::ApiKey(ticket));
    }
}

/// A router that documents its routes, with the parts that are not a feature's.
pub fn base() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi()).routes(routes!(health::get_health))
}

/// Adds what follows from the rest: the errors that every operation of a kind can answer, the id of the `PATCH` that
/// shares its handler with a `PUT`, and that no parameter is null.
pub fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let has_id = path.contains('{');
        let methods = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in methods {
            let Some(operation) = operation else { continue };
            if method == HttpMethod::Patch
                && let Some(id) = &mut operation.operation_id
            {
                *id = id.replacen("update_", "patch_", 1);
            }
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter {
                    forbid_null(parameter);
                }
            }
            if path != "/health" {
                add_errors(operation, has_id);
            }
            if method == HttpMethod::Post && operation.security.is_some() {
                add_idempotency(operation);
            }
        }
    }
}

/// What makes something takes an `Idempotency-Key`.
fn add_idempotency(operation: &mut Operation) {
    let Some(RefOr::T(created)) = operation.responses.responses.get_mut("201") else { return };
    let replayed = HeaderBuilder::new().description(Some("`true` when the answer is the first one's, given once more"));
    created.headers.insert("Idempotency-Replayed".into(), replayed.build().into());
    let text = "1 to 255 printable ASCII characters of the caller's choice. A request that comes again within 24 hours, \
                with the same key and body, changes nothing more and gets the first answer.";
    let schema = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
    let key = ParameterBuilder::new().name("Idempotency-Key").parameter_in(ParameterIn::Header).description(Some(text));
    operation.parameters.get_or_insert_default().push(key.schema(Some(schema)).build().into());
    let reused = "The `Idempotency-Key` belongs to another request";
    let running =
        "The first request with this `Idempotency-Key` is still running, or its answer cannot be shown any more";
    let malformed = "The `Idempotency-Key` has not 1 to 255 printable ASCII characters";
    for (status, description) in [("400", malformed), ("409", running), ("422", reused)] {
        match operation.responses.responses.get_mut(status) {
            Some(RefOr::T(own)) if status != "400" => {
                own.description = format!("{}. Or: {description}", own.description)
            }
            _ => add_error(operation, status, description),
        }
    }
}

/// A header is there or not; an optional one is not null, which utoipa takes an `Option` for.
fn forbid_null(parameter: &mut Parameter) {
    if let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema
        && let SchemaType::Array(types) = &object.schema_type
        && let [kind, Type::Null] = types.as_slice()
    {
        object.schema_type = kind.clone().into();
    }
}

fn add_errors(operation: &mut Operation, has_id: bool) {
    let has_body = operation.request_body.is_some();
    let is_list = operation.operation_id.as_ref().is_some_and(|id| id.starts_with("list_"));
    let is_guarded = operation.security.is_some();
    let errors = [
        (has_body || is_list, "400", "Malformed, or wrong fields: all of them in `errors`"),
        (is_guarded, "401", "No valid token"),
        (is_guarded, "403", "The caller's role may not do this"),
        (has_id, "404", "There is no such row in the caller's tenant"),
        (has_body, "413", "The body is larger than 1 MiB"),
        (has_body, "415", "The body is not JSON by its Content-Type"),
        (true, "500", "Something broke; the log knows by the request id"),
        (true, "503", "The database cannot be reached; try again"),
    ];
    for (applies, status, description) in errors {
        if applies {
            add_error(operation, status, description);
        }
    }
}

/// Documents an error, unless the operation does so itself.
fn add_error(operation: &mut Operation, status: &str, description: &str) {
    if operation.responses.responses.contains_key(status) {
        return;
    }
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Error"))).build();
    let response = ResponseBuilder::new().description(description).content("application/json", content).build();
    operation.responses.responses.insert(status.into(), response.into());
}

/// Where the document is; Swagger UI loads the first, old clients look for the second.
const PLACES: [&str; 2] = ["/api/openapi.json", "/api/v1/swagger.json"];

static SWAGGER_CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    Arc::new(
        Config::new([PLACES[0]]).persist_authorization(true).try_it_out_enabled(true).display_request_duration(true),
    )
});

/// Swagger UI's own page, with our title and paths that work without a slash at the end.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>MSSP BizCenter API</title>
  <link rel="stylesheet" href="/api/docs/swagger-ui.css">
  <link rel="stylesheet" href="/api/docs/index.css">
  <link rel="icon" type="image/png" href="/api/docs/favicon-32x32.png" sizes="32x32">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="/api/docs/swagger-ui-bundle.js"></script>
  <script src="/api/docs/swagger-ui-standalone-preset.js"></script>
  <script src="/api/docs/swagger-initializer.js"></script>
</body>
</html>
"#;

/// The document and Swagger UI; the document is made once.
pub fn router(document: &OpenApi) -> Router {
    let json = Bytes::from(document.to_json().unwrap_or_default());
    let serve = || {
        let json = json.clone();
        get(async move || ([(header::CONTENT_TYPE, "application/json")], json.clone()))
    };
    PLACES
        .iter()
        .fold(Router::new(), |router, place| router.route(place, serve()))
        .route("/api/docs", get(async || Html(PAGE)))
        .route("/api/docs/{*file}", get(swagger_file))
}

async fn swagger_file(Path(file): Path<String>) -> Result<Response, ApiError> {
    let served = utoipa_swagger_ui::serve(&file, Arc::clone(&SWAGGER_CONFIG))
        .map_err(|error| ApiError::internal(error.to_string()))?;
    let file = served.ok_or(Code::NotFound)?;
    let mut response = ([(header::CONTENT_TYPE, file.content_type)], file.bytes.into_owned()).into_response();
    if file.gzpipped {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}
