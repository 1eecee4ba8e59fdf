//! `/users`.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, MemberRow};
use super::types::{Member, MemberAnswer, MemberChanged, MemberList, NewUser, UserPatch, UserQuery};
use crate::answer::{Created, NO_STORE};
use crate::app::AppState;
use crate::audit::{self, Action, Changes, Event};
use crate::auth::store::{NewUserRow, find_by_email, insert};
use crate::auth::{May, Scope, password};
use crate::db::{Conn, transaction};
use crate::error::{ApiError, Code, ErrorBody, FieldFaults, FieldMessage};
use crate::etag::{Conditions, Tag, etag};
use crate::extract::{Body, Id, Query};
use crate::idempotency::{Begun, IdempotencyKey};
use crate::page::PageParams;
use crate::policy::{ListUsers, ManageOwners, ManageUsers, Role, UpdateUser};
use crate::resource::Resource;

/// What only those sort by who see it.
const HIDDEN: [&str; 3] = ["email", "created_at", "last_login"];
/// What everybody sorts by.
const SHOWN: [&str; 2] = ["name", "id"];

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_users, create_user)).routes(routes!(get_user, update_user))
}

/// List users
///
/// Sorts by `name` or `id`; for admins and owners also by `email`, `created_at` or `last_login`, which only they see
/// here.
#[utoipa::path(
    get, path = "/users", tag = "users",
    params(UserQuery, PageParams),
    responses((status = 200, description = "A page of users", body = MemberList)),
    security(("bearer" = [])),
)]
async fn list_users(
    May(scope, _): May<ListUsers>,
    State(app): State<AppState>,
    Query(query): Query<UserQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let sees_all = scope.may::<ManageUsers>();
    if !sees_all && query.page.is_sorted_by(&HIDDEN) {
        return Err(ApiError::query(FieldFaults::one("sort", FieldMessage::NotSortable(SHOWN.to_vec()))));
    }
    let (rows, page) = store::list(&mut app.db.read().await?, &scope, &query).await?.split();
    let users = rows.into_iter().map(|row| Member::new(row, sees_all)).collect();
    Ok(([NO_STORE], Json(MemberList { users, page })))
}

/// Make a user
///
/// For admins and owners; only an owner may make an owner. `POST /auth/invitations` lets people choose their password.
#[utoipa::path(
    post, path = "/users", tag = "users",
    request_body = NewUser,
    responses(
        (
            status = 201, description = "The user", body = MemberChanged,
            headers(("Location" = String), ("ETag" = String)),
        ),
        (status = 409, description = "The e-mail address is taken", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn create_user(
    May(scope, _): May<ManageUsers>,
    State(app): State<AppState>,
    key: IdempotencyKey,
    body: Body<NewUser>,
) -> Result<Created, ApiError> {
    let once = match key.begin(&app, &scope, body.bytes()).await? {
        Begun::Before(answer) => return Ok(answer),
        Begun::First(once) => once,
    };
    let NewUser { email, password, name, role } = body.read()?;
    check_role(&scope, role)?;
    // Before the costly hash; the unique key has the last word.
    if find_by_email(&mut app.db.read().await?, &email).await?.is_some() {
        return Err(Code::EmailTaken.into());
    }
    let turn = app.failed_logins.turn(scope.origin().ip).await?;
    let password_hash = password::hash(password).await?;
    drop(turn);
    let (tenant_id, created_by, created_at) = (scope.tenant().to_string(), scope.author(), app.clock.now());
    let new = NewUserRow { tenant_id, email, password_hash, name, role, created_by, created_at };
    transaction!(app.db, |tx| {
        let scope = scope.afresh::<ManageUsers>(tx).await?;
        check_role(&scope, role)?;
        once.claim(tx, &scope).await?;
        let id = insert(tx, &new).await.map_err(|error| ApiError::duplicate(error, Code::EmailTaken))?;
        let user = Member::new(find(tx, &scope, id).await?, true);
        let event = Event::new(Action::Created, Resource::User, id).with(Changes::created(&user));
        audit::record(tx, &scope, event, created_at).await?;
        let tag = tag(&user);
        let answer = MemberChanged { message: "User created successfully", user };
        let answer = Created::new(&answer)?.at(format_args!("users/{id}")).tagged(tag).private();
        once.settle(tx, &scope, answer).await
    })
}

/// Get a user
#[utoipa::path(
    get, path = "/users/{user_id}", tag = "users",
    params(
        ("user_id" = i64, Path, description = "Key", example = 1),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an answer that the caller has"),
    ),
    responses(
        (status = 200, description = "The user", body = MemberAnswer, headers(("ETag" = String))),
        (status = 304, description = "It is as the caller has it"),
    ),
    security(("bearer" = [])),
)]
async fn get_user(
    Id(id): Id,
    May(scope, _): May<ListUsers>,
    State(app): State<AppState>,
    conditions: Conditions,
) -> Result<impl IntoResponse, ApiError> {
    let row = find(&mut app.db.read().await?, &scope, id).await?;
    let user = Member::new(row, scope.may::<ManageUsers>());
    Ok(([NO_STORE], conditions.answer(tag(&user), MemberAnswer { user })))
}

