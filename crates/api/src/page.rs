//! The page's files: from inside the binary, or from a folder during development.

use std::{
    borrow::Cow,
    fs,
    path::{Path, PathBuf},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, AcceptEncoding, Encoding, EntityTag, Header as _, HeaderValue},
    middleware::DefaultHeaders,
};
use api_types::PageData;
use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

use crate::{base_path::BasePath, brand::Brand, etag};

const INDEX: &str = "index.html";

/// The cookie in which the page keeps the colours that somebody chose, and what it may say.
const THEME: &str = "tollgate_theme";
const THEMES: [&str; 2] = ["light", "dark"];

/// How the document's root begins.
const ROOT: &str = "<html lang=\"en\"";

/// Where the page's data goes in its document. A browser runs nothing of this type, so the policy needn't allow it.
const NO_DATA: &str = "<script id=\"page-data\" type=\"application/json\">{}</script>";

#[cfg(feature = "embed-page")]
#[derive(rust_embed::RustEmbed)]
#[folder = "../../target/page"]
struct Embedded;

/// Where the page's files lie.
#[derive(Debug, Clone)]
pub enum PageFiles {
    /// Inside the binary.
    #[cfg(feature = "embed-page")]
    Embedded,
    /// In a folder, read at each request.
    Folder(PathBuf),
    /// Nowhere: the binary was built without the page and no folder is configured.
    Nowhere,
}

impl PageFiles {
    /// The configured folder, else those inside the binary.
    #[must_use]
    pub fn new(folder: Option<&Path>) -> Self {
        match folder {
            Some(folder) => Self::Folder(folder.to_owned()),
            #[cfg(feature = "embed-page")]
            None => Self::Embedded,
            #[cfg(not(feature = "embed-page"))]
            None => Self::Nowhere,
        }
    }

    /// The answer to a GET: the file of this path, or the page itself for a browser's navigation, with the data that
    /// `data` gives. `None` is neither.
    pub async fn answer(
        &self,
        request: &HttpRequest,
        base: &BasePath,
        brand: &Brand,
        data: impl AsyncFnOnce() -> PageData,
    ) -> Option<HttpResponse> {
        let name = request.path().trim_start_matches('/');
        if let Some(file) = brand.file(name) {
            return Some(file_answer(request, name, Cow::Owned(file.to_owned()), None));
        }
        if !name.is_empty() && name != INDEX && is_file_name(name) {
            let (file, coding) = self.best(name, request)?;
            return Some(file_answer(request, name, file, coding));
        }
        let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // Who names no type at the front door (curl, uptime monitors) gets the page as well.
        let takes_page =
            accept.contains("text/html") || (name.is_empty() && (accept.is_empty() || accept.contains("*/*")));
        if takes_page { Some(self.index(request, base, brand, &data().await)) } else { None }
    }

    /// Whether there is a file at this path, the page itself among them.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        let name = path.trim_start_matches('/');
        let name = if name.is_empty() { INDEX } else { name };
        is_file_name(name) && self.read(name).is_some()
    }

    /// Filled at each request: what data and colours are in it is the caller's, and where it lies in a folder it may have
    /// changed. The rest, which is the same for all, is a hash of one short script and two places in three kilobytes: less
    /// than finding out who is signed in, so that nothing of it is kept.
    fn index(&self, request: &HttpRequest, base: &BasePath, brand: &Brand, data: &PageData) -> HttpResponse {
        let Some(plain) = self.read(INDEX) else {
            let text = "The page isn't built. Run `cargo xtask run`, or use the API: /docs.\n";
            return HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body(text);
        };
        let policy = content_security_policy(&plain);
        // The coded twins know of no base and bring no data.
        let theme = request.cookie(THEME).and_then(|cookie| THEMES.into_iter().find(|theme| *theme == cookie.value()));
        let (file, coding) = match filled(&plain, base, brand, data, theme) {
            Some(changed) => (Cow::Owned(changed), None),
            None => self.best(INDEX, request).unwrap_or((plain, None)),
        };
        let mut answer = file_answer(request, INDEX, file, coding);
        if data.me.is_some() {
            answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        }
        if let Ok(policy) = HeaderValue::try_from(policy) {
            answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        answer
    }

    /// The file in the smallest coding that the caller takes.
    fn best(&self, name: &str, request: &HttpRequest) -> Option<(Cow<'static, [u8]>, Option<Encoding>)> {
        let accepted = AcceptEncoding::parse(request).ok();
        // One by one: asked for all at once, it takes what the caller names first.
        let takes = |coding: &Encoding| {
            let taken = accepted.as_ref().and_then(|accepted| accepted.negotiate([coding].into_iter()));
            taken.as_ref() == Some(coding)
        };
        for (coding, ending) in [(Encoding::brotli(), ".br"), (Encoding::gzip(), ".gz")] {
            if takes(&coding)
                && let Some(file) = self.read(&format!("{name}{ending}"))
            {
                return Some((file, Some(coding)));
            }
        }
        self.read(name).map(|file| (file, None))
    }

    fn read(&self, name: &str) -> Option<Cow<'static, [u8]>> {
        match self {
            #[cfg(feature = "embed-page")]
            Self::Embedded => Embedded::get(name).map(|file| file.data),
            Self::Folder(folder) => fs::read(folder.join(name)).ok().map(Cow::Owned),
            Self::Nowhere => None,
        }
    }
}

