//! Leaving: the session ends at the server, and what belongs to the visitor here goes with it.

use leptos::{prelude::*, task::spawn_local};

use crate::{announcer::use_announcer, live::flag, navigation::use_navigation, page::Page, visitor::use_visitor};

/// The button that signs out.
#[component]
pub(crate) fn SignOut(
    /// CSS classes.
    class: &'static str,
) -> impl IntoView {
    let (visitor, navigation, announcer) = (use_visitor(), use_navigation(), use_announcer());
    let leaving = RwSignal::new(false);
    let sign_out = move |_| {
        let Some(session) = visitor.session().filter(|_| !leaving.get_untracked()) else { return };
        leaving.set(true);
        spawn_local(async move {
            match session.sign_out().await {
                Ok(()) => {
                    visitor.leave();
                    navigation.go(Page::Landing);
                    announcer.say("You are signed out.");
                }
                Err(error) => announcer.say(format!("You are still signed in. {}", error.sentence())),
            }
            leaving.try_set(false);
        });
    };
    view! {
        <button type="button" class=class data-testid="sign-out" aria-busy=flag(move || leaving.get()) on:click=sign_out>
            "Sign out"
        </button>
    }
}
