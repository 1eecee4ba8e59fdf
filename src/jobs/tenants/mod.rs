//! A walk over all tenants: a job looks after one after the other, each within its own scope.

mod store;

use crate::app::AppState;
use crate::auth::Scope;
use crate::error::ApiError;

/// How many tenants are read at once.
const BATCH: i64 = 500;

/// Where a walk is.
#[derive(Debug, Default)]
pub struct Tenants {
    batch: std::vec::IntoIter<(String,)>,
    after: String,
}

impl Tenants {
    /// The next tenant's scope, if there is one.
    pub async fn next(&mut self, app: &AppState) -> Result<Option<Scope>, ApiError> {
        if self.batch.len() == 0 {
            self.batch = store::after(&mut app.db.read().await?, &self.after, BATCH).await?.into_iter();
        }
        let Some((tenant,)) = self.batch.next() else { return Ok(None) };
        let scope = Scope::system(&tenant, app.audit_key.clone());
        self.after = tenant;
        Ok(Some(scope))
    }
}
