//! Writes events.

/// An event with this data and no name. Each line of the data becomes a `data` line, so that it reads back the same.
///
/// ```
/// assert_eq!(sse::data("{\"a\":1}"), "data: {\"a\":1}\n\n");
/// assert_eq!(sse::data("a\nb"), "data: a\ndata: b\n\n");
/// ```
pub fn data(data: &str) -> String {
    // CR and CRLF end a line for readers as well: left as they are, what follows them would be a field of its own.
    let data = data.replace("\r\n", "\n").replace('\r', "\n");
    let mut event = String::with_capacity(data.len() + 8);
    for line in data.split('\n') {
        event.push_str("data: ");
        event.push_str(line);
        event.push('\n');
    }
    event.push('\n');
    event
}

/// The same with a name, which must be one line.
///
/// ```
/// assert_eq!(sse::named("error", "{}"), "event: error\ndata: {}\n\n");
/// ```
pub fn named(name: &str, data: &str) -> String {
    format!("event: {name}\n{}", self::data(data))
}
