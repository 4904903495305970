//! Where the bytes of an answer come from: the upstream or the demo model.

use bytes::Bytes;
use futures_util::stream::LocalBoxStream;

/// Where the bytes come from; an error is its cause in words.
pub(crate) type Source = LocalBoxStream<'static, Result<Bytes, String>>;
