//! Walks through JSON as it arrives, and tells what stands at the places that matter.
//!
//! No tree is built and nothing is checked: memory is bounded by the depth and by the longest text that is kept, time is
//! linear. Names and texts are told with their escapes resolved, so that no spelling hides one.

/// How deep it looks. JSON readers give up at a few hundred to a thousand levels; requests and answers have about ten.
const DEPTH_MAX: usize = 128;
/// Longest name or text that is kept, in bytes. Ids have about 60.
const TEXT_MAX: usize = 1_024;

/// The places of one kind of document.
pub(crate) trait Places: Copy {
    /// The place of an object's field; `None`: neither it nor anything below it matters.
    fn field(self, name: &str) -> Option<Self>;
    /// The place of a list's elements.
    fn element(self) -> Option<Self>;
}

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A text.
    Text(&'a str),
    /// A text longer than any that is kept.
    LongText,
    /// A number, `true` or `false`.
    Scalar,
    /// `null`.
    Null,
    /// An object; its fields follow.
    Object,
    /// A list; its elements follow.
    List,
    /// An object or a list too deep to be looked at.
    TooDeep,
}

/// A walk under way.
pub(crate) struct Walk<P> {
    root: P,
    levels: Vec<Level<P>>,
    /// Open brackets of what doesn't matter.
    passed_over: usize,
    lex: Lex,
    text: Text,
}

/// An object or list that is open.
struct Level<P> {
    place: P,
    is_object: bool,
    /// A name comes next, not a value.
    at_name: bool,
    /// Where the value stands whose name was read last.
    of_field: Option<P>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lex {
    Between,
    /// Within a number, `true`, `false` or `null`.
    Bare,
    Quoted,
}

impl<P: Places> Walk<P> {
    /// A walk through a document whose outermost value stands here.
    pub(crate) fn new(root: P) -> Self {
        Self { root, levels: Vec::new(), passed_over: 0, lex: Lex::Between, text: Text::default() }
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8], mut tell: impl FnMut(P, Value<'_>)) {
        let mut rest = bytes;
        while let [byte, after @ ..] = rest {
            rest = match self.lex {
                Lex::Quoted => match self.text.take(rest) {
                    (rest, false) => rest,
                    (rest, true) => {
                        self.lex = Lex::Between;
                        self.quoted(&mut tell);
                        rest
                    }
                },
                Lex::Bare if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-') => after,
                Lex::Bare | Lex::Between => {
                    self.lex = Lex::Between;
                    self.between(*byte, &mut tell);
                    after
                }
            };
        }
    }

