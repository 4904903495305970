//! Why a call of the management plane gave no data.

use api_types::{Problem, ProblemCode};

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ApiError {
    /// No answer came: offline, server gone, or too slow.
    Network,
    /// The server said why.
    Problem(Box<Problem>),
    /// An answer came that isn't ours, from a proxy in between for example; its status.
    Unexpected(u16),
}

impl ApiError {
    /// What to tell the reader, with what to do next.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Network => "The server can't be reached. Check your connection, then try again.".to_owned(),
            Self::Problem(problem) if problem.errors.is_empty() => problem.detail.clone(),
            Self::Problem(problem) => {
                problem.errors.iter().map(|error| error.detail.as_str()).collect::<Vec<_>>().join(" ")
            }
            Self::Unexpected(status) => format!(
                "The answer can't be read (status {status}). Try again; if it stays like this, ask whoever runs this \
                 server."
            ),
        }
    }

    /// Which problem, where the server said.
    pub(crate) fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            _ => None,
        }
    }

    /// Whether the session is missing or over; a wrong password is something else.
    pub(crate) fn is_unauthenticated(&self) -> bool {
        self.code() == Some(ProblemCode::Unauthenticated)
    }

    /// Whether the account is no operator's, or not any more.
    pub(crate) fn is_for_operators(&self) -> bool {
        self.code() == Some(ProblemCode::OperatorsOnly)
    }

    /// The request's id for whoever runs the server, where there is one to ask about.
    pub(crate) fn reference(&self) -> Option<String> {
        match self {
            Self::Problem(problem) if problem.status >= 500 => Some(problem.request_id.to_string()),
            _ => None,
        }
    }
}
