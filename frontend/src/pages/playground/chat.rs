//! The chat at work: asks the key about itself, sends what was said, and takes the answer as it comes.

use api_types::{About, KeyStatus, UpstreamInfo};
use leptos::{prelude::*, task::spawn_local};
use web_sys::AbortController;

use crate::{
    api::{Answer, KeyClient, Refusal},
    chat_failure::ChatFailure,
    chat_stream::{self, ChatStream},
    conversation::Progress,
    load::Loader,
    visitor::Visitor,
};

/// What is at work in the chat.
#[derive(Clone, Copy)]
pub(super) struct Chat {
    /// Whose chat it is; holds the conversation.
    pub(super) visitor: Visitor,
    /// What the key tells about itself.
    pub(super) status: RwSignal<Option<KeyStatus>>,
    /// Why the key doesn't work, or why the last request was refused.
    pub(super) failure: RwSignal<Option<ChatFailure>>,
    /// What answers here, and which model it takes by default.
    about: Loader<About>,
    /// Whether the list of models came, or failed to.
    models_asked: RwSignal<bool>,
    /// The models on offer.
    pub(super) models: RwSignal<Vec<String>>,
    /// The one to be asked; none leaves it to the server.
    pub(super) model: RwSignal<Option<String>>,
    /// What is being typed.
    pub(super) draft: RwSignal<String>,
    /// Whether an answer is under way.
    pub(super) busy: RwSignal<bool>,
    /// Ends the answer under way.
    stop: RwSignal<Option<AbortController>, LocalStorage>,
}

impl Chat {
    /// A chat that goes on with the visitor's conversation.
    pub(super) fn new(visitor: Visitor, about: Loader<About>) -> Self {
        Self {
            visitor,
            about,
            models_asked: RwSignal::new(false),
            status: RwSignal::new(None),
            failure: RwSignal::new(None),
            models: RwSignal::new(Vec::new()),
            model: RwSignal::new(None),
            draft: RwSignal::new(String::new()),
            busy: RwSignal::new(false),
            stop: RwSignal::new_local(None),
        }
    }

    /// Asks the key about itself and for its models.
    pub(super) fn greet(self, key: String) {
        spawn_local(async move {
            let client = KeyClient::new(key);
            self.learn(&client).await;
            self.learn_models(&client).await;
        });
    }

    /// Asks which models there are, once. A list that doesn't come is no trouble: the server's default model answers.
    async fn learn_models(self, client: &KeyClient) {
        if self.models_asked.try_get_untracked() != Some(false) {
            return;
        }
        let models = client.models().await.unwrap_or_default();
        let default = self.about.with_untracked(|about| match &about.upstream {
            UpstreamInfo::Demo { model } => Some(model.clone()),
            UpstreamInfo::Configured { default_model } => default_model.clone(),
        });
        let first = default.flatten().filter(|model| models.contains(model)).or_else(|| models.first().cloned());
        self.model.try_update(|model| *model = model.take().or(first));
        self.models.try_set(models);
        self.models_asked.try_set(true);
    }

    /// Asks the key what is left.
    async fn learn(self, client: &KeyClient) {
        match client.status().await {
            Ok(status) => drop(self.status.try_set(Some(status))),
            // What was known stays; only a key that doesn't work is worth a word before anything was sent.
            Err(refusal @ Refusal::Refused { status: 401, .. }) => {
                drop(self.failure.try_set(Some(ChatFailure::of(refusal))))
            }
            Err(_) => {}
        }
    }

    /// Sends what was said and takes the answer as it comes.
    pub(super) async fn ask(self, key: String, text: String) {
        let Ok(controller) = AbortController::new() else { return };
        let signal = controller.signal();
        let talk = self.visitor.talk;
        let (Some(id), Some(messages)) =
            (talk.try_update(|talk| talk.ask(text)), talk.try_with_untracked(|talk| talk.messages()))
        else {
            return;
        };
        self.failure.try_set(None);
        self.stop.try_set(Some(controller));
        self.busy.try_set(true);
        let client = KeyClient::new(key);
        // Who is quick must not be told that a model is missing.
        self.learn_models(&client).await;
        let model = self.model.try_get_untracked().flatten();
        match client.chat(messages, model, &signal).await {
            Ok(Answer::Whole(document)) => {
                let (text, progress) = chat_stream::whole(&document);
                self.finish(id, &text, progress);
            }
            Ok(Answer::Stream(mut chunks)) => {
                let mut stream = ChatStream::new();
                while let Ok(Some(bytes)) = chunks.next().await {
                    let text = stream.push(&bytes);
                    if !text.is_empty() {
                        talk.try_update(|talk| talk.grow(id, &text));
                    }
                    if stream.is_over() {
                        break;
                    }
                }
                let (text, progress) = stream.end();
                let progress =
                    if signal.aborted() && progress != Progress::Complete { Progress::Stopped } else { progress };
                self.finish(id, &text, progress);
            }
            Err(_) if signal.aborted() => self.finish(id, "", Progress::Stopped),
            Err(refusal) => {
                let asked = talk.try_update(|talk| talk.take_back(id)).flatten();
                // The words come back, to be sent again; what was typed meanwhile goes before them.
                self.draft.try_update(|draft| {
                    if let Some(asked) = asked {
                        *draft = if draft.is_empty() { asked } else { format!("{asked}\n{draft}") };
                    }
                });
                self.failure.try_set(Some(ChatFailure::of(refusal)));
            }
        }
        self.busy.try_set(false);
        self.stop.try_set(None);
        self.learn(&client).await;
    }

    fn finish(self, id: usize, rest: &str, progress: Progress) {
        self.visitor.talk.try_update(|talk| {
            talk.grow(id, rest);
            talk.end(id, progress);
        });
    }

    /// Ends the answer under way.
    pub(super) fn stop(self) {
        self.stop.try_update_untracked(|stop| {
            if let Some(stop) = stop.take() {
                stop.abort();
            }
        });
    }
}
