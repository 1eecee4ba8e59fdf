//! `/health`: the process answers. It does not touch the database, as Flask's did not.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `healthy`.
    #[schema(value_type = String, example = "healthy")]
    status: &'static str,
    /// The API's version.
    #[schema(value_type = String, example = "v1")]
    version: &'static str,
}

/// Is the server up
#[utoipa::path(
    get, path = "/health", tag = "health",
    responses((status = 200, description = "It is", body = Health)),
)]
pub async fn get_health() -> Json<Health> {
    Json(Health { status: "healthy", version: "v1" })
}
