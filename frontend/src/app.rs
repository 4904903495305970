//! The frame around all pages, and which page stands in it.

use api_types::{About, Brand, PageData, Plan, PlanName};
use leptos::prelude::*;

use crate::{
    announcer::Announcer,
    api::Anonymous,
    browser,
    clock::Clock,
    components::{Busy, Contact, PageLink, Trouble, is_closed},
    live::{live, maybe, text},
    load::{FirstKeys, Loader},
    navigation::Navigation,
    page::{API_DOCS, Page, Standing},
    pages::{
        AccountPage, AuditPage, DashboardPage, ForOperators, LandingPage, NotFoundPage, PeoplePage, PersonPage,
        PlaygroundPage, ResetPage, SignInPage, SignUpPage,
    },
    sign_out::SignOut,
    theme::ThemeSwitch,
    visitor::{Visitor, Wanted, use_visitor},
};

/// The whole page.
#[component]
pub(crate) fn App() -> impl IntoView {
    let navigation = Navigation::start();
    let announcer = Announcer::start(navigation);
    let visitor = Visitor::new(announcer);
    provide_context(navigation);
    provide_context(visitor);
    provide_context(announcer);
    provide_context(Clock::start());
    let PageData { brand, about, plans, me, keys, looked } = browser::page_data();
    provide_context(FirstKeys::new(keys));
    let name = brand.name.clone();
    provide_context(brand);
    provide_context::<Loader<About>>(Loader::start_with(about, || Box::pin(Anonymous::about())));
    provide_context::<Loader<Vec<Plan>>>(Loader::start_with(plans, || Box::pin(Anonymous::plans())));
    let plan = browser::plan_in_address().and_then(|name| PlanName::parse(&name).ok());
    visitor.wanted.set(plan.map(|plan| Wanted { plan, asked: false }));
    visitor.start(me, looked, navigation.page());

    let shown = Memo::new(move |_| navigation.page().view_for(visitor.standing()));
    Effect::new(move |_| navigation.redirect(navigation.page().leads_to(visitor.standing())));
    Effect::new(move |before: Option<Option<Page>>| {
        let now = shown.get();
        browser::set_title(&now.unwrap_or_else(|| navigation.page()).title(&name));
        // The first page leaves the focus where the browser put it.
        if before.flatten().is_some_and(|before| now.is_some_and(|now| now != before)) {
            browser::scroll_to_top();
            request_animation_frame(|| browser::focus("main h1"));
        }
        now.or(before.flatten())
    });

    view! {
        <Header />
        <main id="main" tabindex="-1">
            {live(move || match shown.get() {
                Some(Page::Landing) => view! { <LandingPage /> }.into_any(),
                Some(Page::SignUp) => view! { <SignUpPage /> }.into_any(),
                Some(Page::SignIn) => view! { <SignInPage /> }.into_any(),
                Some(Page::Reset) => view! { <ResetPage /> }.into_any(),
                Some(Page::Dashboard) => view! { <DashboardPage /> }.into_any(),
                Some(Page::Playground) => view! { <PlaygroundPage /> }.into_any(),
                Some(Page::Account) => view! { <AccountPage /> }.into_any(),
                Some(Page::People) => view! { <ForOperators><PeoplePage /></ForOperators> }.into_any(),
                Some(Page::Person(id)) => view! { <ForOperators><PersonPage id /></ForOperators> }.into_any(),
                Some(Page::Audit) => view! { <ForOperators><AuditPage /></ForOperators> }.into_any(),
                Some(Page::NotFound) => view! { <NotFoundPage /> }.into_any(),
                None => view! { <Unsure /> }.into_any(),
            })}
        </main>
        <Toast announcer />
        <Footer />
    }
}

/// What was just said. The live region is always there: it has to exist before its words.
#[component]
fn Toast(announcer: Announcer) -> impl IntoView {
    let is_silent = Memo::new(move |_| announcer.sentence.with(String::is_empty));
    view! {
        <div class="toast" class:silent=move || is_silent.get()>
            <p role="status" data-testid="announcement">{text(move || announcer.sentence.get())}</p>
            <button type="button" class="icon" aria-label="Dismiss" on:click=move |_| announcer.clear()>"×"</button>
        </div>
    }
}

/// While it isn't known whether somebody is signed in.
#[component]
fn Unsure() -> impl IntoView {
    let visitor = use_visitor();
    live(move || match visitor.trouble() {
        Some(error) => view! { <Trouble error retry=Callback::new(move |()| visitor.ask()) /> }.into_any(),
        None => view! { <Busy label="Loading…" /> }.into_any(),
    })
}

#[component]
fn Header() -> impl IntoView {
    let visitor = use_visitor();
    let Brand { name, logo, .. } = expect_context();
    let about = expect_context::<Loader<About>>();
    // Who isn't known yet was signed in before, or asks for what needs that: the links don't move when that is so.
    let is_anonymous = Memo::new(move |_| visitor.standing() == Standing::Anonymous);
    let is_operator = Memo::new(move |_| visitor.me().is_some_and(|me| me.operator));
    view! {
        <header class="top">
            <a class="skip" href="#main" on:click=move |click| {
                click.prevent_default();
                browser::focus("#main");
            }>
                "Skip to the content"
            </a>
            <PageLink to=Page::Landing class="brand">
                {match logo {
                    Some(logo) => view! { <img src=logo alt="" width="30" height="30" /> }.into_any(),
                    None => view! {
                        <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
                            <rect class="plate" width="32" height="32" rx="8" />
                            <path class="gate" d="M9 25V13M9 19 24 9M5.5 25h7" />
                        </svg>
                    }
                    .into_any(),
                }}
                <span>{name}</span>
            </PageLink>
            <nav aria-label="Main">
                {live(move || maybe((!is_anonymous.get()).then_some(()), |()| {
                    view! { <PageLink to=Page::Dashboard>"Dashboard"</PageLink> }.into_any()
                }))}
                <PageLink to=Page::Playground>"Playground"</PageLink>
                {live(move || maybe(is_operator.get().then_some(()), |()| view! {
                    <PageLink to=Page::People class="people-link" testid="people-link">"People"</PageLink>
                    <PageLink to=Page::Audit class="wide">"Audit"</PageLink>
                }.into_any()))}
                {live(move || if is_anonymous.get() {
                    view! {
                        <PageLink to=Page::SignIn>"Sign in"</PageLink>
                        {maybe((!is_closed(about)).then_some(()), |()| {
                            view! { <PageLink to=Page::SignUp class="button primary small">"Sign up"</PageLink> }.into_any()
                        })}
                    }.into_any()
                } else {
                    view! {
                        <PageLink to=Page::Account>"Account"</PageLink>
                        <SignOut class="link wide" />
                    }.into_any()
                })}
            </nav>
        </header>
    }
}

#[component]
fn Footer() -> impl IntoView {
    let about = expect_context::<Loader<About>>();
    view! {
        <footer class="bottom small quiet">
            <a href=API_DOCS>"API documentation"</a>
            {maybe(expect_context::<Brand>().contact, |contact| view! { <Contact contact /> }.into_any())}
            <ThemeSwitch />
            <span>
                {text(move || {
                    about
                        .with(|about| format!("Tollgate {} · {} backend", about.version, about.backend))
                        .unwrap_or_default()
                })}
            </span>
        </footer>
    }
}
