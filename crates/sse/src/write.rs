//! Writes events.

/// An event with this data and no name. Each line of the data becomes a `data` line, so that it reads back the same.
///
/// ```
/// assert_eq!(sse::data("{\"a\":1}"), "data: {\"a\":1}\n\n");
/// assert_eq!(sse::data("a\nb"), "data: a\ndata: b\n\n");
/// ```
pub fn data(data: &str) -> String {
    let mut event = String::with_capacity(data.len() + 8);
    lines(data, "data: ", &mut event);
    event.push('\n');
    event
}

/// The same with a name, which must be one line.
///
/// ```
/// assert_eq!(sse::named("error", "{}"), "event: error\ndata: {}\n\n");
/// ```
pub fn named(name: &str, data: &str) -> String {
    let mut event = format!("event: {name}\n");
    lines(data, "data: ", &mut event);
    event.push('\n');
    event
}

/// A comment, which readers ignore: what a heartbeat is made of. It may stand before an event, and with a blank line
/// after it by itself.
///
/// ```
/// assert_eq!(sse::comment("heartbeat"), ": heartbeat\n");
/// ```
pub fn comment(text: &str) -> String {
    let mut comment = String::with_capacity(text.len() + 3);
    lines(text, ": ", &mut comment);
    comment
}

fn lines(text: &str, field: &str, out: &mut String) {
    // CR and CRLF end a line for readers as well: left as they are, what follows them would be a field of its own.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for line in text.split('\n') {
        out.push_str(field);
        out.push_str(line);
        out.push('\n');
    }
}
