//! Why a request got no answer to pass on: every way to fail before the first byte.

use http::{
    StatusCode,
    header::{HeaderName, HeaderValue},
};
use thiserror::Error;

use crate::{FailureKind, ReportedError};

/// A request that failed before a byte went to the caller. Its text is for the log; what the caller is told, and with
/// which status, is decided above.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// No connection to the upstream.
    #[error("the upstream can't be reached: {cause}")]
    Unreachable {
        /// What the connection attempt said.
        cause: String,
    },
    /// The upstream's status didn't come in time.
    #[error("the upstream sent no status in time")]
    HeadTimeout,
    /// The connection ended or spoke no HTTP before a status came.
    #[error("the upstream broke off before its status: {cause}")]
    Disconnected {
        /// What the connection said.
        cause: String,
    },
    /// A status that isn't passed on: anything but 2xx and the 4xx that are about the request itself.
    #[error("the upstream answered {status}")]
    Status {
        /// The status.
        status: StatusCode,
        /// Its `Retry-After`, where it is well-formed.
        retry_after: Option<HeaderValue>,
        /// Its headers: a gate in front of the upstream tells its own answers by them. Never passed on.
        headers: Vec<(HeaderName, HeaderValue)>,
        /// The beginning of its body, our credential taken out; for the log alone.
        text: Option<String>,
    },
    /// An answer of another type than was asked for.
    #[error("the upstream answered {status} with content type {content_type:?}")]
    BadContentType {
        /// The status.
        status: StatusCode,
        /// The type, cut to a sensible length; empty where there was none.
        content_type: String,
    },
    /// A coded answer, though `identity` was asked for.
    #[error("the upstream answered {status} in the coding {coding:?}, though identity was asked for")]
    Coded {
        /// The status.
        status: StatusCode,
        /// The coding, cut to a sensible length.
        coding: String,
    },
    /// An error in the clothing of a 2xx: the first event of a stream, or a JSON body in place of an answer.
    #[error("the upstream answered {status} and reported an error: {text}")]
    Reported {
        /// The status.
        status: StatusCode,
        /// What it reported.
        error: Box<ReportedError>,
        /// The beginning of the report, our credential taken out; for the log alone.
        text: String,
    },
    /// An answer of which nothing was passed on yet broke off.
    #[error("the upstream answered {status} and broke off ({}){}", kind.as_str(), cause.as_ref().map_or(String::new(), |cause| format!(": {cause}")))]
    Broke {
        /// The status.
        status: StatusCode,
        /// How.
        kind: FailureKind,
        /// What the connection said.
        cause: Option<String>,
    },
    /// A 4xx that is about the request, in HTML, in words, or without any: of a proxy, or of a wrong address.
    #[error("the upstream answered {status} and no JSON{}", text.as_ref().map_or(String::new(), |text| format!(": {text}")))]
    NotJson {
        /// The status.
        status: StatusCode,
        /// The beginning of its body, our credential taken out; for the log alone.
        text: Option<String>,
    },
    /// A 4xx whose body can't be passed on.
    #[error("the upstream's {status} came with a body that can't be passed on: {cause}")]
    BadErrorBody {
        /// The status.
        status: StatusCode,
        /// What is wrong with it.
        cause: String,
    },
    /// The list of models isn't one.
    #[error("the upstream's list of models can't be read: {cause}")]
    BadList {
        /// What is wrong with it.
        cause: String,
    },
    /// We are stopping.
    #[error("shutting down")]
    ShuttingDown,
}

impl Failure {
    /// What failed, as a label.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Unreachable { .. } => FailureKind::Unreachable,
            Self::HeadTimeout => FailureKind::HeadTimeout,
            Self::Disconnected { .. } => FailureKind::Disconnected,
            Self::Status { .. } => FailureKind::UpstreamStatus,
            Self::BadContentType { .. } => FailureKind::BadContentType,
            Self::Coded { .. } => FailureKind::Coded,
            Self::Reported { .. } => FailureKind::UpstreamReported,
            Self::Broke { kind, .. } => *kind,
            Self::NotJson { .. } => FailureKind::BadContentType,
            Self::BadErrorBody { .. } => FailureKind::BadErrorBody,
            Self::BadList { .. } => FailureKind::Incomplete,
            Self::ShuttingDown => FailureKind::ShuttingDown,
        }
    }
}
