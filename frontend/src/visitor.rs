//! Who looks at the page: known after one question to the server, and changed by signing in and out.

use api_types::{CreatedKey, KeyId, Me};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    api::{Anonymous, ApiError, Session},
    browser,
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
    /// The models on offer, once asked for: the same for every key, and asking may be charged.
    pub(crate) models: RwSignal<Option<Vec<String>>>,
    /// The calls that need no session.
    pub(crate) client: Anonymous,
}

impl Visitor {
    /// Nobody yet; [`Visitor::start`] finds out.
    pub(crate) fn new() -> Self {
        let who = RwSignal::new(Who::Asking);
        let notice = RwSignal::new(None);
        let (key, made) = (RwSignal::new(None), RwSignal::new(None));
        let talk = RwSignal::new(Conversation::default());
        let draft = RwSignal::new(String::new());
        let ended = Callback::new(move |()| {
            browser::hint_signed_in(false);
            key.set(None);
            made.set(None);
            talk.set(Conversation::default());
            draft.set(String::new());
            notice.set(Some("Your session has ended. Sign in again to go on.".to_owned()));
            who.set(Who::Anonymous);
        });
        let elsewhere = window_event_listener(ev::storage, move |event| {
            if browser::tells_sign_out(&event) && matches!(who.get_untracked(), Who::SignedIn(..)) {
                ended.run(());
            }
        });
        on_cleanup(move || elsewhere.remove());
        let models = RwSignal::new(None);
        Self { who, notice, key, made, talk, draft, models, client: Anonymous::new(ended) }
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
                    // Who opens a bookmark after a month doesn't need to be told that a session ended.
                    self.notice.set(None);
                    self.who.set(Who::Anonymous);
                }
                Err(error) => self.who.set(Who::Unknown(error)),
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
        self.notice.set(None);
        self.who.set(Who::SignedIn(session, me));
    }

    /// Somebody left, on purpose.
    pub(crate) fn leave(self) {
        browser::hint_signed_in(false);
        self.key.set(None);
        self.made.set(None);
        self.talk.set(Conversation::default());
        self.draft.set(String::new());
        self.notice.set(None);
        self.who.set(Who::Anonymous);
    }
}

/// The visitor of this page.
pub(crate) fn use_visitor() -> Visitor {
    expect_context()
}
