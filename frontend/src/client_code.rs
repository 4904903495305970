//! Programs that talk to this server as they stand, with a key or with the variable that holds it.

use api_types::UpstreamInfo;

use crate::{chat_request::ChatRequest, conversation::Message};

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
    /// What they ask for; none greets.
    pub(crate) request: Option<ChatRequest>,
}

impl Target {
    /// Of what answers here.
    pub(crate) fn new(base: String, key: Option<String>, upstream: Option<&UpstreamInfo>) -> Self {
        let model = upstream.and_then(|upstream| match upstream {
            UpstreamInfo::Demo { model } => Some(model.clone()),
            UpstreamInfo::Configured { default_model } => default_model.clone(),
        });
        Self { base, key, model, request: None }
    }

    /// The file that programs read their surroundings from.
    pub(crate) fn env_file(&self) -> String {
        format!("OPENAI_BASE_URL={}v1\n{VARIABLE}={}\n", self.base, self.key.as_deref().unwrap_or_default())
    }

    /// The program.
    pub(crate) fn code(&self, language: Language) -> String {
        let Self { base, key, model, request } = self;
        let chosen = request.as_ref().and_then(|request| request.model.as_deref());
        let named = chosen.or(model.as_deref()).unwrap_or("YOUR-MODEL");
        let temperature = request.as_ref().and_then(|request| request.temperature.as_deref());
        let temperature = |before: &str, after: &str| {
            temperature.map(|temperature| format!("{before}{temperature}{after}")).unwrap_or_default()
        };
        match language {
            Language::Curl => {
                let bearer = match key {
                    Some(key) => format!("'Authorization: Bearer {key}'"),
                    None => format!("\"Authorization: Bearer ${VARIABLE}\""),
                };
                // Needless where the server has a default, and one word less to understand.
                let model = if model.is_some() && chosen.is_none() {
                    String::new()
                } else {
                    format!("\"model\": {}, ", quoted(named))
                };
                let (messages, temperature) =
                    (self.messages("  ", "\"role\"", "\"content\""), temperature(", \"temperature\": ", ""));
                // The shell ends a text at its mark, whatever stands before that.
                let body = format!("{{{model}\"messages\": {messages}, \"stream\": true{temperature}}}")
                    .replace('\'', "'\\''");
                format!(
                    "curl -N {base}v1/chat/completions \\\n  -H {bearer} \\\n  -H 'Content-Type: application/json' \\\n  \
                     -d '{body}'"
                )
            }
            Language::Python => {
                let (comment, key) = match key {
                    Some(key) => (String::new(), format!(", api_key=\"{key}\"")),
                    None => (format!("  # reads {VARIABLE}"), String::new()),
                };
                format!(
                    "# pip install openai\nfrom openai import OpenAI\n\nclient = OpenAI(base_url=\"{base}v1\"{key}){comment}\n\
                     stream = client.chat.completions.create(\n    model={},\n    \
                     messages={},\n    stream=True,\n{})\n\
                     for chunk in stream:\n    if chunk.choices:\n        \
                     print(chunk.choices[0].delta.content or \"\", end=\"\", flush=True)\n",
                    quoted(named),
                    self.messages("    ", "\"role\"", "\"content\""),
                    temperature("    temperature=", ",\n"),
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
                     const stream = await client.chat.completions.create({{\n  model: {},\n  \
                     messages: {},\n  stream: true,\n{}}});\n\
                     for await (const chunk of stream) {{\n  \
                     process.stdout.write(chunk.choices[0]?.delta?.content ?? \"\");\n}}\n",
                    quoted(named),
                    self.messages("  ", "role", "content"),
                    temperature("  temperature: ", ",\n"),
                )
            }
            Language::Any => format!(
                "Base URL   {base}v1\nAPI key    {}\nModel      {named}",
                key.as_deref().unwrap_or("the key that you saved")
            ),
        }
    }
}

impl Target {
    /// What is said, as all three languages write lists and texts; those after the first line are set in by `indent`.
    fn messages(&self, indent: &str, role: &str, content: &str) -> String {
        let one = |message: &Message| {
            format!("{{{role}: {}, {content}: {}}}", quoted(message.role), quoted(&message.content))
        };
        let greeting = || vec![Message { role: "user", content: "Hello!".to_owned() }];
        let messages = self.request.as_ref().map(|request| request.messages.clone());
        match messages.filter(|messages| !messages.is_empty()).unwrap_or_else(greeting).as_slice() {
            [only] => format!("[{}]", one(only)),
            all => {
                let lines: Vec<_> = all.iter().map(|message| format!("\n{indent}  {}", one(message))).collect();
                format!("[{}\n{indent}]", lines.join(","))
            }
        }
    }
}

/// A text in quotation marks. What JSON writes Python and JavaScript read alike.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_written_whole_and_its_texts_stay_what_they_are() {
        let said = ["It's \"so\"", "line\nline"].map(|text| Message { role: "user", content: text.to_owned() });
        let request =
            ChatRequest { messages: said.to_vec(), model: Some("m-2".to_owned()), temperature: Some("0.7".to_owned()) };
        let demo = UpstreamInfo::Demo { model: "demo".to_owned() };
        let target = Target { request: Some(request), ..target(None, Some(&demo)) };
        let line = target.code(Language::Curl);
        let json = line.split_once("-d '").unwrap().1.trim_end_matches('\'').replace("'\\''", "'");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&json).unwrap(),
            serde_json::json!({"model": "m-2", "stream": true, "temperature": 0.7, "messages": [
                {"role": "user", "content": "It's \"so\""}, {"role": "user", "content": "line\nline"}
            ]})
        );
        let python = target.code(Language::Python);
        assert!(python.contains("    model=\"m-2\",\n") && python.contains("    temperature=0.7,\n)"), "{python}");
        let node = target.code(Language::Node);
        assert!(
            node.contains("role: \"user\", content: \"line\\nline\"}") && node.contains("  temperature: 0.7,\n"),
            "{node}"
        );
    }

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
