//! Adds the amounts of contracts up.
//!
//! What an answer tells of contracts comes from one statement, so that it is all of one moment. Its rows are handed over
//! some at a time to a thread that may be busy; memory stays bounded.

mod exact;
mod types;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc::{self, Sender};
use tokio::task::JoinHandle;
use tracing::Span;

use super::turns::Turn;
use crate::app::AppState;
use crate::auth::Scope;
use crate::contracts::Place;
use crate::error::ApiError;

pub use exact::{Amount, Sum};
pub use types::CurrencySum;

/// How many rows are handed over at once.
pub const AT_ONCE: usize = 1_000;
/// How many times as many may wait for the thread.
const WAITING: usize = 2;
/// How many contracts the log names whose amounts cannot be read; there may be as many as there are contracts.
const NAMED: usize = 10;

/// Sums by something and by currency.
pub type Sums<K> = BTreeMap<(K, String), Sum>;

/// Makes a `T` of the rows that are sent to it.
#[derive(Debug)]
pub struct Adder<R, T> {
    rows: Sender<Vec<R>>,
    work: JoinHandle<T>,
}

impl<R: Send + 'static, T: Send + 'static> Adder<R, T> {
    /// Adds each row to this beginning.
    pub fn start(
        app: &AppState,
        scope: &Scope,
        turn: Turn,
        beginning: T,
        add: impl Fn(&mut T, R, &mut Opener<'_>) + Send + 'static,
    ) -> Self {
        let (sender, mut rows) = mpsc::channel::<Vec<R>>(WAITING);
        let (app, tenant, span) = (app.clone(), Arc::clone(scope.tenant()), Span::current());
        let work = tokio::task::spawn_blocking(move || {
            let _entered = span.entered();
            let mut opener = Opener { app: &app, tenant: &tenant, unreadable: 0, named: Vec::new() };
            let mut total = beginning;
            while let Some(some) = rows.blocking_recv() {
                some.into_iter().for_each(|row| add(&mut total, row, &mut opener));
            }
            opener.report();
            // The turn ends with the work, even if the request went away before.
            drop(turn);
            total
        });
        Self { rows: sender, work }
    }

    /// Where the rows are to be sent.
    pub fn rows(&self) -> &Sender<Vec<R>> {
        &self.rows
    }

    /// All rows have been sent: gives what they come to.
    pub async fn finish(self) -> Result<T, ApiError> {
        drop(self.rows);
        self.work.await.map_err(ApiError::internal)
    }
}

/// Opens amounts, and keeps count of those that cannot be read.
pub struct Opener<'a> {
    app: &'a AppState,
    tenant: &'a str,
    unreadable: u64,
    named: Vec<i64>,
}

impl Opener<'_> {
    /// The amount that was sealed for this contract; nothing when it does not open, or is none: what the Flask server
    /// took for an amount may be any text.
    pub fn open(&mut self, contract: i64, sealed: &str) -> Option<Amount> {
        let place = Place { tenant: self.tenant, contract };
        let amount = self.app.amounts.open(sealed, place).ok().and_then(|text| Amount::parse(&text));
        if amount.is_none() {
            self.unreadable += 1;
            if self.named.len() < NAMED {
                self.named.push(contract);
            }
        }
        amount
    }

    /// Logs and counts the amounts that are in no sum.
    fn report(self) {
        let Self { app, tenant, unreadable: count, named: contracts } = self;
        if count > 0 {
            let unreadable = app.amounts.count_unreadable(count);
            tracing::error!(tenant, count, ?contracts, unreadable, "amounts of contracts cannot be added up");
        }
    }
}
