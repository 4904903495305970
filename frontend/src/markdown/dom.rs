//! Keeps an element of the page like a tree that grows.
//!
//! Only what changed is touched: an answer of some thousand words costs no more per word than a short one, what somebody
//! marked stays marked, and nothing flickers.

use web_sys::{Document, Element as Place, Node as PageNode};

use super::tree::{Element, Node};
use crate::browser;

/// What an element shows at present.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    nodes: Vec<Node>,
}

impl Shown {
    /// Shows this in the element that showed what was given before.
    pub(crate) fn become_like(&mut self, place: &Place, nodes: Vec<Node>) {
        if self.nodes.is_empty() {
            // Views leave a remark where nothing stands.
            place.set_text_content(None);
        }
        if let Some(document) = browser::document() {
            update_all(&document, place, &self.nodes, &nodes);
        }
        self.nodes = nodes;
    }
}

fn update_all(document: &Document, place: &Place, old: &[Node], new: &[Node]) {
    // From the end on, so that the places before stay what they were.
    for _ in new.len()..old.len() {
        if let Some(last) = place.last_child() {
            drop(place.remove_child(&last));
        }
    }
    for (at, node) in new.iter().enumerate() {
        match old.get(at) {
            Some(same) if same == node => {}
            Some(before) => {
                let Some(found) = u32::try_from(at).ok().and_then(|at| place.child_nodes().item(at)) else { return };
                if !update(document, &found, before, node)
                    && let Some(made) = make(document, node)
                {
                    drop(place.replace_child(&made, &found));
                }
            }
            None => {
                if let Some(made) = make(document, node) {
                    drop(place.append_child(&made));
                }
            }
        }
    }
}

/// Changes what is there; `false` where it has to be made anew.
fn update(document: &Document, found: &PageNode, old: &Node, new: &Node) -> bool {
    use wasm_bindgen::JsCast as _;
    match (old, new) {
        (Node::Text(before), Node::Text(after)) => {
            match (after.strip_prefix(before.as_str()), found.dyn_ref::<web_sys::CharacterData>()) {
                // Marked words stay marked.
                (Some(more), Some(text)) => drop(text.append_data(more)),
                _ => found.set_node_value(Some(after)),
            }
            true
        }
        (Node::Element(before), Node::Element(after)) if is_alike(before, after) => {
            if let Some(place) = found.dyn_ref::<Place>() {
                update_all(document, place, &before.children, &after.children);
            }
            true
        }
        _ => false,
    }
}

fn is_alike(before: &Element, after: &Element) -> bool {
    before.name == after.name && before.attributes == after.attributes
}

fn make(document: &Document, node: &Node) -> Option<PageNode> {
    match node {
        Node::Text(text) => Some(document.create_text_node(text).into()),
        Node::Element(Element { name, attributes, children }) => {
            let element = document.create_element(name).ok()?;
            for (name, value) in attributes {
                drop(element.set_attribute(name, value));
            }
            update_all(document, &element, &[], children);
            Some(element.into())
        }
    }
}
