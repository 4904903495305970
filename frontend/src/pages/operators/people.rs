//! Everybody who signed up, to be found and looked at.

use std::sync::Arc;

use api_types::Person;
use leptos::{
    ev::{Event, SubmitEvent},
    prelude::*,
};

use super::{
    StandingBadge, day,
    long_list::{LongList, Parts, Row},
};
use crate::{
    announcer::use_announcer,
    api::{ApiError, Part},
    components::PageLink,
    page::Page,
    visitor::use_visitor,
};

/// Search, filter and list.
#[component]
pub(crate) fn PeoplePage() -> impl IntoView {
    let (visitor, announcer) = (use_visitor(), use_announcer());
    let (search, only) = visitor.people;
    let list = LongList::start(move |cursor| {
        let session = visitor.session();
        let (search, only) = (search.get_untracked(), only.get_untracked());
        Box::pin(async move {
            let part = session.ok_or(ApiError::Network)?.people(search, only, cursor).await?;
            Ok(Part { entries: part.entries.into_iter().map(row).collect(), next: part.next })
        })
    });
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        list.restart();
        announcer.say("The list shows what you asked for.");
    };
    let choose = move |event: Event| {
        only.set(event_target_value(&event));
        list.restart();
    };
    let option = move |value: &'static str, words: &'static str| {
        let is_chosen = only.with_untracked(|only| only == value);
        view! { <option value=value selected=is_chosen>{words}</option> }
    };
    view! {
        <h1 tabindex="-1">"People"</h1>
        <p class="lead">"Who signed up here, newest first. " <PageLink to=Page::Audit testid="to-audit">"What operators did"</PageLink></p>
        <form class="filters" role="search" on:submit=send>
            <div>
                <label for="people-search">"Address"</label>
                <input id="people-search" type="search" name="search" maxlength="254" autocomplete="off"
                    autocapitalize="none" spellcheck="false"
                    prop:value=move || search.get()
                    on:input=move |event| search.set(event_target_value(&event).trim().to_owned()) />
            </div>
            <div>
                <label for="people-standing">"Show"</label>
                <select id="people-standing" name="standing" on:change=choose>
                    {option("", "Everybody")} {option("standing=active", "Active")} {option("standing=waiting", "Waiting")}
                    {option("standing=blocked", "Blocked")} {option("operators=true", "Operators")}
                </select>
            </div>
            <button type="submit" class="button">"Search"</button>
        </form>
        <Parts list label="Loading people…" empty="Nobody like this is here." frame=table />
    }
}

fn table(parts: Vec<Vec<AnyView>>) -> AnyView {
    view! {
        <table class="people" aria-label="People">
            <thead>
                <tr>
                    <th scope="col">"Address"</th>
                    <th scope="col">"Standing"</th>
                    <th scope="col">"Keys"</th>
                    <th scope="col">"Since"</th>
                </tr>
            </thead>
            {parts.into_iter().map(|rows| view! { <tbody class="part">{rows}</tbody> }.into_any()).collect::<Vec<_>>()}
        </table>
    }
    .into_any()
}

fn row(person: Person) -> Row {
    Arc::new(move || {
        let email = person.email.to_string();
        let operator = person.operator.then(|| view! { " " <span class="badge off">"Operator"</span> }.into_any());
        view! {
            <tr data-testid="person-row">
                <th scope="row"><PageLink to=Page::Person(person.id)>{email}</PageLink></th>
                <td><StandingBadge standing=person.standing /> {operator}</td>
                <td>{person.keys.to_string()}</td>
                <td>{day(person.created_at)}</td>
            </tr>
        }
        .into_any()
    })
}
