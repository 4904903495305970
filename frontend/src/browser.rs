//! Thin functions over what the browser gives: clock, time zone, focus, clipboard, history, storage.
//! Nothing here decides anything, and native tests call none of it.

use api_types::{Date, Timestamp};
use js_sys::Date as JsDate;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, Element, HtmlElement, HtmlInputElement, Window};

use crate::reset_time::LocalTime;

fn window() -> Option<Window> {
    web_sys::window()
}

/// The document.
pub(crate) fn document() -> Option<Document> {
    window()?.document()
}

/// The time.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of this era fit many times over")]
    Timestamp::from_millisecond(JsDate::now() as i64).unwrap_or_default()
}

/// A moment on the reader's calendar and clock.
pub(crate) fn local(time: Timestamp) -> LocalTime {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era are exact in a double")]
    let date = JsDate::new(&JsValue::from_f64(time.as_millisecond() as f64));
    let small = |number: u32| u8::try_from(number).unwrap_or(0);
    let day = |number: u32| i8::try_from(number).unwrap_or(1);
    LocalTime {
        date: Date::new(
            i16::try_from(date.get_full_year()).unwrap_or(1970),
            day(date.get_month() + 1),
            day(date.get_date()),
        )
        .unwrap_or_default(),
        hour: small(date.get_hours()),
        minute: small(date.get_minutes()),
    }
}

/// The reader's time zone by its IANA name, where the browser tells.
pub(crate) fn time_zone() -> Option<String> {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into()).ok()?.as_string()
}

/// Whether the reader wants nothing to move.
pub(crate) fn wants_calm() -> bool {
    let query = window().and_then(|window| window.match_media("(prefers-reduced-motion: reduce)").ok().flatten());
    query.is_some_and(|query| query.matches())
}

/// Whether there is a connection, as far as the browser knows.
pub(crate) fn is_online() -> bool {
    window().is_none_or(|window| window.navigator().on_line())
}

/// Unfolds what is folded.
pub(crate) fn open_details(selector: &str) {
    if let Some(element) = find(selector) {
        let _ = element.set_attribute("open", "");
    }
}

/// Whether the page is before somebody's eyes, not in a tab behind others.
pub(crate) fn is_visible() -> bool {
    document().is_some_and(|document| !document.hidden())
}

/// Where the server's paths begin, with a slash at the end: an origin, and what path of it the server is given.
pub(crate) fn base() -> String {
    document().and_then(|document| document.base_uri().ok().flatten()).unwrap_or_default()
}

/// The path in the address bar, from the base on.
pub(crate) fn path() -> String {
    let here = window().and_then(|window| window.location().href().ok()).unwrap_or_default();
    let path = here.strip_prefix(&base()).unwrap_or_default();
    path.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// The plan that the address names.
pub(crate) fn plan_in_address() -> Option<String> {
    let query = window()?.location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&query).ok()?.get("plan")
}

/// Takes what stands behind `#` out of the address bar, and gives it: neither the history nor a screen shows it then.
pub(crate) fn take_fragment() -> Option<String> {
    let fragment = window()?.location().hash().ok()?;
    let fragment = fragment.strip_prefix('#')?.to_owned();
    show_path(&path(), true);
    Some(fragment)
}

/// Saves a text as a file. As data, since the policy lets no address of our own making be fetched.
pub(crate) fn save(name: &str, kind: &str, text: &str) {
    let Some(link) = document().and_then(|document| document.create_element("a").ok()) else { return };
    let address = format!("data:{kind};charset=utf-8,{}", in_a_query(text));
    let _ = link.set_attribute("href", &address).and_then(|()| link.set_attribute("download", name));
    if let Some(link) = link.dyn_ref::<HtmlElement>() {
        link.click();
    }
}

/// A text as it stands in an address.
pub(crate) fn in_a_query(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// Puts a path under the base into the address bar, as a new entry of the history or in place of this one.
pub(crate) fn show_path(path: &str, replace: bool) {
    if let Some(history) = window().and_then(|window| window.history().ok()) {
        let _ = if replace {
            history.replace_state_with_url(&JsValue::NULL, "", Some(path))
        } else {
            history.push_state_with_url(&JsValue::NULL, "", Some(path))
        };
    }
}

/// Sets the document's title.
pub(crate) fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}

/// Scrolls to the top.
pub(crate) fn scroll_to_top() {
    if let Some(window) = window() {
        window.scroll_to_with_x_and_y(0.0, 0.0);
    }
}

/// The element that has the focus.
pub(crate) fn focused() -> Option<HtmlElement> {
    document()?.active_element()?.dyn_into().ok()
}

/// Focuses the first element that matches, if there is one.
pub(crate) fn focus(selector: &str) {
    if let Some(element) = find(selector) {
        let _ = element.focus();
    }
}

/// Gives the focus back to where it was, or to the fallback if that is gone.
pub(crate) fn give_focus_back(element: Option<&HtmlElement>, fallback: &str) {
    match element {
        Some(element) if element.is_connected() => drop(element.focus()),
        _ => focus(fallback),
    }
}

