//! What a signed-in visitor may call. The session itself is in cookies that no script can read.

use std::cell::RefCell;

use api_types::{
    CreateKey, CreatedKey, Date, KeyChange, KeyEntry, KeyId, Me, RotateKey, SessionEntry, SessionId, UsageDay,
};
use futures_util::{FutureExt, future::Shared};
use gloo_net::http::Method;
use leptos::prelude::{Callable, Callback};

use super::{
    ApiError, LocalFuture,
    call::{self, Reply},
};
use crate::reset_time::iso;

/// A refresh that several calls wait for.
type Refreshing = Shared<LocalFuture<Result<(), ApiError>>>;

thread_local! {
    /// The refresh under way. A refresh token works once: calls that fail together wait for one new token.
    static REFRESH: RefCell<Option<Refreshing>> = const { RefCell::new(None) };
}

/// The client of a signed-in visitor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Session {
    ended: Callback<()>,
}

impl Session {
    pub(super) const fn new(ended: Callback<()>) -> Self {
        Self { ended }
    }

    /// Who this is.
    pub(crate) async fn me(self) -> Result<Me, ApiError> {
        self.send(Method::GET, "me", None).await?.read()
    }

    /// Goes on with the session of an earlier visit, by a new token: the old one has run out, and asking with it would
    /// only be refused.
    pub(crate) async fn resume(self) -> Result<Me, ApiError> {
        refresh().await?;
        self.me().await
    }

    /// Changes the password; `body` is the JSON of a `PasswordChange` that a form has checked. Other sessions end.
    pub(crate) async fn change_password(self, body: String) -> Result<(), ApiError> {
        self.send(Method::PATCH, "me", Some(body)).await.map(drop)
    }

    /// Deletes the account and its keys; `body` is the JSON of an `AccountDeletion` that a form has checked.
    pub(crate) async fn delete_account(self, body: String) -> Result<(), ApiError> {
        self.send(Method::DELETE, "me", Some(body)).await.map(drop)
    }

    /// Signs out. A session that is over already is signed out.
    pub(crate) async fn sign_out(self) -> Result<(), ApiError> {
        match call::send(Method::DELETE, "sessions/current", None).await {
            Err(error) if error.is_unauthenticated() => {
                // The access token may just have run out while the session lives: it has to end all the same.
                if refresh().await.is_ok() {
                    call::send(Method::DELETE, "sessions/current", None).await.map(drop)
                } else {
                    Ok(())
                }
            }
            answer => answer.map(drop),
        }
    }

    /// Where the account is signed in.
    pub(crate) async fn sessions(self) -> Result<Vec<SessionEntry>, ApiError> {
        self.send(Method::GET, "me/sessions", None).await?.read()
    }

    /// Ends a session of the account.
    pub(crate) async fn end_session(self, id: SessionId) -> Result<(), ApiError> {
        self.send(Method::DELETE, &format!("me/sessions/{id}"), None).await.map(drop)
    }

    /// Ends every session of the account but this one.
    pub(crate) async fn end_other_sessions(self) -> Result<(), ApiError> {
        self.send(Method::DELETE, "me/sessions", None).await.map(drop)
    }

    /// The caller's keys.
    pub(crate) async fn keys(self) -> Result<Vec<KeyEntry>, ApiError> {
        self.send(Method::GET, "keys", None).await?.read()
    }

    /// Creates a key.
    pub(crate) async fn create_key(self, order: &CreateKey) -> Result<CreatedKey, ApiError> {
        self.send(Method::POST, "create_key", call::json(order)).await?.read()
    }

    /// Enables, disables or labels a key.
    pub(crate) async fn change_key(self, id: KeyId, change: &KeyChange) -> Result<KeyEntry, ApiError> {
        self.send(Method::PATCH, &format!("keys/{id}"), call::json(change)).await?.read()
    }

    /// Replaces a key's value.
    pub(crate) async fn rotate_key(self, id: KeyId, rotation: &RotateKey) -> Result<CreatedKey, ApiError> {
        self.send(Method::POST, &format!("keys/{id}/rotate"), call::json(rotation)).await?.read()
    }

    /// Revokes a key for good.
    pub(crate) async fn revoke_key(self, id: KeyId) -> Result<(), ApiError> {
        self.send(Method::DELETE, &format!("keys/{id}"), None).await.map(drop)
    }

    /// A key's days, both dates included.
    pub(crate) async fn usage(self, id: KeyId, from: Date, to: Date) -> Result<Vec<UsageDay>, ApiError> {
        self.send(Method::GET, &format!("keys/{id}/usage?from={}&to={}", iso(from), iso(to)), None).await?.read()
    }

    pub(super) fn send(self, method: Method, path: &str, body: Option<String>) -> LocalFuture<Result<Reply, ApiError>> {
        let path = path.to_owned();
        Box::pin(async move {
            match call::send(method.clone(), &path, body.clone()).await {
                Err(error) if error.is_unauthenticated() => {
                    self.noted(refresh().await)?;
                    self.noted(call::send(method, &path, body).await)
                }
                answer => answer,
            }
        })
    }

    /// Tells the page when the session is over.
    fn noted<T>(self, answer: Result<T, ApiError>) -> Result<T, ApiError> {
        if answer.as_ref().is_err_and(ApiError::is_unauthenticated) {
            self.ended.run(());
        }
        answer
    }
}

/// Asks for new tokens, or waits for whoever is asking already.
fn refresh() -> Refreshing {
    REFRESH.with_borrow_mut(|slot| {
        slot.get_or_insert_with(|| {
            let request: LocalFuture<Result<(), ApiError>> = Box::pin(async {
                let answer = call::send(Method::POST, "sessions/refresh", None).await.map(drop);
                REFRESH.with_borrow_mut(|slot| *slot = None);
                answer
            });
            request.shared()
        })
        .clone()
    })
}
