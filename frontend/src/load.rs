//! Data on its way from the server: busy, there, or failed, with a way to ask again.

use std::sync::Arc;

use api_types::KeyEntry;
use leptos::{prelude::*, task::spawn_local};

use crate::api::{ApiError, LocalFuture};

/// The reader's keys as the document brought them, for the page that is drawn first.
#[derive(Clone, Copy)]
pub(crate) struct FirstKeys(StoredValue<Option<Vec<KeyEntry>>>);

impl FirstKeys {
    /// What came, if any did.
    pub(crate) fn new(keys: Option<Vec<KeyEntry>>) -> Self {
        Self(StoredValue::new(keys))
    }

    /// Gives them, once: later they are old.
    pub(crate) fn take(self) -> Option<Vec<KeyEntry>> {
        self.0.try_update_value(Option::take).flatten()
    }
}

/// Where the data stands.
#[derive(Debug, Clone)]
enum Load<T> {
    /// Asked for the first time, or again after a failure.
    Busy,
    /// There.
    Ready(T),
    /// Not there, and why.
    Failed(ApiError),
}

/// Data, and how to get it.
pub(crate) struct Loader<T: Send + Sync + 'static> {
    state: RwSignal<Load<T>>,
    asked: StoredValue<u32>,
    answered: StoredValue<u32>,
    fetch: StoredValue<Fetch<T>>,
}

type Fetch<T> = Arc<dyn Fn() -> LocalFuture<Result<T, ApiError>> + Send + Sync>;

impl<T: Send + Sync + 'static> Clone for Loader<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Loader<T> {}

impl<T: Clone + Send + Sync + 'static> Loader<T> {
    /// Asks at once.
    pub(crate) fn start(fetch: impl Fn() -> LocalFuture<Result<T, ApiError>> + Send + Sync + 'static) -> Self {
        Self::start_with(None, fetch)
    }

    /// Begins with data that is there already; asks at once where it isn't.
    pub(crate) fn start_with(
        data: Option<T>,
        fetch: impl Fn() -> LocalFuture<Result<T, ApiError>> + Send + Sync + 'static,
    ) -> Self {
        let is_there = data.is_some();
        let loader = Self {
            state: RwSignal::new(data.map_or(Load::Busy, Load::Ready)),
            asked: StoredValue::new(0),
            answered: StoredValue::new(0),
            fetch: StoredValue::new(Arc::new(fetch)),
        };
        if !is_there {
            loader.reload();
        }
        loader
    }

    /// Asks again; what was there stays until the answer comes, and stays if none comes.
    pub(crate) fn reload(self) {
        let Some(fetch) = self.fetch.try_get_value() else { return };
        let ticket = self.asked.get_value() + 1;
        self.asked.set_value(ticket);
        let answer = fetch();
        spawn_local(async move {
            let answer = answer.await;
            // The view may be gone by now, or have asked anew.
            if self.asked.try_get_value() != Some(ticket) {
                return;
            }
            self.answered.set_value(ticket);
            self.state.try_update(|state| match (answer, &state) {
                (Ok(data), _) => *state = Load::Ready(data),
                (Err(_), Load::Ready(_)) => {}
                (Err(error), _) => *state = Load::Failed(error),
            });
        });
    }

    /// Asks again, unless an answer is on its way already: a slow one isn't dropped for the next.
    pub(crate) fn look(self) {
        if !self.is_under_way() {
            self.reload();
        }
    }

    fn is_under_way(self) -> bool {
        self.asked.try_get_value() != self.answered.try_get_value()
    }

    /// Asks again after a failure.
    pub(crate) fn retry(self) {
        self.state.set(Load::Busy);
        self.reload();
    }

    /// Whether the data is there.
    pub(crate) fn is_ready(self) -> bool {
        self.state.with(|state| matches!(state, Load::Ready(_)))
    }

    /// Why the data isn't there, if it failed to come.
    pub(crate) fn trouble(self) -> Option<ApiError> {
        self.state.with(|state| match state {
            Load::Failed(error) => Some(error.clone()),
            _ => None,
        })
    }

    /// Looks at the data, if it is there.
    pub(crate) fn with<R>(self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.state.with(|state| match state {
            Load::Ready(data) => Some(look(data)),
            _ => None,
        })
    }

    /// Looks at the data, if it is there; for use in handlers.
    pub(crate) fn with_untracked<R>(self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.state.with_untracked(|state| match state {
            Load::Ready(data) => Some(look(data)),
            _ => None,
        })
    }

    /// The data, if it is there.
    pub(crate) fn get(self) -> Option<T> {
        self.with(T::clone)
    }

    /// Changes the data in place, as an answer of the server told. An answer on its way may be older than that: it is
    /// asked for again.
    pub(crate) fn change(self, change: impl FnOnce(&mut T)) {
        self.state.try_update(|state| {
            if let Load::Ready(data) = state {
                change(data);
            }
        });
        if self.is_under_way() {
            self.reload();
        }
    }
}
