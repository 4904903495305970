//! All that crosses the wire between the server, the page and generated clients.
//!
//! Compiled to native code and to WASM, so that the page and the server run the same rules.
//! Values are parsed once, at the edge, into types that cannot be wrong; see [`Form`].

mod about;
mod account;
mod email;
mod fields;
mod ids;
mod invite;
mod key;
pub mod limits;
mod one_line;
pub mod openai;
mod page_data;
mod password;
mod people;
mod plan;
mod problem;
mod quota_fields;
mod rules;
#[cfg(feature = "openapi")]
mod schemas;
mod session;
mod time;
mod usage;

pub use about::{About, KeyAtRest, Promises, QuotaPromise, SignUpMode, Survival, UpstreamInfo};
pub use account::{AccountDeletion, Credentials, Me, NewAccount, PasswordChange, RefreshSession, SessionTokens};
pub use email::Email;
pub use fields::{FieldError, Fields, Form, Reason, Text, read_fields, read_form};
pub use ids::{
    AccountId, AdmissionId, Id, IdError, InstallationId, InviteId, KeyId, OperationId, RequestId, SessionId,
    SubscriptionId,
};
pub use invite::{Invite, InviteMade, NewInvite};
pub use jiff::{Timestamp, civil::Date};
pub use key::{CreateKey, CreatedKey, KeyChange, KeyEntry, KeyLabel, KeyState, KeyStatus, QuotaStatus, RotateKey};
pub use page_data::{Brand, PageData};
pub use password::Password;
pub use people::{AuditEntry, AuditNote, AuditedAction, PasswordReset, Person, PersonChange, ResetLink, Standing};
pub use plan::{Period, Plan, PlanName, Quota, Throttle};
pub use problem::{Problem, ProblemCode};
pub use rules::check;
pub use session::{ClientName, SessionEntry};
pub use usage::UsageDay;
