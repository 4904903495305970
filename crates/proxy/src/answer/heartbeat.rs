//! What fills the silence of a stream: a comment, in the form that whoever reads it can bear.
//!
//! To the standard (HTML, 9.2.6) a comment means nothing wherever it stands. Two kinds of clients know better, and no
//! form suits both of them:
//! - Some hand on an event at a blank line although no data came, and fail on reading nothing as JSON: OpenAI's SDK for
//!   Go before 3.43 at every such line, its SDK for Python (and httpx-sse) once any event had an `id`. After the comment
//!   there must be no blank line.
//! - Some cut the stream at blank lines and judge a piece by its beginning: Dify, Google's js-genai, much that is written
//!   by hand. A comment right before an event costs them that event. After the comment there must be a blank line.
//!
//! So it has its blank line, as in OpenRouter's streams, except:
//! - to OpenAI's SDKs and all others of the same make, which say so in a header, and none of which cuts;
//! - once an event of the upstream had more than data, which the cutting ones can't read anyway.

use http::header::HeaderName;

/// A comment and the blank line that makes a piece of its own of it.
const APART: &[u8] = b": heartbeat\n\n";
/// A comment that belongs to what comes next.
const BARE: &[u8] = b": heartbeat\n";
/// The SDKs that Stainless generates, OpenAI's and Anthropic's among them, send it with every request.
const OF_AN_SDK: HeaderName = HeaderName::from_static("x-stainless-lang");

/// The form of a stream's heartbeats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Heartbeat {
    /// With a blank line.
    #[default]
    Apart,
    /// Without one.
    Bare,
}

impl Heartbeat {
    /// The form for whoever sends these headers.
    pub(crate) fn for_caller<'a>(headers: impl IntoIterator<Item = &'a HeaderName>) -> Self {
        if headers.into_iter().any(|name| *name == OF_AN_SDK) { Self::Bare } else { Self::Apart }
    }

    /// What is sent, as long as the stream's events are `plain`: had data and nothing else.
    pub(crate) fn bytes(self, plain: bool) -> &'static [u8] {
        if self == Self::Apart && plain { APART } else { BARE }
    }
}
