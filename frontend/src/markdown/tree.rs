//! The few elements that an answer may be made of.
//!
//! What a model writes is a stranger's text: HTML in it stays text, a link leads to a web page or is none, and a picture
//! is a link, since loading it would tell somebody else what is read here.

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// Words, as they are.
    Text(String),
    /// An element of the page.
    Element(Element),
}

/// An element of the page, and what stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its name in HTML.
    pub(crate) name: &'static str,
    /// Its attributes; only `href` and `start` have values that the answer gives.
    pub(crate) attributes: Vec<(&'static str, String)>,
    /// What stands in it.
    pub(crate) children: Vec<Node>,
}

impl Element {
    /// One with this in it.
    pub(super) const fn new(name: &'static str, children: Vec<Node>) -> Self {
        Self { name, attributes: Vec::new(), children }
    }

    /// The same with an attribute.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }
}

impl From<Element> for Node {
    fn from(element: Element) -> Self {
        Self::Element(element)
    }
}

/// Adds words to the ones before.
pub(super) fn say(nodes: &mut Vec<Node>, text: &str) {
    match nodes.last_mut() {
        Some(Node::Text(before)) => before.push_str(text),
        _ => nodes.push(Node::Text(text.to_owned())),
    }
}

/// A block of code, headed by its language and a button that copies it.
pub(super) fn code_block(language: &str, code: String) -> Element {
    let text = |text: &str| vec![Node::Text(text.to_owned())];
    let button = Element::new("button", text("Copy")).with("type", "button").with("class", "copy-code");
    let head = vec![Element::new("span", text(language)).into(), button.into()];
    let head = Element::new("div", head).with("class", "code-head");
    let block = vec![head.into(), Element::new("pre", vec![Node::Text(code)]).into()];
    Element::new("div", block).with("class", "code")
}

/// A link to a web page, which learns nothing of this one; or, of any other address, the words alone.
pub(super) fn link(address: &str, words: Vec<Node>) -> Element {
    let scheme = address.split_once("://").map_or("", |(scheme, _)| scheme);
    if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") {
        let to = Element::new("a", words).with("href", address);
        to.with("target", "_blank").with("rel", "noopener nofollow noreferrer")
    } else {
        Element::new("span", words)
    }
}
