//! A list that comes in parts: the first at once, the others when somebody asks for more.

use std::sync::Arc;

use leptos::{prelude::*, task::spawn_local};

use super::noticed;
use crate::{
    api::{ApiError, LocalFuture, Part},
    browser,
    components::{Busy, Trouble},
    live::{flag, live, maybe, text},
    visitor::{Visitor, use_visitor},
};

/// An entry, ready to be drawn. All lists share this type, and with it their code.
pub(super) type Row = Arc<dyn Fn() -> AnyView + Send + Sync>;

type Fetch = Arc<dyn Fn(Option<String>) -> LocalFuture<Result<Part<Row>, ApiError>> + Send + Sync>;

/// The parts that came, and how to get more.
#[derive(Clone, Copy)]
pub(super) struct LongList {
    parts: RwSignal<Vec<Vec<Row>>>,
    /// Whether any part came.
    is_there: RwSignal<bool>,
    next: RwSignal<Option<String>>,
    busy: RwSignal<bool>,
    error: RwSignal<Option<ApiError>>,
    asked: StoredValue<u32>,
    fetch: StoredValue<Fetch>,
    visitor: Visitor,
}

impl LongList {
    /// Asks for the first part at once.
    pub(super) fn start(
        fetch: impl Fn(Option<String>) -> LocalFuture<Result<Part<Row>, ApiError>> + Send + Sync + 'static,
    ) -> Self {
        let list = Self {
            parts: RwSignal::new(Vec::new()),
            is_there: RwSignal::new(false),
            next: RwSignal::new(None),
            busy: RwSignal::new(false),
            error: RwSignal::new(None),
            asked: StoredValue::new(0),
            fetch: StoredValue::new(Arc::new(fetch)),
            visitor: use_visitor(),
        };
        list.ask(None);
        list
    }

    /// Asks for the first part anew; what is there stays until it comes.
    pub(super) fn restart(self) {
        self.ask(None);
    }

    fn more(self) {
        if !self.busy.get_untracked() {
            self.ask(self.next.get_untracked());
        }
    }

    fn ask(self, cursor: Option<String>) {
        let Some(fetch) = self.fetch.try_get_value() else { return };
        let ticket = self.asked.get_value() + 1;
        self.asked.set_value(ticket);
        self.busy.set(true);
        self.error.set(None);
        let is_first = cursor.is_none();
        let answer = fetch(cursor);
        spawn_local(async move {
            let answer = noticed(self.visitor, answer.await);
            // The view may be gone by now, or have asked for something else.
            if self.asked.try_get_value() != Some(ticket) {
                return;
            }
            self.busy.set(false);
            match answer {
                Ok(part) => {
                    self.next.set(part.next);
                    self.parts.update(|parts| {
                        if is_first {
                            parts.clear();
                        }
                        parts.push(part.entries);
                    });
                    self.is_there.set(true);
                    if !is_first {
                        request_animation_frame(|| browser::focus(".part:last-of-type :is(a, [tabindex])"));
                    }
                }
                Err(error) => self.error.set(Some(error)),
            }
        });
    }
}

/// The list, with a button for more of it.
#[component]
pub(super) fn Parts(
    /// The list.
    list: LongList,
    /// What is being loaded: "Loading people…".
    label: &'static str,
    /// What stands there where there is nothing.
    empty: &'static str,
    /// Draws the parts.
    frame: fn(Vec<Vec<AnyView>>) -> AnyView,
) -> impl IntoView {
    let retry = Callback::new(move |()| list.ask(list.next.get_untracked()));
    view! {
        {live(move || match list.is_there.get() {
            false if list.error.with(Option::is_some) => ().into_any(),
            false => view! { <Busy label /> }.into_any(),
            true => {
                let parts = list.parts.get();
                if parts.iter().all(Vec::is_empty) {
                    return view! { <p class="empty">{empty}</p> }.into_any();
                }
                frame(parts.iter().map(|part| part.iter().map(|row| row()).collect()).collect())
            }
        })}
        {live(move || maybe(list.error.get(), |error| view! { <Trouble error retry /> }.into_any()))}
        {live(move || maybe(list.next.with(Option::is_some).then_some(()), |()| view! {
            <p class="next-part">
                <button type="button" class="button" data-testid="more" aria-busy=flag(move || list.busy.get())
                    aria-disabled=flag(move || list.busy.get()) on:click=move |_| list.more()>
                    {text(move || if list.busy.get() { "Loading…" } else { "Show more" }.to_owned())}
                </button>
            </p>
        }.into_any()))}
    }
}
