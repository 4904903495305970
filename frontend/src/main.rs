//! The page: sign-up, plans, keys and a chat, as one WebAssembly module over the server's own API.

#![expect(unreachable_pub, reason = "the component macro writes `pub` whatever the function says")]

mod account_data;
mod activation;
mod ago;
mod announcer;
mod api;
mod app;
mod browser;
mod chat_failure;
mod chat_request;
mod chat_stream;
mod client_code;
mod clock;
mod components;
mod conversation;
mod figures;
mod form;
mod live;
mod load;
mod markdown;
mod navigation;
mod page;
mod pages;
mod plan_text;
mod promise_text;
mod reset_time;
mod sign_out;
mod theme;
mod visitor;
mod zone_text;

fn main() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        // Nothing answers any more after a panic; the reader has to be told.
        browser::reveal("#crash");
    }));
    if let Some(place) = browser::find("#app") {
        leptos::mount::mount_to(place, app::App).forget();
        browser::remove("#loading");
    }
}
