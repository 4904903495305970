//! What a signed-in visitor may call. The session itself is in cookies that no script can read.

use std::{cell::RefCell, future::Future, pin::Pin};

use api_types::{CreateKey, CreatedKey, Date, KeyChange, KeyEntry, KeyId, Me, RotateKey, UsageDay};
use futures_util::{FutureExt, future::Shared};
use gloo_net::http::{Method, Response};
use leptos::prelude::{Callable, Callback};
use serde_json::Value;

use super::{ApiError, call};

/// A future of the page: one thread, no `Send`.
pub(crate) type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

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
        call::read(self.send(Method::GET, "/me").await?).await
    }

    /// Changes the password; `body` is a `PasswordChange` that a form has checked. Other sessions end.
    pub(crate) async fn change_password(self, body: &Value) -> Result<(), ApiError> {
        self.send_json(Method::PATCH, "/me", body).await.map(drop)
    }

    /// Deletes the account and its keys.
    pub(crate) async fn delete_account(self) -> Result<(), ApiError> {
        self.send(Method::DELETE, "/me").await.map(drop)
    }

    /// Signs out. A session that is over already is signed out.
    pub(crate) async fn sign_out(self) -> Result<(), ApiError> {
        match call::send(Method::DELETE, "/sessions/current").await {
            Err(error) if error.is_unauthenticated() => {
                // The access token may just have run out while the session lives: it has to end all the same.
                if refresh().await.is_ok() {
                    call::send(Method::DELETE, "/sessions/current").await.map(drop)
                } else {
                    Ok(())
                }
            }
            answer => answer.map(drop),
        }
    }

    /// The caller's keys.
    pub(crate) async fn keys(self) -> Result<Vec<KeyEntry>, ApiError> {
        call::read(self.send(Method::GET, "/keys").await?).await
    }

    /// Creates a key.
    pub(crate) async fn create_key(self, order: &CreateKey) -> Result<CreatedKey, ApiError> {
        call::read(self.send_json(Method::POST, "/create_key", order).await?).await
    }

    /// Enables, disables or labels a key.
    pub(crate) async fn change_key(self, id: KeyId, change: &KeyChange) -> Result<KeyEntry, ApiError> {
        call::read(self.send_json(Method::PATCH, &format!("/keys/{id}"), change).await?).await
    }

    /// Replaces a key's value.
    pub(crate) async fn rotate_key(self, id: KeyId, rotation: &RotateKey) -> Result<CreatedKey, ApiError> {
        call::read(self.send_json(Method::POST, &format!("/keys/{id}/rotate"), rotation).await?).await
    }

    /// Revokes a key for good.
    pub(crate) async fn revoke_key(self, id: KeyId) -> Result<(), ApiError> {
        self.send(Method::DELETE, &format!("/keys/{id}")).await.map(drop)
    }

    /// A key's days, both dates included.
    pub(crate) async fn usage(self, id: KeyId, from: Date, to: Date) -> Result<Vec<UsageDay>, ApiError> {
        call::read(self.send(Method::GET, &format!("/keys/{id}/usage?from={from}&to={to}")).await?).await
    }

    async fn send(self, method: Method, path: &str) -> Result<Response, ApiError> {
        match call::send(method.clone(), path).await {
            Err(error) if error.is_unauthenticated() => {
                self.renew().await?;
                self.noted(call::send(method, path).await)
            }
            answer => answer,
        }
    }

    async fn send_json(self, method: Method, path: &str, body: &impl serde::Serialize) -> Result<Response, ApiError> {
        match call::send_json(method.clone(), path, body).await {
            Err(error) if error.is_unauthenticated() => {
                self.renew().await?;
                self.noted(call::send_json(method, path, body).await)
            }
            answer => answer,
        }
    }

    async fn renew(self) -> Result<(), ApiError> {
        self.noted(refresh().await)
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
async fn refresh() -> Result<(), ApiError> {
    let under_way = REFRESH.with_borrow_mut(|slot| {
        slot.get_or_insert_with(|| {
            let request: LocalFuture<Result<(), ApiError>> = Box::pin(async {
                let answer = call::send(Method::POST, "/sessions/refresh").await.map(drop);
                REFRESH.with_borrow_mut(|slot| *slot = None);
                answer
            });
            request.shared()
        })
        .clone()
    });
    under_way.await
}
