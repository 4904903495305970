//! Bundles the page as trunk does with our Trunk.toml and frontend/index.html, as far as these ask for it: wasm-bindgen,
//! wasm-opt, names that change with the content, and the document that names them. For where trunk isn't installed:
//! compiling it takes longer than all else that the first start does.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::Hasher;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::progress::Progress;
use crate::workspace;

/// How trunk's own tags in the document begin.
const TAG: &str = "<link data-trunk ";

/// Makes `page` from the compiled module and the document.
pub(crate) fn bundle(progress: &Progress, module: &Path, wasm_opt: bool, page: &Path) -> Result<()> {
    let frontend = workspace::root().join("frontend");
    let work = workspace::root().join("target/bundle");
    for dir in [&work, page] {
        fs::remove_dir_all(dir).ok();
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    }
    let document = frontend.join("index.html");
    let html = fs::read_to_string(&document).with_context(|| format!("cannot read {}", document.display()))?;
    let html = replace_tags(&html, |tag| {
        let href = tag.attribute("href").context("a tag of trunk's without href")?;
        match tag.attribute("rel") {
            Some("rust") => {
                let module = bind(progress, module, &work)?;
                let module = if wasm_opt { optimise(progress, &module, tag, &work)? } else { module };
                place_module(&work.join("frontend.js"), &module, page)
            }
            Some("css") => Ok((stylesheet(&place(&frontend.join(href), page)?), String::new())),
            Some("icon") => Ok((icon(&place(&frontend.join(href), page)?, tag), String::new())),
            other => bail!("frontend/index.html: `rel` is {other:?}; only trunk itself knows that"),
        }
    })?;
    let file = page.join("index.html");
    fs::write(&file, html).with_context(|| format!("cannot write {}", file.display()))
}

fn bind(progress: &Progress, module: &Path, work: &Path) -> Result<PathBuf> {
    let mut bindgen = workspace::command("wasm-bindgen");
    bindgen.args(["--target=web", "--out-name=frontend", "--no-typescript", "--out-dir"]).arg(work).arg(module);
    progress.run("bind the page", bindgen)?;
    Ok(work.join("frontend_bg.wasm"))
}

fn optimise(progress: &Progress, module: &Path, tag: Tag, work: &Path) -> Result<PathBuf> {
    let smaller = work.join("smaller.wasm");
    let mut wasm_opt = workspace::command("wasm-opt");
    wasm_opt.arg(format!("-O{}", tag.attribute("data-wasm-opt").unwrap_or_default()));
    wasm_opt.args(tag.attribute("data-wasm-opt-params").unwrap_or_default().split_whitespace());
    wasm_opt.arg("-o").arg(&smaller).arg(module);
    progress.run("make the page smaller", wasm_opt)?;
    Ok(smaller)
}

/// The script's tag, and what tells the browser to fetch module and script at once.
fn place_module(script: &Path, module: &Path, page: &Path) -> Result<(String, String)> {
    let read = |file: &Path| fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    let (script, module) = (read(script)?, read(module)?);
    let name = format!("frontend-{}", digest(&[&script, &module]));
    for (ending, content) in [(".js", &script), ("_bg.wasm", &module)] {
        let file = page.join(format!("{name}{ending}"));
        fs::write(&file, content).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let start = format!(
        "<script type=\"module\">\nimport init from './{name}.js';\n\
         await init({{ module_or_path: './{name}_bg.wasm' }});\n</script>"
    );
    let early = format!(
        "<link rel=\"modulepreload\" href=\"./{name}.js\" crossorigin=\"anonymous\">\
         <link rel=\"preload\" href=\"./{name}_bg.wasm\" crossorigin=\"anonymous\" as=\"fetch\" type=\"application/wasm\">"
    );
    Ok((start, early))
}

/// Copies a file under a name that changes with its content, and returns that.
fn place(file: &Path, page: &Path) -> Result<String> {
    let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let name = format!("{}-{}.{}", part(file.file_stem()), digest(&[&content]), part(file.extension()));
    fs::write(page.join(&name), content).with_context(|| format!("cannot write {name} to {}", page.display()))?;
    Ok(name)
}

fn stylesheet(name: &str) -> String {
    format!("<link rel=\"stylesheet\" href=\"./{name}\"/>")
}

fn icon(name: &str, tag: Tag) -> String {
    let kind = tag.attribute("type").map(|kind| format!(" type=\"{kind}\"")).unwrap_or_default();
    format!("<link rel=\"icon\" href=\"./{name}\"{kind}/>")
}

/// 16 hexadecimal digits, which the server takes for a name whose content never changes.
fn digest(contents: &[&[u8]]) -> String {
    let mut hasher = DefaultHasher::new();
    contents.iter().for_each(|content| hasher.write(content));
    format!("{:016x}", hasher.finish())
}

#[derive(Clone, Copy)]
struct Tag<'h>(&'h str);

impl<'h> Tag<'h> {
    fn attribute(self, name: &str) -> Option<&'h str> {
        let (_, rest) = self.0.split_once(&format!(" {name}=\""))?;
        rest.split('"').next()
    }
}

/// Puts something in each tag's place, and more before the head's end.
fn replace_tags(html: &str, mut replace: impl FnMut(Tag) -> Result<(String, String)>) -> Result<String> {
    let (mut made, mut head_end, mut rest) = (String::new(), String::new(), html);
    while let Some((before, from_tag)) = rest.split_once(TAG) {
        let (inside, after) = from_tag.split_once("/>").context("frontend/index.html: a tag without an end")?;
        let (instead, more) = replace(Tag(&format!(" {inside}")))?;
        made.push_str(before);
        made.push_str(&instead);
        head_end.push_str(&more);
        rest = after;
    }
    made.push_str(rest);
    Ok(made.replacen("</head>", &format!("{head_end}</head>"), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_replaced_and_the_head_gets_the_rest() {
        let html = "<head>\n<link data-trunk rel=\"css\" href=\"a.css\" />\n<link rel=\"x\"/></head>";
        let made = replace_tags(html, |tag| {
            assert_eq!((tag.attribute("rel"), tag.attribute("href")), (Some("css"), Some("a.css")));
            assert_eq!(tag.attribute("type"), None);
            Ok(("NEW".to_owned(), "MORE".to_owned()))
        });
        assert_eq!(made.unwrap(), "<head>\nNEW\n<link rel=\"x\"/>MORE</head>");
    }

    #[test]
    fn a_name_changes_with_the_content() {
        let dir = tempfile::TempDir::new().unwrap();
        let file = dir.path().join("base.css");
        fs::write(&file, "a").unwrap();
        let one = place(&file, dir.path()).unwrap();
        fs::write(&file, "b").unwrap();
        let other = place(&file, dir.path()).unwrap();
        assert!(one != other && one.starts_with("base-") && one.len() == "base-0123456789abcdef.css".len(), "{one}");
        assert_eq!(fs::read_to_string(dir.path().join(one)).unwrap(), "a");
    }

    /// What is done here without reading it.
    #[test]
    fn trunk_is_configured_to_do_the_same() {
        let configured = fs::read_to_string(workspace::root().join("Trunk.toml")).unwrap();
        for line in ["target = \"frontend/index.html\"", "public_url = \"./\"", "filehash = true", "minify = \"never\""]
        {
            assert!(configured.lines().any(|found| found == line), "{line}");
        }
    }
}
