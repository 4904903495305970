//! Lets progenitor generate the client from the document in OpenAPI 3.0.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use serde_json::{Value, json};

#[path = "../api/src/openapi/version_3_0.rs"]
mod version_3_0;

const DOCUMENT: &str = "../../openapi/openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    for read in [DOCUMENT, "../api/src/openapi/version_3_0.rs", "build.rs"] {
        println!("cargo::rerun-if-changed={read}");
    }
    let mut document = version_3_0::of(serde_json::from_str(&fs::read_to_string(DOCUMENT)?)?);
    leave_classes_to_the_server(&mut document["components"]["schemas"]);
    for answer in members(&mut document["components"]["responses"]) {
        read_problems_as_json(answer);
    }
    for operation in members(&mut document["paths"]).flat_map(members) {
        keep_one_type_of_refusal(operation);
    }
    let document: openapiv3::OpenAPI = serde_json::from_value(document)?;
    let client = syn::parse2(progenitor_impl::Generator::default().generate_tokens(&document)?)?;
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    Ok(fs::write(Path::new(&out).join("client.rs"), prettyplease::unparse(&client))?)
}

fn members(object: &mut Value) -> impl Iterator<Item = &mut Value> {
    object.as_object_mut().into_iter().flat_map(|object| object.values_mut())
}

/// progenitor takes the body of no other type for JSON.
fn read_problems_as_json(answer: &mut Value) {
    if let Some(content) = answer.get_mut("content").and_then(Value::as_object_mut)
        && let Some(problem) = content.remove("application/problem+json")
    {
        content.insert("application/json".to_owned(), problem);
    }
}

/// progenitor wants all refusals of an operation to be of one type, and takes `default` for a success too. An answer that
/// isn't in its list is an error of the client's, with its status and body.
fn keep_one_type_of_refusal(operation: &mut Value) {
    if let Some(answers) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        answers.remove("default");
        answers.retain(|_, answer| *answer != json!({"$ref": "#/components/responses/MalformedRequest"}));
    }
}

/// The client compiles patterns without the flag by which `\p{L}` is a class, and would refuse every text.
fn leave_classes_to_the_server(schema: &mut Value) {
    if schema.get("pattern").and_then(Value::as_str).is_some_and(|pattern| pattern.contains("\\p{"))
        && let Some(schema) = schema.as_object_mut()
    {
        schema.remove("pattern");
    }
    members(schema).for_each(leave_classes_to_the_server);
}
