//! Programs that the tests start, and that end with them.

use std::process::{self, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::deadline;

/// Becomes the program, so that signals reach it and its end is its own. Beside it something looks every second whether
/// the run (`$0`) is still there, since a run that is killed, or gives up, can end nothing itself.
const KEPT: &str = r#"(while kill -0 $$; do kill -0 "$0" || kill -KILL $$; sleep 1 || exit; done) </dev/null >/dev/null 2>&1 &
exec "$@""#;

/// A program that does not outlive this run, however the run ends. It shares neither input nor output with the run, whose
/// reader would wait for its end.
pub fn program(path: &str) -> Command {
    deadline::watch();
    kept_by(process::id(), path)
}

fn kept_by(run: u32, path: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", KEPT, &run.to_string(), path]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_program_ends_when_the_run_is_killed() {
    let mut run = program("sleep").arg("600").spawn().unwrap();
    let mut kept = kept_by(run.id(), "sleep").arg("600").spawn().unwrap();
    // As long as there is a run it goes on.
    sleep(Duration::from_secs(2));
    assert!(kept.try_wait().unwrap().is_none());
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(!kept.wait().unwrap().success());
}