/// Change a user
///
/// For admins and owners; everybody may change his own name. Only an owner changes an owner or makes one, and a tenant
/// keeps at least one active owner. Absent fields stay. `PUT` and `PATCH` are the same.
#[utoipa::path(
    method(put, patch), path = "/users/{user_id}", tag = "users",
    params(
        ("user_id" = i64, Path, description = "Key", example = 1),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the user as the caller has seen him"),
    ),
    request_body = UserPatch,
    responses(
        (status = 200, description = "The user as he is now", body = MemberChanged, headers(("ETag" = String))),
        (status = 409, description = "He is the last active owner", body = ErrorBody),
        (status = 412, description = "It has changed since; nothing was changed", body = ErrorBody),
    ),
    security(("bearer" = [])),
)]
async fn update_user(
    Id(id): Id,
    May(scope, _): May<UpdateUser>,
    State(app): State<AppState>,
    conditions: Conditions,
    body: Body<UserPatch>,
) -> Result<impl IntoResponse, ApiError> {
    let patch = body.read_for(async { find_to_change(&mut app.db.read().await?, &scope, id).await }).await?;
    let now = app.clock.now();
    let user = transaction!(app.db, |tx| {
        let scope = scope.afresh::<UpdateUser>(tx).await?;
        let sees_all = scope.may::<ManageUsers>();
        let old = find_to_change(tx, &scope, id).await?;
        conditions.check(old.version)?;
        let mut new = patch.clone().apply(&old);
        if new == old {
            return Ok(Member::new(old, sees_all));
        }
        check_change(tx, &scope, &old, &new).await?;
        new.version += 1;
        new.updated_at = now;
        store::update(tx, &scope, &old, &new).await?;
        let changes = Changes::between(&Member::new(old, true), &Member::new(new, true));
        audit::record(tx, &scope, Event::new(Action::Updated, Resource::User, id).with(changes), now).await?;
        Ok(Member::new(find(tx, &scope, id).await?, sees_all))
    })?;
    app.users.forget(id);
    let tag = etag(tag(&user));
    Ok(([NO_STORE], [tag], Json(MemberChanged { message: "User updated successfully", user })))
}

/// A sign-in changes what is shown, but is no change of the user.
fn tag(user: &Member) -> Tag {
    Tag::with_rest(user.version, user)
}

async fn find(conn: &mut Conn, scope: &Scope, id: i64) -> Result<MemberRow, ApiError> {
    store::find(conn, scope, id).await?.ok_or_else(|| Code::UserNotFound.into())
}

async fn find_to_change(conn: &mut Conn, scope: &Scope, id: i64) -> Result<MemberRow, ApiError> {
    let user = find(conn, scope, id).await?;
    scope.check::<UpdateUser>(Some(user.id))?;
    check_role(scope, user.role)?;
    Ok(user)
}

/// What concerns an owner is for owners.
fn check_role(scope: &Scope, role: Role) -> Result<(), ApiError> {
    if role == Role::Owner { scope.check::<ManageOwners>(None) } else { Ok(()) }
}

/// Who may change more than a name, and what a tenant cannot do without.
async fn check_change(conn: &mut Conn, scope: &Scope, old: &MemberRow, new: &MemberRow) -> Result<(), ApiError> {
    if (old.role, old.is_active) == (new.role, new.is_active) {
        return Ok(());
    }
    scope.check::<ManageUsers>(None)?;
    check_role(scope, new.role)?;
    let loses_owner = old.is_active_owner() && !new.is_active_owner();
    if loses_owner && store::count_active_owners(conn, scope).await? == 1 {
        return Err(Code::LastOwner.into());
    }
    Ok(())
}
