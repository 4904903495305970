//! The chat at work: asks the key about itself, sends what was said, and takes the answer as it comes.

use api_types::{About, KeyState, KeyStatus, Survival, Timestamp, UpstreamInfo};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use web_sys::{AbortController, AbortSignal};

use crate::{
    activation,
    api::{Answer, KeyClient, LocalFuture, Refusal},
    browser,
    chat_failure::ChatFailure,
    chat_stream::{self, ChatStream},
    conversation::Progress,
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
}

/// How a request came out.
enum Outcome {
    /// The model's turn ended so; the text is the rest of it.
    Ended(String, Progress),
    /// Refused before anything came.
    Refused(Refusal),
    /// The reader pressed Stop before it was sent again.
    GivenUp,
}

impl Chat {
    /// A chat that goes on with the visitor's conversation.
    pub(super) fn new(visitor: Visitor, about: Loader<About>) -> Self {
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
        }
    }

    /// Asks the key about itself and, where that costs nothing, for its models.
    pub(super) fn greet(self, key: String) {
        spawn_local(async move {
            let client = KeyClient::new(key);
            self.learn(client.clone()).await;
            if !self.models_are_charged() || self.visitor.models.with_untracked(Option::is_some) {
                drop(self.learn_models(client).await);
            }
        });
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
    pub(super) fn learn_models(self, client: KeyClient) -> LocalFuture<Result<(), Refusal>> {
        Box::pin(async move {
            let known = self.visitor.models.get_untracked();
            let models = match known {
                Some(models) => models,
                None if self.models_asked.try_get_untracked() != Some(false) => return Ok(()),
                None => match client.models().await {
                    Ok(models) => models,
                    Err(refusal) => {
                        self.models_asked.try_set(!refusal.is_activating());
                        return if refusal.is_activating() { Err(refusal) } else { Ok(()) };
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
                Err(refusal @ Refusal::Refused { status: 401, .. }) => {
                    self.status.try_set(None);
                    self.failure.try_set(Some(ChatFailure::of(refusal)));
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

    /// Sends what was said and takes the answer as it comes.
    pub(super) async fn ask(self, key: String, text: String) {
        let Ok(controller) = AbortController::new() else { return };
        let signal = controller.signal();
        let talk = self.visitor.talk;
        let Some(id) = talk.try_update(|talk| talk.ask(text)) else { return };
        self.failure.try_set(None);
        self.stop.try_set(Some(controller));
        self.busy.try_set(true);
        let client = KeyClient::new(key);
        match self.answer(&client, id, &signal).await {
            Outcome::Ended(rest, progress) => drop(talk.try_update(|talk| {
                talk.grow(id, &rest);
                talk.end(id, progress);
            })),
            Outcome::Refused(refusal) => {
                self.take_back(id);
                self.failure.try_set(Some(ChatFailure::of(refusal)));
            }
            Outcome::GivenUp => self.take_back(id),
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
            let refusal = match self.try_once(client, signal).await {
                Ok(answer) => {
                    self.waiting.try_set(None);
                    return self.take(answer, id, signal).await;
                }
                Err(_) if signal.aborted() => return Outcome::Ended(String::new(), Progress::Stopped),
                Err(refusal) => refusal,
            };
            let then = match activation::next_try(first, browser::now(), refusal.retry_after()) {
                Some(then) if refusal.is_activating() => then,
                _ => return Outcome::Refused(refusal),
            };
            if !self.wait(then, signal).await {
                return Outcome::GivenUp;
            }
        }
    }

    async fn try_once(self, client: &KeyClient, signal: &AbortSignal) -> Result<Answer, Refusal> {
        // Who is quick must not be told that a model is missing.
        if !self.models_are_charged() || self.default_model().is_none() {
            self.learn_models(client.clone()).await?;
        }
        let messages = self.visitor.talk.with_untracked(|talk| talk.messages());
        client.chat(messages, self.model.try_get_untracked().flatten(), signal).await
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

    /// The words come back, to be sent again; what was typed meanwhile goes after them.
    fn take_back(self, id: usize) {
        let asked = self.visitor.talk.try_update(|talk| talk.take_back(id)).flatten();
        self.visitor.draft.try_update(|draft| {
            if let Some(asked) = asked {
                *draft = if draft.is_empty() { asked } else { format!("{asked}\n{draft}") };
            }
        });
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
