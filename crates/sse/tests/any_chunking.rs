//! However a stream is cut into chunks, the events are the same and no byte is lost or changed.

use proptest::prelude::*;
use sse::{Reader, Splitter};

/// Streams that look like events: their building blocks, in any order.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"data: ".to_vec()),
        Just(b"data:".to_vec()),
        Just(b"event: x".to_vec()),
        Just(b": comment".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\n\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        Just("\u{feff}".as_bytes().to_vec()),
        Just("è 🦀".as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Cuts at these places, each taken modulo what is left.
fn chunks<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = bytes;
    let mut chunks = Vec::new();
    for cut in cuts {
        let (chunk, after) = rest.split_at(cut % (rest.len() + 1));
        chunks.push(chunk);
        rest = after;
    }
    chunks.push(rest);
    chunks
}

fn events(chunks: &[&[u8]], limit: usize) -> Vec<(Option<String>, String, bool)> {
    let mut reader = Reader::new(limit);
    let mut seen = Vec::new();
    for chunk in chunks {
        reader.push(chunk, |event| {
            seen.push((event.name.map(|name| name.into_owned()), event.data.into_owned(), event.cut));
        });
    }
    reader.finish(|event| seen.push((None, event.data.into_owned(), event.cut)));
    seen
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_events(bytes in stream(), cuts in proptest::collection::vec(0usize..30, 0..30)) {
        let whole = events(&[&bytes], 1 << 20);
        prop_assert_eq!(&events(&chunks(&bytes, &cuts), 1 << 20), &whole);
        let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(&events(&bytewise, 1 << 20), &whole);
    }

    #[test]
    fn a_small_limit_cuts_the_same_events_for_any_chunking(
        bytes in stream(),
        cuts in proptest::collection::vec(0usize..30, 0..30),
        limit in 0usize..40,
    ) {
        let whole = events(&[&bytes], limit);
        prop_assert_eq!(&events(&chunks(&bytes, &cuts), limit), &whole);
    }

    #[test]
    fn what_is_released_and_what_is_held_are_the_input(
        bytes in stream(),
        cuts in proptest::collection::vec(0usize..30, 0..30),
        limit in 0usize..40,
    ) {
        let mut splitter = Splitter::new(limit);
        let (mut out, mut held) = (Vec::new(), Vec::new());
        for chunk in chunks(&bytes, &cuts) {
            let ready = splitter.push(chunk);
            prop_assert!(ready <= chunk.len());
            if ready > 0 {
                out.append(&mut held);
                out.extend_from_slice(&chunk[..ready]);
            }
            held.extend_from_slice(&chunk[ready..]);
            prop_assert!(held.len() <= limit);
            prop_assert!(!splitter.mid_event() || held.is_empty());
        }
        out.extend_from_slice(&held);
        prop_assert_eq!(out, bytes);
    }

    #[test]
    fn a_heartbeat_at_any_release_changes_no_event(
        bytes in stream().prop_filter("a BOM is only one at the very start", |bytes| !bytes.starts_with("\u{feff}".as_bytes())),
        cuts in proptest::collection::vec(0usize..30, 0..30),
        apart in any::<bool>(),
    ) {
        let mut splitter = Splitter::new(1 << 20);
        let heartbeat = if apart { ": heartbeat\n\n" } else { ": heartbeat\n" };
        let (mut out, mut held) = (heartbeat.as_bytes().to_vec(), Vec::new());
        for chunk in chunks(&bytes, &cuts) {
            let ready = splitter.push(chunk);
            held.extend_from_slice(&chunk[..ready]);
            if ready > 0 {
                out.append(&mut held);
                out.extend_from_slice(heartbeat.as_bytes());
            }
            held.extend_from_slice(&chunk[ready..]);
        }
        out.extend_from_slice(&held);
        prop_assert_eq!(events(&[&out], 1 << 20), events(&[&bytes], 1 << 20));
    }

    #[test]
    fn written_data_reads_back(text in "[ -~\n]{0,60}") {
        let written = sse::data(&text);
        prop_assert_eq!(events(&[written.as_bytes()], 1 << 20), vec![(None, text, false)]);
    }
}

#[test]
fn an_event_is_cut_only_past_the_limit_and_read_without_its_blank_line_at_the_end() {
    let event = b"data: abc\n\n";
    for (limit, data, cut) in [(event.len(), "abc", false), (event.len() - 1, "abc", true), (8, "ab", true)] {
        let bytewise: Vec<&[u8]> = event.chunks(1).collect();
        for chunks in [&[&event[..]][..], &bytewise] {
            assert_eq!(events(chunks, limit), [(None, data.to_owned(), cut)], "{limit}");
        }
    }
    assert_eq!(events(&[b"data: abc"], 9), [(None, "abc".to_owned(), false)]);
}

#[test]
fn a_bom_is_taken_off_at_the_very_start_and_nowhere_else() {
    let bytes = "\u{feff}data: a\n\n\u{feff}data: no field\n\ndata: b\n\n".as_bytes();
    let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
    for chunks in [&[bytes][..], &bytewise] {
        let seen: Vec<String> = events(chunks, 1 << 20).into_iter().map(|(_, data, _)| data).collect();
        assert_eq!(seen, ["a", "b"]);
    }
}

#[test]
fn twenty_megabytes_in_one_line_and_byte_by_byte_are_read_in_bounded_memory() {
    let mut line = b"event: big\ndata: ".to_vec();
    line.resize(20 << 20, b'x');
    line.extend_from_slice(b"\n\ndata: [DONE]\n\n");
    let mut reader = Reader::new(1024);
    let mut splitter = Splitter::new(64 * 1024);
    let (mut seen, mut held, mut released) = (Vec::new(), 0, 0);
    for byte in &line {
        reader.push(std::slice::from_ref(byte), |event| seen.push((event.data.len(), event.cut)));
        held += 1;
        if splitter.push(std::slice::from_ref(byte)) > 0 {
            released += std::mem::take(&mut held);
        }
        assert!(held <= 64 * 1024);
    }
    assert_eq!(seen, [(1024 - "event: big\ndata: ".len(), true), (6, false)]);
    assert_eq!(released, line.len());
}
