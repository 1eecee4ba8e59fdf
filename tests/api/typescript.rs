//! The document, as a TypeScript client sees it: `tests/typescript/run` does the work.

use std::process::{Command, Stdio};

use crate::deadline;

#[test]
fn a_generated_client_type_checks_and_works() {
    // The script ends its server itself, and shares no output with the run.
    deadline::watch();
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/typescript/run"));
    let output = command.arg(env!("CARGO_BIN_EXE_bizcenter")).stdin(Stdio::null()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
}
