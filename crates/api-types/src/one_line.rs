//! Texts of one line and a bounded length, in somebody's own words.

/// A type for one kind of them: its longest, in characters, and the sentence that says so.
macro_rules! one_line_text {
    ($(#[$doc:meta])+ $name:ident, $most:expr, $too_long:literal) => {
        $(#[$doc])+
        #[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads one.
            ///
            /// # Errors
            /// A sentence for the form field.
            pub fn parse(text: &str) -> Result<Self, crate::Reason> {
                if text.chars().count() > $most {
                    return Err(crate::Reason::new("length", $too_long));
                }
                if text.chars().any(char::is_control) {
                    return Err(crate::Reason::new("one_line", "Use one line of plain text."));
                }
                Ok(Self(text.trim().to_owned()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::Reason;

            fn try_from(text: String) -> Result<Self, crate::Reason> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0
            }
        }
    };
}
pub(crate) use one_line_text;
