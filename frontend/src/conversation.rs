//! The conversation of the playground: its turns, and what is sent with the next one.

use serde::Serialize;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// The reader.
    Person,
    /// The model.
    Model,
}

/// How a turn of the model ended, or that it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing came yet, or more is to come.
    Streaming,
    /// It is all there.
    Complete,
    /// The model's own limit of length cut it.
    CutByLength,
    /// The reader pressed Stop.
    Stopped,
    /// It broke off; the sentence says how.
    Interrupted(String),
}

/// What the data plane gets of a turn. A type of its own: the writing of any JSON value would cost the page 2 KB.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Message {
    role: &'static str,
    content: String,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Stays the same while the text grows.
    pub(crate) id: usize,
    /// Who.
    pub(crate) speaker: Speaker,
    /// What, so far.
    pub(crate) text: String,
    /// How far.
    pub(crate) progress: Progress,
}

/// All turns, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conversation {
    turns: Vec<Turn>,
    next_id: usize,
}

impl Conversation {
    /// The turns.
    pub(crate) fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// The turn with this id, while it is there.
    pub(crate) fn turn(&self, id: usize) -> Option<&Turn> {
        self.turns.iter().find(|turn| turn.id == id)
    }

    /// Adds what the reader said, and the model's turn that will answer it. Answers the latter's id.
    pub(crate) fn ask(&mut self, text: String) -> usize {
        self.push(Speaker::Person, text, Progress::Complete);
        self.push(Speaker::Model, String::new(), Progress::Streaming)
    }

    /// The model said more.
    pub(crate) fn grow(&mut self, id: usize, more: &str) {
        if let Some(turn) = self.turns.iter_mut().find(|turn| turn.id == id) {
            turn.text.push_str(more);
        }
    }

    /// The model's turn ended.
    pub(crate) fn end(&mut self, id: usize, progress: Progress) {
        if let Some(turn) = self.turns.iter_mut().find(|turn| turn.id == id) {
            turn.progress = progress;
        }
    }

    /// The request was refused before anything came: both turns go, and the reader's words come back to be sent again.
    pub(crate) fn take_back(&mut self, id: usize) -> Option<String> {
        let at = self.turns.iter().position(|turn| turn.id == id)?;
        self.turns.remove(at);
        let asked = at.checked_sub(1)?;
        (self.turns.get(asked)?.speaker == Speaker::Person).then(|| self.turns.remove(asked).text)
    }

    /// The `messages` of the next request: all that was said, without turns that stayed empty.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.turns
            .iter()
            .filter(|turn| !turn.text.is_empty())
            .map(|turn| {
                let role = match turn.speaker {
                    Speaker::Person => "user",
                    Speaker::Model => "assistant",
                };
                Message { role, content: turn.text.clone() }
            })
            .collect()
    }

    fn push(&mut self, speaker: Speaker, text: String, progress: Progress) -> usize {
        let id = self.next_id;
        self.next_id += 1;
        self.turns.push(Turn { id, speaker, text, progress });
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_request_carries_all_that_was_said() {
        let mut talk = Conversation::default();
        let first = talk.ask("Hello".to_owned());
        talk.grow(first, "Hi ");
        talk.grow(first, "there");
        talk.end(first, Progress::Complete);
        talk.ask("And now?".to_owned());
        assert_eq!(
            serde_json::to_value(talk.messages()).unwrap(),
            serde_json::json!([
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": "Hi there"},
                {"role": "user", "content": "And now?"},
            ])
        );
    }

    #[test]
    fn a_refused_question_comes_back_and_leaves_nothing() {
        let mut talk = Conversation::default();
        let id = talk.ask("Hello".to_owned());
        assert_eq!(talk.take_back(id).as_deref(), Some("Hello"));
        assert!(talk.turns().is_empty());
        assert_eq!(talk.take_back(id), None);
    }

    #[test]
    fn ids_are_never_used_again() {
        let mut talk = Conversation::default();
        let first = talk.ask("a".to_owned());
        talk.take_back(first);
        assert_ne!(talk.ask("b".to_owned()), first);
    }
}
