//! What was done, by whom and to whom.

use std::sync::Arc;

use api_types::{AccountId, AuditEntry, AuditedAction};
use leptos::prelude::*;

use super::{
    day_and_time,
    long_list::{LongList, Parts, Row},
};
use crate::{
    api::{ApiError, Part},
    components::PageLink,
    live::maybe,
    page::Page,
    visitor::use_visitor,
};

/// All of it.
#[component]
pub(crate) fn AuditPage() -> impl IntoView {
    let list = entries(None);
    view! {
        <h1 tabindex="-1">"Audit"</h1>
        <p class="lead">
            "What was done to accounts, newest first. "
            <PageLink to=Page::People testid="to-people">"People"</PageLink>
        </p>
        <Audit list />
    }
}

/// The entries, of everybody or of this account.
pub(super) fn entries(subject: Option<AccountId>) -> LongList {
    let visitor = use_visitor();
    LongList::start(move |cursor| {
        let session = visitor.session();
        Box::pin(async move {
            let part = session.ok_or(ApiError::Network)?.audit(subject, cursor).await?;
            Ok(Part { entries: part.entries.into_iter().map(row).collect(), next: part.next })
        })
    })
}

/// The entries as a list.
#[component]
pub(super) fn Audit(list: LongList) -> impl IntoView {
    view! { <Parts list label="Loading the audit…" empty="Nothing was done yet." frame=ordered /> }
}

fn ordered(parts: Vec<Vec<AnyView>>) -> AnyView {
    parts.into_iter().map(|rows| view! { <ol class="audit part">{rows}</ol> }.into_any()).collect::<Vec<_>>().into_any()
}

fn row(entry: AuditEntry) -> Row {
    Arc::new(move || {
        let entry = entry.clone();
        let subject = match (entry.subject_email, entry.subject) {
            (Some(email), Some(id)) => {
                view! { <PageLink to=Page::Person(id)>{email.to_string()}</PageLink> }.into_any()
            }
            // Deleted since.
            (_, Some(id)) => view! { <code tabindex="-1">{id.to_string()}</code> }.into_any(),
            (_, None) => view! { <code tabindex="-1">{entry.after.or(entry.before)}</code> }.into_any(),
        };
        let by_themselves = entry.actor.is_some() && entry.actor == entry.subject;
        let by = match (entry.actor_email, entry.actor) {
            _ if by_themselves => String::new(),
            (Some(email), _) => format!(" by {email}"),
            (None, Some(id)) => format!(" by {id}"),
            (None, None) => " on the server’s machine".to_owned(),
        };
        view! {
            <li data-testid="audit-row">
                <p>{subject} " " {done(entry.action)} {by} "."</p>
                {maybe(entry.note.filter(|note| !note.as_str().is_empty()), |note| {
                    view! { <p data-testid="audit-note">{format!("“{note}”")}</p> }.into_any()
                })}
                <p class="quiet small">
                    {day_and_time(entry.at)} " · " <code>{entry.request_id.to_string()}</code>
                </p>
            </li>
        }
        .into_any()
    })
}

/// What follows the address.
const fn done(action: AuditedAction) -> &'static str {
    match action {
        AuditedAction::Blocked => "was blocked",
        AuditedAction::Unblocked => "was unblocked",
        AuditedAction::Approved => "was approved",
        AuditedAction::OperatorAdded => "was made an operator",
        AuditedAction::OperatorRemoved => "was dismissed as an operator",
        AuditedAction::Deleted => "was deleted",
        AuditedAction::ResetLinkMade => "was given a link for a new password",
        AuditedAction::PasswordReset => "chose a new password through a link",
        AuditedAction::InviteMade => "was made as an invitation",
        AuditedAction::InviteWithdrawn => "was withdrawn as an invitation",
        AuditedAction::InviteUsed => "signed up with an invitation",
    }
}
