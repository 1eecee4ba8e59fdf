//! placeholder
use super::{DemoArgs, Outcome};
use crate::config::Config;
pub async fn fill(_config: &Config, args: &DemoArgs) -> Outcome {
    println!("{}", args.tasks);
    Ok(())
}
