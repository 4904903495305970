//! Who comes before what: actix resolves a handler's arguments concurrently, so a bad body could answer before a
//! missing key does. [`By`] awaits the caller first and only then reads the body.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload};
use futures_util::StreamExt as _;

use crate::connection::Connection;

/// A caller, then what they send. No handler lists two arguments that can fail.
pub struct By<Who, What>(pub Who, pub What);

/// A refused caller's body is read away up to here, so that the answer arrives instead of a reset (RFC 9112, 9.6).
const DRAIN_BYTES: usize = 4 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);

impl<Who, What> FromRequest for By<Who, What>
where
    Who: FromRequest + 'static,
    What: FromRequest + 'static,
{
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let who = match Who::from_request(&request, &mut Payload::None).await {
                Ok(who) => who,
                Err(error) => {
                    drain(&request, payload).await;
                    return Err(error.into());
                }
            };
            let what = What::from_request(&request, &mut payload).await;
            Ok(Self(who, what.map_err(Into::into)?))
        })
    }
}

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
