//! An operator: somebody signed in whose account is one, or a command on the server's own machine.

use access::Doing;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload};
use api_types::{AccountId, AuditNote, ProblemCode, RequestId};
use futures_util::future::LocalBoxFuture;

use super::SignedIn;
use crate::{ambient, problem::ApiError};

/// Marks an application that only `tollgate`'s own commands reach.
#[derive(Debug, Clone, Copy)]
pub struct OnTheMachine;

/// A caller who may do what operators do.
///
/// Errors: those of [`SignedIn`]; 403 `operators_only` for everybody else.
pub struct Operator {
    /// Their account. `None`: a command on the machine.
    account: Option<AccountId>,
    request: RequestId,
}

impl Operator {
    /// What they do, for the audit.
    #[must_use]
    pub fn doing(&self, note: Option<AuditNote>) -> Doing {
        Doing { actor: self.account, request: self.request, note, now: ambient::now() }
    }
}

impl FromRequest for Operator {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request_id = request_id(request);
        if request.app_data::<OnTheMachine>().is_some() {
            return Box::pin(async move { Ok(Self { account: None, request: request_id? }) });
        }
        let signed_in = SignedIn::from_request(request, payload);
        Box::pin(async move {
            let SignedIn(session) = signed_in.await?;
            if !session.account.is_operator {
                let detail =
                    "Only operators may do this. Whoever runs this server can make you one: tollgate operators add.";
                return Err(ApiError::new(ProblemCode::OperatorsOnly, detail));
            }
            Ok(Self { account: Some(session.account.id), request: request_id? })
        })
    }
}

/// The request's id, which the outermost middleware left there.
pub fn request_id(request: &HttpRequest) -> Result<RequestId, ApiError> {
    request.extensions().get::<RequestId>().copied().ok_or_else(|| ApiError::internal("the request has no id"))
}
