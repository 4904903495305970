//! The chat at work: asks the key about itself, sends what was said, and takes the answer as it comes.

use api_types::{About, KeyState, KeyStatus, QuotaStatus, Survival, Timestamp, UpstreamInfo};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use web_sys::{AbortController, AbortSignal};

use crate::{
    activation,
    api::{Answer, CallFailure, Header, KeyClient, LocalFuture, REMAINING},
    browser,
    chat_failure::ChatFailure,
    chat_request::ChatRequest,
    chat_stream::{self, ChatStream},
    conversation::{Conversation, Progress},
    load::Loader,
    visitor::Visitor,
};

/// How soon Stop is noticed between two tries, in milliseconds.
const HEED_MS: u32 = 100;

/// What is at work in the chat.
#[derive(Clone, Copy)]
pub(super) struct Chat {
    /// Whose chat it is; holds the conversation and what is being typed.
    pub(super) visitor: Visitor,
    /// What the key tells about itself.
    pub(super) status: RwSignal<Option<KeyStatus>>,
    /// Why the key doesn't work, or why the last request was refused.
    pub(super) failure: RwSignal<Option<ChatFailure>>,
    /// What answers here, which model it takes by default, and what is promised.
    pub(super) about: Loader<About>,
    /// The model to be asked; none leaves it to the server.
    pub(super) model: RwSignal<Option<String>>,
    /// Whether an answer is under way.
    pub(super) busy: RwSignal<bool>,
    /// Whether the list of models came here, or failed to.
    models_asked: RwSignal<bool>,
    /// When the request is tried again, as a sentence, where its key is being activated.
    pub(super) waiting: RwSignal<Option<String>>,
    /// Ends the answer under way.
    stop: RwSignal<Option<AbortController>, LocalStorage>,
    /// The key's value.
    key: StoredValue<String>,
    /// The turn of the reader's that is being edited, and its words by now.
    pub(super) editing: RwSignal<Option<usize>>,
    /// The words that are to take its place.
    pub(super) edited: RwSignal<String>,
    /// What is to be asked once more where the last request was refused.
    refused: StoredValue<Option<Ask>>,
    /// When that may be asked, where the server said so.
    pub(super) opens_at: RwSignal<Option<Timestamp>>,
    /// What the last answer's headers told of limits.
    pub(super) headers: RwSignal<Vec<Header>>,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// What stands in the field.
    New,
    /// Another answer in the place of the last.
    Again,
    /// Other words than the reader's in this turn.
    Edited(usize),
}

/// How a request came out.
enum Outcome {
    /// The model's turn ended so; the text is the rest of it.
    Ended(String, Progress),
    /// Refused before anything came.
    Refused(CallFailure),
    /// The reader pressed Stop before it was sent again.
    GivenUp,
}

impl Chat {
    /// A chat that goes on with the visitor's conversation.
    pub(super) fn new(visitor: Visitor, about: Loader<About>, key: String) -> Self {
        Self {
            visitor,
            about,
            status: RwSignal::new(None),
            failure: RwSignal::new(None),
            model: RwSignal::new(None),
            busy: RwSignal::new(false),
            models_asked: RwSignal::new(false),
            waiting: RwSignal::new(None),
            stop: RwSignal::new_local(None),
            key: StoredValue::new(key),
            editing: RwSignal::new(None),
            edited: RwSignal::new(String::new()),
            refused: StoredValue::new(None),
            opens_at: RwSignal::new(None),
            headers: RwSignal::new(Vec::new()),
        }
    }

    /// Asks the key about itself and, where that costs nothing, for its models.
    pub(super) fn greet(self) {
        spawn_local(async move {
            let client = self.client();
            self.learn(client.clone()).await;
            if !self.models_are_charged() || self.visitor.models.with_untracked(Option::is_some) {
                drop(self.learn_models(client).await);
            }
        });
    }

    /// The client of the key.
    pub(super) fn client(self) -> KeyClient {
        KeyClient::new(self.key.try_get_value().unwrap_or_default())
    }

    /// Whether asking for the models counts as a request, as it does where somebody else counts.
    pub(super) fn models_are_charged(self) -> bool {
        self.about.with_untracked(|about| about.promises.survives == Survival::Provider).unwrap_or(true)
    }

    /// The model that answers where none is named.
    fn default_model(self) -> Option<String> {
        let default = self.about.with_untracked(|about| match &about.upstream {
            UpstreamInfo::Demo { model } => Some(model.clone()),
            UpstreamInfo::Configured { default_model } => default_model.clone(),
        });
        default.flatten()
    }

