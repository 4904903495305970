//! Light or dark: as the system has it, or as somebody chose here.
//!
//! The choice is in a cookie that the server reads: it writes the choice into the document, so that the first frame has
//! its colours.

use leptos::prelude::*;

use crate::{browser, live::attribute};

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Theme {
    Auto,
    Light,
    Dark,
}

impl Theme {
    const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Auto => "Auto",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    fn chosen() -> Self {
        let name = browser::root_attribute("data-theme").unwrap_or_default();
        Self::ALL.into_iter().find(|theme| theme.name() == name).unwrap_or(Self::Auto)
    }
}

/// Three buttons, of which one is pressed.
#[component]
pub(crate) fn ThemeSwitch() -> impl IntoView {
    let chosen = RwSignal::new(Theme::chosen());
    if chosen.get_untracked() != Theme::Auto {
        browser::colour_the_frame();
    }
    let choose = move |theme: Theme| {
        chosen.set(theme);
        browser::set_root_attribute("data-theme", (theme != Theme::Auto).then_some(theme.name()));
        browser::colour_the_frame();
        browser::set_cookie("tollgate_theme", (theme != Theme::Auto).then_some(theme.name()));
    };
    let button = move |theme: Theme| {
        view! {
            <button
                type="button"
                data-testid=format!("theme-{}", theme.name())
                aria-pressed=attribute(move || Some((chosen.get() == theme).to_string()))
                on:click=move |_| choose(theme)
            >
                {theme.label()}
            </button>
        }
        .into_any()
    };
    view! {
        <div class="segments" role="group" aria-label="Colours">{Theme::ALL.map(button).into_iter().collect::<Vec<_>>()}</div>
    }
}
