//! The bad days of the control plane: which call meets which, and what it then gets.

use super::{
    answer::{AwsError, Reply},
    request::Request,
};

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429 `TooManyRequestsException`, nothing applied.
    Throttle,
    /// 409 `ConflictException` with AWS's text for a concurrent modification, nothing applied.
    ConcurrentModification,
    /// An error of this status, code and message, nothing applied.
    Status(u16, &'static str, &'static str),
    /// Applied, then the connection is closed without an answer.
    DropReply,
    /// The connection is closed, nothing applied.
    DropRequest,
    /// Nothing happens until [`release_hanging`](super::FakeAws::release_hanging), when it is applied and answered. Not
    /// applied when the caller goes before.
    Hang,
    /// Applied at once, but not answered until [`release_hanging`](super::FakeAws::release_hanging).
    HangReply,
    /// 403 `AccessDeniedException`, naming the caller and the action.
    AccessDenied,
    /// 403 `ExpiredTokenException`.
    ExpiredToken,
    /// 429 `LimitExceededException`: the account has all the keys it may have.
    KeyLimit,
    /// 400: the plan that is to be deleted is said to be on a stage, from which it was taken a moment ago.
    StagesLinger,
    /// 500 with a page of HTML, as from something between here and AWS.
    Html500,
    /// Applied, then the connection is reset in the middle of the answer.
    LoseConnection,
}

/// Which calls of an operation meet a fault, counted from when the fault was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The next one.
    Next,
    /// The n-th, from 1.
    Nth(usize),
    /// The first n.
    First(usize),
    /// Each, until [`clear_faults`](super::FakeAws::clear_faults).
    Always,
}

impl When {
    fn hits(self, call: usize) -> bool {
        match self {
            Self::Next => call == 1,
            Self::Nth(n) => call == n,
            Self::First(n) => call <= n,
            Self::Always => true,
        }
    }

    fn is_over(self, call: usize) -> bool {
        match self {
            Self::Next => call >= 1,
            Self::Nth(n) | Self::First(n) => call >= n,
            Self::Always => false,
        }
    }
}

#[derive(Debug)]
struct Rule {
    operation: String,
    when: When,
    fault: Fault,
    calls: usize,
}

/// The faults that are set, oldest first.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Rule>);

impl Faults {
    pub(super) fn add(&mut self, operation: &str, when: When, fault: Fault) {
        self.0.push(Rule { operation: operation.to_owned(), when, fault, calls: 0 });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Those that have not met all their calls; what is set for always doesn't count.
    pub(super) fn waiting(&self) -> usize {
        self.0.iter().filter(|rule| rule.when != When::Always).count()
    }

    /// What this call meets: the oldest fault that it hits. It counts for every fault of its operation.
    pub(super) fn meet(&mut self, operation: &str) -> Option<Fault> {
        let mut met = None;
        for rule in self.0.iter_mut().filter(|rule| rule.operation == "*" || rule.operation == operation) {
            rule.calls += 1;
            if met.is_none() && rule.when.hits(rule.calls) {
                met = Some(rule.fault.clone());
            }
        }
        self.0.retain(|rule| !rule.when.is_over(rule.calls));
        met
    }
}

impl Fault {
    /// The answer, for a fault that is one and leaves everything as it was.
    pub(super) fn reply(&self, request: &Request) -> Option<Reply> {
        let error = match self {
            Self::Throttle => AwsError::new(429, "TooManyRequestsException", "Too Many Requests"),
            Self::ConcurrentModification => AwsError::conflict(
                "Unable to complete operation due to concurrent modification. Please try again later.",
            ),
            Self::Status(status, code, message) => AwsError::new(*status, *code, *message),
            Self::AccessDenied => access_denied(request),
            Self::ExpiredToken => {
                AwsError::new(403, "ExpiredTokenException", "The security token included in the request is expired")
            }
            // The code is AWS's, the text follows the one it gives for REST APIs.
            Self::KeyLimit => AwsError::new(
                429,
                "LimitExceededException",
                "Maximum number of API keys for this account has been reached. Please contact AWS if you need \
                 additional API keys.",
            ),
            Self::StagesLinger => AwsError::bad_request(format!(
                "Cannot delete Usage Plan {} because there are API Stages associated with it, including api:stage",
                request.path.rsplit('/').next().unwrap_or_default()
            )),
            Self::Html500 => {
                return Some(Reply::new(500, "text/html", "<html><body><h1>Internal Server Error</h1></body></html>"));
            }
            Self::DropReply | Self::DropRequest | Self::Hang | Self::HangReply | Self::LoseConnection => return None,
        };
        Some(error.reply())
    }
}

/// API Gateway's actions are named by the HTTP method.
fn access_denied(request: &Request) -> AwsError {
    let (verb, path) = (&request.method, &request.path);
    let region = request.header("authorization").and_then(|scope| scope.split('/').nth(2)).unwrap_or("us-east-1");
    AwsError::new(
        403,
        "AccessDeniedException",
        format!(
            "User: arn:aws:iam::{account}:user/tollgate is not authorized to perform: apigateway:{verb} on resource: \
             arn:aws:apigateway:{region}::{path} because no identity-based policy allows the apigateway:{verb} action",
            account = super::account::ACCOUNT_ID,
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_the_calls_it_was_set_for_and_no_other() {
        let mut faults = Faults::default();
        faults.add("CreateApiKey", When::Nth(2), Fault::Throttle);
        faults.add("*", When::First(2), Fault::DropReply);
        let met: Vec<_> = (0..4).map(|_| faults.meet("CreateApiKey")).collect();
        assert_eq!(met, [Some(Fault::DropReply), Some(Fault::Throttle), None, None]);
        assert_eq!(faults.waiting(), 0);
    }
}
