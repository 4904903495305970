//! Takes secrets out of what AWS says: it repeats a mapping that it doesn't like, credential and all.

use zeroize::Zeroizing;

/// What stands for a secret.
const HIDDEN: &str = "…";
/// Least bytes of a secret that count as its beginning where a quotation was cut.
const BEGINNING: usize = 4;
/// What the upstream's credential follows, whole or cut.
const SCHEME: &str = "Bearer ";

/// The text without any of these secrets, and without whatever follows `Bearer`.
pub(crate) fn redact(text: &str, secrets: &[Zeroizing<String>]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().map(|secret| secret.as_str()).filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, HIDDEN);
        // Quotations are cut at a length, perhaps in mid-secret.
        let beginnings = (BEGINNING..secret.len()).rev().filter_map(|end| secret.get(..end));
        if let Some(left) = beginnings.into_iter().find_map(|beginning| text.strip_suffix(beginning)) {
            text = format!("{left}{HIDDEN}");
        }
    }
    without_bearers(&text)
}

fn without_bearers(text: &str) -> String {
    let mut parts = text.split(SCHEME);
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_whitespace() || c == '\'').unwrap_or(part.len());
        clean.push_str(SCHEME);
        clean.push_str(HIDDEN);
        clean.push_str(&part[end..]);
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_whole_or_cut() {
        let secrets = ["sk-upstream-sekret", "op_value", ""].map(|secret| Zeroizing::new(secret.to_owned()));
        for (text, clean) in [
            ("errors : [Invalid mapping: 'Bearer sk-upstream-sekret']", "errors : [Invalid mapping: 'Bearer …']"),
            ("value op_value is there, op_value!", "value … is there, …!"),
            ("Invalid mapping: 'sk-upstr", "Invalid mapping: '…"),
            ("'Bearer sk-another's and Bearer x y", "'Bearer …'s and Bearer … y"),
            ("nothing to hide", "nothing to hide"),
        ] {
            assert_eq!(redact(text, &secrets), clean);
        }
    }
}
