//! The chapter's list of errors, made of the same tables as the answers and the OpenAPI document.

use std::fmt::Write as _;

use api_types::ProblemCode;
use serde::Serialize;

use super::escape::escaped;
use crate::{
    openai_error::KINDS,
    openapi::{errors, problems},
    problem_kinds,
};

/// Both lists, each error with an anchor of its own: a problem's `type` leads to it.
pub fn html() -> String {
    let mut html = String::from("<h2 id=\"problems\">Portal API</h2>\n");
    for code in ProblemCode::ALL.iter().copied() {
        let (name, kind) = (problem_kinds::name(code), problem_kinds::of(code));
        let heading = format!("{} {name}", code.status());
        entry(&mut html, &name, &heading, [kind.title, kind.when, kind.to_do], &problems::shown(code));
    }
    html.push_str("<h2 id=\"v1\">Data plane</h2>\n");
    for kind in KINDS {
        let name = errors::example_name(kind);
        let heading = format!("{} {} ({})", kind.status, kind.code, kind.class);
        entry(&mut html, &format!("v1-{name}"), &heading, ["", kind.when, kind.to_do], &errors::shown(kind));
    }
    html
}

fn entry(html: &mut String, anchor: &str, heading: &str, [title, when, to_do]: [&str; 3], body: &impl Serialize) {
    let body = serde_json::to_string_pretty(body).unwrap_or_default();
    let title = if title.is_empty() { String::new() } else { format!("<strong>{}.</strong> ", escaped(title)) };
    // Writing to a String can't fail.
    let _ = writeln!(
        html,
        "<section id=\"{anchor}\"><h3>{}</h3><p>{title}{}</p><p>{}</p><details><summary>Body</summary><pre>{}</pre></details></section>",
        escaped(heading),
        escaped(when),
        escaped(to_do),
        escaped(&body),
    );
}
