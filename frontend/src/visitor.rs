//! Who looks at the page: known after one question to the server, and changed by signing in and out.

use api_types::{AccountId, CreatedKey, KeyId, Me, PlanName};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    announcer::Announcer,
    api::{Anonymous, ApiError, Session},
    browser,
    chat_request::Tuning,
    conversation::Conversation,
    page::{Page, Standing},
};

/// What is known.
#[derive(Debug, Clone)]
pub(crate) enum Who {
    /// The server was asked.
    Asking,
    /// The server couldn't be asked.
    Unknown(ApiError),
    /// Nobody is signed in.
    Anonymous,
    /// Somebody is.
    SignedIn(Session, Me),
}

/// A key whose value the page holds, in memory only: it is gone with the tab or a reload.
#[derive(Clone)]
pub(crate) struct HeldKey {
    pub(crate) value: String,
    /// Its id, where the key was made here; a pasted one tells it itself.
    pub(crate) id: Option<KeyId>,
    /// Nobody has seen the value yet: it was made for the playground, which has to show it.
    pub(crate) unseen: bool,
}

/// The visitor, and what belongs to them alone and goes when they leave.
#[derive(Clone, Copy)]
pub(crate) struct Visitor {
    who: RwSignal<Who>,
    /// A sentence above the sign-in form.
    pub(crate) notice: RwSignal<Option<String>>,
    /// The key that the playground uses.
    pub(crate) key: RwSignal<Option<HeldKey>>,
    /// The key just made whose value nobody said they have: it stays on show until they do.
    pub(crate) made: RwSignal<Option<CreatedKey>>,
    /// The playground's conversation.
    pub(crate) talk: RwSignal<Conversation>,
    /// What is being typed in the playground; stays while other pages are looked at.
    pub(crate) draft: RwSignal<String>,
    /// How the playground's model is to answer.
    pub(crate) tuning: RwSignal<Tuning>,
    /// The plan that a key was asked for on, before there was an account to make it for.
    pub(crate) wanted: RwSignal<Option<Wanted>>,
    /// The key whose usage was asked for on another page.
    pub(crate) inspected: RwSignal<Option<KeyId>>,
    /// The address typed into one of the forms, for the other one.
    pub(crate) email: RwSignal<String>,
    /// Which addresses an operator looks for, and which of these; stays while somebody is looked at.
    pub(crate) people: (RwSignal<String>, RwSignal<String>),
    /// Whose what is kept here is.
    account: StoredValue<Option<AccountId>>,
    /// The models on offer, once asked for: the same for every key, and asking may be charged.
    pub(crate) models: RwSignal<Option<Vec<String>>>,
    /// The calls that need no session.
    pub(crate) client: Anonymous,
    announcer: Announcer,
}

/// A key that somebody wants to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) plan: PlanName,
    /// Whether a button here was pressed for it; an address alone, which may come from anywhere, makes no key.
    pub(crate) asked: bool,
}

const ENDED: &str = "Your session has ended. Sign in again to go on.";
const LEFT: &str = "You signed out in another tab.";

impl Visitor {
    /// Nobody yet; [`Visitor::start`] finds out.
    pub(crate) fn new(announcer: Announcer) -> Self {
        let who = RwSignal::new(Who::Asking);
        let notice = RwSignal::new(None);
        let (key, made) = (RwSignal::new(None), RwSignal::new(None));
        let talk = RwSignal::new(Conversation::default());
        let draft = RwSignal::new(String::new());
        let tuning = RwSignal::new(Tuning::default());
        let (wanted, inspected) = (RwSignal::new(None), RwSignal::new(None));
        let email = RwSignal::new(String::new());
        let people = (RwSignal::new(String::new()), RwSignal::new(String::new()));
        let account = StoredValue::new(None);
        // What is being done here stays: whoever signs in again goes on with it, and anybody else doesn't find it.
        let ended = Callback::new(move |()| {
            browser::hint_signed_in(false);
            notice.set(Some(ENDED.to_owned()));
            announcer.say(ENDED);
            who.set(Who::Anonymous);
        });
        let models = RwSignal::new(None);
        let client = Anonymous::new(ended);
        let visitor = Self {
            who,
            notice,
            key,
            made,
            talk,
            draft,
            tuning,
            wanted,
            inspected,
            email,
            people,
            account,
            models,
            client,
            announcer,
        };
        let elsewhere = window_event_listener(ev::storage, move |event| {
            if browser::tells_sign_out(&event) && matches!(who.get_untracked(), Who::SignedIn(..)) {
                visitor.leave();
                notice.set(Some(LEFT.to_owned()));
                announcer.say(LEFT);
            }
        });
        let closing = window_event_listener(ev::beforeunload, move |event| {
            if visitor.would_lose() {
                event.prevent_default();
            }
        });
        on_cleanup(move || {
            elsewhere.remove();
            closing.remove();
        });
        visitor
    }

