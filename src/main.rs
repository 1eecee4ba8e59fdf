//! The `bizcenter` binary.

use std::io::Write;
use std::process::ExitCode;

use bizcenter::cli::Cli;
use clap::Parser;

fn main() -> ExitCode {
    match bizcenter::cli::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // As on standard output: perhaps nobody reads it.
            let _ = writeln!(std::io::stderr(), "bizcenter: {error}");
            ExitCode::FAILURE
        }
    }
}
