//! Who comes before what: actix resolves a handler's arguments all at once, so a bad body could answer before a missing
//! key does. [`InOrder`] gets each of its parts only when the one before it is there.

use std::time::Duration;

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload};
use futures_util::{StreamExt as _, future::LocalBoxFuture};

use crate::connection::Connection;

/// A caller, then what they send, in two parts or three. No handler lists two arguments that can fail.
pub struct InOrder<Who, What, More = ()>(pub Who, pub What, pub More);

impl<Who, What, More> FromRequest for InOrder<Who, What, More>
where
    Who: FromRequest + 'static,
    What: FromRequest + 'static,
    More: FromRequest + 'static,
{
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let parts = async {
                let who = Who::from_request(&request, &mut payload).await.map_err(Into::into)?;
                let what = What::from_request(&request, &mut payload).await.map_err(Into::into)?;
                let more = More::from_request(&request, &mut payload).await.map_err(Into::into)?;
                Ok(Self(who, what, more))
            };
            let parts = parts.await;
            if parts.is_err() {
                drain(&request, payload).await;
            }
            parts
        })
    }
}

/// A refused caller's body is read away up to here, so that the answer arrives instead of a reset (RFC 9112, 9.6).
const DRAIN_BYTES: usize = 4 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);

async fn drain(request: &HttpRequest, mut payload: Payload) {
    if Connection::waits_for_invitation(request) {
        // Whoever waits to be asked for it hears the refusal instead.
        return;
    }
    let mut left = DRAIN_BYTES;
    let read = async {
        while let Some(Ok(chunk)) = payload.next().await {
            match left.checked_sub(chunk.len()) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    // Whoever sends longer than this gets the answer all the same, and the connection is closed.
    let _ = tokio::time::timeout(DRAIN_TIME, read).await;
}
