//! What commands for operators print: a line for each thing, in columns.

use std::fmt::Write as _;

use api_types::{AuditEntry, Invite, KeyEntry, KeyState, Person, QuotaStatus};

/// People, a line each.
pub fn people(people: &[Person]) -> String {
    if people.is_empty() {
        return "Nobody.\n".to_owned();
    }
    let width = people.iter().map(|person| person.email.as_str().len()).max().unwrap_or_default();
    let mut text = String::new();
    for person in people {
        let part = if person.operator { "operator" } else { "" };
        let (email, standing, keys) = (person.email.as_str(), person.standing.as_str(), person.keys);
        let keys = format!("{keys} {}", if keys == 1 { "key" } else { "keys" });
        let line = format!("{email:width$}  {standing:8} {part:9} {keys:8} since {}", day(person.created_at));
        _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// One person with their keys.
pub fn person(person: &Person, keys: &[KeyEntry]) -> String {
    let mut text = people(std::slice::from_ref(person));
    _ = writeln!(text, "  {}", person.id);
    for key in keys {
        let state = match key.state {
            KeyState::Active => "active",
            KeyState::Disabled => "disabled",
            KeyState::Activating => "activating",
        };
        let used = match key.quota {
            QuotaStatus::Unlimited => "unlimited".to_owned(),
            QuotaStatus::Limited { used, limit, .. } => format!("{used} of {limit} used"),
        };
        let (id, plan) = (key.id, key.plan_name.as_str());
        let line = format!("  {id}  {plan:24} {state:10} {used:22} {}", key.label);
        _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// Invitations, a line each.
pub fn invites(invites: &[Invite]) -> String {
    if invites.is_empty() {
        return "No invitation is open.\n".to_owned();
    }
    let mut text = String::new();
    for invite in invites {
        let whom = match (&invite.email, &invite.domain) {
            (Some(email), _) => email.to_string(),
            (None, Some(domain)) => format!("anybody of {domain}"),
            (None, None) => "anybody".to_owned(),
        };
        _ = writeln!(text, "{}  for {whom}, until {}", invite.id, invite.expires_at.strftime("%Y-%m-%d %H:%M:%SZ"));
    }
    text
}

/// Entries of the audit, a line each.
pub fn audit(entries: &[AuditEntry]) -> String {
    if entries.is_empty() {
        return "Nothing was done yet.\n".to_owned();
    }
    let mut text = String::new();
    for entry in entries {
        let actor = match (&entry.actor_email, entry.actor) {
            (Some(email), _) => format!("by {email}"),
            (None, Some(account)) => format!("by {account}"),
            (None, None) => "on the machine".to_owned(),
        };
        let subject = match (&entry.subject_email, entry.subject) {
            (Some(email), _) => email.to_string(),
            (None, Some(account)) => account.to_string(),
            // An invitation.
            (None, None) => entry.after.as_ref().or(entry.before.as_ref()).cloned().unwrap_or_default(),
        };
        let (at, action) = (entry.at.strftime("%Y-%m-%d %H:%M:%SZ"), entry.action.as_str());
        let note = entry.note.as_ref().filter(|note| !note.as_str().is_empty());
        let note = note.map_or(String::new(), |note| format!(": {note}"));
        _ = writeln!(text, "{at}  {action:16}  {subject:30}  {actor}{note}");
    }
    text
}

/// What to set where a link leads to this machine alone; nothing where it doesn't.
pub fn place(url: &str) -> &'static str {
    let is_here = ["http://127.0.0.1", "https://127.0.0.1"].iter().any(|here| url.starts_with(here));
    if is_here {
        "It leads to this machine: where people reach the server elsewhere, set server.public_url.\n"
    } else {
        ""
    }
}

fn day(at: api_types::Timestamp) -> impl std::fmt::Display {
    at.strftime("%Y-%m-%d")
}