/// Selects a field's text.
pub(crate) fn select_text(id: &str) {
    if let Some(input) = find(&format!("#{id}")).and_then(|element| element.dyn_into::<HtmlInputElement>().ok()) {
        let _ = input.focus();
        input.select();
    } else if let Some(element) = find(&format!("#{id}")) {
        select(&element);
    }
}

/// Selects all that an element says.
pub(crate) fn select(element: &Element) {
    if let Some(selection) = window().and_then(|window| window.get_selection().ok().flatten()) {
        let _ = selection.select_all_children(element);
    }
}

/// Copies a text; answers whether that worked. On plain http outside localhost browsers have no clipboard.
pub(crate) async fn copy(text: &str) -> bool {
    let Some(window) = window() else { return false };
    // The binding takes the clipboard for granted; where it is missing the property is undefined.
    let missing = js_sys::Reflect::get(&window.navigator(), &"clipboard".into()).map_or(true, |it| it.is_falsy());
    !missing && JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok()
}

/// What the server wrote into the document for the page.
pub(crate) fn page_data() -> api_types::PageData {
    let text = find("#page-data").and_then(|element| element.text_content());
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// An attribute of the document's root.
pub(crate) fn root_attribute(name: &str) -> Option<String> {
    document()?.document_element()?.get_attribute(name)
}

/// Sets or removes an attribute of the document's root.
pub(crate) fn set_root_attribute(name: &str, value: Option<&str>) {
    if let Some(root) = document().and_then(|document| document.document_element()) {
        let _ = match value {
            Some(value) => root.set_attribute(name, value),
            None => root.remove_attribute(name),
        };
    }
}

/// Gives the browser's own frame the page's ground, whichever the document says for light and dark.
pub(crate) fn colour_the_frame() {
    let Some((window, document)) = window().zip(document()) else { return };
    let ground = document.document_element().and_then(|root| window.get_computed_style(&root).ok().flatten());
    let ground = ground.and_then(|style| style.get_property_value("background-color").ok());
    let Ok(metas) = document.query_selector_all("meta[name=theme-color]") else { return };
    for meta in (0..metas.length()).filter_map(|at| metas.item(at)?.dyn_into::<Element>().ok()) {
        let _ = meta.set_attribute("content", ground.as_deref().unwrap_or_default());
    }
}

/// Keeps a plain word in a cookie under the base for a year, or forgets it.
pub(crate) fn set_cookie(name: &str, value: Option<&str>) {
    let Some(document) = document().and_then(|document| document.dyn_into::<web_sys::HtmlDocument>().ok()) else {
        return;
    };
    let base = base();
    let path = base.splitn(4, '/').nth(3).unwrap_or_default();
    let (value, seconds) = value.map_or(("", 0), |value| (value, 31_536_000));
    let _ = document.set_cookie(&format!("{name}={value}; Path=/{path}; Max-Age={seconds}; SameSite=Lax"));
}

/// Removes the plain HTML that stood here until the page ran.
pub(crate) fn remove(selector: &str) {
    if let Some(element) = document().and_then(|document| document.query_selector(selector).ok().flatten()) {
        element.remove();
    }
}

/// Shows an element that was hidden.
pub(crate) fn reveal(selector: &str) {
    if let Some(element) = document().and_then(|document| document.query_selector(selector).ok().flatten()) {
        let _ = element.remove_attribute("hidden");
    }
}

/// The element that the page is mounted in.
pub(crate) fn find(selector: &str) -> Option<HtmlElement> {
    document()?.query_selector(selector).ok()??.dyn_into().ok()
}

/// Whether the element shows its end, or nearly.
pub(crate) fn is_at_end(element: &Element) -> bool {
    element.scroll_height() - element.scroll_top() - element.client_height() < 80
}

/// The name of the one thing that the page leaves in the browser: that somebody signed in here. Not a secret; it
/// spares visitors without a session two requests that can only be refused, and tells other tabs of a sign-out. Others
/// like us may have another part of the same origin.
fn signed_in_name() -> String {
    format!("tollgate.signed-in {}", base())
}

/// Whether somebody signed in here before; `None` where the browser lets us keep nothing.
pub(crate) fn signed_in_hint() -> Option<bool> {
    let storage = window()?.local_storage().ok()??;
    storage.get_item(&signed_in_name()).ok().map(|item| item.is_some())
}

/// Remembers, or forgets, that somebody signed in here.
pub(crate) fn hint_signed_in(signed_in: bool) {
    let Some(storage) = window().and_then(|window| window.local_storage().ok().flatten()) else { return };
    let name = signed_in_name();
    let _ = if signed_in { storage.set_item(&name, "yes") } else { storage.remove_item(&name) };
}

/// Whether a storage event tells that another tab signed out.
pub(crate) fn tells_sign_out(event: &web_sys::StorageEvent) -> bool {
    event.key().is_none_or(|key| key == signed_in_name()) && event.new_value().is_none()
}
