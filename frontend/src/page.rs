//! The page's routes: which exist, their paths and titles, and which of them a visitor gets to see.
//!
//! Paths are relative: the server says in `<base>` what they are relative to, which may be a part of a host only.

use std::borrow::Cow;

use api_types::AccountId;

/// The API's documentation: the server's own page, not one of these.
pub(crate) const API_DOCS: &str = "docs/";

/// Where the pages of persons are.
const PERSON: &str = "people/";

/// A view with an address of its own. Views name these, never a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// What this is, with the plans.
    Landing,
    /// Creating an account.
    SignUp,
    /// Coming back.
    SignIn,
    /// A new password, through a link.
    Reset,
    /// Plans and keys.
    Dashboard,
    /// The chat.
    Playground,
    /// Password and deletion.
    Account,
    /// Everybody, for operators.
    People,
    /// One of them.
    Person(AccountId),
    /// What operators did, for operators.
    Audit,
    /// Any other address.
    NotFound,
}

/// What is known about who looks at the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The server has not answered yet.
    Asking,
    /// Nobody is signed in.
    Anonymous,
    /// Somebody is.
    SignedIn,
}

impl Page {
    /// Every page that has a path of its own; each person's is below that of all people.
    pub(crate) const ALL: [Self; 9] = [
        Self::Landing,
        Self::SignUp,
        Self::SignIn,
        Self::Reset,
        Self::Dashboard,
        Self::Playground,
        Self::Account,
        Self::People,
        Self::Audit,
    ];

    /// The page at a path under the base; a slash at the end doesn't matter.
    pub(crate) fn at(path: &str) -> Self {
        let path = match path.trim_end_matches('/') {
            "" => ".",
            trimmed => trimmed,
        };
        let person = || path.strip_prefix(PERSON)?.parse().ok().map(Self::Person);
        Self::ALL.into_iter().find(|page| page.path() == path).or_else(person).unwrap_or(Self::NotFound)
    }

    /// Its path. A page that wasn't found has none of its own and leads home.
    pub(crate) fn path(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Landing | Self::NotFound => ".",
            Self::SignUp => "sign-up",
            Self::SignIn => "sign-in",
            Self::Reset => "reset",
            Self::Dashboard => "dashboard",
            Self::Playground => "playground",
            Self::Account => "account",
            Self::People => "people",
            Self::Person(id) => return format!("{PERSON}{id}").into(),
            Self::Audit => "audit",
        })
    }

    /// The document's title, where the installation has this name.
    pub(crate) fn title(self, name: &str) -> String {
        let page = match self {
            Self::Landing => return format!("{name}: keys and quotas for OpenAI-compatible APIs"),
            Self::SignUp => "Create an account",
            Self::SignIn => "Sign in",
            Self::Reset => "Choose a new password",
            Self::Dashboard => "Dashboard",
            Self::Playground => "Playground",
            Self::Account => "Account",
            Self::People => "People",
            Self::Person(_) => "Person",
            Self::Audit => "Audit",
            Self::NotFound => "Page not found",
        };
        format!("{page} · {name}")
    }

    /// Whether the view needs a session.
    pub(crate) const fn is_private(self) -> bool {
        matches!(self, Self::Dashboard | Self::Account | Self::People | Self::Person(_) | Self::Audit)
    }

    /// Where the visitor is sent instead, with the address changed: forms and landing are not for the signed in.
    pub(crate) const fn leads_to(self, standing: Standing) -> Self {
        match (self, standing) {
            (Self::Landing | Self::SignUp | Self::SignIn, Standing::SignedIn) => Self::Dashboard,
            _ => self,
        }
    }

    /// Which view stands at this page's address; `None` while that isn't known.
    ///
    /// A private page keeps its address while the sign-in form stands in its place, so that signing in leads back.
    pub(crate) const fn view_for(self, standing: Standing) -> Option<Self> {
        match standing {
            Standing::Asking if !matches!(self, Self::Playground | Self::Reset | Self::NotFound) => None,
            Standing::Anonymous if self.is_private() => Some(Self::SignIn),
            _ => Some(self.leads_to(standing)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_leads_back_to_its_page() {
        for page in Page::ALL {
            assert_eq!(Page::at(&page.path()), page);
            assert_eq!(Page::at(&format!("{}/", page.path())), page);
        }
        assert_eq!(Page::at(""), Page::Landing);
        let person = Page::Person(AccountId::from_random([7; 16]));
        assert_eq!(Page::at(&person.path()), person);
    }

    #[test]
    fn other_paths_are_not_found() {
        for path in ["dash", "dashboard/x", "Dashboard", "/x", "/dashboard", "people/x", "people/acc_"] {
            assert_eq!(Page::at(path), Page::NotFound, "{path}");
        }
    }

    #[test]
    fn titles_differ() {
        for (i, page) in Page::ALL.iter().enumerate() {
            assert!(Page::ALL.iter().skip(i + 1).all(|other| other.title("x") != page.title("x")));
        }
    }

    #[test]
    fn private_pages_show_the_sign_in_form_until_somebody_signed_in() {
        for page in [Page::Dashboard, Page::Account, Page::People, Page::Audit] {
            assert_eq!(page.view_for(Standing::Asking), None);
            assert_eq!(page.view_for(Standing::Anonymous), Some(Page::SignIn));
            assert_eq!(page.view_for(Standing::SignedIn), Some(page));
        }
    }

    #[test]
    fn the_playground_and_a_new_password_are_open_to_all() {
        for standing in [Standing::Asking, Standing::Anonymous, Standing::SignedIn] {
            for page in [Page::Playground, Page::Reset] {
                assert_eq!(page.view_for(standing), Some(page));
            }
        }
    }

    #[test]
    fn who_is_signed_in_goes_to_the_dashboard() {
        for page in [Page::Landing, Page::SignIn, Page::SignUp] {
            assert_eq!(page.leads_to(Standing::SignedIn), Page::Dashboard);
            assert_eq!(page.leads_to(Standing::Anonymous), page);
        }
    }
}
