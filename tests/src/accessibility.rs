//! Whether everybody can use the page as it is, by axe-core.

use std::fs;

use serde_json::Value;

use crate::{Browser, audit_dir};

/// The rules of WCAG 2.2 AA, and what axe-core holds for good practice.
const RUN: &str = "axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations.map(broken => \
                   `${broken.id} (${broken.impact}): ${broken.nodes.map(node => node.html.slice(0, 120)).join(' | ')}`))";

impl Browser {
    /// Holds the page against axe-core's rules, in light and in dark colours, on a phone and on a desktop.
    ///
    /// # Panics
    /// With all that breaks one of them.
    pub async fn is_accessible(&self, state: &str) {
        let source = audit_dir().join("node_modules/axe-core/axe.min.js");
        let source = fs::read_to_string(&source).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        if self.evaluate("typeof globalThis.axe").await == "undefined" {
            // By the debugger, which the page's policy doesn't bind.
            self.evaluate(&format!("{source}; 0")).await;
        }
        for (width, height, scheme) in [(390, 844, "light"), (1280, 800, "dark")] {
            self.screen(width, height, width < 600).await;
            self.colours(scheme).await;
            self.still().await;
            let found = self.evaluate(RUN).await;
            assert_eq!(found, Value::Array(Vec::new()), "{state}, {scheme}, at {width} px");
        }
        self.whole_screen().await;
        self.usual_colours().await;
    }
}
