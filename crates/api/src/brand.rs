//! The operator's name, mark and colour as the page and the documentation show them.

use std::{fs, path::Path};

use anyhow::{Context as _, bail};
use api_types::Brand as Shown;

use crate::{config::PageConfig, docs::escaped};

/// Largest logo, in bytes: it is in memory, and loaded on every page.
const LOGO_MAX_BYTES: usize = 256 * 1024;

const STYLE: &str = "brand/accent.css";

/// Read once, when the server starts.
#[derive(Debug, Clone)]
pub struct Brand {
    shown: Shown,
    style: Option<String>,
    logo: Option<(String, Vec<u8>)>,
}

impl Brand {
    /// As configured.
    ///
    /// # Errors
    /// The logo can't be read, is too large or of another kind.
    pub fn open(config: &PageConfig) -> anyhow::Result<Self> {
        let logo = config.logo.as_deref().map(read_logo).transpose()?;
        let contact = (!config.contact.is_empty()).then(|| config.contact.clone());
        let path = logo.as_ref().map(|(path, _)| path.clone());
        let shown = Shown { name: config.name.clone(), contact, logo: path };
        Ok(Self { shown, style: config.accent.map(|accent| accent.css()), logo })
    }

    /// What the page shows.
    #[must_use]
    pub fn shown(&self) -> &Shown {
        &self.shown
    }

    /// The file at a path below the base.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        match &self.logo {
            Some((own, content)) if own == path => Some(content),
            _ if path == STYLE => self.style.as_deref().map(str::as_bytes),
            _ => None,
        }
    }

    /// Our own document with the operator's name in it and its files linked, by paths that begin with `up`.
    #[must_use]
    pub fn mark(&self, html: &str, up: &str) -> String {
        let name = escaped(&self.shown.name);
        let style = self.style.as_ref().map(|_| format!("<link rel=\"stylesheet\" href=\"{up}{STYLE}\">"));
        let icon = self.shown.logo.as_ref().map(|logo| format!("<link rel=\"icon\" href=\"{up}{logo}\">"));
        let links = [style, icon].into_iter().flatten().collect::<String>();
        html.replace("Tollgate", &name).replacen("</head>", &format!("{links}</head>"), 1)
    }
}

fn read_logo(file: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    let told = || format!("page.logo: {}", file.display());
    let kind = match file.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => "svg",
        Some("png") => "png",
        _ => bail!("{}: name an .svg or .png file", told()),
    };
    let content = fs::read(file).with_context(|| format!("{} can't be read", told()))?;
    if content.len() > LOGO_MAX_BYTES {
        bail!("{}: the file is larger than 256 KiB", told());
    }
    Ok((format!("brand/logo.{kind}"), content))
}
