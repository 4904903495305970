//! `/docs`: the reference, in which calls can be tried, and a chapter for each kind of reader.
//!
//! All links are relative, since a proxy in front may serve us under any path; addresses to copy are the reader's own.

mod error_list;
mod escape;

use actix_web::{
    HttpRequest, HttpResponse,
    dev::HttpServiceFactory,
    guard,
    http::header,
    web::{self, Data},
};
use api_types::UpstreamInfo;
use utoipa_swagger_ui::{Config, SwaggerUi};

pub use escape::escaped;

use crate::{brand::Brand, page::docs_headers, state::State};

/// A page beside the reference.
struct Chapter {
    path: &'static str,
    title: &'static str,
    html: &'static str,
}

const CHAPTERS: [Chapter; 5] = [
    Chapter { path: "quick-start", title: "Quick start", html: include_str!("quick_start.html") },
    Chapter { path: "portal", title: "Portal API", html: include_str!("portal.html") },
    Chapter { path: "data-plane", title: "Data plane", html: include_str!("data_plane.html") },
    Chapter { path: "limits", title: "Limits", html: include_str!("limits.html") },
    Chapter { path: "errors", title: "Errors", html: include_str!("errors.html") },
];
const FRAME: &str = include_str!("frame.html");
const REFERENCE: &str = include_str!("reference.html");
const STYLE: &str = include_str!("style.css");
const ICON: &str = include_str!("../../../../frontend/favicon.svg");

/// What lies below `/docs`.
pub fn scope() -> impl HttpServiceFactory {
    let mut scope = web::scope("/docs")
        .route("/", web::get().to(async |state: Data<State>| html(framed("Reference", REFERENCE, &state.brand))))
        .route("/style.css", web::get().to(|| async { HttpResponse::Ok().content_type("text/css").body(STYLE) }))
        .route("/favicon.svg", web::get().to(|| async { HttpResponse::Ok().content_type("image/svg+xml").body(ICON) }));
    for chapter in &CHAPTERS {
        let told = async move |request: HttpRequest, state: Data<State>| html(told(chapter, &request, &state));
        scope = scope.route(&format!("/{}", chapter.path), web::get().to(told));
    }
    let config = Config::from("../openapi.json").display_operation_id(true).validator_url("none");
    let config = config.persist_authorization(true).try_it_out_enabled(true).doc_expansion("list");
    scope.service(SwaggerUi::new("/{_:.*}").config(config)).guard(guard::Get()).wrap(docs_headers())
}

fn html(text: String) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(text)
}

/// A page with the product's head, as it is called and looks here.
fn framed(title: &str, content: &str, brand: &Brand) -> String {
    let links: String =
        CHAPTERS.iter().map(|Chapter { path, title, .. }| format!("<a href=\"{path}\">{title}</a>\n")).collect();
    let logo = brand.shown().logo.as_ref().map_or_else(|| "favicon.svg".to_owned(), |logo| format!("../{logo}"));
    let frame = brand.mark(FRAME, "../").replace("{{logo}}", &escaped(&logo));
    frame.replace("{{title}}", title).replace("{{links}}", &links).replace("{{content}}", content)
}

fn told(chapter: &Chapter, request: &HttpRequest, state: &State) -> String {
    let errors = if chapter.path == "errors" { error_list::html() } else { String::new() };
    framed(chapter.title, chapter.html, &state.brand)
        .replace("{{errors}}", &errors)
        .replace("{{base}}", &escaped(&base_url(request, state)))
        .replace("{{model}}", &escaped(model(&state.upstream)))
}

/// Where the reader reached us.
fn base_url(request: &HttpRequest, state: &State) -> String {
    if let Some(public) = &state.config.server.public_url {
        return format!("{}{}", public.origin, public.path.join(""));
    }
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let is_plain = |host: &&str| host.bytes().all(|c| c.is_ascii_alphanumeric() || b".:-[]".contains(&c));
    format!("{}://{}", state.config.scheme(), host.filter(is_plain).unwrap_or("127.0.0.1:8000"))
}

fn model(upstream: &UpstreamInfo) -> &str {
    match upstream {
        UpstreamInfo::Demo { model } => model,
        UpstreamInfo::Configured { default_model } => default_model.as_deref().unwrap_or("one-of-GET-/v1/models"),
    }
}
