//! What a call of the control plane can come to, told in one line that says what to do.

use std::{error::Error, fmt};

use access::{Failed, StoreError};
use aws_sdk_apigateway::{config::http::HttpResponse, error::ProvideErrorMetadata, error::SdkError};

use crate::action::Action;

/// Longest quotation of AWS's words, in characters.
const QUOTE_MAX: usize = 300;

/// A call failed. Holds no secret: AWS's messages name resources, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsError {
    /// The call.
    pub action: Action,
    /// What it came to.
    pub kind: ErrorKind,
    /// AWS's own words, or the transport's, on one line.
    pub message: String,
}

/// What a call came to. Codes and texts as the fake of `tests/src/aws` gives them, which is held to the emulators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The thing isn't there (`NotFoundException`).
    NotFound,
    /// It is there already, or in the way (`ConflictException`).
    Conflict,
    /// Others change the same thing (`ConflictException` too, told apart by its text); tried again a few times already.
    ConcurrentModification,
    /// The account's 10 requests per second, or a call's own limit (`TooManyRequestsException`); tried again already.
    Throttled,
    /// A quota of the AWS account, such as 10,000 API keys (`LimitExceededException`).
    LimitExceeded,
    /// The request is wrong (`BadRequestException`).
    BadRequest,
    /// The credentials may not do this (`AccessDeniedException`).
    Denied,
    /// AWS doesn't take the credentials: expired, unknown, or wrongly signed.
    BadCredentials,
    /// No credentials were found.
    NoCredentials,
    /// No region is set.
    NoRegion,
    /// No answer came, or none that can be read: it may have been done or not.
    NoAnswer,
}

impl AwsError {
    /// Whether the call may have been carried out although it failed here.
    #[must_use]
    pub fn may_be_done(&self) -> bool {
        self.kind == ErrorKind::NoAnswer
    }

    /// Whether the thing isn't there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::NotFound
    }

    /// Whether a usage plan is said to be on stages, without which none is deleted. Right after it was taken off them that
    /// may mean nothing.
    pub(crate) fn is_still_on_stages(&self) -> bool {
        self.kind == ErrorKind::BadRequest && self.names("API Stages associated")
    }

    /// An answer without the id that it is about.
    pub(crate) fn without_id(action: Action) -> Self {
        Self { action, kind: ErrorKind::NoAnswer, message: "the answer names no id".to_owned() }
    }

    /// Whether AWS's words name this kind of thing, such as "Usage Plan": one code stands for all that isn't there.
    pub(crate) fn names(&self, thing: &str) -> bool {
        self.message.contains(thing)
    }

    /// Reads the SDK's error.
    pub(crate) fn new<E>(action: Action, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let (kind, message) = match error {
            SdkError::ServiceError(service) => {
                let (code, said) = (service.err().code(), service.err().message().unwrap_or_default());
                let status = service.raw().status().as_u16();
                let message = match code {
                    Some(code) => format!("{code} ({status}): {said}"),
                    None if status < 400 => "the answer can't be read".to_owned(),
                    None => format!("the answer was {status} without an error code; is the address AWS's?"),
                };
                (of_code(code, said, status), message)
            }
            other => of_transport(&chain(other)),
        };
        Self { action, kind, message: one_line(&message) }
    }
}

/// What a code of AWS means. A bare 404 without one is a wrong endpoint, not a thing that isn't there.
fn of_code(code: Option<&str>, message: &str, status: u16) -> ErrorKind {
    match code {
        Some("NotFoundException") => ErrorKind::NotFound,
        Some("ConflictException") if message.contains("concurrent modification") => ErrorKind::ConcurrentModification,
        Some("ConflictException") => ErrorKind::Conflict,
        Some("TooManyRequestsException" | "ThrottlingException" | "Throttling") => ErrorKind::Throttled,
        Some("LimitExceededException") => ErrorKind::LimitExceeded,
        Some("BadRequestException" | "ValidationException") => ErrorKind::BadRequest,
        Some("AccessDeniedException" | "AccessDenied" | "UnauthorizedException") => ErrorKind::Denied,
        Some(
            "ExpiredTokenException"
            | "ExpiredToken"
            | "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignatureException"
            | "IncompleteSignature"
            | "MissingAuthenticationTokenException"
            | "MissingAuthenticationToken",
        ) => ErrorKind::BadCredentials,
        Some(_) if status < 500 => ErrorKind::BadRequest,
        _ => ErrorKind::NoAnswer,
    }
}

/// The SDK tells missing credentials and a missing region as failures to dispatch, in words alone.
fn of_transport(chain: &str) -> (ErrorKind, String) {
    let lower = chain.to_lowercase();
    let kind = if lower.contains("missing region") || lower.contains("region must be set") {
        ErrorKind::NoRegion
    } else if lower.contains("credential") {
        ErrorKind::NoCredentials
    } else {
        ErrorKind::NoAnswer
    };
    // The last cause says what happened; those before it are the SDK's own parts.
    let cause = chain.rsplit(": ").next().unwrap_or(chain);
    (kind, format!("Amazon API Gateway gives no answer ({cause})"))
}

/// An error and its causes, by their `Display`: their `Debug` can hold values.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().chars().take(QUOTE_MAX).collect()
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, message, .. } = self;
        match self.kind {
            ErrorKind::Denied => write!(
                f,
                "the AWS credentials may not apigateway:{} on {} ({}): add it to their policy; `tollgate aws policy` \
                 prints it",
                action.method,
                action.paths.join(" and "),
                action.name
            ),
            ErrorKind::BadCredentials => write!(f, "AWS refuses the credentials, renew them: {message}"),
            ErrorKind::NoCredentials => write!(
                f,
                "no AWS credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, an AWS_PROFILE that holds \
                 keys, or the role of the machine; with single sign-on run `eval \"$(aws configure export-credentials \
                 --format env)\"` first"
            ),
            ErrorKind::NoRegion => write!(f, "no AWS region is set: set aws.region or AWS_REGION"),
            ErrorKind::LimitExceeded => write!(
                f,
                "{}: a limit of the AWS account is reached, and trying again won't help: {message}",
                action.name
            ),
            ErrorKind::Throttled => {
                write!(f, "{}: API Gateway's control plane is over its rate limit: {message}", action.name)
            }
            _ => write!(f, "{}: {message}", action.name),
        }
    }
}

impl Error for AwsError {}

impl From<AwsError> for StoreError {
    fn from(error: AwsError) -> Self {
        let is_full = error.kind == ErrorKind::LimitExceeded;
        let failed = failed("ask Amazon API Gateway", error);
        if is_full { Self { failed: Failed::ProviderFull(NAME), ..failed } } else { failed }
    }
}

/// Who it is, for people.
const NAME: &str = "Amazon API Gateway";

/// API Gateway, and not our store, is what failed.
pub(crate) fn failed(doing: &'static str, cause: impl fmt::Display) -> StoreError {
    StoreError::new(doing, cause).of_provider(NAME)
}
