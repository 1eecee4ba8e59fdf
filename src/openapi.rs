//! The document, made from the handlers themselves, and Swagger UI to explore it.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::schema::Ref;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, ResponseBuilder};
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
        (name = "audit", description = "What was done in the tenant, by whom"),
    ),
    components(schemas(ErrorBody)),
    modifiers(&BearerScheme),
)]
struct Document;

struct BearerScheme;

impl Modify for BearerScheme {
    fn modify(&self, document: &mut OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("JWT".into());
        scheme.description = Some("The `access_token` from signing in.".into());
        document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// A router that documents its routes, with the parts that are not a feature's.
pub fn base() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi()).routes(routes!(health::get_health))
}

/// Adds what follows from the rest: the errors that every operation of a kind can answer, and the id of the `PATCH`
/// that shares its handler with a `PUT`.
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
            if path != "/health" {
                add_errors(operation, has_id);
            }
        }
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
        if applies && !operation.responses.responses.contains_key(status) {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Error"))).build();
            let response = ResponseBuilder::new().description(description).content("application/json", content).build();
            operation.responses.responses.insert(status.into(), response.into());
        }
    }
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
