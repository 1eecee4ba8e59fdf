//! `bizcenter jobs`.

use chrono_tz::Tz;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Outcome, open_migrated};
use crate::app::AppState;
use crate::audit::seal;
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::jobs::{self, JOBS, Report, Status};
use crate::server;

const COLUMNS: [&str; 6] = ["NAME", "DESCRIPTION", "LAST RUN", "OUTCOME", "NEXT RUN", "MESSAGE"];

/// Prints every job and what became of it.
pub async fn list(config: &Config) -> Outcome {
    let db = open_migrated(config).await?;
    let app = AppState::new(config, db.clone(), Clock::System);
    let jobs = jobs::list(&app).await?;
    db.close().await;
    let rows: Vec<_> = jobs.iter().map(|status| row(status, app.timezone)).collect();
    print!("{}", table(&rows));
    Ok(())
}

/// Runs a job now, whenever it was last done.
pub async fn run(config: &Config, name: &str) -> Outcome {
    let job = jobs::find(name).ok_or_else(|| {
        let names: Vec<_> = JOBS.iter().map(|job| job.name).collect();
        format!("there is no job {name:?}; there are: {}", names.join(", "))
    })?;
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
            println!("{name}: {message}");
            Ok(())
        }
        Report::Failed(message) => Err(format!("{name} failed: {message}").into()),
        Report::Busy => Err(format!("{name} is being run by another process; try again when that is done").into()),
        Report::Lost => Err(format!("another process has taken {name} over").into()),
        Report::Stopped => Err(format!("{name} was stopped before its end").into()),
    }
}

fn row(status: &Status, zone: Tz) -> [String; 6] {
    let Status { job, state, last_run, message, next_run } = status;
    let time = |moment: Option<Timestamp>, none: &str| match moment {
        Some(moment) => moment.utc().with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string(),
        None => none.to_owned(),
    };
    [
        job.name.to_owned(),
        job.description.to_owned(),
        time(*last_run, "never"),
        state.to_string(),
        time(*next_run, "by hand"),
        message.clone().unwrap_or_default(),
    ]
}

/// The rows under their heads, each column as wide as its widest cell.
fn table(rows: &[[String; 6]]) -> String {
    let head = COLUMNS.map(str::to_owned);
    let lines = || std::iter::once(&head).chain(rows);
    let width = |column: usize| lines().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |line: &[String; 6]| {
        let cells: Vec<_> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = ["a", "what it does", "never", "never", "by hand", ""].map(str::to_owned);
        assert_eq!(
            table(&[row]),
            "NAME  DESCRIPTION   LAST RUN  OUTCOME  NEXT RUN  MESSAGE\n\
             a     what it does  never     never    by hand\n"
        );
    }
}
