//! How many choices a request asks for: without `[DONE]`, an answer with fewer isn't whole.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::Endpoint;

/// The number of choices: `n` for a chat, `n` for each prompt of a completion, which OpenAI takes as a text, a list of
/// texts, a list of token ids, or a list of such lists. What can't be read is for the upstream to refuse, and counts as
/// one.
pub(crate) fn asked_for(endpoint: Endpoint, n: Option<&RawValue>, prompt: Option<&RawValue>) -> u64 {
    let prompts = match endpoint {
        Endpoint::Completions => prompt.map_or(1, prompts),
        Endpoint::ChatCompletions | Endpoint::Embeddings | Endpoint::Responses => 1,
    };
    let n = n.and_then(|n| serde_json::from_str::<u64>(n.get()).ok()).unwrap_or(1);
    n.max(1).saturating_mul(prompts)
}

fn prompts(prompt: &RawValue) -> u64 {
    let first = prompt.get().strip_prefix('[').and_then(|list| list.trim_ascii_start().chars().next());
    if !matches!(first, Some('"' | '[')) {
        return 1;
    }
    // Takes no memory: only the number of its items is kept.
    serde_json::from_str::<Vec<IgnoredAny>>(prompt.get()).map_or(1, |list| list.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_completion_has_choices_for_each_prompt_and_a_chat_has_n() {
        let asked = |endpoint, n: &str, prompt: &str| {
            let raw = |text: &str| (!text.is_empty()).then(|| RawValue::from_string(text.to_owned()).unwrap());
            asked_for(endpoint, raw(n).as_deref(), raw(prompt).as_deref())
        };
        assert_eq!(asked(Endpoint::ChatCompletions, "", ""), 1);
        assert_eq!(asked(Endpoint::ChatCompletions, "3", "[\"a\",\"b\"]"), 3);
        for odd in ["0", "null", "\"2\"", "-1", "1.5"] {
            assert_eq!(asked(Endpoint::ChatCompletions, odd, ""), 1, "{odd}");
        }
        for (prompt, prompts) in
            [("\"a\"", 1), ("[]", 1), ("[1, 2, 3]", 1), ("[ \"a\", \"b\"]", 2), ("[[1,2],[3],[4]]", 3)]
        {
            assert_eq!(asked(Endpoint::Completions, "", prompt), prompts, "{prompt}");
            assert_eq!(asked(Endpoint::Completions, "2", prompt), 2 * prompts, "{prompt}");
        }
    }
}