    /// Asks which models there are, once. A list that doesn't come is no trouble, the server's default model answers;
    /// unless the key is being activated.
    pub(super) fn learn_models(self, client: KeyClient) -> LocalFuture<Result<(), CallFailure>> {
        Box::pin(async move {
            let known = self.visitor.models.get_untracked();
            let models = match known {
                Some(models) => models,
                None if self.models_asked.try_get_untracked() != Some(false) => return Ok(()),
                None => match client.models().await {
                    Ok(models) => models,
                    Err(failure) => {
                        self.models_asked.try_set(!failure.is_activating());
                        return if failure.is_activating() { Err(failure) } else { Ok(()) };
                    }
                },
            };
            let first = self.default_model().filter(|model| models.contains(model)).or_else(|| models.first().cloned());
            self.model.try_update(|model| *model = model.take().or(first));
            self.visitor.models.set(Some(models));
            Ok(())
        })
    }

    /// Asks for the models because the reader wants to choose; answers what to tell where there is nothing to choose from.
    pub(super) async fn list_models(self, client: KeyClient) -> Option<&'static str> {
        self.models_asked.try_set(false);
        if self.learn_models(client).await.is_err() {
            return Some("Your key is being activated. Try again in a moment.");
        }
        match self.visitor.models.with_untracked(|models| models.as_ref().map(Vec::len)) {
            None => Some("The models can't be listed right now. Try again later."),
            Some(0 | 1) => Some("There is no other model to choose."),
            Some(_) => None,
        }
    }

    /// Asks the key what is left, and whether it works yet.
    pub(super) fn learn(self, client: KeyClient) -> LocalFuture<()> {
        Box::pin(async move {
            match client.status().await {
                Ok(status) => drop(self.status.try_set(Some(status))),
                // What was known stays, unless the key doesn't work any more; that is worth a word before anything is sent.
                Err(failure @ CallFailure::Refused { status: 401, .. }) => {
                    self.status.try_set(None);
                    self.failure.try_set(Some(ChatFailure::of(failure)));
                }
                Err(_) => {}
            }
        })
    }

    /// Whether the key works, as it told the last time.
    pub(super) fn works(self) -> bool {
        let is_active = |status: &Option<KeyStatus>| status.as_ref().is_some_and(|key| key.state == KeyState::Active);
        self.status.try_with_untracked(is_active).unwrap_or(false)
    }

    /// Begins to ask, unless an answer is under way or there is nothing to ask.
    pub(super) fn send(self, what: Ask) {
        let is_wrong = self.visitor.tuning.with_untracked(|tuning| tuning.temperature().is_err());
        let words = match what {
            Ask::New => Some(self.visitor.draft),
            Ask::Again => None,
            Ask::Edited(_) => Some(self.edited),
        };
        let is_blank = words.is_some_and(|words| words.with_untracked(|words| words.trim().is_empty()));
        if is_wrong {
            browser::open_details(".tuning");
            browser::focus("[name=temperature]");
        } else if !is_blank && !self.busy.get_untracked() {
            let text = words.map(|words| words.try_update(std::mem::take).unwrap_or_default()).unwrap_or_default();
            self.editing.set(None);
            spawn_local(self.ask(what, text));
        }
    }

    /// Asks once more what was refused.
    pub(super) fn send_again(self) {
        self.send(self.refused.get_value().unwrap_or(Ask::New));
    }

    /// Sends what was said and takes the answer as it comes.
    async fn ask(self, what: Ask, text: String) {
        let Ok(controller) = AbortController::new() else { return };
        let signal = controller.signal();
        let talk = self.visitor.talk;
        let before = talk.get_untracked();
        let id = talk.try_update(|talk| match what {
            Ask::New => Some(talk.ask(text.clone())),
            Ask::Again => talk.again(),
            Ask::Edited(id) => talk.edit(id, text.clone()),
        });
        let Some(id) = id.flatten() else { return };
        self.failure.try_set(None);
        self.opens_at.try_set(None);
        self.headers.try_set(Vec::new());
        self.stop.try_set(Some(controller));
        self.busy.try_set(true);
        let client = self.client();
        match self.answer(&client, id, &signal).await {
            Outcome::Ended(rest, progress) => drop(talk.try_update(|talk| {
                talk.grow(id, &rest);
                talk.end(id, progress);
            })),
            Outcome::Refused(failure) => {
                self.take_back(what, text, before);
                let now = browser::now().as_millisecond();
                let wait = failure.retry_after().and_then(|seconds| i64::try_from(seconds).ok());
                self.opens_at.try_set(wait.and_then(|wait| Timestamp::from_millisecond(now + 1000 * wait).ok()));
                self.failure.try_set(Some(ChatFailure::of(failure)));
            }
            Outcome::GivenUp => self.take_back(what, text, before),
        }
        self.waiting.try_set(None);
        self.busy.try_set(false);
        self.stop.try_set(None);
        self.learn(client).await;
    }

    /// Tries until there is an answer; a key that is being activated is waited for.
    async fn answer(self, client: &KeyClient, id: usize, signal: &AbortSignal) -> Outcome {
        let first = browser::now();
        loop {
            let failure = match self.try_once(client, signal).await {
                Ok(answer) => {
                    self.waiting.try_set(None);
                    return self.take(answer, id, signal).await;
                }
                Err(_) if signal.aborted() => return Outcome::Ended(String::new(), Progress::Stopped),
                Err(failure) => failure,
            };
            let then = match activation::next_try(first, browser::now(), failure.retry_after()) {
                Some(then) if failure.is_activating() => then,
                _ => return Outcome::Refused(failure),
            };
            if !self.wait(then, signal).await {
                return Outcome::GivenUp;
            }
        }
    }

    async fn try_once(self, client: &KeyClient, signal: &AbortSignal) -> Result<Answer, CallFailure> {
        // Who is quick must not be told that a model is missing.
        if !self.models_are_charged() || self.default_model().is_none() {
            self.learn_models(client.clone()).await?;
        }
        let model = self.model.try_get_untracked().flatten();
        client.chat(&self.request(model), signal, |headers| self.hear(headers)).await
    }

    /// The last request, or the one that what stands in the field would make.
    pub(super) fn request(self, model: Option<String>) -> ChatRequest {
        let said = self.visitor.talk.with_untracked(|talk| talk.messages());
        self.visitor.tuning.with_untracked(|tuning| tuning.request(said, model))
    }

    /// What is left is known as soon as an answer begins.
    fn hear(self, headers: Vec<Header>) {
        let left = headers.iter().find(|(name, _)| *name == REMAINING).and_then(|(_, left)| left.parse::<u64>().ok());
        self.status.try_update(|status| {
            if let (Some(KeyStatus { quota: QuotaStatus::Limited { limit, used, remaining, .. }, .. }), Some(left)) =
                (status, left)
            {
                (*remaining, *used) = (left, limit.saturating_sub(left));
            }
        });
        self.headers.try_set(headers);
    }

    /// Counts down to the next try; answers whether there is to be one.
    async fn wait(self, then: Timestamp, signal: &AbortSignal) -> bool {
        loop {
            if signal.aborted() {
                return false;
            }
            let left = activation::seconds_until(then, browser::now());
            let sentence = Some(activation::waiting(left));
            if self.waiting.try_with_untracked(|shown| *shown != sentence) == Some(true) {
                self.waiting.try_set(sentence);
            }
            if left == 0 {
                return true;
            }
            TimeoutFuture::new(HEED_MS).await;
        }
    }

    async fn take(self, answer: Answer, id: usize, signal: &AbortSignal) -> Outcome {
        let mut chunks = match answer {
            Answer::Whole(document) => {
                let (text, progress) = chat_stream::whole(&document);
                return Outcome::Ended(text, progress);
            }
            Answer::Stream(chunks) => chunks,
        };
        let mut stream = ChatStream::new();
        while let Ok(Some(bytes)) = chunks.next().await {
            let text = stream.push(&bytes);
            if !text.is_empty() {
                self.visitor.talk.try_update(|talk| talk.grow(id, &text));
            }
            if stream.is_over() {
                break;
            }
        }
        let (text, progress) = stream.end();
        let progress = if signal.aborted() && progress != Progress::Complete { Progress::Stopped } else { progress };
        Outcome::Ended(text, progress)
    }

    /// All is as it was, and the words come back to where they were written; what was typed meanwhile goes after them.
    fn take_back(self, what: Ask, text: String, before: Conversation) {
        self.visitor.talk.try_update(|talk| talk.go_back_to(before));
        self.refused.try_set_value(Some(what));
        match what {
            Ask::New => {
                self.visitor.draft.try_update(|draft| {
                    *draft = if draft.is_empty() { text } else { format!("{text}\n{draft}") };
                });
            }
            Ask::Again => {}
            Ask::Edited(id) => {
                self.edited.try_set(text);
                self.editing.try_set(Some(id));
            }
        }
    }

    /// Ends the answer under way, or the waiting for it.
    pub(super) fn stop(self) {
        self.stop.try_update_untracked(|stop| {
            if let Some(stop) = stop.take() {
                stop.abort();
            }
        });
    }
}
