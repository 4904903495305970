//! Writes the client as a crate of its own into the folder that it is told.

use std::path::PathBuf;
use std::{env, fs, io};

const CLIENT: &str = include_str!(concat!(env!("OUT_DIR"), "/client.rs"));
const OUR_MANIFEST: &str = include_str!("../Cargo.toml");

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::args_os().nth(1).ok_or_else(|| io::Error::other("say into which folder"))?);
    fs::create_dir_all(out.join("src"))?;
    fs::write(out.join("src/client.rs"), CLIENT)?;
    fs::write(out.join("Cargo.toml"), manifest())
}

/// The crate's own, which needs what ours does.
fn manifest() -> String {
    let (_, dependencies) = OUR_MANIFEST.split_once("[dependencies]\n").unwrap_or_default();
    let dependencies = dependencies.split("\n\n").next().unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "[package]\nname = \"tollgate-client\"\nversion = \"{version}\"\nedition = \"2024\"\n\n[lib]\n\
         path = \"src/client.rs\"\ndoctest = false\n\n[dependencies]\n{dependencies}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_has_the_client_and_what_it_needs() {
        assert!(CLIENT.contains("pub async fn create_chat_completion"));
        let manifest = manifest();
        assert!(
            manifest.contains("\nprogenitor-client = ") && manifest.contains("\nserde_urlencoded = "),
            "{manifest}"
        );
        assert!(!manifest.contains("progenitor-impl"), "{manifest}");
    }
}
