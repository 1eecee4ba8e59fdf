//! The `bizcenter` binary.

use std::process::ExitCode;

use bizcenter::cli::Cli;
use clap::Parser;

fn main() -> ExitCode {
    match bizcenter::cli::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bizcenter: {error}");
            ExitCode::FAILURE
        }
    }
}
