//! A model's answer, which is written in Markdown, as it is shown.
//!
//! `blocks` and `inline` read it into what may stand in the page and nothing else (`tree`); `dom` keeps the page's elements
//! like the latest tree, touching only what has changed. Models keep to a few of Markdown's forms: what they don't write
//! (HTML, footnotes, links by reference) stays text here, and a reader of the whole of CommonMark would be a quarter of
//! the page.

mod blocks;
mod dom;
mod inline;
mod tree;

pub(crate) use self::{blocks::read, dom::Shown};
