//! What this is, for those who aren't signed in.

use api_types::{About, Plan};
use leptos::prelude::*;

use crate::{
    components::{Loaded, NoPlans, PageLink, PlanCard, PromiseList, SampleStream, SignUpNote, is_closed},
    live::{live, maybe},
    load::Loader,
    page::Page,
};

/// Plans, promises, and the way in.
#[component]
pub(crate) fn LandingPage() -> impl IntoView {
    let about = expect_context::<Loader<About>>();
    let plans = expect_context::<Loader<Vec<Plan>>>();
    view! {
        <section class="hero">
            <div>
                <h1 tabindex="-1">"One key, a clear quota, answers as they come"</h1>
                <p class="lead">
                    "Pick a plan and get a key for an OpenAI-compatible API. It works with any OpenAI client, and you always see what is left."
                </p>
                <SignUpNote />
                <p class="actions">
                    {live(move || if is_closed(about) {
                        view! { <PageLink to=Page::SignIn class="button primary">"Sign in"</PageLink> }.into_any()
                    } else {
                        view! { <PageLink to=Page::SignUp class="button primary">"Create an account"</PageLink> }.into_any()
                    })}
                    <PageLink to=Page::Playground class="button">"Try a key"</PageLink>
                </p>
            </div>
            <SampleStream />
        </section>
        <section aria-labelledby="plans-title">
            <h2 id="plans-title">"Plans"</h2>
            <Loaded from=plans label="Loading the plans…">
                <Plans plans about />
            </Loaded>
        </section>
        <section aria-labelledby="promises-title">
            <h2 id="promises-title">"What you can rely on"</h2>
            <Loaded from=about label="Loading what this server promises…">
                {live(move || maybe(about.get(), |about| view! { <PromiseList about /> }.into_any()))}
            </Loaded>
        </section>
    }
}

#[component]
fn Plans(plans: Loader<Vec<Plan>>, about: Loader<About>) -> impl IntoView {
    live(move || match plans.get() {
        Some(plans) if !plans.is_empty() => {
            let to = if is_closed(about) { Page::SignIn } else { Page::SignUp };
            let card = |plan: Plan| {
                let name = plan.name.clone();
                view! {
                    <PlanCard plan about>
                        <PageLink to plan=name class="button" testid="choose-plan">"Get a key"</PageLink>
                    </PlanCard>
                }
                .into_any()
            };
            view! { <ul class="cards">{plans.into_iter().map(card).collect::<Vec<_>>()}</ul> }.into_any()
        }
        _ => view! { <NoPlans /> }.into_any(),
    })
}
