//! `bizcenter user`.

use std::io::BufRead;

use serde_json::json;

use super::{Outcome, PasswordArgs, UserArgs, open_migrated};
use crate::audit::{self, Action, AuditKey, Changes, Event, seal};
use crate::auth::store::{self, NewUserRow};
use crate::auth::types::{Register, User, new_password};
use crate::auth::{Scope, password};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::transaction;
use crate::error::{ApiError, Code, FieldFaults, Language};
use crate::fields::Fields;
use crate::policy::Role;
use crate::resource::Resource;

/// Makes a user.
pub async fn create(config: &Config, args: UserArgs) -> Outcome {
    let UserArgs { tenant, email, name, role, password_stdin } = args;
    let role = Role::parse(&role).ok_or_else(|| format!("--role must be one of: {}", Role::NAMES.join(", ")))?;
    let password = read_password(password_stdin)?;
    // The same rules as for registration.
    let body = json!({"email": email, "password": password, "name": name, "tenant_id": tenant});
    let Register { email, password, name, tenant_id: _, invite_token: _ } =
        Fields::read_body(body).map_err(|faults| wrong_arguments(&faults))?;
    let password_hash = password::hash(password).await?;
    let created_at = Clock::System.now();
    let user = NewUserRow { tenant_id: tenant, email, password_hash, name, role, created_by: None, created_at };
    let scope = Scope::system(&user.tenant_id, AuditKey::new(&config.secret_key));
    let db = open_migrated(config).await?;
    let id = transaction!(db, |tx| {
        store::ensure_tenant(tx, &user.tenant_id, scope.audit_key(), user.created_at).await?;
        let id = store::insert(tx, &user).await.map_err(|error| ApiError::duplicate(error, Code::EmailTaken))?;
        let row = store::find_by_id(tx, id).await?.ok_or_else(|| ApiError::internal("a new user is gone"))?;
        let event = Event::new(Action::Created, Resource::User, id).with(Changes::created(&User::from(row)));
        audit::record(tx, &scope, event, created_at).await?;
        Ok(id)
    })?;
    // Perhaps no server is running that would do it.
    seal::seal_tenant(&db, scope.audit_key(), scope.tenant(), Clock::System.now()).await;
    db.close().await;
    println!("user {id}: {} is {} of {}", user.email, user.role.as_str(), user.tenant_id);
    Ok(())
}

/// Gives a user a new password and ends his sessions.
pub async fn set_password(config: &Config, args: PasswordArgs) -> Outcome {
    let PasswordArgs { email, tenant, password_stdin } = args;
    // The same rule as for registration.
    let password = new_password(read_password(password_stdin)?.into())
        .map_err(|fault| wrong_arguments(&FieldFaults::one("password", fault)))?;
    let password_hash = password::hash(password.into()).await?;
    let now = Clock::System.now();
    let db = open_migrated(config).await?;
    let user = store::find_by_email(&mut db.read().await?, &email).await?;
    let user = user.filter(|user| tenant.as_ref().is_none_or(|tenant| *tenant == user.tenant_id));
    let user = user.ok_or_else(|| match &tenant {
        Some(tenant) => format!("there is no user {email} in {tenant}"),
        None => format!("there is no user {email}"),
    })?;
    let scope = Scope::operator(&user.tenant_id, user.id, AuditKey::new(&config.secret_key));
    transaction!(db, |tx| {
        store::set_password(tx, &scope, &password_hash).await?;
        audit::record(tx, &scope, Event::new(Action::PasswordChanged, Resource::User, user.id), now).await
    })?;
    db.close().await;
    let state = if user.is_active { "" } else { ", but is not let in: the account is inactive" };
    println!("user {}: {} of {} has a new password{state}", user.id, user.email, user.tenant_id);
    Ok(())
}

fn wrong_arguments(faults: &FieldFaults) -> String {
    let faults = serde_json::to_string_pretty(&faults.in_language(Language::English)).unwrap_or_default();
    format!("the arguments are wrong: {faults}")
}

fn read_password(from_stdin: bool) -> Result<String, std::io::Error> {
    if !from_stdin {
        return rpassword::prompt_password("Password: ");
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
