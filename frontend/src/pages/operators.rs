//! Operators' pages: people, one person, and the audit of what was done.

mod audit;
mod deed;
mod long_list;
mod people;
mod person;

use api_types::{Standing, Timestamp};
use leptos::prelude::*;

pub(crate) use audit::AuditPage;
pub(crate) use people::PeoplePage;
pub(crate) use person::PersonPage;

use crate::{
    api::ApiError,
    browser,
    components::PageLink,
    live::{live, maybe},
    page::Page,
    reset_time::short,
    visitor::{Visitor, use_visitor},
};

/// Shows the page to operators, and to everybody else why not. The server refuses them by itself: nothing is hidden by
/// this.
#[component]
pub(crate) fn ForOperators(
    /// The page.
    children: ChildrenFn,
) -> impl IntoView {
    let visitor = use_visitor();
    let is_operator = Memo::new(move |_| visitor.me().is_some_and(|me| me.operator));
    live(move || {
        if is_operator.get() {
            return children().into_any();
        }
        view! {
            <div class="narrow" data-testid="operators-only">
                <h1 tabindex="-1">"For operators only"</h1>
                <p>
                    "Your account is no operator’s. Whoever runs this server can make it one, on the server’s machine: "
                    <code>"tollgate operators add"</code> "."
                </p>
            </div>
        }
        .into_any()
    })
}

/// An error on its way to the reader. Who was dismissed meanwhile sees in place of the page that they were.
fn noticed<T>(visitor: Visitor, answer: Result<T, ApiError>) -> Result<T, ApiError> {
    if answer.as_ref().is_err_and(ApiError::is_for_operators) {
        visitor.look();
    }
    answer
}

/// What an account may do, in a word.
#[component]
fn StandingBadge(standing: Standing) -> impl IntoView {
    let (class, word) = match standing {
        Standing::Active => ("badge", "Active"),
        Standing::Waiting => ("badge wait", "Waiting"),
        Standing::Blocked => ("badge spent", "Blocked"),
    };
    view! { <span class=class data-testid="standing">{word}</span> }
}

/// "21 Nov 2026".
fn day(at: Timestamp) -> String {
    let date = browser::local(at).date;
    format!("{} {}", short(date), date.year())
}

/// "21 Nov 2026 at 09:30".
fn day_and_time(at: Timestamp) -> String {
    let local = browser::local(at);
    format!("{} at {:02}:{:02}", day(at), local.hour, local.minute)
}

/// The way to these pages where the header has no room for it; the styles show it there.
#[component]
pub(super) fn OperatorsWay() -> impl IntoView {
    let visitor = use_visitor();
    let is_operator = Memo::new(move |_| visitor.me().is_some_and(|me| me.operator));
    live(move || {
        maybe(is_operator.get().then_some(()), |()| {
            view! {
                <p class="operators-way actions">
                    <PageLink to=Page::People class="button small">"People"</PageLink>
                    <PageLink to=Page::Audit class="button small">"Audit"</PageLink>
                </p>
            }
            .into_any()
        })
    })
}
