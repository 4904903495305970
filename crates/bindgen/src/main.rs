//! The command `wasm-bindgen`, as far as trunk and xtask call it, over the library of the version in Cargo.lock.
//!
//! Installing `wasm-bindgen-cli` compiles an HTTP server and client for its test runner; this needs a third of that
//! time and cannot drift from the library that the page is linked with.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

const USAGE: &str = "usage: wasm-bindgen --target web --out-dir DIR --out-name NAME [--keep-debug] [--no-demangle] \
                     [--no-typescript] FILE.wasm";

/// What one call asks for.
#[derive(Debug, Default, PartialEq)]
struct Call {
    input: PathBuf,
    out_dir: PathBuf,
    out_name: Option<String>,
    keep_debug: bool,
    no_demangle: bool,
    no_typescript: bool,
}

/// Reads the arguments, without the program's name. Values stand behind `=` or in the next argument.
fn parse(args: impl Iterator<Item = String>) -> Result<Call, String> {
    let mut call = Call::default();
    let mut args = args;
    while let Some(arg) = args.next() {
        let (flag, inline) = match arg.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag.to_owned(), Some(value.to_owned())),
            _ => (arg, None),
        };
        let mut value = || inline.clone().or_else(|| args.next()).ok_or_else(|| format!("{flag} needs a value"));
        match flag.as_str() {
            "--target" => match value()?.as_str() {
                "web" => {}
                other => return Err(format!("target `{other}` isn't supported, only `web`")),
            },
            "--out-dir" => call.out_dir = value()?.into(),
            "--out-name" => call.out_name = Some(value()?),
            "--keep-debug" => call.keep_debug = true,
            "--no-demangle" => call.no_demangle = true,
            "--no-typescript" => call.no_typescript = true,
            // The library sees from the module whether these are on.
            "--reference-types" | "--weak-refs" => {}
            file if !file.starts_with('-') && call.input.as_os_str().is_empty() => call.input = file.into(),
            other => return Err(format!("unexpected argument `{other}`")),
        }
    }
    if call.input.as_os_str().is_empty() {
        return Err("no input file".to_owned());
    }
    if call.out_dir.as_os_str().is_empty() {
        return Err("no --out-dir".to_owned());
    }
    Ok(call)
}

fn generate(call: &Call) -> Result<(), String> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(&call.input)
        .keep_debug(call.keep_debug)
        .demangle(!call.no_demangle)
        .typescript(!call.no_typescript)
        .omit_default_module_path(false);
    if let Some(name) = &call.out_name {
        bindgen.out_name(name);
    }
    bindgen.web(true).and_then(|bindgen| bindgen.generate(&call.out_dir)).map_err(|error| format!("{error:#}"))
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("--version" | "-V") => {
            println!("wasm-bindgen {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Some("--help" | "-h") => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    match parse(args.into_iter()).and_then(|call| generate(&call)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("wasm-bindgen: {message}\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Call, String> {
        parse(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_call_that_trunk_makes_is_understood() {
        let call = parse_words("--target=web --out-dir=/o --out-name=app /in/app.wasm --no-typescript").unwrap();
        let expected = Call {
            input: "/in/app.wasm".into(),
            out_dir: "/o".into(),
            out_name: Some("app".into()),
            no_typescript: true,
            ..Call::default()
        };
        assert_eq!(call, expected);
    }

    #[test]
    fn a_value_may_stand_in_the_next_argument() {
        assert_eq!(parse_words("--target web --out-dir o app.wasm").unwrap().out_dir, PathBuf::from("o"));
    }

    #[test]
    fn what_is_not_understood_is_refused_and_named() {
        for words in ["--out-dir o a.wasm --nodejs", "--target deno --out-dir o a.wasm", "a.wasm b.wasm --out-dir o"] {
            assert!(parse_words(words).is_err(), "{words}");
        }
        assert!(parse_words("--out-dir o").unwrap_err().contains("input"));
        assert!(parse_words("a.wasm --out-dir").unwrap_err().contains("--out-dir"));
    }

    #[test]
    fn a_missing_module_is_an_error_not_a_panic() {
        let call = parse_words("--target web --out-dir o does-not-exist.wasm").unwrap();
        assert!(generate(&call).unwrap_err().contains("does-not-exist.wasm"));
    }
}
