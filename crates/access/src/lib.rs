//! Who may call, and how much: accounts, usage plans, keys and admission, and the traits of a backend.
//!
//! No database driver, no runtime and no HTTP is known here. Times, random bytes and our own ids are arguments,
//! made by the caller and stored as given.

mod accounts;
mod administration;
mod bucket;
mod charge;
#[cfg(feature = "conformance")]
pub mod conformance;
mod decision;
mod error;
mod gate;
mod moving;
mod passes;
mod period;
mod plan;
mod registry;
mod remote_keys;
mod repeatable;
mod secret;
mod state_owners;
mod tries;
mod usage;

pub use accounts::{Account, Accounts, CreateAccountError, ListedSession, NewSession, PasswordHash, Refresh, Session};
pub use administration::{Administration, AdministrationError, Doing, InviteToMake, PeopleQuery};
pub use bucket::TokenBucket;
pub use charge::{Charge, End, Phase};
pub use decision::KeyValues;
pub use error::{Failed, StoreError};
pub use gate::{
    Admission, Booking, Gate, Holder, Inspection, NotReady, Pass, Recognition, Refusal, UpstreamHead, UsedUp, Verdict,
};
pub use moving::{
    StoredAccount, StoredCall, StoredDay, StoredKey, StoredPlan, StoredRefreshToken, StoredRows, StoredSession,
    StoredStateOwner, StoredSubscription, Totals,
};
pub use passes::{OpenPass, Passes};
pub use period::{Span, TimeZone, UnknownTimeZone};
pub use plan::{UsagePlan, UsagePlanError};
pub use registry::{CreateKeyError, KeyError, NewKey, OwnerDigest, Registry};
pub use remote_keys::{
    CarriedUse, EarlierValue, Intent, IntentKind, RemoteChange, RemoteKey, RemoteKeys, RemoteValue, UntoldUse,
};
pub use repeatable::{Creation, RepeatableCall};
pub use secret::{KeyDigest, KeySecret, PresentedKey, TokenDigest};
pub use state_owners::{STATE_IDS_KEPT, STATE_KEPT, StateId, StateOwners};
pub use tries::{CountedTries, HeldTry, HoldError, SharedTries, TryKey, TryRule};
pub use usage::{Counts, last_listed, last_use, whole_minute};
