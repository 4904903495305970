//! A link to a page that doesn't reload it.

use api_types::{KeyId, PlanName};
use leptos::{ev::MouseEvent, prelude::*};

use crate::{
    browser,
    live::attribute,
    navigation::use_navigation,
    page::Page,
    visitor::{Wanted, use_visitor},
};

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
    /// The plan that a key is wanted on.
    #[prop(optional)]
    plan: Option<PlanName>,
    /// The key whose usage is wanted.
    #[prop(optional)]
    usage_of: Option<KeyId>,
    /// What is written on it.
    children: Children,
) -> impl IntoView {
    let (navigation, visitor) = (use_navigation(), use_visitor());
    let href = match &plan {
        Some(plan) => format!("{}?plan={}", to.path(), browser::in_a_query(plan.as_str())),
        None => to.path().into_owned(),
    };
    let wanted = StoredValue::new(plan);
    let follow = move |click: MouseEvent| {
        let plain =
            click.button() == 0 && !(click.ctrl_key() || click.meta_key() || click.shift_key() || click.alt_key());
        if plain && !click.default_prevented() {
            click.prevent_default();
            if let Some(plan) = wanted.get_value() {
                visitor.wanted.set(Some(Wanted { plan, asked: true }));
            }
            if usage_of.is_some() {
                visitor.inspected.set(usage_of);
            }
            navigation.go(to);
        }
    };
    let current = attribute(move || (navigation.page() == to).then(|| "page".to_owned()));
    view! { <a href=href class=class data-testid=testid aria-current=current on:click=follow>{children()}</a> }
}