    fn between(&mut self, byte: u8, tell: &mut impl FnMut(P, Value<'_>)) {
        match byte {
            b'"' => {
                self.lex = Lex::Quoted;
                self.text.begin(self.is_at_name() || self.value_place().is_some());
            }
            b'{' | b'[' => self.opens(byte == b'{', tell),
            b'}' | b']' if self.passed_over > 0 => self.passed_over -= 1,
            b'}' | b']' => drop(self.levels.pop()),
            b',' if self.passed_over == 0 => {
                if let Some(level) = self.levels.last_mut() {
                    level.at_name = level.is_object;
                    level.of_field = None;
                }
            }
            b'n' | b't' | b'f' | b'-' | b'0'..=b'9' => {
                self.lex = Lex::Bare;
                if let Some(place) = self.value_place() {
                    tell(place, if byte == b'n' { Value::Null } else { Value::Scalar });
                }
            }
            _ => {}
        }
    }

    fn is_at_name(&self) -> bool {
        self.passed_over == 0 && self.levels.last().is_some_and(|level| level.at_name)
    }

    /// Where the value stands that comes next, if it matters.
    fn value_place(&self) -> Option<P> {
        match self.levels.last() {
            _ if self.passed_over > 0 => None,
            None => Some(self.root),
            Some(level) if level.is_object => level.of_field,
            Some(level) => level.place.element(),
        }
    }

    fn opens(&mut self, is_object: bool, tell: &mut impl FnMut(P, Value<'_>)) {
        match self.value_place() {
            Some(place) if self.levels.len() < DEPTH_MAX => {
                tell(place, if is_object { Value::Object } else { Value::List });
                self.levels.push(Level { place, is_object, at_name: is_object, of_field: None });
            }
            Some(place) => {
                tell(place, Value::TooDeep);
                self.passed_over += 1;
            }
            None => self.passed_over += 1,
        }
    }

    /// A name or a text has ended.
    fn quoted(&mut self, tell: &mut impl FnMut(P, Value<'_>)) {
        if self.is_at_name() {
            if let Some(level) = self.levels.last_mut() {
                level.at_name = false;
                // One that is too long to be kept is none that matters, but what stands there may hold some.
                level.of_field = self.text.with(|name| level.place.field(name.unwrap_or_default()));
            }
        } else if let Some(place) = self.value_place() {
            self.text.with(|text| tell(place, text.map_or(Value::LongText, Value::Text)));
        }
    }
}

/// A text in quotes, its escapes resolved.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    /// Nothing of it matters.
    ignored: bool,
    /// More came than is kept.
    is_cut: bool,
    escape: Escape,
    /// The first half of a surrogate pair.
    high: Option<u32>,
}

#[derive(Default, Clone, Copy)]
enum Escape {
    #[default]
    None,
    /// After the backslash.
    Begun,
    /// Within `\uXXXX`: digits so far, and their value.
    Unicode(u8, u32),
}

impl Text {
    fn begin(&mut self, matters: bool) {
        self.bytes.clear();
        (self.ignored, self.is_cut) = (!matters, false);
        (self.escape, self.high) = (Escape::None, None);
    }

    /// Takes bytes up to the end of the text: what is left, and whether it ended.
    fn take<'b>(&mut self, bytes: &'b [u8]) -> (&'b [u8], bool) {
        let [byte, after @ ..] = bytes else { return (bytes, false) };
        match self.escape {
            Escape::Begun => self.escaped(*byte),
            Escape::Unicode(digits, value) => self.digit(digits, value, *byte),
            Escape::None if *byte == b'"' => {
                self.end_pair();
                return (after, true);
            }
            Escape::None if *byte == b'\\' => self.escape = Escape::Begun,
            Escape::None => {
                let end = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(bytes.len());
                self.end_pair();
                self.keep(&bytes[..end]);
                return (&bytes[end..], false);
            }
        }
        (after, false)
    }

    fn escaped(&mut self, byte: u8) {
        self.escape = Escape::None;
        let meant = match byte {
            b'u' => {
                self.escape = Escape::Unicode(0, 0);
                return;
            }
            b'b' => b'\x08',
            b'f' => b'\x0c',
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            other => other,
        };
        self.end_pair();
        self.keep(&[meant]);
    }

    fn digit(&mut self, digits: u8, value: u32, byte: u8) {
        let value = value * 16 + char::from(byte).to_digit(16).unwrap_or_default();
        if digits < 3 {
            self.escape = Escape::Unicode(digits + 1, value);
            return;
        }
        self.escape = Escape::None;
        match (self.high, value) {
            (Some(high), 0xDC00..=0xDFFF) => {
                self.high = None;
                self.keep_char(0x1_0000 + ((high - 0xD800) << 10) + (value - 0xDC00));
            }
            (_, 0xD800..=0xDBFF) => {
                self.end_pair();
                self.high = Some(value);
            }
            _ => {
                self.end_pair();
                self.keep_char(value);
            }
        }
    }

    /// Half a pair alone stands for no character.
    fn end_pair(&mut self) {
        if let Some(half) = self.high.take() {
            self.keep_char(half);
        }
    }

    fn keep_char(&mut self, code: u32) {
        let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        self.keep(char.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.ignored {
            return;
        }
        let room = TEXT_MAX - self.bytes.len();
        self.is_cut |= bytes.len() > room;
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Shows the text; `None` where it is too long.
    fn with<T>(&self, show: impl FnOnce(Option<&str>) -> T) -> T {
        if self.is_cut { show(None) } else { show(Some(&String::from_utf8_lossy(&self.bytes))) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every place, by its depth; what is named `no` doesn't matter.
    #[derive(Clone, Copy)]
    struct Depth(usize);

    impl Places for Depth {
        fn field(self, name: &str) -> Option<Self> {
            (name != "no").then_some(Self(self.0 + 1))
        }

        fn element(self) -> Option<Self> {
            Some(Self(self.0 + 1))
        }
    }

    fn told(pieces: &[&[u8]]) -> Vec<String> {
        let mut walk = Walk::new(Depth(0));
        let mut told = Vec::new();
        for piece in pieces {
            walk.push(piece, |Depth(depth), value| told.push(format!("{depth} {value:?}")));
        }
        told
    }

    #[test]
    fn values_are_told_with_their_places() {
        let text = r#" {"a": ["x", null, -1.5e3, true], "no": {"b": ["y", {"c": "z"}]}, "d": {"e": "}\"]"}} "#;
        let expected =
            ["0 Object", "1 List", "2 Text(\"x\")", "2 Null", "2 Scalar", "2 Scalar", "1 Object", r#"2 Text("}\"]")"#];
        assert_eq!(told(&[text.as_bytes()]), expected);
    }

    #[test]
    fn escapes_are_resolved_in_names_and_texts() {
        let text = r#"{"\u006e\u006F": "hidden", "a": "\ud83e\udd86 \u00e4\n\"\\\/ \ud83e \udd86\ud83e"}"#;
        assert_eq!(
            told(&[text.as_bytes()])[1..],
            [format!("1 {:?}", Value::Text("🦆 ä\n\"\\/ \u{fffd} \u{fffd}\u{fffd}"))]
        );
    }

    #[test]
    fn what_is_too_long_or_too_deep_is_told_as_that() {
        let long =
            format!(r#"["{}", "{}", {{"{}": 1}}]"#, "x".repeat(TEXT_MAX), "x".repeat(TEXT_MAX + 1), "n".repeat(999));
        let long = told(&[long.as_bytes()]);
        assert!(long[1].contains("Text(\"xxx"));
        assert_eq!(long[2..], ["1 LongText", "1 Object", "2 Scalar"]);
        let in_pieces = format!(r#"["{}\n"]"#, "x".repeat(TEXT_MAX));
        assert_eq!(told(&[in_pieces.as_bytes()])[1..], ["1 LongText"]);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let deep = told(&[deep.as_bytes(), b", \"after\""]);
        assert_eq!((deep.len(), deep[DEPTH_MAX].as_str()), (DEPTH_MAX + 2, "128 TooDeep"));
    }

    proptest! {
        #[test]
        fn chunks_change_nothing(text in r#"[\[\]{}",:\\a-fnu0-9é ]{0,80}"#, cut in 0usize..100) {
            let bytes = text.as_bytes();
            let (one, other) = bytes.split_at(cut.min(bytes.len()));
            prop_assert_eq!(told(&[bytes]), told(&[one, other]));
        }

        #[test]
        fn texts_are_what_a_parser_reads(text in "\\PC{0,60}", spelt: bool) {
            let mut json = serde_json::to_string(&text).unwrap();
            if spelt {
                let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
                json = format!("\"{}\"", units.collect::<String>());
            }
            prop_assert_eq!(told(&[json.as_bytes()]), [format!("0 {:?}", Value::Text(&text))]);
        }
    }
}
