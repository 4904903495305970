//! What stands where data isn't there yet, or didn't come.

use leptos::prelude::*;

use crate::{
    api::ApiError,
    live::{live, maybe},
    load::Loader,
};

/// Grey bars in the place of data, with a sentence for those who can't see them.
#[component]
pub(crate) fn Busy(
    /// What is being loaded: "Loading your keys…".
    label: &'static str,
) -> impl IntoView {
    view! {
        <div class="skeleton" role="status" aria-busy="true">
            <span class="quiet">{label}</span>
            <span class="bar" aria-hidden="true"></span>
            <span class="bar short" aria-hidden="true"></span>
        </div>
    }
}

/// An error in place of data, with a button that asks again.
#[component]
pub(crate) fn Trouble(
    /// What went wrong.
    error: ApiError,
    /// Asks again.
    retry: Callback<()>,
) -> impl IntoView {
    view! {
        <div class="notice bad" role="alert">
            <p>{error.sentence()}</p>
            {maybe(error.reference(), |id| view! { <p class="small">"Reference: " <code>{id}</code></p> }.into_any())}
            <button type="button" class="button" on:click=move |_| retry.run(())>"Try again"</button>
        </div>
    }
}

/// What went wrong with the last action, until it is dismissed.
#[component]
pub(crate) fn Failure(
    /// It.
    error: RwSignal<Option<ApiError>>,
    /// For tests: its `data-testid`.
    testid: &'static str,
) -> impl IntoView {
    live(move || {
        maybe(error.get(), |told| {
            view! {
                <div class="notice bad" role="alert" data-testid=testid>
                    <p>{told.sentence()}</p>
                    {maybe(told.reference(), |id| view! { <p class="small">"Reference: " <code>{id}</code></p> }.into_any())}
                    <button type="button" class="button small" on:click=move |_| error.set(None)>"Dismiss"</button>
                </div>
            }
            .into_any()
        })
    })
}

/// Shows data once it is there. The view is built once and follows the data by itself, so that focus stays in it.
#[component]
pub(crate) fn Loaded<T: Clone + Send + Sync + 'static>(
    /// The data.
    from: Loader<T>,
    /// What is being loaded.
    label: &'static str,
    /// Draws it.
    children: ChildrenFn,
) -> impl IntoView {
    // Only coming and going draws anew; what changes in the data is for the view to follow.
    let ready = Memo::new(move |_| from.is_ready());
    live(move || {
        if ready.get() {
            return children().into_any();
        }
        match from.trouble() {
            Some(error) => view! { <Trouble error retry=Callback::new(move |()| from.retry()) /> }.into_any(),
            None => view! { <Busy label /> }.into_any(),
        }
    })
}
