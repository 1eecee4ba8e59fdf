//! The `bizcenter` binary.

use std::process::ExitCode;

use bizcenter::cli::Cli;
use clap::Parser;

/// A tenth less CPU time for a page than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match bizcenter::cli::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bizcenter: {error}");
            ExitCode::FAILURE
        }
    }
}
