//! Programs that talk to this server as they stand, with a key or with the variable that holds it.

use api_types::UpstreamInfo;

/// The variable that OpenAI's libraries read a key from.
const VARIABLE: &str = "OPENAI_API_KEY";

/// What a program is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// A line for a POSIX shell.
    Curl,
    /// OpenAI's library for Python.
    Python,
    /// OpenAI's library for JavaScript.
    Node,
    /// What any other client asks for.
    Any,
}

impl Language {
    /// All, the plainest first.
    pub(crate) const ALL: [Self; 4] = [Self::Curl, Self::Python, Self::Node, Self::Any];

    /// For people.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Python => "Python",
            Self::Node => "Node",
            Self::Any => "Any client",
        }
    }
}

/// Where a program calls, and with what.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Where the server's paths begin, with a slash at the end.
    pub(crate) base: String,
    /// The key; none takes it from the environment.
    pub(crate) key: Option<String>,
    /// The model that answers where none is named; `None` where one has to be.
    pub(crate) model: Option<String>,
}

impl Target {
    /// Of what answers here.
    pub(crate) fn new(base: String, key: Option<String>, upstream: Option<&UpstreamInfo>) -> Self {
        let model = upstream.and_then(|upstream| match upstream {
            UpstreamInfo::Demo { model } => Some(model.clone()),
            UpstreamInfo::Configured { default_model } => default_model.clone(),
        });
        Self { base, key, model }
    }

    /// The file that programs read their surroundings from.
    pub(crate) fn env_file(&self) -> String {
        format!("OPENAI_BASE_URL={}v1\n{VARIABLE}={}\n", self.base, self.key.as_deref().unwrap_or_default())
    }

    /// The program.
    pub(crate) fn code(&self, language: Language) -> String {
        let Self { base, key, model } = self;
        let named = model.as_deref().unwrap_or("YOUR-MODEL");
        match language {
            Language::Curl => {
                let bearer = match key {
                    Some(key) => format!("'Authorization: Bearer {key}'"),
                    None => format!("\"Authorization: Bearer ${VARIABLE}\""),
                };
                // Needless where the server has a default, and one word less to understand.
                let model = if model.is_some() { String::new() } else { format!("\"model\": \"{named}\", ") };
                format!(
                    "curl -N {base}v1/chat/completions \\\n  -H {bearer} \\\n  -H 'Content-Type: application/json' \\\n  \
                     -d '{{{model}\"messages\": [{{\"role\": \"user\", \"content\": \"Hello!\"}}], \"stream\": true}}'"
                )
            }
            Language::Python => {
                let (comment, key) = match key {
                    Some(key) => (String::new(), format!(", api_key=\"{key}\"")),
                    None => (format!("  # reads {VARIABLE}"), String::new()),
                };
                format!(
                    "# pip install openai\nfrom openai import OpenAI\n\nclient = OpenAI(base_url=\"{base}v1\"{key}){comment}\n\
                     stream = client.chat.completions.create(\n    model=\"{named}\",\n    \
                     messages=[{{\"role\": \"user\", \"content\": \"Hello!\"}}],\n    stream=True,\n)\n\
                     for chunk in stream:\n    if chunk.choices:\n        \
                     print(chunk.choices[0].delta.content or \"\", end=\"\", flush=True)\n"
                )
            }
            Language::Node => {
                let (comment, key) = match key {
                    Some(key) => (String::new(), format!(", apiKey: \"{key}\"")),
                    None => (format!(" // reads {VARIABLE}"), String::new()),
                };
                format!(
                    "// npm install openai\nimport OpenAI from \"openai\";\n\n\
                     const client = new OpenAI({{ baseURL: \"{base}v1\"{key} }});{comment}\n\
                     const stream = await client.chat.completions.create({{\n  model: \"{named}\",\n  \
                     messages: [{{ role: \"user\", content: \"Hello!\" }}],\n  stream: true,\n}});\n\
                     for await (const chunk of stream) {{\n  \
                     process.stdout.write(chunk.choices[0]?.delta?.content ?? \"\");\n}}\n"
                )
            }
            Language::Any => format!(
                "Base URL   {base}v1\nAPI key    {}\nModel      {named}",
                key.as_deref().unwrap_or("the key that you saved")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(key: Option<&str>, upstream: Option<&UpstreamInfo>) -> Target {
        Target::new("https://x/llm/".to_owned(), key.map(str::to_owned), upstream)
    }

    #[test]
    fn the_curl_line_has_valid_json_and_names_a_model_only_where_none_is_set() {
        let demo = UpstreamInfo::Demo { model: "demo".to_owned() };
        let none = UpstreamInfo::Configured { default_model: None };
        for (upstream, named) in [(&demo, false), (&none, true)] {
            let line = target(Some("tg_a_b"), Some(upstream)).code(Language::Curl);
            assert!(line.starts_with("curl -N https://x/llm/v1/chat/completions"), "{line}");
            assert!(line.contains("'Authorization: Bearer tg_a_b'"), "{line}");
            let (_, json) = line.split_once("-d '").unwrap();
            let body: serde_json::Value = serde_json::from_str(json.trim_end_matches('\'')).unwrap();
            assert_eq!((body.get("model").is_some(), &body["stream"]), (named, &true.into()));
        }
    }

    #[test]
    fn without_a_key_every_program_takes_it_from_the_environment() {
        for language in [Language::Curl, Language::Python, Language::Node] {
            let code = target(None, None).code(language);
            assert!(code.contains(VARIABLE) && !code.contains("tg_"), "{code}");
        }
        assert_eq!(
            target(Some("tg_a_b"), None).env_file(),
            "OPENAI_BASE_URL=https://x/llm/v1\nOPENAI_API_KEY=tg_a_b\n"
        );
    }
}
