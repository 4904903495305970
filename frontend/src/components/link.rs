//! A link to a page that doesn't reload it.

use leptos::{ev::MouseEvent, prelude::*};

use crate::{live::attribute, navigation::use_navigation, page::Page};

/// A real link: a new tab, copying and the status bar work as anywhere.
#[component]
pub(crate) fn PageLink(
    /// Where to.
    to: Page,
    /// CSS classes.
    #[prop(optional)]
    class: &'static str,
    /// For tests: its `data-testid`.
    #[prop(optional)]
    testid: Option<&'static str>,
    /// What is written on it.
    children: Children,
) -> impl IntoView {
    let navigation = use_navigation();
    let follow = move |click: MouseEvent| {
        let plain =
            click.button() == 0 && !(click.ctrl_key() || click.meta_key() || click.shift_key() || click.alt_key());
        if plain && !click.default_prevented() {
            click.prevent_default();
            navigation.go(to);
        }
    };
    let current = attribute(move || (navigation.page() == to).then(|| "page".to_owned()));
    view! { <a href=to.path() class=class data-testid=testid aria-current=current on:click=follow>{children()}</a> }
}