/// The page, all of whose links are relative, with the base that they are relative to, and with its data; `None` where
/// it stands there as it is.
fn filled(html: &[u8], base: &BasePath, brand: &Brand, data: &PageData, theme: Option<&str>) -> Option<Vec<u8>> {
    let html = str::from_utf8(html).ok().filter(|html| html.contains(NO_DATA) || !base.is_root())?;
    let given = format!("<base href=\"{}\"", base.join("/"));
    // Inside a script nothing ends it but this sign.
    let data = serde_json::to_string(data).ok()?.replace('<', "\\u003c");
    let data = NO_DATA.replace("{}", &data);
    let root = theme.map_or_else(|| ROOT.to_owned(), |theme| format!("{ROOT} data-theme=\"{theme}\""));
    let html = brand.mark(html, "");
    let html = html.replacen("<base href=\"/\"", &given, 1).replacen(NO_DATA, &data, 1);
    Some(html.replacen(ROOT, &root, 1).into_bytes())
}

/// A plain name with an ending: nothing that could leave the folder.
fn is_file_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    content_type(name).is_some() && name.chars().all(is_plain) && !name.contains("..") && !name.contains("//")
}

fn content_type(name: &str) -> Option<String> {
    let kind = mime_guess::from_path(name).first_raw()?;
    Some(if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() })
}

fn file_answer(request: &HttpRequest, name: &str, file: Cow<'static, [u8]>, coding: Option<Encoding>) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    // What has a hash of its content in its name never changes, and needs no other hash; the others, all of them
    // small, are asked for again.
    let (cache, tag) = if has_hash(name) {
        let coding = coding.as_ref().map_or_else(String::new, |coding| format!(".{coding}"));
        ("public, max-age=31536000, immutable", EntityTag::new_strong(format!("{name}{coding}")))
    } else {
        ("no-cache", etag::of(&file))
    };
    let is_known = etag::is_known(request, &tag);
    answer
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header(header::ETag(tag))
        .insert_header((header::VARY, "accept-encoding"));
    if is_known {
        return answer.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
    }
    if let Some(coding) = coding {
        answer.insert_header((header::CONTENT_ENCODING, coding.to_string()));
    }
    answer.content_type(content_type(name).unwrap_or_default());
    match file {
        Cow::Borrowed(bytes) => answer.body(bytes),
        Cow::Owned(bytes) => answer.body(bytes),
    }
}

/// `name-0123456789abcdef.…` and its like, as trunk names them.
fn has_hash(name: &str) -> bool {
    let stem = name.rsplit('/').next().unwrap_or(name).split('.').next().unwrap_or_default();
    let hash = stem.trim_end_matches("_bg").rsplit('-').next().unwrap_or_default();
    hash.len() >= 12 && hash.bytes().all(|c| c.is_ascii_hexdigit())
}

/// Only our own files, WASM, and the very inline scripts that the page's builder wrote, by their hash.
fn content_security_policy(index: &[u8]) -> String {
    let text = String::from_utf8_lossy(index);
    let mut hashes = String::new();
    for script in text.split("<script").skip(1) {
        let Some((head, rest)) = script.split_once('>') else { continue };
        let body = rest.split("</script>").next().unwrap_or_default();
        if !head.contains("src=") && !head.contains("application/json") && !body.is_empty() {
            hashes.push_str(&format!(" 'sha256-{}'", BASE64.encode(&Sha256::digest(body.as_bytes()))));
        }
    }
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'self'; object-src 'none'; frame-ancestors 'none'; form-action 'self'"
    )
}

/// What the documentation's page may do: it styles itself inline, and loads nothing from elsewhere.
#[must_use]
pub fn docs_headers() -> DefaultHeaders {
    let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; \
                  object-src 'none'; frame-ancestors 'none'; form-action 'self'";
    DefaultHeaders::new().add((header::CONTENT_SECURITY_POLICY, policy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_files() {
        assert!(is_file_name("frontend-1234567890abcdef_bg.wasm"));
        assert!(!is_file_name("../session.key"));
        assert!(!is_file_name("a/../../x.css"));
        assert!(!is_file_name("/etc/passwd"));
        assert!(!is_file_name("dashboard"));
    }

    #[test]
    fn names_with_a_hash_are_kept() {
        assert!(has_hash("frontend-1234567890abcdef_bg.wasm"));
        assert!(has_hash("style-1234567890abcdef.css"));
        assert!(!has_hash("index.html"));
        assert!(!has_hash("favicon.svg"));
    }

    #[test]
    fn data_in_the_page_ends_no_script() {
        let html = format!("<head>{NO_DATA}</head>");
        let brand = Brand::open(&crate::config::PageConfig::default()).unwrap();
        let mut data = PageData::default();
        let name = api_types::PlanName::parse("p").unwrap();
        let description = "</script><script>alert(1)</script>".to_owned();
        data.plans = Some(vec![api_types::Plan {
            name,
            description,
            quota: api_types::Quota::Unlimited,
            throttle: None,
            time_zone: None,
        }]);
        let filled =
            String::from_utf8(filled(html.as_bytes(), &BasePath::default(), &brand, &data, None).unwrap()).unwrap();
        assert_eq!(filled.matches("</script>").count(), 1, "{filled}");
        let json = filled.split_once("json\">").unwrap().1.split("</script>").next().unwrap();
        assert_eq!(serde_json::from_str::<PageData>(json).unwrap(), data);
    }

    #[test]
    fn inline_scripts_are_allowed_by_their_hash() {
        let policy = content_security_policy(b"<script type=\"module\">hello</script><script src=\"/a.js\"></script>");
        let hash = BASE64.encode(&Sha256::digest(b"hello"));
        assert!(policy.contains(&format!("'wasm-unsafe-eval' 'sha256-{hash}';")), "{policy}");
        assert_eq!(policy.matches("sha256-").count(), 1);
    }
}
