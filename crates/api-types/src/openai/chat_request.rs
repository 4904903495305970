//! A chat request for the OpenAPI document: precise where it is read here, or where clients want types, and open for
//! everything else, which passes through untouched.

use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Body of `POST /v1/chat/completions`. Fields that aren't listed here reach the model all the same.
#[derive(ToSchema)]
#[schema(example = json!({"model": "tollgate-demo", "messages": [{"role": "user", "content": "Hello!"}], "stream": true}))]
pub struct ChatCompletionRequest {
    /// One of `GET /v1/models`. May be left out where the installation has a default.
    #[schema(nullable = false, min_length = 1, example = "tollgate-demo")]
    pub model: Option<String>,
    /// The conversation so far, the newest message last.
    #[schema(min_items = 1)]
    pub messages: Vec<ChatMessage>,
    /// Whether the answer comes as server-sent events.
    pub stream: Option<bool>,
    /// What a stream has beside its words.
    pub stream_options: Option<StreamOptions>,
    /// How many answers.
    #[schema(minimum = 1)]
    pub n: Option<u32>,
    /// Most tokens of an answer, those of its reasoning among them.
    pub max_completion_tokens: Option<u32>,
    /// The older name of `max_completion_tokens`.
    pub max_tokens: Option<u32>,
    /// How much chance is in the choice of words.
    pub temperature: Option<f64>,
    /// Which share of the likeliest words is considered.
    pub top_p: Option<f64>,
    /// Where the answer ends.
    pub stop: Option<Stop>,
    /// What the model may call.
    pub tools: Option<Vec<Tool>>,
    /// Which of the tools it has to call.
    pub tool_choice: Option<ToolChoice>,
    /// Whether it may call several at once.
    pub parallel_tool_calls: Option<bool>,
    /// The answer's form.
    pub response_format: Option<ResponseFormat>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What a stream has beside its words.
#[derive(ToSchema)]
pub struct StreamOptions {
    /// Whether the last chunk tells the tokens used.
    pub include_usage: Option<bool>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Where an answer ends: a text, or several.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum Stop {
    /// Before this one.
    #[schema(title = "StopText")]
    One(String),
    /// Before the first of these.
    #[schema(title = "StopTexts")]
    Several(Vec<String>),
}

/// A message, by whose it is.
#[derive(ToSchema)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum ChatMessage {
    /// What the model is told before all else.
    #[schema(title = "SystemMessage")]
    System {
        /// Its text.
        content: MessageContent,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    /// The newer name of a system message.
    #[schema(title = "DeveloperMessage")]
    Developer {
        /// Its text.
        content: MessageContent,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    /// What the user says.
    #[schema(title = "UserMessage")]
    User {
        /// Its text, and what else there is to see or hear.
        content: MessageContent,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    /// What the model said.
    #[schema(title = "AssistantMessage")]
    Assistant {
        /// Its text; may be missing where it called a tool.
        content: Option<MessageContent>,
        /// What it called.
        tool_calls: Option<Vec<ToolCall>>,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    /// What a tool gave back.
    #[schema(title = "ToolMessage")]
    Tool {
        /// The result.
        content: MessageContent,
        /// Which call this answers.
        tool_call_id: String,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
}

/// A message's content: a text, or parts of several kinds.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum MessageContent {
    /// A text.
    #[schema(title = "TextContent")]
    Text(String),
    /// Parts.
    #[schema(title = "ContentParts")]
    Parts(Vec<ContentPart>),
}

/// A part of a message, by its kind.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ContentPart {
    /// Words.
    #[schema(title = "TextPart")]
    Text {
        /// The words.
        text: String,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    /// A picture.
    #[schema(title = "ImagePart")]
    ImageUrl {
        /// Where it lies.
        image_url: ImageUrl,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    /// A sound.
    #[schema(title = "AudioPart")]
    InputAudio {
        /// The sound.
        input_audio: InputAudio,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    /// A file. Its content is sent along: files that were uploaded belong to nobody here.
    #[schema(title = "FilePart")]
    File {
        /// The file.
        file: Map<String, Value>,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    /// What the model said in place of an answer.
    #[schema(title = "RefusalPart")]
    Refusal {
        /// Its words.
        refusal: String,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
}

/// Where a picture lies.
#[derive(ToSchema)]
pub struct ImageUrl {
    /// Its address; may be a `data:` URL.
    pub url: String,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A sound.
#[derive(ToSchema)]
pub struct InputAudio {
    /// In base64.
    pub data: String,
    /// Such as `wav`.
    pub format: String,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What the model may call, by its kind.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Tool {
    /// A function.
    #[schema(title = "FunctionTool")]
    Function {
        /// What it is.
        function: FunctionDefinition,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    /// A tool that takes any text.
    #[schema(title = "CustomTool")]
    Custom {
        /// What it is.
        custom: Map<String, Value>,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
}

/// A function that the model may call.
#[derive(ToSchema)]
pub struct FunctionDefinition {
    /// Its name.
    #[schema(example = "weather_in")]
    pub name: String,
    /// What it does and when to call it.
    pub description: Option<String>,
    /// A JSON Schema of its arguments.
    pub parameters: Option<JsonSchema>,
    /// Whether the arguments must follow it exactly.
    pub strict: Option<bool>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Which tool the model calls.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum ToolChoice {
    /// Any, or none.
    Mode(ToolChoiceMode),
    /// This one.
    Named(NamedToolChoice),
}

/// Whether the model calls a tool.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoiceMode {
    /// It doesn't.
    None,
    /// As it likes.
    Auto,
    /// It does.
    Required,
}

/// A tool that must be called.
#[derive(ToSchema)]
pub struct NamedToolChoice {
    /// `function`, or another kind.
    #[serde(rename = "type")]
    #[schema(example = "function")]
    pub kind: String,
    /// Which function.
    pub function: Option<FunctionName>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A function by its name.
#[derive(ToSchema)]
pub struct FunctionName {
    /// The name.
    pub name: String,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A call that the model made, by the tool's kind.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToolCall {
    /// Of a function.
    #[schema(title = "FunctionToolCall")]
    Function {
        /// Names the call; the tool's message repeats it.
        id: String,
        /// What was called.
        function: FunctionCall,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    /// Of a tool that takes any text.
    #[schema(title = "CustomToolCall")]
    Custom {
        /// Names the call; the tool's message repeats it.
        id: String,
        /// What was called.
        custom: Map<String, Value>,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
}

/// A function's call.
#[derive(ToSchema)]
pub struct FunctionCall {
    /// Which function.
    pub name: String,
    /// Its arguments as JSON, as the model wrote them: it may have made mistakes.
    pub arguments: String,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// An answer's form, by its kind.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResponseFormat {
    /// Words.
    #[schema(title = "TextFormat")]
    Text {
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    /// Some JSON object.
    #[schema(title = "JsonObjectFormat")]
    JsonObject {
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    /// JSON by a schema.
    #[schema(title = "JsonSchemaFormat")]
    JsonSchema {
        /// The schema.
        json_schema: NamedJsonSchema,
        /// Everything else.
        #[serde(flatten)]
        more: Map<String, Value>,
    },
}

/// A JSON Schema.
#[derive(ToSchema)]
pub struct JsonSchema(pub Map<String, Value>);

/// A schema with a name.
#[derive(ToSchema)]
pub struct NamedJsonSchema {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The JSON Schema.
    pub schema: Option<JsonSchema>,
    /// Whether the answer must follow it exactly.
    pub strict: Option<bool>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}
