//! What whoever has an answer already needn't be sent again (RFC 9110, sections 8.8.3 and 13.1.2).

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, CacheControl, CacheDirective, ETag, EntityTag, Header as _, IfNoneMatch},
    },
};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// The tag of a content: another one for any other bytes.
#[must_use]
pub fn of(content: &[u8]) -> EntityTag {
    EntityTag::new_strong(HEXLOWER.encode(&Sha256::digest(content)[..12]))
}

/// Whether the caller says that it has this content. A proxy that coded the content on its way has made the tag a weak
/// one.
#[must_use]
pub fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

/// The answer with JSON that is the same for everybody: it may be kept, and is asked for again each time.
#[must_use]
pub fn json(request: &HttpRequest, content: Vec<u8>) -> HttpResponse {
    let tag = of(&content);
    let mut answer = HttpResponse::Ok();
    answer.insert_header(CacheControl(vec![CacheDirective::NoCache]));
    if is_known(request, &tag) {
        return answer.insert_header(ETag(tag)).status(StatusCode::NOT_MODIFIED).finish();
    }
    answer.insert_header(ETag(tag)).insert_header((header::CONTENT_TYPE, "application/json")).body(content)
}
