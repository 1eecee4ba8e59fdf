//! Ends the run when a test hangs, which the test runner itself would wait for without end.

use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use std::{process, thread};

/// Many times what the longest test needs on a busy machine.
const LONGEST: Duration = Duration::from_secs(600);

/// While this lives a test runs. A thread of its own watches, since what hangs may be the test's own thread.
struct Deadline {
    _ends: mpsc::Sender<()>,
}

thread_local! {
    /// Every test has a thread of its own, and ends with it.
    static DEADLINE: Deadline = Deadline::new();
}

/// Watches the test that runs on this thread. Whatever starts a server or a process, or opens a database, says so first:
/// then no test that can hang forgets it.
pub fn watch() {
    DEADLINE.with(|_| ());
}

impl Deadline {
    fn new() -> Self {
        let (ends, ended) = mpsc::channel();
        let name = thread::current().name().unwrap_or("a test").to_owned();
        thread::spawn(move || {
            if ended.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout) {
                // Not `eprintln!`, which the test runner would keep for itself.
                let _ = writeln!(std::io::stderr(), "{name} has hung for {} seconds: giving up", LONGEST.as_secs());
                process::exit(1);
            }
        });
        Self { _ends: ends }
    }
}
