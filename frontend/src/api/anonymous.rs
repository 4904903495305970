//! What anybody may call. Signing in turns this client into a [`Session`], which has the private calls.

use api_types::{About, Plan};
use gloo_net::http::Method;
use leptos::prelude::Callback;

use super::{ApiError, Session, call};

/// The client of a visitor who isn't signed in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Anonymous {
    ended: Callback<()>,
}

impl Anonymous {
    /// `ended` is called when a session made by this client turns out to be over.
    pub(crate) const fn new(ended: Callback<()>) -> Self {
        Self { ended }
    }

    /// What this installation is and promises.
    pub(crate) async fn about() -> Result<About, ApiError> {
        call::send(Method::GET, "about", None).await?.read()
    }

    /// The plans on offer.
    pub(crate) async fn plans() -> Result<Vec<Plan>, ApiError> {
        call::send(Method::GET, "plans", None).await?.read()
    }

    /// Creates an account; `body` is the JSON of a `NewAccount` that a form has checked.
    pub(crate) async fn sign_up(self, body: String) -> Result<Session, ApiError> {
        self.enter("accounts", body).await
    }

    /// Signs in; `body` is the JSON of `Credentials` that a form has checked.
    pub(crate) async fn sign_in(self, body: String) -> Result<Session, ApiError> {
        self.enter("sessions", body).await
    }

    /// Chooses a new password; `body` is the JSON of a `PasswordReset` that a form has checked.
    pub(crate) async fn reset_password(body: String) -> Result<(), ApiError> {
        call::send(Method::POST, "password_resets", Some(body)).await.map(drop)
    }

    /// The session that an earlier visit left in the cookies, if it still stands: the first call will tell.
    pub(crate) const fn earlier_session(self) -> Session {
        Session::new(self.ended)
    }

    /// The answer's body holds the access token for REST clients; the page lives by the `HttpOnly` cookies that come
    /// with it and leaves the body unread.
    async fn enter(self, path: &str, body: String) -> Result<Session, ApiError> {
        call::send(Method::POST, path, Some(body)).await?;
        Ok(Session::new(self.ended))
    }
}
