//! One person: what they may do and have, what can be done about it, and what was.

use std::sync::Arc;

use api_types::{About, AccountId, KeyEntry, Person, QuotaStatus, Standing};
use leptos::prelude::*;

use super::{
    StandingBadge,
    audit::{Audit, entries},
    day,
    deed::{Deed, DeedDialog, Outcome},
    noticed,
};
use crate::{
    announcer::use_announcer,
    api::ApiError,
    components::{Loaded, PageLink, StateBadge, TellState},
    figures::grouped,
    live::{live, maybe, text},
    load::Loader,
    navigation::use_navigation,
    page::Page,
    promise_text::is_rough,
    reset_time::{span, used_of},
    visitor::use_visitor,
};

/// Somebody's account.
#[component]
pub(crate) fn PersonPage(id: AccountId) -> impl IntoView {
    let (visitor, announcer, navigation) = (use_visitor(), use_announcer(), use_navigation());
    let person = Loader::start(move || {
        let session = visitor.session();
        Box::pin(async move { noticed(visitor, session.ok_or(ApiError::Network)?.person(id).await) })
    });
    let keys = Loader::start(move || {
        let session = visitor.session();
        Box::pin(async move { session.ok_or(ApiError::Network)?.keys_of(id).await })
    });
    let audit = entries(Some(id));
    let deed = RwSignal::new(None::<Deed>);
    let on_done = Callback::new(move |outcome: Outcome| {
        let Some(done) = deed.try_update(Option::take).flatten() else { return };
        match outcome {
            Outcome::Nothing => {}
            Outcome::LinkMade => audit.restart(),
            Outcome::Changed(now) => {
                announcer.say(format!("{} {}", now.email, done.was_done()));
                person.change(|person| *person = now);
                keys.reload();
                audit.restart();
                // Whoever changed themselves sees it in the header too.
                visitor.look();
            }
            Outcome::Deleted => {
                navigation.redirect(Page::People);
                announcer.say("The account and its keys are deleted.");
                visitor.look();
            }
        }
    });
    view! {
        <p><PageLink to=Page::People testid="to-people">"All people"</PageLink></p>
        <h1 tabindex="-1">
            {text(move || person.with(|person| person.email.to_string()).unwrap_or_else(|| "Person".to_owned()))}
        </h1>
        <Loaded from=person label="Loading the account…">
            {live(move || maybe(person.get(), |person| about(&person, deed)))}
        </Loaded>
        <section aria-labelledby="keys-title">
            <h2 id="keys-title">"Keys"</h2>
            <Loaded from=keys label="Loading the keys…">
                {live(move || maybe(keys.get(), list))}
            </Loaded>
        </section>
        <section aria-labelledby="audit-title">
            <h2 id="audit-title">"Audit"</h2>
            <Audit list=audit />
        </section>
        {live(move || maybe(deed.get().zip(person.with_untracked(Clone::clone)), |(deed, person)| {
            view! { <DeedDialog deed person on_done /> }.into_any()
        }))}
    }
}

/// What it may do, and the buttons that change that.
fn about(person: &Person, deed: RwSignal<Option<Deed>>) -> AnyView {
    let deeds = [
        (person.standing == Standing::Waiting).then_some(Deed::Approve),
        Some(if person.standing == Standing::Blocked { Deed::Unblock } else { Deed::Block }),
        Some(if person.operator { Deed::Dismiss } else { Deed::Appoint }),
        Some(Deed::MakeLink),
        Some(Deed::Delete),
    ];
    let button = |it: Deed| {
        view! {
            <button type="button" class=format!("button {}", it.class()) data-deed=it.name() on:click=move |_| deed.set(Some(it))>
                {it.button()}
            </button>
        }
        .into_any()
    };
    view! {
        <p class="lead">
            <StandingBadge standing=person.standing /> " "
            {person.operator.then(|| view! { <span class="badge off">"Operator"</span> " " }.into_any())}
            {format!("Signed up on {}.", day(person.created_at))}
        </p>
        <div class="actions">{deeds.into_iter().flatten().map(button).collect::<Vec<_>>()}</div>
    }
    .into_any()
}

fn list(keys: Vec<KeyEntry>) -> AnyView {
    if keys.is_empty() {
        return view! { <p class="empty">"They have no key."</p> }.into_any();
    }
    let rough = expect_context::<Loader<About>>().with_untracked(|about| is_rough(Some(about.promises))) == Some(true);
    let row = |key: KeyEntry| {
        let state: TellState = Arc::new(move || Some(key.state));
        let used = match key.quota {
            QuotaStatus::Unlimited => "No limit on requests".to_owned(),
            QuotaStatus::Limited { limit, used, period, reset_at, .. } => {
                format!("{}{}", grouped(used), used_of(limit, &span(period, reset_at), rough))
            }
        };
        view! {
            <tr data-testid="persons-key">
                <th scope="row">{key.plan_name.to_string()}</th>
                <td><StateBadge state /></td>
                <td>{used}</td>
                <td>{day(key.created_at)}</td>
            </tr>
        }
        .into_any()
    };
    view! {
        <table class="people" aria-label="Keys">
            <thead>
                <tr>
                    <th scope="col">"Plan"</th>
                    <th scope="col">"State"</th>
                    <th scope="col">"Used"</th>
                    <th scope="col">"Since"</th>
                </tr>
            </thead>
            <tbody>{keys.into_iter().map(row).collect::<Vec<_>>()}</tbody>
        </table>
    }
    .into_any()
}
