//! The rows of preferences. There are only those that a user has chosen.

use std::collections::BTreeMap;

use super::types::{KindPreference, Locale, NotificationPreferences};
use crate::auth::Scope;
use crate::db::{Conn, DbResult, Value, sql};
use crate::notifications::types::NotificationKind;

/// What a user has chosen.
#[derive(Debug, Default)]
pub struct Chosen {
    locale: Option<Locale>,
    kinds: BTreeMap<NotificationKind, KindPreference>,
}

impl Chosen {
    /// With the defaults of what he has not chosen.
    pub fn complete(&self) -> NotificationPreferences {
        let kinds = NotificationKind::NAMES.iter().filter_map(|name| NotificationKind::parse(name));
        let kinds = kinds.map(|kind| (kind, self.kinds.get(&kind).copied().unwrap_or_default()));
        NotificationPreferences { locale: self.locale.unwrap_or_default(), kinds: kinds.collect() }
    }
}

#[derive(Debug, sqlx::FromRow)]
struct KindRow {
    kind: NotificationKind,
    in_app: bool,
    email: bool,
}

#[derive(Debug, sqlx::FromRow)]
struct LocaleRow {
    locale: Locale,
}

/// Keeps other transactions from changing the user's preferences before this one ends. Comes first in a transaction.
pub async fn lock(conn: &mut Conn, scope: &Scope) -> DbResult<()> {
    // The user, since there may be no row of his preferences yet.
    let lock = sql("select id from users where tenant_id = ? and id = ?");
    conn.lock(lock.bind(scope.tenant()).bind(scope.user())).await
}

/// What the user has chosen.
pub async fn find(conn: &mut Conn, scope: &Scope) -> DbResult<Chosen> {
    let locale = sql("select locale from notification_settings where tenant_id = ? and user_id = ?");
    let locale: Option<LocaleRow> = conn.fetch_optional(locale.bind(scope.tenant()).bind(scope.user())).await?;
    let kinds = sql("select kind, in_app, email from notification_preferences where tenant_id = ? and user_id = ?");
    let kinds: Vec<KindRow> = conn.fetch_all(kinds.bind(scope.tenant()).bind(scope.user())).await?;
    let kind = |KindRow { kind, in_app, email }| (kind, KindPreference { in_app, email });
    Ok(Chosen { locale: locale.map(|row| row.locale), kinds: kinds.into_iter().map(kind).collect() })
}

/// Writes what is new. The user is locked.
pub async fn save(conn: &mut Conn, scope: &Scope, old: &Chosen, new: &NotificationPreferences) -> DbResult<()> {
    save_locale(conn, scope, old.locale, new.locale).await?;
    let mut inserted: Vec<Vec<Value>> = Vec::new();
    for (kind, preference) in &new.kinds {
        let KindPreference { in_app, email } = *preference;
        match old.kinds.get(kind) {
            Some(old) if old == preference => {}
            Some(_) => {
                let update = "update notification_preferences set in_app = ?, email = ? \
                              where tenant_id = ? and user_id = ? and kind = ?";
                let update = sql(update).bind(in_app).bind(email).bind(scope.tenant()).bind(scope.user()).bind(*kind);
                conn.execute(update).await?;
            }
            None if *preference == KindPreference::default() => {}
            None => inserted.push(vec![
                scope.tenant().into(),
                scope.user().into(),
                (*kind).into(),
                in_app.into(),
                email.into(),
            ]),
        }
    }
    if !inserted.is_empty() {
        let insert = "insert into notification_preferences (tenant_id, user_id, kind, in_app, email) values ";
        conn.execute(sql(insert).values(inserted)).await?;
    }
    Ok(())
}

async fn save_locale(conn: &mut Conn, scope: &Scope, old: Option<Locale>, new: Locale) -> DbResult<()> {
    if old.unwrap_or_default() == new {
        return Ok(());
    }
    let statement = match old {
        Some(_) => sql("update notification_settings set locale = ? where tenant_id = ? and user_id = ?")
            .bind(new)
            .bind(scope.tenant())
            .bind(scope.user()),
        None => sql("insert into notification_settings (tenant_id, user_id, locale) values (?, ?, ?)")
            .bind(scope.tenant())
            .bind(scope.user())
            .bind(new),
    };
    conn.execute(statement).await?;
    Ok(())
}
