//! The command line.

mod audit;
mod demo;
mod healthcheck;
mod jobs;
mod serve;
mod user;

use std::error::Error;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::audit::AuditKey;
use crate::config::{Config, Environment};
use crate::db::Db;
use crate::{app, telemetry};

/// The migration that makes the audit log.
const AUDIT_LOG: &str = "0011 ";

/// What a command gives; the error is for the operator's eyes.
type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// MSSP BizCenter: tasks, meetings and contracts of a managed-security team, as a REST API.
///
/// Settings come from the environment or from a file `.env` in the working directory; `.env.example` lists them all.
/// With none, the server starts in development on SQLite.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:\n  \
    bizcenter                                    serve on http://127.0.0.1:4001\n  \
    bizcenter demo                               fill a development database to look around in\n  \
    bizcenter migrate                            bring a production database up to date\n  \
    bizcenter user create --tenant acme --email kim@acme.kr --name 김지은 --role owner\n  \
    bizcenter audit verify                       look for tampering in the audit log"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (the default)
    ///
    /// In development and on SQLite pending migrations are applied first. Elsewhere the server refuses to start
    /// with pending ones: run `bizcenter migrate` before. Stops on SIGINT or SIGTERM after finishing what is in
    /// flight.
    Serve,
    /// Bring the database's schema up to date
    ///
    /// Safe to run from several machines at once and when there is nothing to do.
    Migrate,
    /// Manage users
    #[command(subcommand)]
    User(UserCommand),
    /// Look after the audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print the OpenAPI document
    ///
    /// OpenAPI 3.1 as JSON, the same that the server gives at `/api/openapi.json`. Needs no settings and no database.
    Openapi,
    /// Fill a development database with a believable tenant
    ///
    /// Makes the tenant `demo` with a user of each role, a year of tasks, meetings and contracts. Refused in
    /// production, and when the tenant is already there.
    Demo(DemoArgs),
    /// See to the daily jobs
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// Ask a running server on this machine whether it is healthy
    ///
    /// Exits with 0 when it is. For a container's health check.
    Healthcheck,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Make a user, and his tenant if it is new
    ///
    /// The first owner of a tenant comes from here. The password is asked for, unless `--password-stdin`.
    Create(UserArgs),
    /// Give a user a new password
    ///
    /// For who has forgotten his. Every session of the account ends, on running servers within 5 seconds. The password is
    /// asked for, unless `--password-stdin`.
    Password(PasswordArgs),
}

#[derive(Debug, Subcommand)]
enum JobsCommand {
    /// List the jobs, what became of them and when they are run next
    ///
    /// Running servers do the jobs by themselves, once a day at `JOBS_AT`.
    List,
    /// Run a job now
    ///
    /// Safe at any time: what is done already is not done again, and while another process runs the job this one
    /// refuses.
    Run {
        /// The job's name, as `jobs list` tells it
        name: String,
    },
}

/// Arguments of `user create`.
#[derive(Debug, Args)]
struct UserArgs {
    /// The tenant, 1 to 50 characters
    #[arg(long)]
    tenant: String,
    /// The e-mail address to sign in with
    #[arg(long)]
    email: String,
    /// The name that others see, 2 to 100 characters
    #[arg(long)]
    name: String,
    /// owner, admin, editor, analyst or viewer
    #[arg(long)]
    role: String,
    /// Read the password from standard input, up to the end of its first line
    #[arg(long)]
    password_stdin: bool,
}

