//! A task's flags as they stand on the command line, some of them followed by a value.

use anyhow::{Context, Result};

/// The first argument that is none of `flags`, which name the values of those that have one: `--out DIR`.
///
/// # Errors
/// When a flag's value is missing.
pub(crate) fn stray<'a>(own: &'a [String], flags: &[&str]) -> Result<Option<&'a str>> {
    let mut arguments = own.iter();
    while let Some(argument) = arguments.next() {
        let known = flags.iter().map(|flag| flag.split_once(' ').unwrap_or((flag, "")));
        let Some((_, value)) = known.into_iter().find(|(name, _)| name == argument) else {
            return Ok(Some(argument));
        };
        if !value.is_empty() {
            arguments.next().with_context(|| format!("`{argument}` wants {value} after it"))?;
        }
    }
    Ok(None)
}

/// What follows a flag.
pub(crate) fn value<'a>(own: &'a [String], flag: &str) -> Option<&'a str> {
    let at = own.iter().position(|argument| argument == flag)?;
    own.get(at + 1).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[&str] = &["--check", "--diff REF"];

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_value_is_no_flag_and_a_flag_without_its_value_is_refused() {
        let own = words("--diff --check --check");
        assert_eq!(stray(&own, FLAGS).unwrap(), None);
        assert_eq!(value(&own, "--diff"), Some("--check"));
        assert_eq!(value(&own, "--out"), None);
        assert_eq!(stray(&words("--check main"), FLAGS).unwrap(), Some("main"));
        assert!(stray(&words("--check --diff"), FLAGS).unwrap_err().to_string().contains("REF"));
    }
}
