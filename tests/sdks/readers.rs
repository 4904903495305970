//! How clients that aren't installed here read a stream: the rule of each, for a whole stream at once.

use serde_json::Value;

/// A client, by its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// OpenAI's SDK for Go before 3.43 (`packages/ssestream`): every blank line hands on an event, and one without data
    /// is no JSON, which ends the stream. Debian's Go is too old for the SDK itself.
    OpenAiGo,
    /// The same SDK since 3.43: a blank line after no data hands on nothing.
    OpenAiGoSince343,
    /// Cuts at blank lines, then looks at every line of a piece; what most hand-written clients do that cut at all.
    Pieces,
    /// Cuts at blank lines, then looks at how a piece begins, as Dify (its provider for servers compatible with OpenAI)
    /// and Google's js-genai do. Whatever else stands before the data makes it unreadable to them.
    PiecesByTheirBeginning,
}

impl Reader {
    /// The text of a chat that it reads up to `[DONE]`, or what it fails with.
    pub fn text(self, stream: &str) -> Result<String, String> {
        let mut text = String::new();
        for data in self.events(stream) {
            if data.starts_with("[DONE]") {
                return Ok(text);
            }
            let chunk: Value = serde_json::from_str(&data).map_err(|e| format!("{e}: {data:?} after {text:?}"))?;
            text.push_str(chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
        }
        Err(format!("no [DONE] after {text:?}"))
    }

    fn events(self, stream: &str) -> Vec<String> {
        let data_of = |line: &str| line.strip_prefix("data:").map(|data| data.trim().to_owned());
        match self {
            Self::OpenAiGo | Self::OpenAiGoSince343 => {
                let (mut events, mut data) = (Vec::new(), String::new());
                for line in stream.lines() {
                    if !line.is_empty() {
                        data.extend(data_of(line).map(|more| more + "\n"));
                    } else if !data.is_empty() || self == Self::OpenAiGo {
                        events.push(std::mem::take(&mut data));
                    }
                }
                events
            }
            Self::Pieces => stream.split("\n\n").flat_map(str::lines).filter_map(data_of).collect(),
            Self::PiecesByTheirBeginning => stream
                .split("\n\n")
                .map(str::trim)
                .filter(|piece| !piece.starts_with(':'))
                .filter_map(data_of)
                .collect(),
        }
    }
}
