//! The rows of jobs: what each did last, and who has the lease to run it. They belong to no tenant.

use chrono::NaiveDate;

use crate::clock::Timestamp;
use crate::db::{self, Conn, DbResult, sql, text_enum};

text_enum! {
    /// How a run ended.
    pub enum RunOutcome {
        /// Well.
        Done = "ok",
        /// Not well.
        Failed = "failed",
    }
}

/// What a job did last.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct JobRunRow {
    /// The job.
    pub name: String,
    /// Until when somebody runs it, unless he says otherwise.
    pub lease_until: Option<Timestamp>,
    /// How often it was begun.
    pub runs: i64,
    /// How often it failed since it last went well.
    pub failures: i64,
    /// The last day that it was done for.
    pub last_day: Option<NaiveDate>,
    /// When it was last begun.
    pub last_started_at: Option<Timestamp>,
    /// When it last ended.
    pub last_finished_at: Option<Timestamp>,
    /// How it last ended.
    pub last_outcome: Option<RunOutcome>,
    /// What it said then.
    pub last_message: Option<String>,
    /// How long it took.
    pub last_duration_ms: Option<i64>,
}

/// Who wants to run which job.
#[derive(Debug)]
pub struct Claim<'a> {
    /// The job.
    pub name: &'a str,
    /// Who: another one for each run.
    pub holder: &'a str,
    /// Now.
    pub now: Timestamp,
    /// When the lease lapses.
    pub until: Timestamp,
    /// A lease that ends later than this is nobody's.
    pub farthest: Timestamp,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// Well or not.
    pub outcome: RunOutcome,
    /// What there is to say of it.
    pub message: String,
    /// The day that it was done for, if it was.
    pub day: Option<NaiveDate>,
    /// Now.
    pub finished_at: Timestamp,
    /// How long it took.
    pub duration_ms: i64,
}

macro_rules! columns {
    () => {
        "name, lease_until, runs, failures, last_day, last_started_at, last_finished_at, last_outcome, last_message, \
         last_duration_ms"
    };
}

/// Every job that was ever begun.
pub async fn list(conn: &mut Conn) -> DbResult<Vec<JobRunRow>> {
    conn.fetch_all(sql(concat!("select ", columns!(), " from job_runs"))).await
}

/// The job, if it was ever begun.
pub async fn find(conn: &mut Conn, name: &str) -> DbResult<Option<JobRunRow>> {
    const FIND: &str = concat!("select ", columns!(), " from job_runs where name = ?");
    conn.fetch_optional(sql(FIND).bind(name.to_owned())).await
}

/// Takes the lease, unless somebody has it; gives whether it did. With `runs`, only if the job was begun that often: if
/// nobody has run it since the caller looked.
pub async fn take(conn: &mut Conn, claim: &Claim<'_>, runs: Option<i64>) -> DbResult<bool> {
    const UPDATE: &str = "update job_runs set lease_holder = ?, lease_until = ?, last_started_at = ?, runs = runs + 1 \
                          where name = ? and (lease_until is null or lease_until <= ? or lease_until > ?)";
    const INSERT: &str = "insert into job_runs (name, lease_holder, lease_until, last_started_at, runs, failures) \
                          values (?, ?, ?, ?, 1, 0)";
    let Claim { name, holder, now, until, farthest } = *claim;
    let (name, holder) = (name.to_owned(), holder.to_owned());
    let update = sql(UPDATE).bind(&holder).bind(until).bind(now).bind(&name).bind(now).bind(farthest);
    let update = match runs {
        Some(runs) => update.push(" and runs = ?").bind(runs),
        None => update,
    };
    if conn.execute(update).await? == 1 {
        return Ok(true);
    }
    match conn.execute(sql(INSERT).bind(name).bind(holder).bind(until).bind(now)).await {
        // It is there; somebody has the lease, or had it in between.
        Err(error) if db::is_duplicate(&error) => Ok(false),
        result => result.map(|_| true),
    }
}

/// Prolongs the lease and locks it until the transaction ends; gives whether it is still this holder's.
pub async fn prolong(conn: &mut Conn, name: &str, holder: &str, until: Timestamp) -> DbResult<bool> {
    let update = sql("update job_runs set lease_until = ? where name = ? and lease_holder = ?");
    Ok(conn.execute(update.bind(until).bind(name.to_owned()).bind(holder.to_owned())).await? == 1)
}

/// Gives the lease back and writes down how the run ended, if the lease is still this holder's; gives whether it was.
pub async fn end(conn: &mut Conn, name: &str, holder: &str, ended: &Ended) -> DbResult<bool> {
    const END: &str = "update job_runs set lease_holder = null, lease_until = null, last_finished_at = ?, \
                       last_outcome = ?, last_message = ?, last_duration_ms = ?";
    let Ended { outcome, message, day, finished_at, duration_ms } = ended;
    let mut update = sql(END).bind(*finished_at).bind(*outcome).bind(message).bind(*duration_ms);
    update = match outcome {
        RunOutcome::Done => update.push(", failures = 0"),
        RunOutcome::Failed => update.push(", failures = failures + 1"),
    };
    if let Some(day) = day {
        update = update.push(", last_day = ?").bind(*day);
    }
    let update = update.push(" where name = ? and lease_holder = ?").bind(name.to_owned()).bind(holder.to_owned());
    Ok(conn.execute(update).await? == 1)
}

/// Gives the lease back as if the job had not been begun: it is still due.
pub async fn give_back(conn: &mut Conn, name: &str, holder: &str) -> DbResult<()> {
    let update = "update job_runs set lease_holder = null, lease_until = null where name = ? and lease_holder = ?";
    conn.execute(sql(update).bind(name.to_owned()).bind(holder.to_owned())).await?;
    Ok(())
}
