//! `bizcenter jobs`.

use std::time::Duration;

use chrono_tz::Tz;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::output::say;
use super::{Outcome, open_migrated};
use crate::app::AppState;
use crate::audit::seal;
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::db::{Db, Target};
use crate::jobs::{self, JOBS, Report, Status};
use crate::server;

const COLUMNS: [&str; 7] = ["NAME", "DESCRIPTION", "LAST RUN", "TOOK", "OUTCOME", "NEXT RUN", "MESSAGE"];

/// Prints every job and what became of it. Changes nothing: not even a pending migration is applied.
pub async fn list(config: &Config) -> Outcome {
    refuse_missing(config)?;
    let db = Db::connect(&config.database).await?;
    let pending = db.pending_migrations().await?;
    if !pending.is_empty() {
        let pending = pending.join(", ");
        return Err(format!("the database lacks migrations ({pending}); run `bizcenter migrate` first").into());
    }
    let app = AppState::new(config, db.clone(), Clock::System);
    let jobs = jobs::list(&app).await?;
    db.close().await;
    let rows: Vec<_> = jobs.iter().map(|status| row(status, app.timezone)).collect();
    say!("{}", table(&rows))?;
    Ok(())
}

/// Runs a job now, whenever it was last done.
pub async fn run(config: &Config, name: &str) -> Outcome {
    let job = jobs::find(name).ok_or_else(|| {
        let names: Vec<_> = JOBS.iter().map(|job| job.name).collect();
        format!("there is no job {name:?}; there are: {}", names.join(", "))
    })?;
    refuse_missing(config)?;
    let db = open_migrated(config).await?;
    let app = AppState::new(config, db.clone(), Clock::System);
    let stop = CancellationToken::new();
    let (signal, token) = (server::stop_signal()?, stop.clone());
    tokio::spawn(async move {
        signal.await;
        token.cancel();
    });
    let report = jobs::run(&app, job, &stop).await;
    // Perhaps no server is running that would do it.
    let sealed = seal::seal_all(&db, &app.audit_key, app.clock.now()).await;
    db.close().await;
    if let Err(error) = sealed {
        warn!(%error, "the audit log could not be sealed; a server will do it");
    }
    let report = report?;
    match report {
        Report::Done(message) => {
            say!("{name}: {message}")?;
            Ok(())
        }
        Report::Failed(message) => Err(format!("{name} failed: {message}").into()),
        Report::Busy => Err(format!("{name} is being run by another process; try again when that is done").into()),
        Report::Lost => Err(format!("another process has taken {name} over").into()),
        Report::Stopped => Err(format!("{name} was stopped before its end").into()),
    }
}

/// A file that is not there would be made, with nothing in it; the path may be mistyped.
fn refuse_missing(config: &Config) -> Outcome {
    match &config.database.target {
        Target::Sqlite(path) if !path.exists() => {
            Err(format!("there is no database {}; `bizcenter migrate` makes it", path.display()).into())
        }
        _ => Ok(()),
    }
}

fn row(status: &Status, zone: Tz) -> [String; COLUMNS.len()] {
    let Status { job, state, last_run, duration, message, next_run } = status;
    let time = |moment: Option<Timestamp>, none: &str| match moment {
        Some(moment) => moment.utc().with_timezone(&zone).format("%Y-%m-%d %H:%M %:z").to_string(),
        None => none.to_owned(),
    };
    [
        job.name.to_owned(),
        job.description.to_owned(),
        time(*last_run, "never"),
        duration.map(took).unwrap_or_default(),
        state.to_string(),
        time(*next_run, "by hand"),
        message.clone().unwrap_or_default(),
    ]
}

fn took(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

/// The rows under their heads, each column as wide as its widest cell.
fn table(rows: &[[String; COLUMNS.len()]]) -> String {
    let head = COLUMNS.map(str::to_owned);
    let lines = || std::iter::once(&head).chain(rows);
    let width = |column: usize| lines().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(width);
    let line = |line: &[String; COLUMNS.len()]| {
        let cells: Vec<_> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = ["a", "what it does", "never", "", "never", "by hand", ""].map(str::to_owned);
        assert_eq!(
            table(&[row]),
            "NAME  DESCRIPTION   LAST RUN  TOOK  OUTCOME  NEXT RUN  MESSAGE\n\
             a     what it does  never           never    by hand"
        );
    }

    #[test]
    fn a_duration_is_as_exact_as_it_matters() {
        for (ms, text) in [(0, "0 ms"), (999, "999 ms"), (1000, "1.0 s"), (61_260, "61.3 s")] {
            assert_eq!(took(Duration::from_millis(ms)), text);
        }
    }
}
