//! `bizcenter user create`.

use std::io::BufRead;

use serde_json::json;

use super::{Outcome, UserArgs, open_migrated};
use crate::audit::{self, Action, AuditKey, Changes, Event, seal};
use crate::auth::store::{self, NewUserRow};
use crate::auth::types::{Register, User};
use crate::auth::{Scope, password};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::transaction;
use crate::error::{ApiError, Code, Language};
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
        Fields::read_body(body).map_err(|faults| {
            let faults = serde_json::to_string_pretty(&faults.in_language(Language::English)).unwrap_or_default();
            format!("the arguments are wrong: {faults}")
        })?;
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

fn read_password(from_stdin: bool) -> Result<String, std::io::Error> {
    if !from_stdin {
        return rpassword::prompt_password("Password: ");
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
