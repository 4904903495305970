//! A dialog over the page, by the browser's own `<dialog>`: Escape closes it, and the focus stays inside.

use leptos::{html::Dialog, prelude::*};

use crate::browser;

/// A dialog that is open as long as it exists. The focus goes back to where it came from.
#[component]
pub(crate) fn Modal(
    /// Its heading.
    #[prop(into)]
    title: String,
    /// The focus goes here if where it came from is gone.
    fallback: &'static str,
    /// Somebody closed it.
    on_close: Callback<()>,
    /// What stands in it.
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    let opener = StoredValue::new_local(browser::focused());
    dialog.on_load(|dialog| {
        // Only an element that is in the document can be shown, and this one isn't yet.
        request_animation_frame(move || {
            drop(dialog.show_modal());
            // Where there is something to write, that is what the dialog was opened for.
            browser::focus("dialog input:not([type=radio])");
        });
    });
    on_cleanup(move || {
        let opener = opener.try_get_value().flatten();
        request_animation_frame(move || browser::give_focus_back(opener.as_ref(), fallback));
    });
    view! {
        <dialog node_ref=dialog aria-labelledby="dialog-title" on:close=move |_| on_close.run(())>
            <header>
                <h2 id="dialog-title">{title}</h2>
                <button type="button" class="icon" aria-label="Close" on:click=move |_| on_close.run(())>"×"</button>
            </header>
            {children()}
        </dialog>
    }
}
