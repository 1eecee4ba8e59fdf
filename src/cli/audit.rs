//! `bizcenter audit verify`.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use super::{Outcome, VerifyArgs};
use crate::audit::chain::verifier::{Noted, Report};
use crate::audit::{AuditKey, exported, verify};
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::db::Db;

/// Verifies the log in the database, or in a file.
pub async fn check(config: &Config, args: &VerifyArgs) -> Outcome {
    let key = AuditKey::new(&config.secret_key);
    let noted = args.head.as_deref().map(read_head).transpose()?;
    if noted.is_some() && args.tenant.is_none() && args.export.is_none() {
        return Err("--head needs --tenant: every tenant has a chain of its own".into());
    }
    match &args.export {
        Some(path) => check_file(path, &key, args, noted),
        None => check_database(config, &key, args, noted.as_ref()).await,
    }
}

/// Reads `SEQ:SEAL`.
fn read_head(text: &str) -> Result<Noted, String> {
    let (seq, seal) = text.split_once(':').unwrap_or_default();
    match seq.trim().parse() {
        Ok(seq) if !seal.trim().is_empty() => Ok(Noted { seq, seal: seal.trim().to_ascii_lowercase() }),
        _ => Err(format!("--head must be SEQ:SEAL as `audit verify` prints it, not {text:?}")),
    }
}

async fn check_database(config: &Config, key: &AuditKey, args: &VerifyArgs, noted: Option<&Noted>) -> Outcome {
    let db = Db::connect(&config.database).await?;
    let pending = db.pending_migrations().await?;
    if !pending.is_empty() {
        return Err(
            format!("the database lacks migrations ({}); run `bizcenter migrate` first", pending.join(", ")).into()
        );
    }
    let mut conn = db.read().await?;
    let all = verify::tenants(&mut conn).await?;
    let tenants: Vec<Arc<str>> = match &args.tenant {
        None => all,
        Some(tenant) => all.into_iter().filter(|known| **known == **tenant).collect(),
    };
    if let (Some(tenant), true) = (&args.tenant, tenants.is_empty()) {
        return Err(format!("there is no tenant {tenant}").into());
    }
    let (mut rows, mut problems) = (0, 0);
    for tenant in &tenants {
        let report = verify::verify(&mut conn, key, tenant, noted.cloned(), Clock::System.now()).await?;
        print_report(tenant, &report);
        rows += report.rows + report.unsealed;
        problems += report.problems.count();
    }
    drop(conn);
    db.close().await;
    verdict(&format!("{} of {}", count(rows, "row"), count(tenants.len() as u64, "tenant")), problems)
}

fn check_file(path: &Path, key: &AuditKey, args: &VerifyArgs, noted: Option<Noted>) -> Outcome {
    let cannot = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
    let file = BufReader::new(File::open(path).map_err(cannot)?);
    let report = exported::verify(file, key, args.filtered, noted).map_err(cannot)?;
    println!("tenant    {}", report.tenant.as_deref().unwrap_or("none"));
    println!("rows      {}", report.rows);
    if let (Some(first), Some(Noted { seq, seal })) = (report.first, &report.last) {
        println!("seq       {first} to {seq}{}", gaps(report.gaps));
        println!("last      {seq}:{seal}");
    }
    println!("unsealed  {}", report.unsealed);
    for (line, problem) in &report.problems {
        println!("problem   line {line}: {problem}");
    }
    print_more(report.more);
    if let Some(wanted) = &args.tenant
        && report.tenant.as_ref() != Some(wanted)
    {
        return Err(format!("the rows are not of the tenant {wanted}").into());
    }
    verdict(&count(report.rows, "row"), report.problems.len() as u64 + report.more)
}

fn gaps(gaps: u64) -> String {
    if gaps == 0 { ", contiguous".into() } else { format!(", not contiguous: {}", count(gaps, "gap")) }
}

fn print_report(tenant: &str, report: &Report) {
    let Report { rows, unsealed, seqs, times, head, deleted_until, problems } = report;
    println!("tenant    {tenant}");
    println!("rows      {rows}{}", seqs.map(|(first, last)| format!(", seq {first} to {last}")).unwrap_or_default());
    if let Some((oldest, latest)) = times {
        println!("from      {} to {}", written(*oldest), written(*latest));
    }
    if let Some(moment) = deleted_until {
        println!("deleted   what was sealed up to {}", written(*moment));
    }
    println!("unsealed  {unsealed}");
    match head {
        Some(Noted { seq, seal }) => println!("head      {seq}:{seal}"),
        None => println!("head      none"),
    }
    for problem in &problems.list {
        println!("problem   {problem}");
    }
    print_more(problems.more);
    println!();
}

fn print_more(more: u64) {
    if more > 0 {
        println!("problem   and {more} more");
    }
}

fn verdict(what: &str, problems: u64) -> Outcome {
    if problems > 0 {
        let hint = "if they are everywhere, SECRET_KEY may not be the one that they were written under";
        return Err(format!("{} in {what} ({hint})", count(problems, "problem")).into());
    }
    println!("no problem in {what}");
    Ok(())
}

fn count(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn written(moment: Timestamp) -> String {
    serde_json::to_value(moment).ok().and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
}
