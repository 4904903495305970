//! Builds tools, page and server side by side.
//!
//! Two lanes, because neither fills two cores alone: trunk is compiled in one, everything else in the other, and the
//! page's last phase, which is single-threaded, always has company. The page is bundled as soon as both have what it
//! needs, while the server is still being compiled.

use std::sync::mpsc;
use std::thread;

use anyhow::Result;

use crate::progress::{Progress, Stopped, both};
use crate::{page, tools};

/// Builds the page, and beside it whatever `others` builds with cargo.
pub(crate) fn page_and<T: Send>(progress: &Progress, others: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    tools::require_c_compiler()?;
    let _lock = tools::lock(progress)?;
    // A channel that carries whether wasm-opt is there, once the module and wasm-bindgen are ready. When the second lane
    // fails before that, its end is dropped, and the first lane stops.
    let (ready, is_ready) = mpsc::channel::<bool>();
    thread::scope(|scope| {
        let tools_and_bundle = move || {
            tools::trunk(progress)?;
            let wasm_opt = is_ready.recv().map_err(|_| Stopped)?;
            page::bundle(progress, wasm_opt)
        };
        let first = scope.spawn(move || tools_and_bundle().inspect_err(|_| progress.stop()));
        let all_else = move || {
            tools::fetch_crates(progress)?;
            tools::wasm_target(progress)?;
            let wasm_opt = tools::wasm_opt(progress)?;
            page::compile(progress, wasm_opt)?;
            tools::wasm_bindgen(progress)?;
            ready.send(wasm_opt).map_err(|_| Stopped)?;
            others()
        };
        let second = all_else().inspect_err(|_| progress.stop());
        let first = first.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        both(first, second).map(|((), built)| built)
    })
}
