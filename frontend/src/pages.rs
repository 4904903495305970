//! The pages: they talk to the server and hand what comes to components.

mod account;
mod dashboard;
mod entry;
mod key_dialogs;
mod landing;
mod not_found;
mod operators;
mod playground;
mod reset;
mod sessions;
mod sign_in;
mod sign_up;
mod waiting;

pub(crate) use account::AccountPage;
pub(crate) use dashboard::DashboardPage;
pub(crate) use landing::LandingPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use operators::{AuditPage, ForOperators, PeoplePage, PersonPage};
pub(crate) use playground::PlaygroundPage;
pub(crate) use reset::ResetPage;
pub(crate) use sign_in::SignInPage;
pub(crate) use sign_up::SignUpPage;