/// Arguments of `user password`.
#[derive(Debug, Args)]
struct PasswordArgs {
    /// The e-mail address that the user signs in with
    #[arg(long)]
    email: String,
    /// The tenant that the user must be of
    #[arg(long)]
    tenant: Option<String>,
    /// Read the password from standard input, up to the end of its first line
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Look for tampering in the audit log
    ///
    /// Verifies every row and the chain that the rows of each tenant are sealed into, under the key of `SECRET_KEY`,
    /// and names the place of whatever was edited, removed, inserted, reordered, cut off, or sealed long after it was
    /// written. Only reads; the server may go on meanwhile. Exits with 1 when anything is wrong.
    ///
    /// Note the heads that it prints in another place: a database that was put back as a whole to an earlier state
    /// shows only when a noted head is missing from it (`--head`).
    Verify(VerifyArgs),
}

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
struct VerifyArgs {
    /// Only this tenant
    #[arg(long)]
    tenant: Option<String>,
    /// Not the database, but this file, from `GET /audit-logs` with `Accept: application/x-ndjson`
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// The file holds rows that were chosen by filters, so that there are gaps between them
    #[arg(long, requires = "export")]
    filtered: bool,
    /// A head that was noted earlier: the row must be there, with this seal. Needs --tenant or --export
    #[arg(long, value_name = "SEQ:SEAL")]
    head: Option<String>,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
struct DemoArgs {
    /// How many tasks to make
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(0..=100_000_000))]
    tasks: u64,
}

/// Runs a command to its end.
pub fn run(cli: Cli) -> Outcome {
    read_env_file()?;
    let command = cli.command.unwrap_or(Command::Serve);
    if matches!(command, Command::Openapi) {
        println!("{}", app::document().to_pretty_json()?);
        return Ok(());
    }
    let config = Config::from_env()?;
    telemetry::start(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Serve => serve::serve(&config).await,
            Command::Migrate => migrate(&config).await,
            Command::User(UserCommand::Create(args)) => user::create(&config, args).await,
            Command::User(UserCommand::Password(args)) => user::set_password(&config, args).await,
            Command::Audit(AuditCommand::Verify(args)) => audit::check(&config, &args).await,
            Command::Demo(args) => demo::fill(&config, &args).await,
            Command::Jobs(JobsCommand::List) => jobs::list(&config).await,
            Command::Jobs(JobsCommand::Run { name }) => jobs::run(&config, &name).await,
            Command::Healthcheck => healthcheck::check(&config).await,
            Command::Openapi => Ok(()),
        }
    })
}

/// Loads `.env` from the working directory, if there is one; the environment goes first.
fn read_env_file() -> Outcome {
    match dotenvy::from_path(".env") {
        Err(error) if error.not_found() => Ok(()),
        // The library's message repeats the line, which may hold a secret.
        Err(dotenvy::Error::LineParse(..)) => Err("cannot read .env: a line is not NAME=value".into()),
        Err(error) => Err(format!("cannot read .env: {error}").into()),
        Ok(()) => Ok(()),
    }
}

async fn migrate(config: &Config) -> Outcome {
    let db = Db::connect(&config.database).await?;
    let pending = apply_pending(config, &db).await?;
    match pending.len() {
        0 => println!("nothing to do: the schema is up to date"),
        count => println!("applied {count}: {}", pending.join(", ")),
    }
    db.close().await;
    Ok(())
}

/// Brings the schema up to date; gives the names of what was pending.
async fn apply_pending(config: &Config, db: &Db) -> Result<Vec<String>, Box<dyn Error + Send + Sync>> {
    let pending = db.pending_migrations().await?;
    db.migrate().await?;
    if pending.iter().any(|name| name.starts_with(AUDIT_LOG)) {
        crate::audit::open_chains(db, &AuditKey::new(&config.secret_key)).await?;
    }
    Ok(pending)
}

/// Opens the database with an up-to-date schema: brought there where that is safe, else demanded.
async fn open_migrated(config: &Config) -> Result<Db, Box<dyn Error + Send + Sync>> {
    let db = Db::connect(&config.database).await?;
    if config.environment != Environment::Production || matches!(db, Db::Sqlite { .. }) {
        apply_pending(config, &db).await?;
        return Ok(db);
    }
    let pending = db.pending_migrations().await?;
    if pending.is_empty() {
        return Ok(db);
    }
    Err(format!("the database lacks migrations ({}); run `bizcenter migrate` first", pending.join(", ")).into())
}
