//! The demo's tasks.

use chrono::{Datelike, NaiveDate, TimeDelta};
use indicatif::{ProgressBar, ProgressStyle};

use super::texts::{CUSTOMERS, EXTRA_TAGS, TASKS};
use super::{EVENING, HOUR, Outcome, Scene, TENANT, korean};
use crate::clock::Timestamp;
use crate::db::{Db, transaction};
use crate::policy::Role;
use crate::tasks::row::TaskRow;
use crate::tasks::store;
use crate::tasks::types::TaskStatus::{self, Cancelled, Completed, InProgress, Pending, Review};

/// A year up to this week, and two weeks more.
const WEEKS_BEFORE: i64 = 51;
const WEEKS: i64 = WEEKS_BEFORE + 1 + 2;
/// In a week.
const WORKDAYS: i64 = 5;

const PER_TRANSACTION: u64 = 10_000;

/// Few, so that a full transaction touches few pages of the index by title: a fifth faster on SQLite.
const CUSTOMERS_A_DAY: usize = 8;

const ASSIGNEES: &[(u32, Option<Role>)] =
    &[(5, Some(Role::Analyst)), (3, Some(Role::Editor)), (1, Some(Role::Admin)), (1, None)];
const AUTHORS: &[(u32, Role)] = &[(1, Role::Owner), (4, Role::Admin), (3, Role::Editor), (2, Role::Analyst)];

/// Days; whole weeks, so that nothing is due on a weekend.
const DUE_IN: &[Option<i64>] = &[Some(0), Some(0), Some(0), Some(0), Some(7), Some(7), Some(14), None];

/// Makes so many tasks, oldest first, and shows how far it is on standard error.
pub async fn fill(db: &Db, scene: &mut Scene, count: u64) -> Outcome {
    let scope = scene.scope(Role::Owner);
    let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} tasks, {per_sec}, {eta} left")?;
    let bar = ProgressBar::new(count).with_style(style);
    let mut made = 0;
    while made < count {
        let end = count.min(made + PER_TRANSACTION);
        let tasks: Vec<TaskRow> = (made..end).map(|index| task(scene, index, count)).collect();
        transaction!(db, |tx| Ok(store::insert_many(tx, &scope, &tasks).await?))?;
        bar.inc(end - made);
        made = end;
    }
    bar.finish();
    Ok(())
}

fn task(scene: &mut Scene, index: u64, count: u64) -> TaskRow {
    let workday = index as i64 * WEEKS * WORKDAYS / count as i64;
    let date = scene.monday + TimeDelta::days((workday / WORKDAYS - WEEKS_BEFORE) * 7 + workday % WORKDAYS);
    let week = date.iso_week();
    let customer = workday as usize + scene.rng.usize(..CUSTOMERS_A_DAY);
    let (customer, _) = CUSTOMERS[customer % CUSTOMERS.len()];
    let text = scene.pick(TASKS);
    let mut tags: Vec<String> = text.tags.iter().map(|tag| (*tag).to_owned()).collect();
    if scene.rng.u8(..10) < 2 {
        tags.push(scene.pick(EXTRA_TAGS).to_owned());
    }
    let status = status_of(scene, date);
    let created_at = created_for(scene, date);
    let last_change = korean(date, EVENING).min(scene.now);
    let (version, updated_at) = match status {
        Pending => (1, created_at),
        InProgress | Cancelled => (2, scene.between(created_at, last_change)),
        Review => (3, scene.between(created_at, last_change)),
        Completed => (4, scene.between(created_at, last_change)),
    };
    let author = scene.weigh(AUTHORS);
    TaskRow {
        id: 0,
        tenant_id: TENANT.into(),
        title: format!("[{customer}] {}", text.title),
        description: Some(format!("{}\n접수번호: SR-{}-{:06}", text.description, week.year(), index + 1)),
        status,
        priority: scene.weigh(text.priorities),
        assigned_to: scene.weigh(ASSIGNEES).map(|role| scene.user(role)),
        due_date: scene.pick(DUE_IN).map(|days| korean(date + TimeDelta::days(days), EVENING)),
        week_number: week.week().into(),
        year: week.year().into(),
        tags,
        version,
        created_at,
        updated_at,
        created_by: Some(scene.user(author)),
        parent_id: None,
        comment_count: 0,
        assignee: None,
    }
}

/// As far as a task of that day should be.
fn status_of(scene: &mut Scene, date: NaiveDate) -> TaskStatus {
    let weights: &[(u32, TaskStatus)] = if date > scene.today {
        &[(8, Pending), (2, InProgress)]
    } else if date >= scene.monday {
        &[(2, Pending), (5, InProgress), (3, Review), (1, Completed)]
    } else if date >= scene.monday - TimeDelta::weeks(3) {
        &[(1, Pending), (2, InProgress), (2, Review), (14, Completed), (1, Cancelled)]
    } else {
        &[(1, InProgress), (90, Completed), (9, Cancelled)]
    };
    scene.weigh(weights)
}

/// A few days ahead of the task's day, and never in the future.
fn created_for(scene: &mut Scene, date: NaiveDate) -> Timestamp {
    let days_ahead = scene.rng.i64(0..=4);
    let planned = scene.office_hours(date - TimeDelta::days(days_ahead));
    if planned <= scene.now {
        return planned;
    }
    let days_ago = TimeDelta::microseconds(scene.rng.i64(0..5 * 24 * HOUR));
    Timestamp::new(scene.now.utc() - days_ago)
}
