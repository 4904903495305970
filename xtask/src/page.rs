//! The page: compiled by cargo, bundled into `target/page` by trunk where it is installed, else by `bundler`.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::progress::Progress;
use crate::{bundler, tools, workspace};

/// Compiles the page's module: apart from the bundling, since this needs no tools and so runs while they are built.
pub(crate) fn compile(progress: &Progress, wasm_opt: bool) -> Result<()> {
    let mut build = workspace::cargo(&["build", "--locked", "-p", "frontend", "--bin", "frontend"]);
    build.args(["--profile", "wasm", "--target", "wasm32-unknown-unknown"]);
    for_wasm_opt(&mut build, wasm_opt);
    progress.run("compile the page", build).map(drop)
}

/// Bundles module, script, styles and HTML, unless nothing has changed since the last time.
pub(crate) fn bundle(progress: &Progress, wasm_opt: bool) -> Result<()> {
    let has_trunk = tools::has_trunk();
    let stamp = stamp(wasm_opt, has_trunk)?;
    let stamp_file = workspace::root().join("target/page.stamp");
    let page = workspace::page_dir();
    if page.join("index.html").is_file() && fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    fs::remove_file(&stamp_file).ok();
    if has_trunk {
        bundle_by_trunk(progress, wasm_opt, &page)?;
    } else {
        bundler::bundle(progress, &module()?, wasm_opt, &page)?;
    }
    leave_out_remarks(&page)?;
    fs::write(&stamp_file, stamp).with_context(|| format!("cannot write {}", stamp_file.display()))
}

/// Trunk compiles too: it makes the same call as `compile`, and finds it done.
fn bundle_by_trunk(progress: &Progress, wasm_opt: bool, page: &Path) -> Result<()> {
    let mut trunk = workspace::command("trunk");
    trunk.args(["build", "--color", "never", "--dist"]).arg(page).env("TRUNK_SKIP_VERSION_CHECK", "true");
    // Trunk calls wasm-opt in release builds only; the profile is the page's own either way.
    if wasm_opt {
        trunk.arg("--release");
    }
    for_wasm_opt(&mut trunk, wasm_opt);
    // Trunk takes 1 for a mistake: it wants true or false.
    trunk.env_remove("NO_COLOR");
    progress.run("bundle the page", trunk).map(drop)
}

/// Where cargo puts the compiled module.
fn module() -> Result<PathBuf> {
    Ok(workspace::cargo_target_dir()?.join("wasm32-unknown-unknown/wasm/frontend.wasm"))
}

/// wasm-bindgen writes for readers. Its remarks on lines of their own, and the indentation, are 800 bytes of the page when
/// compressed.
fn leave_out_remarks(page: &Path) -> Result<()> {
    let entries = fs::read_dir(page).with_context(|| format!("cannot read {}", page.display()))?;
    for script in entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "js"))
    {
        fs::read_to_string(&script)
            .and_then(|text| fs::write(&script, without_remarks(&text)))
            .with_context(|| format!("cannot change {}", script.display()))?;
    }
    Ok(())
}

fn without_remarks(script: &str) -> String {
    let mut is_remark = false;
    let is_kept = |line: &&str| {
        let is_inside = is_remark || line.starts_with("/**");
        is_remark = is_inside && !line.trim_end().ends_with("*/");
        !is_inside && !line.starts_with("//")
    };
    script.split_inclusive('\n').map(str::trim_start).filter(is_kept).collect()
}

/// wasm-opt needs the module's list of features, which stripping symbols removes; without wasm-opt they only cost bytes.
fn for_wasm_opt(command: &mut Command, wasm_opt: bool) {
    if !wasm_opt {
        command.env("CARGO_PROFILE_WASM_STRIP", "symbols");
    }
}

/// A digest of all that the bundle is made of. Cargo has looked after the sources: what they compile to stands for them.
fn stamp(wasm_opt: bool, has_trunk: bool) -> Result<String> {
    let root = workspace::root();
    let mut files = vec![module()?, root.join("Trunk.toml"), root.join("frontend/Cargo.toml")];
    assets(&root.join("frontend"), &mut files)?;
    files.sort();
    let mut hasher = DefaultHasher::new();
    tools::versions(wasm_opt, has_trunk)?.hash(&mut hasher);
    // How it is bundled.
    (include_str!("page.rs"), include_str!("bundler.rs")).hash(&mut hasher);
    for file in files {
        let content = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        file.strip_prefix(root).unwrap_or(&file).hash(&mut hasher);
        content.hash(&mut hasher);
    }
    Ok(format!("{:016x}\n", hasher.finish()))
}

/// The page's files that aren't Rust.
fn assets(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", dir.display()))?.path();
        if path.is_dir() {
            assets(&path, files)?;
        } else if path.extension().is_none_or(|extension| extension != "rs") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_remarks_are_left_out() {
        let script = "a(); // stays\n  /**\n   * @returns {number}\n   */\n  b() {\n/** one line */\n    // told\n  }\nc = 2 ** 3;\n";
        assert_eq!(without_remarks(script), "a(); // stays\nb() {\n}\nc = 2 ** 3;\n");
    }
}
