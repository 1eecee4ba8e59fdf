//! The e-mail outbox: letters that tell of notifications. They are put into a table in one transaction with what they
//! tell of, and sent after it: at least once, with retries, and never while a request waits.

mod letter;
mod mailer;
pub mod sender;
mod session;
mod store;
mod texts;

pub use mailer::Mailer;
pub use sender::send_due;
pub use store::{Letter, delete_expired, enqueue};
