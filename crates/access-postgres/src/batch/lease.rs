//! A connection that isn't used again if whoever had it stopped in the middle of something.

use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use deadpool_postgres::{Client, ClientWrapper, Object, Pool};
use tokio::time::timeout;

use crate::error::Failure;

/// A connection of a pool. Dropped, it is closed, since it may be in the middle of something; who is done with it gives it
/// back.
pub(crate) struct Lease(Option<Client>);

/// A connection, within so long.
pub(super) async fn lease(pool: &Pool, patience: Duration) -> Result<Lease, Failure> {
    let client = timeout(patience, pool.get()).await.map_err(|_| Failure::TooSlow)??;
    Ok(Lease(Some(client)))
}

impl Lease {
    /// Nothing is under way on it: others may have it.
    pub(crate) fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Deref for Lease {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        self.0.as_ref().expect("it is there until it is given back")
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut ClientWrapper {
        self.0.as_mut().expect("it is there until it is given back")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.take().map(Object::take);
    }
}
