//! Whom to ask, as the operator wrote it.

use leptos::prelude::*;

/// The operator's line, whose addresses are links.
#[component]
pub(crate) fn Contact(
    /// As it was configured.
    contact: String,
) -> impl IntoView {
    let word = |word: &str| {
        let plain = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/');
        let href = match plain {
            link if link.starts_with("https://") || link.starts_with("http://") => link.to_owned(),
            mail if mail.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')) => {
                format!("mailto:{mail}")
            }
            _ => return view! { {format!("{word} ")} }.into_any(),
        };
        view! { <a href=href>{word.to_owned()}</a> " " }.into_any()
    };
    view! { <span data-testid="contact">{contact.split_whitespace().map(word).collect::<Vec<_>>()}</span> }
}
