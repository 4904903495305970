//! What each problem is: told once, for the answers' titles, the OpenAPI document's examples and the page about errors.

use api_types::ProblemCode;

use crate::base_path::BasePath;

/// What is said of a kind of problem.
#[derive(Debug, Clone, Copy)]
pub struct ProblemKind {
    /// The same for every problem of this kind.
    pub title: &'static str,
    /// When it comes.
    pub when: &'static str,
    /// What its reader can do.
    pub to_do: &'static str,
    /// What one of them says, for example.
    pub detail: &'static str,
}

const fn kind(title: &'static str, when: &'static str, to_do: &'static str, detail: &'static str) -> ProblemKind {
    ProblemKind { title, when, to_do, detail }
}

/// What is said of problems with this code.
#[must_use]
pub const fn of(code: ProblemCode) -> ProblemKind {
    match code {
        ProblemCode::InvalidJson => kind(
            "The body isn't JSON",
            "The body can't be parsed, was cut short, or isn't coded as its Content-Encoding says.",
            "Send well-formed JSON; detail names line and column.",
            "The body isn't JSON (line 1, column 12).",
        ),
        ProblemCode::Unauthenticated => kind(
            "Not signed in",
            "There is no access token, or its session ended: after 15 minutes, by signing out, by a new password.",
            "Sign in with POST /sessions and send the access_token as Authorization: Bearer.",
            "Sign in first: POST /sessions, or sign up with POST /accounts.",
        ),
        ProblemCode::WrongCredentials => kind(
            "Email and password don't match",
            "The password is wrong, or no such account exists: both look the same.",
            "Check both. After 10 failures in 5 minutes further tries have to wait.",
            "Email and password don't match.",
        ),
        ProblemCode::CrossOrigin => kind(
            "From another site's page",
            "A cookie came along with a change that doesn't come from this server's own page.",
            "Outside of the page send the access token as Authorization: Bearer, and no cookie.",
            "This change came with the page's cookie, but not from the page. Send the access token as Authorization: Bearer.",
        ),
        ProblemCode::NotForPages => kind(
            "For programs only",
            "A page asked for a refresh token in the body, or sent one.",
            "In a page leave it out: its refresh token is in a cookie, which no script can read.",
            "A refresh token in the body is for programs. A page leaves it out: its own is in a cookie, which no script can \
             read.",
        ),
        ProblemCode::NotYourself => kind(
            "Keys are made for oneself",
            "The field user of POST /create_key is an address other than the caller's.",
            "Leave user out, or send your own address.",
            "Keys are made for oneself: leave user out, or send your own email address.",
        ),
        ProblemCode::AccountBlocked => kind(
            "The account is blocked",
            "An operator blocked the account: it can't sign in, and its keys are refused.",
            "Ask whoever runs this server.",
            "This account is blocked. Ask whoever runs this server.",
        ),
        ProblemCode::AccountWaiting => kind(
            "The account waits for approval",
            "This server's operators approve accounts before those may have keys.",
            "Wait until an operator has approved it.",
            "Your account waits for an operator's approval; keys come after that.",
        ),
        ProblemCode::SignUpRefused => kind(
            "Not everybody may sign up",
            "This server takes sign-ups from some domains only, or none at all.",
            "Use an address of a domain that detail names, or ask whoever runs this server.",
            "Sign-ups are closed. Ask whoever runs this server for an account.",
        ),
        ProblemCode::InviteOver => kind(
            "The invitation is over",
            "The invitation is unknown, was used, has ended or was withdrawn, or is for another address.",
            "Use the address that it is for, or ask for a new one.",
            "This invitation is unknown, used, over, or for another address. Ask for a new one.",
        ),
        ProblemCode::OperatorsOnly => kind(
            "For operators only",
            "The account is no operator's.",
            "Whoever runs the server makes somebody one on its machine: tollgate operators add ADDRESS.",
            "Only operators may do this. Whoever runs this server can make you one: tollgate operators add.",
        ),
        ProblemCode::TooManyKeys => kind(
            "As many keys as an account may hold",
            "The account holds as many keys as the server's operator allows.",
            "Revoke one first.",
            "You hold as many keys as an account may. Revoke one first.",
        ),
        ProblemCode::NotFound => kind(
            "Nothing is there",
            "The path names nothing, or something of somebody else's.",
            "Compare the path with this page; GET /keys lists your keys.",
            "You have no such key; GET /keys lists yours.",
        ),
        ProblemCode::UnknownPlan => kind(
            "No such plan",
            "No plan of this name takes new keys.",
            "Use a name that GET /plans lists.",
            "No such plan takes new keys; GET /plans lists those that do.",
        ),
        ProblemCode::MethodNotAllowed => kind(
            "The path takes other methods",
            "The path exists, the method doesn't.",
            "Use one of those that the header Allow lists.",
            "This path takes GET.",
        ),
        ProblemCode::NotAcceptable => kind(
            "None of the types asked for",
            "The header Accept takes none of the types that there are.",
            "Ask for application/json, or for usage also text/csv.",
            "Usage comes as application/json or text/csv.",
        ),
        ProblemCode::KeyAlreadyExists => kind(
            "Key already exists",
            "The account holds a key on this plan: there is one for each account and plan.",
            "Use it, rotate it where its value is lost, or revoke it first.",
            "Key already exists",
        ),
        ProblemCode::TooManyOldValues => kind(
            "As many old values as may work",
            "Four earlier values of the key are still in the grace that they were promised.",
            "Wait as Retry-After says, or rotate without a grace. Disabling the key ends them all.",
            "4 old values of this key still work, as promised, the first until 2026-11-22T09:30:00Z. Rotate it then, or \
             without a grace; to end them all now, disable the key.",
        ),
        ProblemCode::LastOperator => kind(
            "The last operator stays",
            "The change would leave no operator who can sign in.",
            "Make somebody else an operator first, or do it on the server's machine by tollgate's commands.",
            "This is the last operator who can sign in. Make somebody else one first.",
        ),
        ProblemCode::EmailTaken => kind(
            "The address has an account",
            "Somebody signed up with this email address.",
            "Sign in instead, or use another address.",
            "An account with this email address exists. Sign in instead.",
        ),
        ProblemCode::LinkOver => kind(
            "The link is over",
            "The link for a new password is unknown, was used, is older than an hour, or another one was made since.",
            "Ask for a new one.",
            "This link is unknown, was used, or is more than an hour old. Ask for a new one.",
        ),
        ProblemCode::BodyTooLarge => kind(
            "The body is too large",
            "The body has more than 65,536 bytes, also once decoded.",
            "Send the fields of the form and nothing else.",
            "The body is larger than 65536 bytes.",
        ),
        ProblemCode::UnsupportedMediaType => kind(
            "Not marked as JSON",
            "The Content-Type isn't application/json, or the Content-Encoding isn't one that is known.",
            "Send the header Content-Type: application/json. Codings that are known are in Accept-Encoding.",
            "Send JSON, marked with the header 'content-type: application/json'.",
        ),
        ProblemCode::InvalidFields => kind(
            "Some fields are wrong",
            "Fields or parameters are missing, unknown, of the wrong type or against their rules.",
            "errors names every one of them, which rule it breaks, and what to do.",
            "Some fields are wrong; see errors.",
        ),
        ProblemCode::IdempotencyKeyReused => kind(
            "The Idempotency-Key stands for another request",
            "The same Idempotency-Key came with another body in the last 24 hours.",
            "Take a new one for each key that you create.",
            "This Idempotency-Key was used in the last 24 hours for another request. Take a new one for each key that you \
             create.",
        ),
        ProblemCode::TooManyAttempts => kind(
            "Too many tries",
            "Too many failed sign-ins or too many sign-ups came from the address, or for the account.",
            "Wait as Retry-After says.",
            "Too many failed sign-ins. Try again in 5 minutes.",
        ),
        ProblemCode::CreateFailed => kind(
            "The key couldn't be created",
            "Creating the key failed, and nothing was left behind; or the service that keeps the keys is full.",
            "Try again, unless detail says that it won't help.",
            "create failed",
        ),
        ProblemCode::Internal => kind(
            "Something went wrong",
            "The server's own fault. Its log has the cause under the request's id.",
            "Try again; tell the operator the request_id.",
            "Something went wrong on our side. Please try again.",
        ),
        ProblemCode::StoreUnavailable => kind(
            "The store can't be asked",
            "The server's disk is full or its database locked, or the service that keeps the keys doesn't answer.",
            "Try again in a moment, as Retry-After says.",
            "Our store can't be asked right now. Please try again in a moment.",
        ),
        ProblemCode::Busy => kind(
            "Too much at once",
            "More passwords wait to be checked than the server can take.",
            "Try again, as Retry-After says.",
            "Too many of these are under way at once. Please try again.",
        ),
        ProblemCode::ShuttingDown => kind(
            "Shutting down",
            "The server is being stopped or restarted.",
            "Try again, as Retry-After says.",
            "This server is shutting down. Please try again.",
        ),
    }
}

/// The code as the body spells it.
#[must_use]
pub fn name(code: ProblemCode) -> String {
    serde_json::to_value(code).ok().and_then(|code| Some(code.as_str()?.to_owned())).unwrap_or_default()
}

/// Where this server tells about problems with this code: RFC 9457's `type`.
#[must_use]
pub fn type_uri(code: ProblemCode, base: &BasePath) -> String {
    base.join(&format!("/docs/errors#{}", name(code)))
}
