//! Tells who has to do them of open tasks that were due before today, where the users are: once for a task and its due
//! date, so that another due date is told of again.

use chrono::NaiveTime;

use super::Run;
use super::calendar::Daily;
use super::store::{self, OverdueTask, TaskPlace};
use super::tenants::Tenants;
use crate::auth::Scope;
use crate::clock::Timestamp;
use crate::db::transaction;
use crate::error::ApiError;
use crate::notifications::{self, Kind, Notice};
use crate::resource::Resource;
use crate::tasks::types::TaskStatus;

/// How many tasks are told of in one transaction.
const BATCH: i64 = 200;

/// Sends what is due.
pub async fn run(run: &Run) -> Result<String, ApiError> {
    let morning = Daily { at: NaiveTime::MIN, zone: run.app.timezone }.on(run.today);
    let mut sent = 0;
    let mut tenants = Tenants::default();
    while let Some(scope) = tenants.next(&run.app).await? {
        for status in TaskStatus::OPEN {
            sent += remind(run, &scope, status, morning).await?;
        }
    }
    Ok(format!("{sent} tasks told of"))
}

async fn remind(run: &Run, scope: &Scope, status: TaskStatus, morning: Timestamp) -> Result<usize, ApiError> {
    let (mut sent, mut after) = (0, TaskPlace::default());
    loop {
        let places = store::overdue_tasks(&mut run.app.db.read().await?, scope, status, morning, after, BATCH).await?;
        let Some(last) = places.last().copied() else { return Ok(sent) };
        let ids: Vec<i64> = places.into_iter().map(|place| place.id).collect();
        let now = run.app.clock.now();
        sent += transaction!(run.app.db, |tx| {
            run.lease.hold(tx, now).await?;
            let tasks = store::lock_overdue_tasks(tx, scope, morning, &ids).await?;
            if tasks.is_empty() {
                return Ok(0);
            }
            store::insert_task_reminders(tx, scope, &tasks, now).await?;
            let count = tasks.len();
            let notices = tasks.into_iter().map(|task| (notice(&task), vec![task.assigned_to])).collect();
            notifications::send_all(tx, scope, notices, now).await?;
            Ok(count)
        })?;
        after = last;
    }
}

fn notice(task: &OverdueTask) -> Notice {
    let OverdueTask { id, title, assigned_to: _, due_date: _ } = task;
    Notice { kind: Kind::TaskOverdue, title: title.clone(), resource_type: Resource::Task, resource_id: *id }
}
