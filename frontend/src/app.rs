//! The frame around all pages, and which page stands in it.

use api_types::About;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    announcer::{Announcer, use_announcer},
    api::Anonymous,
    browser,
    clock::Clock,
    components::{Busy, PageLink, Trouble},
    live::{live, maybe, text},
    load::Loader,
    navigation::{Navigation, use_navigation},
    page::{API_DOCS, Page, Standing},
    pages::{AccountPage, DashboardPage, LandingPage, NotFoundPage, PlaygroundPage, SignInPage, SignUpPage},
    visitor::{Visitor, use_visitor},
};

/// The whole page.
#[component]
pub(crate) fn App() -> impl IntoView {
    let navigation = Navigation::start();
    let visitor = Visitor::new();
    let announcer = Announcer::new();
    provide_context(navigation);
    provide_context(visitor);
    provide_context(announcer);
    provide_context(Clock::start());
    provide_context::<Loader<About>>(Loader::start(|| Box::pin(Anonymous::about())));
    visitor.ask(navigation.page());

    let shown = Memo::new(move |_| navigation.page().view_for(visitor.standing()));
    Effect::new(move |_| navigation.redirect(navigation.page().leads_to(visitor.standing())));
    Effect::new(move |before: Option<Option<Page>>| {
        let now = shown.get();
        browser::set_title(now.unwrap_or_else(|| navigation.page()).title());
        // The first page leaves the focus where the browser put it.
        if before.flatten().is_some_and(|before| now.is_some_and(|now| now != before)) {
            browser::scroll_to_top();
            request_animation_frame(|| browser::focus("main h1"));
        }
        now.or(before.flatten())
    });

    view! {
        <a class="skip" href="#main" on:click=move |click| {
            click.prevent_default();
            browser::focus("#main");
        }>
            "Skip to the content"
        </a>
        <Header />
        <main id="main" tabindex="-1">
            {live(move || match shown.get() {
                Some(Page::Landing) => view! { <LandingPage /> }.into_any(),
                Some(Page::SignUp) => view! { <SignUpPage /> }.into_any(),
                Some(Page::SignIn) => view! { <SignInPage /> }.into_any(),
                Some(Page::Dashboard) => view! { <DashboardPage /> }.into_any(),
                Some(Page::Playground) => view! { <PlaygroundPage /> }.into_any(),
                Some(Page::Account) => view! { <AccountPage /> }.into_any(),
                Some(Page::NotFound) => view! { <NotFoundPage /> }.into_any(),
                None => view! { <Unsure /> }.into_any(),
            })}
        </main>
        <p class="toast" role="status" data-testid="announcement">{text(move || announcer.sentence.get())}</p>
        <Footer />
    }
}

/// While it isn't known whether somebody is signed in.
#[component]
fn Unsure() -> impl IntoView {
    let (visitor, navigation) = (use_visitor(), use_navigation());
    live(move || match visitor.trouble() {
        Some(error) => {
            view! { <Trouble error retry=Callback::new(move |()| visitor.ask(navigation.page())) /> }.into_any()
        }
        None => view! { <Busy label="Loading…" /> }.into_any(),
    })
}

#[component]
fn Header() -> impl IntoView {
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
            leaving.set(false);
        });
    };
    let standing = Memo::new(move |_| visitor.standing());
    view! {
        <header class="top">
            <PageLink to=Page::Landing class="brand">
                <svg viewBox="3 6 26 22" aria-hidden="true" focusable="false">
                    <path class="post" d="M4 8h6v20H4z" />
                    <path class="arm" d="M10 11h18v6H10z" />
                    <path class="stripe" d="M13 11h4l-2 6h-4zM20 11h4l-2 6h-4z" />
                </svg>
                "Tollgate"
            </PageLink>
            <nav aria-label="Main">
                {live(move || maybe((standing.get() == Standing::SignedIn).then_some(()), |()| {
                    view! { <PageLink to=Page::Dashboard>"Dashboard"</PageLink> }.into_any()
                }))}
                <PageLink to=Page::Playground>"Playground"</PageLink>
                {live(move || match standing.get() {
                    Standing::SignedIn => view! {
                        <PageLink to=Page::Account>"Account"</PageLink>
                        <button type="button" class="link" data-testid="sign-out" on:click=sign_out>"Sign out"</button>
                    }.into_any(),
                    Standing::Anonymous => view! {
                        <PageLink to=Page::SignIn>"Sign in"</PageLink>
                        <PageLink to=Page::SignUp class="button primary small">"Sign up"</PageLink>
                    }.into_any(),
                    Standing::Asking => ().into_any(),
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
