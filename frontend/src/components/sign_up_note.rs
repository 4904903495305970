//! Who may sign up here, where that isn't everybody.

use api_types::{About, Brand, SignUpMode};
use leptos::prelude::*;

use super::Contact;
use crate::{
    live::{live, maybe},
    load::Loader,
};

/// Whether nobody may by themselves.
pub(crate) fn is_closed(about: Loader<About>) -> bool {
    about.with(|about| matches!(about.sign_up, SignUpMode::Closed | SignUpMode::Invite)) == Some(true)
}

/// A sentence about it, with whom to ask; nothing where everybody may.
#[component]
pub(crate) fn SignUpNote() -> impl IntoView {
    let about = expect_context::<Loader<About>>();
    let contact = expect_context::<Brand>().contact;
    let sentence = Memo::new(move |_| about.with(sentence).flatten());
    live(move || {
        maybe(sentence.get(), |sentence| {
            view! {
                <p class="notice tip" data-testid="sign-up-note">
                    {sentence} " "
                    {maybe(contact.clone(), |contact| view! { "Ask: " <Contact contact /> }.into_any())}
                </p>
            }
            .into_any()
        })
    })
}

fn sentence(about: &About) -> Option<String> {
    match about.sign_up {
        SignUpMode::Open => None,
        SignUpMode::Domains => Some(format!("Sign up with an address of {}.", about.sign_up_domains.join(" or "))),
        SignUpMode::Approval => {
            Some("An operator looks at each new account first; you get keys once yours is approved.".to_owned())
        }
        SignUpMode::Invite => Some("Sign-up is by invitation: open the link that you were given.".to_owned()),
        SignUpMode::Closed => Some("Sign-ups are closed: whoever runs this server hands out accounts.".to_owned()),
    }
}
