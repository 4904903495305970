//! What to know while an account waits for approval, and the end of that.

use api_types::Brand;
use leptos::prelude::*;

use crate::{
    announcer::use_announcer,
    browser,
    clock::Clock,
    components::Contact,
    live::{live, maybe},
    visitor::use_visitor,
};

/// Says that it waits and what comes next, and notices the approval by itself.
#[component]
pub(super) fn Waiting(
    /// Whether it does.
    waits: Memo<bool>,
) -> impl IntoView {
    let (visitor, announcer) = (use_visitor(), use_announcer());
    let Clock(now) = expect_context();
    let look = move || {
        if waits.get_untracked() && browser::is_visible() {
            visitor.look();
        }
    };
    Effect::new(move |before: Option<()>| {
        now.track();
        if before.is_some() {
            look();
        }
    });
    let returning = window_event_listener(leptos::ev::focus, move |_| look());
    on_cleanup(move || returning.remove());
    Effect::new(move |waited: Option<bool>| {
        let waits = waits.get();
        // Else the session is over.
        if waited == Some(true) && !waits && visitor.session().is_some() {
            announcer.say("Your account is approved: pick a plan to get your key.");
        }
        waits
    });
    let contact = expect_context::<Brand>().contact;
    live(move || {
        maybe(waits.get().then_some(()), |()| {
            view! {
                <div class="notice" data-testid="waiting">
                    <p><strong>"Your account waits for approval."</strong></p>
                    <p>
                        "An operator of this server looks at it. Once it is approved, you pick a plan here and get your key; \
                         this page notices by itself. "
                        {maybe(contact.clone(), |contact| view! { "To ask: " <Contact contact /> }.into_any())}
                    </p>
                </div>
            }
            .into_any()
        })
    })
}
