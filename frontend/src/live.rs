//! The parts of a view that follow data, each kind as one type.
//!
//! Leptos compiles the code that keeps a part up to date once for every type of closure and of result; with the same
//! boxed types everywhere the page is some tenths smaller.

use leptos::prelude::*;

/// What is drawn anew when what it reads changes.
pub(crate) fn live(draw: impl Fn() -> AnyView + Send + 'static) -> AnyView {
    let draw: Box<dyn FnMut() -> AnyView + Send> = Box::new(draw);
    draw.into_any()
}

/// A text that follows what it reads.
pub(crate) fn text(tell: impl Fn() -> String + Send + 'static) -> AnyView {
    let tell: Box<dyn FnMut() -> String + Send> = Box::new(tell);
    tell.into_any()
}

/// The value of an attribute.
pub(crate) type Value = Box<dyn FnMut() -> Option<String> + Send>;

/// An attribute's value that follows what it reads; the attribute is absent where there is none.
pub(crate) fn attribute(tell: impl Fn() -> Option<String> + Send + 'static) -> Value {
    Box::new(tell)
}

/// A `true` or absent attribute, as most of ARIA's states are.
pub(crate) fn flag(tell: impl Fn() -> bool + Send + 'static) -> Value {
    attribute(move || tell().then(|| "true".to_owned()))
}

/// A view, or nothing.
pub(crate) fn maybe<T>(data: Option<T>, draw: impl FnOnce(T) -> AnyView) -> AnyView {
    data.map_or_else(|| ().into_any(), draw)
}
