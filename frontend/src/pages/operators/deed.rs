//! What an operator can do to an account, each in a dialog that says what will happen.

use api_types::{AuditNote, Person, PersonChange};
use leptos::{ev::SubmitEvent, prelude::*};

use super::{super::entry, noticed};
use crate::{
    components::{CopyBox, FormError, Modal, SubmitButton, TextField},
    form::FormState,
    live::{live, maybe},
    visitor::use_visitor,
};

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Approve,
    Block,
    Unblock,
    Appoint,
    Dismiss,
    MakeLink,
    Delete,
}

/// How a dialog ended.
pub(super) enum Outcome {
    /// Closed without doing anything.
    Nothing,
    /// The account is another one.
    Changed(Person),
    /// A link was made, and seen.
    LinkMade,
    /// The account is gone.
    Deleted,
}

impl Deed {
    /// For tests.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::Appoint => "appoint",
            Self::Dismiss => "dismiss",
            Self::MakeLink => "link",
            Self::Delete => "delete",
        }
    }

    /// What stands on the button that opens the dialog.
    pub(super) const fn button(self) -> &'static str {
        match self {
            Self::Approve => "Approve…",
            Self::Block => "Block…",
            Self::Unblock => "Unblock…",
            Self::Appoint => "Make an operator…",
            Self::Dismiss => "Dismiss as an operator…",
            Self::MakeLink => "Make a reset link…",
            Self::Delete => "Delete…",
        }
    }

    /// The button's CSS class.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Approve => "primary",
            Self::Block | Self::Delete => "danger",
            _ => "",
        }
    }

    /// What follows the address once it is done.
    pub(super) const fn was_done(self) -> &'static str {
        match self {
            Self::Approve => "is approved and can have keys.",
            Self::Block => "is blocked. Their keys are refused.",
            Self::Unblock => "is no longer blocked.",
            Self::Appoint => "is an operator.",
            Self::Dismiss => "is no operator any more.",
            Self::MakeLink | Self::Delete => "",
        }
    }

    /// The question, what will happen, what stands on the button, and on it while it happens.
    const fn words(self) -> [&'static str; 4] {
        match self {
            Self::Approve => ["Approve this account?", "They can have keys from then on.", "Approve", "Approving…"],
            Self::Block => [
                "Block this account?",
                "They are signed out and can't sign in, and their keys are refused at once. You can unblock them again.",
                "Block",
                "Blocking…",
            ],
            Self::Unblock => [
                "Unblock this account?",
                "They can sign in again, and their keys work. A key that was disabled stays so.",
                "Unblock",
                "Unblocking…",
            ],
            Self::Appoint => [
                "Make this account an operator’s?",
                "They then see everybody here, and can block, approve, delete and appoint, as you can.",
                "Make an operator",
                "Appointing…",
            ],
            Self::Dismiss => [
                "Dismiss this operator?",
                "They keep their account and keys, and see no other person’s any more.",
                "Dismiss",
                "Dismissing…",
            ],
            Self::MakeLink => [
                "A link for a new password",
                "It works once, for an hour, and a link made before stops working. Give it to nobody but its owner.",
                "Make the link",
                "Making…",
            ],
            Self::Delete => [
                "Delete this account?",
                "It goes with its keys, which stop working at once. Nothing brings them back. What was used of a plan stays \
                 used for whoever signs up with this address again.",
                "Delete the account",
                "Deleting…",
            ],
        }
    }

    /// As the server is told; `None` where that is another call.
    fn change(self, note: Option<AuditNote>) -> Option<PersonChange> {
        let change = PersonChange { note, ..PersonChange::default() };
        Some(match self {
            Self::Approve => PersonChange { approved: Some(true), ..change },
            Self::Block | Self::Unblock => PersonChange { blocked: Some(self == Self::Block), ..change },
            Self::Appoint | Self::Dismiss => PersonChange { operator: Some(self == Self::Appoint), ..change },
            Self::MakeLink | Self::Delete => return None,
        })
    }
}

/// The dialog of a deed.
#[component]
pub(super) fn DeedDialog(
    /// Which.
    deed: Deed,
    /// To whom.
    person: Person,
    /// It ended.
    on_done: Callback<Outcome>,
) -> impl IntoView {
    let [title, happens, label, busy_label] = deed.words();
    let link = RwSignal::new(None::<String>);
    let on_close = Callback::new(move |()| {
        let made = link.with_untracked(Option::is_some);
        on_done.run(if made { Outcome::LinkMade } else { Outcome::Nothing });
    });
    view! {
        <Modal title fallback="main h1" on_close>
            {live(move || match link.get() {
                Some(link) => view! {
                    <p data-testid="link-words">
                        <strong>"Copy it now: this is the only time it is shown."</strong>
                        " It works once, for an hour. Give it to nobody but the account’s owner."
                    </p>
                    <CopyBox text=link what="link" id="reset-link" testids=("reset-link", "copy-link") />
                    <button type="button" class="button" data-testid="link-done" on:click=move |_| on_close.run(())>"Done"</button>
                }.into_any(),
                None => view! {
                    <p><strong>{person.email.to_string()}</strong></p>
                    <p>{happens}</p>
                    <Act deed person=person.clone() label busy_label link on_done />
                }.into_any(),
            })}
        </Modal>
    }
}

/// The form at the dialog's end.
#[component]
fn Act(
    deed: Deed,
    person: Person,
    label: &'static str,
    busy_label: &'static str,
    link: RwSignal<Option<String>>,
    on_done: Callback<Outcome>,
) -> impl IntoView {
    let visitor = use_visitor();
    let form = RwSignal::new(FormState::of_one::<AuditNote>("note"));
    let busy = RwSignal::new(false);
    let takes_note = deed.change(None).is_some();
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(session) = visitor.session() else { return };
        let act = move |_| async move {
            // The form has just checked it; an empty one says nothing.
            let note = form.with_untracked(|form| AuditNote::parse(form.value("note")).ok());
            let answer = match (deed.change(note.filter(|note| !note.as_str().is_empty())), deed) {
                (Some(change), _) => session.change_person(person.id, change).await.map(Outcome::Changed),
                (None, Deed::MakeLink) => session.make_reset_link(person.id).await.map(|made| {
                    link.try_set(Some(made.url));
                    Outcome::Nothing
                }),
                (None, _) => session.delete_person(person.id).await.map(|()| Outcome::Deleted),
            };
            noticed(visitor, answer)
        };
        let done = move |outcome| {
            if matches!(outcome, Outcome::Nothing) {
                request_animation_frame(|| crate::browser::focus("[data-testid=copy-link]"));
            } else {
                on_done.run(outcome);
            }
        };
        entry::submit(form, busy, act, done);
    };
    view! {
        <form on:submit=send novalidate aria-label=label>
            <FormError form />
            {maybe(takes_note.then_some(()), |()| view! {
                <TextField form name="note" label="Why (for the audit)" kind="text" autocomplete="off"
                    hint="One line, if you like. Other operators can read it.".to_owned() />
            }.into_any())}
            <div class="actions">
                <SubmitButton busy label busy_label class=if deed.class().is_empty() { "primary" } else { deed.class() } />
                <button type="button" class="button" on:click=move |_| on_done.run(Outcome::Nothing)>"Cancel"</button>
            </div>
        </form>
    }
}
