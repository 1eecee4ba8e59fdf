//! The application: its state, its routes and what wraps them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware;
use axum::response::Response;
use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use ipnet::IpNet;
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Service, ServiceBuilder};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::openapi::OpenApi;

use crate::audit::AuditKey;
use crate::auth::{self, FailedLogins, KnownUsers, Tokens};
use crate::clock::{Clock, Timestamp};
use crate::config::{Config, Registration};
use crate::contracts::{self, AmountCipher};
use crate::db::Db;
use crate::edge;
use crate::extract::{BODY_LIMIT, BODY_TIMEOUT};
use crate::idempotency::{Fingerprints, InFlight};
use crate::mail::Mailer;
use crate::notifications::{self, Subscribers};
use crate::policy::RolePolicy;
use crate::sealer::Sealer;
use crate::{audit, calendar, dashboard, meetings, openapi, reports, tasks, users, workflow};

/// How long a request may take before it is answered 503; longer than any wait inside.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const _: () = assert!(BODY_TIMEOUT.as_secs() < REQUEST_TIMEOUT.as_secs());
/// How long a browser may remember a preflight's answer.
const PREFLIGHT_AGE: Duration = Duration::from_secs(600);

/// What every handler can reach; cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// The insides of [`AppState`].
pub struct Shared {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Makes and checks tokens.
    pub tokens: Tokens,
    /// Roles of active users.
    pub users: KnownUsers,
    /// Slows guessing down.
    pub failed_logins: FailedLogins,
    /// The open streams of notifications.
    pub subscribers: Arc<Subscribers>,
    /// `STREAM_HEARTBEAT`.
    pub stream_heartbeat: Duration,
    /// Cancelled when the server stops: what would go on for ever ends then.
    pub stopping: CancellationToken,
    /// Requests, and what goes on after they were answered; the server ends after it.
    pub tracker: TaskTracker,
    /// Opens and seals contract amounts.
    pub amounts: AmountCipher,
    /// Turns at answers with sums of them.
    pub sums: dashboard::Turns,
    /// Opens and seals the answers that are kept for a repetition of their request.
    pub answers: Sealer,
    /// Tells whether a request with an `Idempotency-Key` is a repetition.
    pub fingerprints: Fingerprints,
    /// Requests with an `Idempotency-Key` that are running.
    pub in_flight: InFlight,
    /// Signs the audit log.
    pub audit_key: AuditKey,
    /// `ROLE_POLICY`.
    pub role_policy: RolePolicy,
    /// `REGISTRATION`.
    pub registration: Registration,
    /// `AUDIT_RETENTION_DAYS`.
    pub audit_retention_days: u32,
    /// `APP_TIMEZONE`.
    pub timezone: Tz,
    /// `TRUSTED_PROXIES`.
    pub trusted_proxies: Vec<IpNet>,
    /// The host of `PUBLIC_URL`, or another name: see [`crate::icalendar::uid`].
    pub calendar_domain: String,
    /// Sends letters, if e-mail is on.
    pub mailer: Option<Mailer>,
    /// `JOBS_AT`; nothing when it is off.
    pub jobs_at: Option<NaiveTime>,
}

impl std::ops::Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl AppState {
    /// From the settings, an open database and a clock.
    pub fn new(config: &Config, db: Db, clock: Clock) -> Self {
        Self(Arc::new(Shared {
            db,
            clock,
            tokens: Tokens::new(config.tokens.clone()),
            users: KnownUsers::default(),
            failed_logins: FailedLogins::default(),
            subscribers: Arc::default(),
            stream_heartbeat: config.stream_heartbeat,
            stopping: CancellationToken::new(),
            tracker: TaskTracker::new(),
            amounts: AmountCipher::new(config.contract_encryption_key.expose_secret()),
            sums: dashboard::Turns::beside_others(config.database.pool_size),
            answers: Sealer::derive(config.contract_encryption_key.expose_secret(), b"bizcenter kept answers"),
            fingerprints: Fingerprints::new(&config.secret_key),
            in_flight: InFlight::default(),
            audit_key: AuditKey::new(&config.secret_key),
            role_policy: config.role_policy,
            registration: config.registration,
            audit_retention_days: config.audit_retention_days,
            timezone: config.timezone,
            trusted_proxies: config.trusted_proxies.clone(),
            calendar_domain: config.calendar_domain.clone(),
            mailer: config.mail.as_ref().map(Mailer::new),
            jobs_at: config.jobs_at,
        }))
    }

    /// Today, where the users are.
    pub fn today(&self) -> NaiveDate {
        self.day_of(self.clock.now())
    }

    /// The day that this moment is on, where the users are.
    pub fn day_of(&self, moment: Timestamp) -> NaiveDate {
        moment.utc().with_timezone(&self.timezone).date_naive()
    }
}

/// The whole application as one service, for [`crate::server::serve`].
///
/// The layers wrap the router from outside: `Router::layer` would put them behind the choice of the method.
pub fn service(
    config: &Config,
    state: AppState,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static {
    let (routes, document) = routes();
    let tracker = state.tracker.clone();
    let router = routes
        .with_state(state)
        .merge(openapi::router(&document))
        .route_layer(middleware::from_fn(edge::record_route))
        .method_not_allowed_fallback(edge::method_not_allowed)
        .fallback(edge::not_found)
        .layer(DefaultBodyLimit::max(BODY_LIMIT));
    ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(tracker, edge::to_the_end))
        .layer(middleware::from_fn_with_state(config.environment, edge::edge))
        .layer(cors(&config.cors_origins))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .layer(CatchPanicLayer::custom(edge::panicked))
        .service(router)
}

/// The document of every route.
pub fn document() -> OpenApi {
    routes().1
}

fn routes() -> (Router<AppState>, OpenApi) {
    let features = auth::router()
        .merge(users::router())
        .merge(tasks::router())
        .merge(meetings::router())
        .merge(contracts::router())
        .merge(workflow::router())
        .merge(reports::router())
        .merge(dashboard::router())
        .merge(calendar::router())
        .merge(notifications::router())
        .merge(audit::router());
    let (router, mut document) = openapi::base().nest("/api/v1", features).split_for_parts();
    openapi::complete(&mut document);
    (router, document)
}

fn cors(origins: &[HeaderValue]) -> CorsLayer {
    const EXPOSED: [HeaderName; 9] = [
        header::ETAG,
        header::LOCATION,
        header::LINK,
        HeaderName::from_static("x-request-id"),
        header::RETRY_AFTER,
        HeaderName::from_static("ratelimit"),
        HeaderName::from_static("ratelimit-policy"),
        header::CONTENT_DISPOSITION,
        HeaderName::from_static("idempotency-replayed"),
    ];
    const ACCEPTED: [HeaderName; 10] = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::ACCEPT,
        header::ACCEPT_LANGUAGE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        HeaderName::from_static("idempotency-key"),
        HeaderName::from_static("last-event-id"),
        HeaderName::from_static("x-request-id"),
        HeaderName::from_static("x-requested-with"),
    ];
    CorsLayer::new()
        .allow_origin(origins.to_vec())
        .allow_methods([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
        ])
        .allow_headers(ACCEPTED)
        .expose_headers(EXPOSED)
        .vary([header::ORIGIN])
        .max_age(PREFLIGHT_AGE)
}
