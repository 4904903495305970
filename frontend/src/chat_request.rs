//! What the playground asks the model for: as a body on the wire, and as parts that programs write.

use serde::Serialize;

use crate::conversation::Message;

/// A chat request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChatRequest {
    /// What was said, the system's words first.
    pub(crate) messages: Vec<Message>,
    /// The model; none leaves it to the server.
    pub(crate) model: Option<String>,
    /// A decimal number from 0 to 2; none leaves it to the model.
    pub(crate) temperature: Option<String>,
}

impl ChatRequest {
    /// The body that asks for a streamed answer.
    pub(crate) fn body(&self) -> String {
        #[derive(Serialize)]
        struct Body<'r> {
            messages: &'r [Message],
            stream: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            model: Option<&'r str>,
        }
        // Text and a flag: this can't fail.
        let body = Body { messages: &self.messages, stream: true, model: self.model.as_deref() };
        let mut body = serde_json::to_string(&body).unwrap_or_default();
        // As it was typed: writing any float would link all of its algorithms.
        if let Some(temperature) = &self.temperature {
            body.pop();
            body.push_str(&format!(",\"temperature\":{temperature}}}"));
        }
        body
    }
}

/// How the model is to answer, as the reader set it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tuning {
    /// The system's words; none are sent where this is blank.
    pub(crate) system: String,
    /// As typed.
    pub(crate) temperature: String,
}

impl Tuning {
    /// The temperature as JSON writes it; `None` where none is set.
    ///
    /// # Errors
    /// A sentence where it is no number from 0 to 2.
    pub(crate) fn temperature(&self) -> Result<Option<String>, &'static str> {
        let text = self.temperature.trim().replace(',', ".");
        if text.is_empty() {
            return Ok(None);
        }
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let is_number =
            matches!(whole, "" | "0" | "1" | "2") && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
        let is_too_high = whole == "2" && part.bytes().any(|digit| digit != b'0');
        let part = part.trim_end_matches('0');
        match (whole, part) {
            _ if !is_number || is_too_high || text == "." => Err("Use a number from 0 to 2, such as 0.7."),
            ("", "") => Ok(Some("0".to_owned())),
            ("", part) => Ok(Some(format!("0.{part}"))),
            (whole, "") => Ok(Some(whole.to_owned())),
            (whole, part) => Ok(Some(format!("{whole}.{part}"))),
        }
    }

    /// The request for an answer to this.
    pub(crate) fn request(&self, said: Vec<Message>, model: Option<String>) -> ChatRequest {
        let system = (!self.system.trim().is_empty()).then(|| Message { role: "system", content: self.system.clone() });
        let messages = system.into_iter().chain(said).collect();
        ChatRequest { messages, model, temperature: self.temperature().unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temperature(text: &str) -> Result<Option<String>, &'static str> {
        Tuning { system: String::new(), temperature: text.to_owned() }.temperature()
    }

    #[test]
    fn a_temperature_is_a_number_from_0_to_2() {
        for (text, number) in [("0.7", "0.7"), (" 1 ", "1"), (",5", "0.5"), ("2.0", "2"), ("0.250", "0.25"), ("0", "0")]
        {
            assert_eq!(temperature(text), Ok(Some(number.to_owned())), "{text}");
        }
        assert_eq!(temperature(" "), Ok(None));
        for text in ["2.1", "-1", "3", "1e0", "hot", ".", "0.1234", "1.2.3", "00"] {
            assert!(temperature(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_body_is_what_was_set_and_nothing_else() {
        let said = || vec![Message { role: "user", content: "\"Hi\"".to_owned() }];
        let plain: serde_json::Value = serde_json::from_str(&Tuning::default().request(said(), None).body()).unwrap();
        assert_eq!(plain, serde_json::json!({"messages": [{"role": "user", "content": "\"Hi\""}], "stream": true}));
        let tuning = Tuning { system: "Be brief.".to_owned(), temperature: "0,7".to_owned() };
        let tuned: serde_json::Value =
            serde_json::from_str(&tuning.request(said(), Some("m".to_owned())).body()).unwrap();
        let messages =
            serde_json::json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "\"Hi\""}]);
        assert_eq!(tuned, serde_json::json!({"messages": messages, "stream": true, "model": "m", "temperature": 0.7}));
    }
}
