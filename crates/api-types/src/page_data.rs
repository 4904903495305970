//! What the page's document brings along, so that the page shows it in its first frame.

use serde::{Deserialize, Serialize};

use crate::{About, KeyEntry, Me, Plan};

/// Whose installation this is, as its operator configured it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brand {
    /// Its name.
    pub name: String,
    /// Whom to ask.
    pub contact: Option<String>,
    /// Path of a picture in place of the mark, from the base on.
    pub logo: Option<String>,
}

impl Default for Brand {
    fn default() -> Self {
        Self { name: "Tollgate".to_owned(), contact: None, logo: None }
    }
}

/// What the page would ask for first. What is missing it asks for itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PageData {
    /// Name, mark and contact.
    pub brand: Brand,
    /// The answer of `GET /about`.
    pub about: Option<About>,
    /// The answer of `GET /plans`.
    pub plans: Option<Vec<Plan>>,
    /// The account whose session came with the request.
    pub me: Option<Me>,
    /// The answer of `GET /keys`, on the page that shows them and where it is quickly had.
    pub keys: Option<Vec<KeyEntry>>,
    /// Whether the server looked for a session: `me` is then the last word on the cookie that all paths get to see.
    pub looked: bool,
}
