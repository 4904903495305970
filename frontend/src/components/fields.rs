//! The fields of a form: label, hint and error belong together, for eyes and for screen readers.

use leptos::prelude::*;

use crate::{
    form::FormState,
    live::{attribute, flag, live, maybe, text},
};

/// The id of a field's input.
pub(crate) fn input_id(name: &str) -> String {
    format!("field-{name}")
}

/// A field of a [`FormState`], with its error beneath it.
#[component]
pub(crate) fn TextField(
    /// The form.
    form: RwSignal<FormState>,
    /// The field's name in the form and in the request's body.
    name: &'static str,
    /// What is asked for.
    label: &'static str,
    /// `text`, `email` or `password`; a password can be shown.
    kind: &'static str,
    /// What the browser may fill in.
    autocomplete: &'static str,
    /// What is accepted, said before somebody gets it wrong.
    #[prop(optional)]
    hint: Option<String>,
) -> impl IntoView {
    let error = Memo::new(move |_| form.with(|form| form.error(name)));
    let shown = RwSignal::new(false);
    let (id, hint_id, error_id) = (input_id(name), format!("{name}-hint"), format!("{name}-error"));
    let described = format!("{hint_id} {error_id}");
    let is_password = kind == "password";
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <div class="input">
                <input
                    id=id.clone()
                    name=name
                    type=attribute(move || Some(if is_password && shown.get() { "text" } else { kind }.to_owned()))
                    autocomplete=autocomplete
                    autocapitalize="none"
                    spellcheck="false"
                    aria-invalid=flag(move || error.with(Option::is_some))
                    aria-describedby=described
                    prop:value=move || form.with(|form| form.value(name).to_owned())
                    on:input=move |event| form.update(|form| form.set(name, event_target_value(&event)))
                    on:blur=move |_| form.update(|form| form.leave(name))
                />
                {maybe(is_password.then_some(id), |id| {
                        view! {
                            <button
                                type="button"
                                class="reveal"
                                aria-controls=id
                                aria-pressed=attribute(move || Some(shown.get().to_string()))
                                aria-label=format!("Show {}", label.to_ascii_lowercase())
                                on:click=move |_| shown.update(|shown| *shown = !*shown)
                            >
                                {text(move || if shown.get() { "Hide" } else { "Show" }.to_owned())}
                            </button>
                        }.into_any()
                    })}
            </div>
            {maybe(hint, |hint| view! { <p class="hint" id=hint_id>{hint}</p> }.into_any())}
            <p class="error" id=error_id data-testid=format!("error-{name}") aria-live="polite">
                {text(move || error.get().unwrap_or_default())}
            </p>
        </div>
    }
}

/// What is wrong with the form as a whole.
#[component]
pub(crate) fn FormError(
    /// The form.
    form: RwSignal<FormState>,
) -> impl IntoView {
    let general = Memo::new(move |_| form.with(FormState::general));
    live(move || {
        maybe(general.get(), |sentence| {
            view! {
                <div class="notice bad" role="alert" tabindex="-1" data-testid="form-error"><p>{sentence}</p></div>
            }
            .into_any()
        })
    })
}

/// The button that sends the form. It stays focusable while busy; a second press does nothing.
#[component]
pub(crate) fn SubmitButton(
    /// Whether the form is being sent.
    busy: RwSignal<bool>,
    /// What is written on it.
    label: &'static str,
    /// What is written on it while busy.
    busy_label: &'static str,
    /// CSS classes beside those of any button.
    #[prop(default = "primary")]
    class: &'static str,
) -> impl IntoView {
    view! {
        <button
            type="submit"
            class=format!("button {class}")
            aria-disabled=flag(move || busy.get())
            aria-busy=flag(move || busy.get())
        >
            {text(move || if busy.get() { busy_label } else { label }.to_owned())}
        </button>
    }
}
