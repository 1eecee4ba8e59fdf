//! The requests with an `Idempotency-Key` that are running on this instance.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::auth::Scope;

type Key = (i64, String);

/// Who is running; users' ids are unique over all tenants.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<Mutex<HashSet<Key>>>);

/// The right to run, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    all: InFlight,
    key: Key,
}

impl InFlight {
    /// Nothing while a request of this user with this key is running.
    pub fn take(&self, scope: &Scope, key: &str) -> Option<Turn> {
        let key = (scope.user(), key.to_owned());
        self.change(|running| running.insert(key.clone())).then(|| Turn { all: self.clone(), key })
    }

    fn change(&self, change: impl FnOnce(&mut HashSet<Key>) -> bool) -> bool {
        // A set is whole even if somebody panicked beside it.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.all.change(|running| running.remove(&self.key));
    }
}
