//! Builds tools, page and server side by side.
//!
//! Two lanes, because neither fills two cores alone: the page's module in one, wasm-bindgen and the server in the other,
//! so that each one's single-threaded end has company. The page is bundled beside them, as soon as its module and
//! wasm-bindgen are there.

use std::sync::mpsc;
use std::thread;

use anyhow::Result;

use crate::progress::{Progress, Stopped, both};
use crate::{page, tools};

/// Builds the page, and beside it whatever `others` builds with cargo.
pub(crate) fn page_and<T: Send>(progress: &Progress, others: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    tools::require_c_compiler()?;
    let _lock = tools::lock(progress)?;
    // The module and wasm-bindgen each say that they are ready, and whether wasm-opt is there. When a lane fails before
    // that, its end of the channel is dropped, and the bundling stops.
    let (module_ready, ready) = mpsc::channel::<bool>();
    let bindgen_ready = module_ready.clone();
    thread::scope(|scope| {
        let bundle = move || {
            ready.recv().map_err(|_| Stopped)?;
            let wasm_opt = ready.recv().map_err(|_| Stopped)?;
            page::bundle(progress, wasm_opt)
        };
        let first = scope.spawn(move || bundle().inspect_err(|_| progress.stop()));
        let all_else = move || {
            tools::fetch_crates(progress)?;
            tools::wasm_target(progress)?;
            let wasm_opt = tools::wasm_opt(progress)?;
            let module = move || -> Result<()> {
                page::compile(progress, wasm_opt)?;
                Ok(module_ready.send(wasm_opt).map_err(|_| Stopped)?)
            };
            let module = scope.spawn(move || module().inspect_err(|_| progress.stop()));
            let rest = move || -> Result<T> {
                tools::wasm_bindgen(progress)?;
                bindgen_ready.send(wasm_opt).map_err(|_| Stopped)?;
                others()
            };
            let rest = rest().inspect_err(|_| progress.stop());
            let module = module.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            both(module, rest).map(|((), built)| built)
        };
        let second = all_else().inspect_err(|_| progress.stop());
        let first = first.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        both(first, second).map(|((), built)| built)
    })
}
