//! Which of the types that there are a caller likes best (RFC 9110, section 12.5.1).

use actix_web::{
    HttpRequest,
    http::header::{Accept, Header as _, Quality},
};

/// The best of the types that are offered, each like `text/csv`; of those that are liked alike, the one that is named
/// more plainly, then the first. `None`: the caller takes none of them. What can't be read is taken for no wish.
pub fn best<'a>(request: &HttpRequest, offered: &[&'a str]) -> Option<&'a str> {
    let accept = Accept::parse(request).ok().filter(|accept| !accept.is_empty());
    let Some(accept) = accept else { return offered.first().copied() };
    let taken = offered.iter().rev().filter_map(|kind| Some((liking(&accept, kind)?, *kind)));
    taken.max_by_key(|(liking, _)| *liking).map(|(_, kind)| kind)
}

/// How much a type is liked, and how plainly it is named; the plainest name decides.
fn liking(accept: &Accept, kind: &str) -> Option<(Quality, u8)> {
    let group = kind.split('/').next();
    let named = accept.iter().filter_map(|range| {
        let plainness = match range.item.essence_str() {
            name if name == kind => 2,
            name if name.strip_suffix("/*").is_some_and(|name| Some(name) == group) => 1,
            "*/*" => 0,
            _ => return None,
        };
        Some((plainness, range.quality))
    });
    named.max().filter(|(_, quality)| *quality > Quality::ZERO).map(|(plainness, quality)| (quality, plainness))
}
