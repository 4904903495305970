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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Message {
    /// `system`, `user` or `assistant`.
    pub(crate) role: &'static str,
    /// What was said.
    pub(crate) content: String,
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

    /// Leaves out the last answer for another one. Answers the new turn's id; `None` where there is none to be left out.
    pub(crate) fn again(&mut self) -> Option<usize> {
        self.turns.pop_if(|turn| turn.speaker == Speaker::Model)?;
        Some(self.push(Speaker::Model, String::new(), Progress::Streaming))
    }

    /// Puts other words in the place of what the reader said there, and leaves out all that followed. Answers the id of the
    /// turn that will answer; `None` where the reader said nothing there.
    pub(crate) fn edit(&mut self, id: usize, text: String) -> Option<usize> {
        let at = self.turns.iter().position(|turn| turn.id == id && turn.speaker == Speaker::Person)?;
        self.turns.truncate(at);
        Some(self.ask(text))
    }

    /// A request was refused before anything came: all is as it was before it.
    pub(crate) fn go_back_to(&mut self, before: Self) {
        self.turns = before.turns;
    }

    /// The `messages` of the last request: all that was said up to the last question, without turns that stayed empty.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let end = self.turns.iter().rposition(|turn| turn.speaker == Speaker::Person).map_or(0, |at| at + 1);
        self.turns[..end]
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
    fn another_answer_takes_the_place_of_the_last_and_other_words_of_all_that_followed() {
        let mut talk = Conversation::default();
        assert_eq!(talk.again(), None);
        let first = talk.ask("a".to_owned());
        talk.grow(first, "1");
        let second = talk.ask("b".to_owned());
        talk.grow(second, "2");
        let again = talk.again().unwrap();
        assert_eq!(talk.turns().iter().map(|turn| turn.text.as_str()).collect::<Vec<_>>(), ["a", "1", "b", ""]);
        assert_eq!(talk.messages().len(), 3);
        assert_eq!(talk.edit(again, "c".to_owned()), None, "the model's words aren't the reader's");
        talk.edit(talk.turns()[0].id, "c".to_owned()).unwrap();
        assert_eq!(talk.turns().iter().map(|turn| turn.text.as_str()).collect::<Vec<_>>(), ["c", ""]);
    }

    #[test]
    fn a_refused_request_leaves_all_as_it_was_and_ids_are_never_used_again() {
        let mut talk = Conversation::default();
        talk.ask("a".to_owned());
        let before = talk.clone();
        let refused = talk.ask("b".to_owned());
        talk.go_back_to(before.clone());
        assert_eq!(talk.turns(), before.turns());
        assert_ne!(talk.ask("c".to_owned()), refused);
    }
}