    /// Whether a reload would lose what nothing brings back: a key's value that nobody said they have, or a conversation.
    fn would_lose(self) -> bool {
        self.made.with_untracked(Option::is_some)
            || self.key.with_untracked(|key| key.as_ref().is_some_and(|key| key.unseen))
            || self.talk.with_untracked(|talk| !talk.turns().is_empty())
            || self.draft.with_untracked(|draft| !draft.trim().is_empty())
    }

    /// Finds out whether an earlier visit's session stands: the server said so with the page, or is asked.
    ///
    /// Where nobody signed in with this browser it isn't asked: it could only refuse. Where the browser lets us remember
    /// nothing, it is asked for private pages.
    pub(crate) fn start(self, me: Option<Me>, looked: bool, opened: Page) {
        let signed_in = browser::signed_in_hint();
        match me {
            Some(me) => self.enter(self.client.earlier_session(), me),
            None if !looked => self.ask(),
            None if signed_in.unwrap_or(opened.is_private()) => self.find(true),
            None => self.who.set(Who::Anonymous),
        }
    }

    /// Asks the server who this is.
    pub(crate) fn ask(self) {
        self.find(false);
    }

    fn find(self, has_run_out: bool) {
        self.who.set(Who::Asking);
        spawn_local(async move {
            let session = self.client.earlier_session();
            let me = if has_run_out { session.resume().await } else { session.me().await };
            match me {
                Ok(me) => self.enter(session, me),
                Err(error) if error.is_unauthenticated() => {
                    browser::hint_signed_in(false);
                    let ended = has_run_out.then(|| ENDED.to_owned());
                    if ended.is_some() {
                        self.announcer.say(ENDED);
                    }
                    self.notice.set(ended);
                    self.who.set(Who::Anonymous);
                }
                Err(error) => self.who.set(Who::Unknown(error)),
            }
        });
    }

    /// Asks quietly who this is by now: what an operator changed meanwhile shows without a reload.
    pub(crate) fn look(self) {
        let Some(session) = self.session() else { return };
        spawn_local(async move {
            let Ok(now) = session.me().await else { return };
            let is_news = self.who.with_untracked(|who| match who {
                Who::SignedIn(_, known) => known.id == now.id && *known != now,
                _ => false,
            });
            if is_news {
                self.who.set(Who::SignedIn(session, now));
            }
        });
    }

    /// The session, if there is one; for use in handlers.
    pub(crate) fn session(self) -> Option<Session> {
        self.who.with_untracked(|who| match who {
            Who::SignedIn(session, _) => Some(*session),
            _ => None,
        })
    }

    /// The account, if somebody is signed in.
    pub(crate) fn me(self) -> Option<Me> {
        self.who.with(|who| match who {
            Who::SignedIn(_, me) => Some(me.clone()),
            _ => None,
        })
    }

    /// Whether keys come after an operator's approval, which isn't there yet.
    pub(crate) fn waits(self) -> Memo<bool> {
        Memo::new(move |_| self.me().is_some_and(|me| me.standing == api_types::Standing::Waiting))
    }

    /// As far as routes need it.
    pub(crate) fn standing(self) -> Standing {
        self.who.with(|who| match who {
            Who::Asking | Who::Unknown(_) => Standing::Asking,
            Who::Anonymous => Standing::Anonymous,
            Who::SignedIn(..) => Standing::SignedIn,
        })
    }

    /// Why the server couldn't be asked.
    pub(crate) fn trouble(self) -> Option<ApiError> {
        self.who.with(|who| match who {
            Who::Unknown(error) => Some(error.clone()),
            _ => None,
        })
    }

    /// Somebody signed in.
    pub(crate) fn enter(self, session: Session, me: Me) {
        browser::hint_signed_in(true);
        if self.account.get_value().is_some_and(|before| before != me.id) {
            self.forget();
        }
        self.account.set_value(Some(me.id));
        self.email.set(String::new());
        self.notice.set(None);
        self.who.set(Who::SignedIn(session, me));
    }

    /// Somebody left, on purpose.
    pub(crate) fn leave(self) {
        browser::hint_signed_in(false);
        self.forget();
        self.notice.set(None);
        self.who.set(Who::Anonymous);
    }

    fn forget(self) {
        self.key.set(None);
        self.made.set(None);
        self.talk.set(Conversation::default());
        self.draft.set(String::new());
        self.tuning.set(Tuning::default());
        self.wanted.set(None);
        self.inspected.set(None);
        self.people.0.set(String::new());
        self.people.1.set(String::new());
    }
}

/// The visitor of this page.
pub(crate) fn use_visitor() -> Visitor {
    expect_context()
}
