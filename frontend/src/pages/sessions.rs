//! Where the reader is signed in, and ending that elsewhere.

use api_types::{SessionEntry, SessionId, Timestamp};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    ago::ago,
    announcer::use_announcer,
    browser,
    clock::Clock,
    components::Loaded,
    live::{flag, live, maybe, text},
    load::Loader,
    visitor::use_visitor,
};

/// What is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    One(SessionId),
    AllOthers,
}

/// The account's sessions, this one first.
#[component]
pub(crate) fn Sessions() -> impl IntoView {
    let (visitor, announcer) = (use_visitor(), use_announcer());
    let Clock(now) = expect_context();
    let sessions: Loader<Vec<SessionEntry>> = Loader::start(move || {
        Box::pin(async move {
            let Some(session) = visitor.session() else { return Ok(Vec::new()) };
            let mut sessions = session.sessions().await?;
            sessions.sort_by_key(|entry| !entry.current);
            Ok(sessions)
        })
    });
    let busy = RwSignal::new(false);
    let end = Callback::new(move |ending| {
        let Some(session) = visitor.session().filter(|_| !busy.get_untracked()) else { return };
        busy.set(true);
        spawn_local(async move {
            let answer = match ending {
                Ending::One(id) => session.end_session(id).await,
                Ending::AllOthers => session.end_other_sessions().await,
            };
            match answer {
                Ok(()) => {
                    // The button goes with what it ended.
                    browser::focus("#sessions-title");
                    sessions.change(|all| all.retain(|entry| entry.current || !is_ended(entry, ending)));
                    announcer.say(match ending {
                        Ending::One(_) => "That session is signed out.",
                        Ending::AllOthers => "You are signed out everywhere else.",
                    });
                }
                Err(error) => {
                    announcer.say(error.sentence());
                    // It may have ended by itself.
                    sessions.reload();
                }
            }
            busy.try_set(false);
        });
    });
    let has_others = move || sessions.with(|all| all.iter().any(|entry| !entry.current)).unwrap_or_default();
    view! {
        <section class="card sessions" aria-labelledby="sessions-title">
            <h2 id="sessions-title" tabindex="-1">"Where you are signed in"</h2>
            <Loaded from=sessions label="Looking up your sessions…">
                <ul class="plain" data-testid="sessions">
                    {live(move || sessions.get().unwrap_or_default().into_iter()
                        .map(|entry| row(entry, now, busy, end))
                        .collect::<Vec<_>>().into_any())}
                </ul>
                {live(move || maybe(has_others().then_some(()), |()| view! {
                    <p>
                        <button type="button" class="button" data-testid="end-other-sessions"
                            aria-disabled=flag(move || busy.get()) on:click=move |_| end.run(Ending::AllOthers)>
                            "Sign out everywhere else"
                        </button>
                    </p>
                }.into_any()))}
            </Loaded>
        </section>
    }
}

fn is_ended(entry: &SessionEntry, ending: Ending) -> bool {
    ending == Ending::AllOthers || ending == Ending::One(entry.id)
}

fn row(entry: SessionEntry, now: Signal<Timestamp>, busy: RwSignal<bool>, end: Callback<Ending>) -> AnyView {
    let SessionEntry { id, client, created_at, last_used_at, current } = entry;
    let name = if client.as_str().is_empty() { "Unknown client".to_owned() } else { client.to_string() };
    let label = format!("Sign out {name}");
    let since = move || {
        let signed_in = ago(now.get(), created_at, browser::local);
        if current || created_at == last_used_at {
            return format!("Signed in {signed_in}.");
        }
        format!("Signed in {signed_in}, last used {}.", ago(now.get(), last_used_at, browser::local))
    };
    view! {
        <li data-testid="session">
            <p>
                <strong>{name}</strong>
                <br />
                <span class="quiet small">{text(since)}</span>
            </p>
            {if current {
                view! { <span class="badge">"This browser"</span> }.into_any()
            } else {
                view! {
                    <button type="button" class="button small" aria-label=label data-testid="end-session"
                        aria-disabled=flag(move || busy.get()) on:click=move |_| end.run(Ending::One(id))>
                        "Sign out"
                    </button>
                }.into_any()
            }}
        </li>
    }
    .into_any()
}
