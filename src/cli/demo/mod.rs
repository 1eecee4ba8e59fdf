//! `bizcenter demo`.

mod contracts;
mod meetings;
mod tasks;
mod texts;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta};
use fastrand::Rng;

use super::{DemoArgs, Outcome, open_migrated};
use crate::audit::{self, Action, AuditKey, Changes, Event, seal};
use crate::auth::store::{self, NewUserRow};
use crate::auth::types::User;
use crate::auth::{Scope, password};
use crate::clock::{Clock, Timestamp};
use crate::config::{Config, Environment};
use crate::db::{Db, sql, transaction};
use crate::error::{ApiError, Code};
use crate::policy::Role;
use crate::resource::Resource;

const TENANT: &str = "demo";
const PASSWORD: &str = "demo-password";
/// Any number: the same one gives the same data, but for the dates.
const SEED: u64 = 20_260_207;
/// For how many weeks the users have been there; before the first meeting.
const WEEKS_OF_USERS: i64 = 62;
/// Korea is ahead of UTC all year.
const KOREA: TimeDelta = TimeDelta::hours(9);
/// An hour in microseconds.
const HOUR: i64 = 3_600_000_000;
/// When a working day ends.
const EVENING: TimeDelta = TimeDelta::hours(18);

/// Fills the database.
pub async fn fill(config: &Config, args: &DemoArgs) -> Outcome {
    if config.environment == Environment::Production {
        return Err("no demo in production: its password is public; use a development database".into());
    }
    let db = open_migrated(config).await?;
    let tenants = sql("select count(*) from tenants where id = ?").bind(TENANT);
    if db.read().await?.count(tenants).await? > 0 {
        let target = &config.database.target;
        return Err(format!("the tenant {TENANT} is already there ({target}); use a new database").into());
    }
    let now = Clock::System.now();
    let joined = Timestamp::new(now.utc() - TimeDelta::weeks(WEEKS_OF_USERS));
    let audit_key = AuditKey::new(&config.secret_key);
    let users = insert_users(&db, &audit_key, joined, now).await?;
    let mut scene = Scene::new(now, joined, users, audit_key);
    // Tasks last, so that their number changes nothing else.
    let meetings::Made { meetings, attendees, action_items } = meetings::fill(&db, &mut scene).await?;
    let contracts = contracts::fill(&db, &mut scene, config).await?;
    tasks::fill(&db, &mut scene, args.tasks).await?;
    seal::seal_tenant(&db, &scene.audit_key, &TENANT.into(), Clock::System.now()).await;
    db.close().await;
    println!(
        "The tenant {TENANT} has {} users, {} tasks, {meetings} meetings with {attendees} attendees and {action_items} \
         action items, and {contracts} contracts.",
        scene.users.len(),
        args.tasks
    );
    println!("E-mail    {}", Role::ALL.map(email).join("\n          "));
    println!("Password  {PASSWORD}");
    println!("Next      bizcenter");
    Ok(())
}

fn email(role: Role) -> String {
    format!("{}@demo.example", role.as_str())
}

/// Makes the tenant and a user of each role, who joined then, and gives their ids in the order of [`Role::ALL`]. They
/// alone are in the audit log: the rest was not done by anybody.
async fn insert_users(db: &Db, audit_key: &AuditKey, joined: Timestamp, now: Timestamp) -> Result<Vec<i64>, ApiError> {
    let password_hash = password::hash(PASSWORD.into()).await?;
    let users = Role::ALL.into_iter().zip(texts::USERS).map(|(role, name)| NewUserRow {
        tenant_id: TENANT.into(),
        email: email(role),
        password_hash: password_hash.clone(),
        name: name.into(),
        role,
        created_by: None,
        created_at: joined,
    });
    let users: Vec<NewUserRow> = users.collect();
    transaction!(db, |tx| {
        store::ensure_tenant(tx, TENANT, audit_key, joined).await?;
        let mut ids = Vec::new();
        for user in &users {
            let inserted = store::insert(tx, user).await;
            let id = inserted.map_err(|error| ApiError::duplicate(error, Code::EmailTaken))?;
            let row = store::find_by_id(tx, id).await?.ok_or_else(|| ApiError::internal("a new user is gone"))?;
            let event = Event::new(Action::Created, Resource::User, id).with(Changes::created(&User::from(row)));
            audit::record(tx, &Scope::operator(TENANT, id, audit_key.clone()), event, now).await?;
            ids.push(id);
        }
        Ok(ids)
    })
}

/// What everything is made from: chance, the calendar and the users.
struct Scene {
    rng: Rng,
    now: Timestamp,
    joined: Timestamp,
    /// In Korea.
    today: NaiveDate,
    /// Of this week.
    monday: NaiveDate,
    /// Ids, in the order of [`Role::ALL`].
    users: Vec<i64>,
    audit_key: AuditKey,
}

impl Scene {
    fn new(now: Timestamp, joined: Timestamp, users: Vec<i64>, audit_key: AuditKey) -> Self {
        let today = (now.utc() + KOREA).date_naive();
        let monday = today - TimeDelta::days(today.weekday().num_days_from_monday().into());
        Self { rng: Rng::with_seed(SEED), now, joined, today, monday, users, audit_key }
    }

    fn user(&self, role: Role) -> i64 {
        self.users[role as usize]
    }

    fn scope(&self, role: Role) -> Scope {
        Scope::operator(TENANT, self.user(role), self.audit_key.clone())
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.rng.usize(..from.len())]
    }

    /// Picks one that is as likely as its weight.
    fn weigh<T: Copy>(&mut self, from: &[(u32, T)]) -> T {
        let total: u32 = from.iter().map(|(weight, _)| weight).sum();
        let mut left = self.rng.u32(..total);
        for (weight, value) in from {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        from[0].1
    }

    fn office_hours(&mut self, date: NaiveDate) -> Timestamp {
        korean(date, TimeDelta::microseconds(self.rng.i64(9 * HOUR..18 * HOUR)))
    }

    fn between(&mut self, first: Timestamp, last: Timestamp) -> Timestamp {
        let span = (last.micros() - first.micros()).max(0);
        Timestamp::new(first.utc() + TimeDelta::microseconds(self.rng.i64(0..=span)))
    }
}

/// A time of a day in Korea.
fn korean(date: NaiveDate, time: TimeDelta) -> Timestamp {
    Timestamp::new(date.and_time(NaiveTime::MIN).and_utc() + time - KOREA)
}
