//! All that the server knows of the reader, gathered into one text.

use api_types::{Date, KeyEntry, Me, SessionEntry, UsageDay};
use serde::Serialize;

use crate::{
    api::{ApiError, Session},
    browser,
};

/// How far back usage goes, in days.
const DAYS: u32 = 365;

#[derive(Serialize)]
struct AccountData {
    account: Me,
    sessions: Vec<SessionEntry>,
    keys: Vec<KeyData>,
}

#[derive(Serialize)]
struct KeyData {
    key: KeyEntry,
    usage: Vec<UsageDay>,
}

/// The account, its sessions, its keys, and the days on which they were used, as JSON.
///
/// # Errors
/// The first call that failed.
pub(crate) async fn gather(session: Session, account: Me) -> Result<String, ApiError> {
    let (from, to) = last_days(browser::local(browser::now()).date);
    let (sessions, mut keys) = (session.sessions().await?, Vec::new());
    for key in session.keys().await? {
        let mut usage = session.usage(key.id, from, to).await?;
        usage.retain(|day| day.used + day.refused + day.returned > 0);
        keys.push(KeyData { key, usage });
    }
    // Our own types have text keys and finite numbers only: this can't fail.
    Ok(serde_json::to_string(&AccountData { account, sessions, keys }).unwrap_or_default())
}

/// The first and the last day that is asked for.
fn last_days(today: Date) -> (Date, Date) {
    let from = (1..DAYS).try_fold(today, |date, _| date.yesterday()).unwrap_or(today);
    (from, today)
}
