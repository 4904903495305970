//! What an operator may call besides.

use api_types::{AccountId, AuditEntry, KeyEntry, Person, PersonChange, ResetLink};
use gloo_net::http::Method;
use serde::de::DeserializeOwned;

use super::{ApiError, Session, call};
use crate::browser;

/// Entries of one part of a list.
const PART: u32 = 25;

/// A part of a list, and by what the next one is asked for.
pub(crate) struct Part<T> {
    pub(crate) entries: Vec<T>,
    /// `None` at the end.
    pub(crate) next: Option<String>,
}

impl Session {
    /// People, newest first: those with this piece in their address, and of these `only` those that a parameter of the
    /// call names, such as `standing=blocked`; empty: all.
    pub(crate) async fn people(
        self,
        search: String,
        only: String,
        cursor: Option<String>,
    ) -> Result<Part<Person>, ApiError> {
        // An empty search is none to the server.
        let search = browser::in_a_query(&search);
        self.part(format!("admin/people?search={search}&{only}&"), cursor).await
    }

    /// What was done, to anybody or to this account, newest first.
    pub(crate) async fn audit(
        self,
        subject: Option<AccountId>,
        cursor: Option<String>,
    ) -> Result<Part<AuditEntry>, ApiError> {
        let subject = subject.map(|id| format!("subject={id}&")).unwrap_or_default();
        self.part(format!("admin/audit?{subject}"), cursor).await
    }

    /// Somebody.
    pub(crate) async fn person(self, id: AccountId) -> Result<Person, ApiError> {
        self.send(Method::GET, &person(id, ""), None).await?.read()
    }

    /// Somebody's keys.
    pub(crate) async fn keys_of(self, id: AccountId) -> Result<Vec<KeyEntry>, ApiError> {
        self.send(Method::GET, &person(id, "/keys"), None).await?.read()
    }

    /// Blocks, approves or appoints somebody.
    pub(crate) async fn change_person(self, id: AccountId, change: PersonChange) -> Result<Person, ApiError> {
        self.send(Method::PATCH, &person(id, ""), call::json(&change)).await?.read()
    }

    /// Deletes somebody with their keys.
    pub(crate) async fn delete_person(self, id: AccountId) -> Result<(), ApiError> {
        self.send(Method::DELETE, &person(id, ""), None).await.map(drop)
    }

    /// Makes a link for a new password.
    pub(crate) async fn make_reset_link(self, id: AccountId) -> Result<ResetLink, ApiError> {
        self.send(Method::POST, &person(id, "/reset_link"), None).await?.read()
    }

    /// `path` ends in `?` or `&`.
    async fn part<T: DeserializeOwned>(self, path: String, cursor: Option<String>) -> Result<Part<T>, ApiError> {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let reply = self.send(Method::GET, &format!("{path}limit={PART}{cursor}"), None).await?;
        Ok(Part { entries: reply.read()?, next: reply.next_cursor })
    }
}

fn person(id: AccountId, part: &str) -> String {
    format!("admin/people/{id}{part}")
}
