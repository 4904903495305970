//! The commands: each is a call of `/admin`. A server that runs on the data folder answers it; where none does, the store
//! is opened for as long as the command takes.

use std::os::unix::net::UnixStream;

use anyhow::Context as _;
use api_types::{
    AuditEntry, AuditNote, Email, Invite, InviteId, InviteMade, KeyEntry, NewInvite, Person, PersonChange, ResetLink,
    Standing, limits::INVITE_DAYS,
};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::{
    call::{Calls, Part},
    own_server::with_own_server,
    print, socket,
};
use crate::{backend::Backend, config::Config, standard_output};

/// `tollgate accounts …`
#[derive(Subcommand)]
pub enum AccountsCommand {
    /// List people, newest first.
    #[command(
        after_help = "Examples:\n  tollgate accounts list --standing waiting\n  tollgate accounts list --search @example.com --json"
    )]
    List {
        /// A piece of the address.
        #[arg(long, value_name = "TEXT", default_value = "")]
        search: String,
        /// Only those of this standing.
        #[arg(long, value_enum)]
        standing: Option<StandingArgument>,
        #[command(flatten)]
        output: Output,
    },
    /// Show somebody with their keys.
    Show {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// End somebody's sessions and refuse their keys, at once.
    #[command(after_help = "Example:\n  tollgate accounts block ada@example.com --note \"shares the key in public\"")]
    Block(Change),
    /// End a block. Keys that were disabled for another reason stay so.
    Unblock(Change),
    /// Let somebody who waits have keys.
    Approve(Change),
    /// Delete somebody with their keys. Their count stays until its period ends.
    Delete {
        #[command(flatten)]
        who: Who,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
    /// Print a link by which somebody chooses a new password: good once, for an hour.
    ResetLink {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
}

/// `tollgate operators …`
#[derive(Subcommand)]
pub enum OperatorsCommand {
    /// Make somebody who signed up an operator.
    #[command(after_help = "Example:\n  tollgate operators add ada@example.com")]
    Add(Change),
    /// Make an operator an ordinary account again.
    Remove(Change),
    /// List the operators.
    List {
        #[command(flatten)]
        output: Output,
    },
}

/// `tollgate invites …`
#[derive(Subcommand)]
pub enum InvitesCommand {
    /// Print a link by which one account may be made, whatever sign_up.mode says.
    #[command(
        after_help = "Examples:\n  tollgate invites add --for grace@example.com\n  tollgate invites add --domain example.com --days 30"
    )]
    Add {
        /// The one address that it is for.
        #[arg(long = "for", value_name = "ADDRESS", value_parser = address)]
        email: Option<Email>,
        /// The domain whose addresses it is for.
        #[arg(long, value_name = "DOMAIN", conflicts_with = "email")]
        domain: Option<String>,
        /// How long it is good.
        #[arg(long, value_name = "N", default_value_t = INVITE_DAYS)]
        days: u32,
        /// Why, for the audit.
        #[arg(long, value_name = "TEXT", value_parser = note)]
        note: Option<AuditNote>,
        #[command(flatten)]
        output: Output,
    },
    /// List the invitations that may still be used.
    List {
        #[command(flatten)]
        output: Output,
    },
    /// End an invitation before it is used.
    Withdraw {
        /// Its id, inv_…, as `list` shows it.
        #[arg(value_name = "ID", value_parser = |text: &str| text.parse::<InviteId>().map_err(|_| "must be an invitation's id, inv_ and 26 characters"))]
        id: InviteId,
    },
}

/// `tollgate audit …`
#[derive(Subcommand)]
pub enum AuditCommand {
    /// List what was done, newest first.
    List {
        /// Only what was done to the account of this address.
        #[arg(long, value_name = "ADDRESS", value_parser = address)]
        of: Option<Email>,
        /// Most entries.
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        #[command(flatten)]
        output: Output,
    },
    /// Print all of it, newest first, a JSON object on each line.
    Export,
}

/// A standing, as it is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum StandingArgument {
    /// May do everything.
    Active,
    /// Waits for an approval.
    Waiting,
    /// May do nothing.
    Blocked,
}

impl From<StandingArgument> for Standing {
    fn from(argument: StandingArgument) -> Self {
        match argument {
            StandingArgument::Active => Self::Active,
            StandingArgument::Waiting => Self::Waiting,
            StandingArgument::Blocked => Self::Blocked,
        }
    }
}

/// Whom it is about.
#[derive(Args)]
pub struct Who {
    /// The account's address.
    #[arg(value_name = "ADDRESS", value_parser = address)]
    email: Email,
}

/// A change of somebody.
#[derive(Args)]
pub struct Change {
    #[command(flatten)]
    who: Who,
    /// Why, for the audit.
    #[arg(long, value_name = "TEXT", value_parser = note)]
    note: Option<AuditNote>,
    #[command(flatten)]
    output: Output,
}

/// How it is printed.
#[derive(Args)]
pub struct Output {
    /// Print JSON, as the API answers it.
    #[arg(long)]
    json: bool,
}

fn address(text: &str) -> Result<Email, &'static str> {
    Email::parse(text).map_err(|reason| reason.detail)
}

fn note(text: &str) -> Result<AuditNote, &'static str> {
    AuditNote::parse(text).map_err(|reason| reason.detail)
}

/// What one of the commands does, by calls.
pub trait Command {
    /// Does it; what is to be printed.
    fn run(self, calls: &Calls<'_>) -> anyhow::Result<String>;
}

impl Command for AccountsCommand {
    fn run(self, calls: &Calls<'_>) -> anyhow::Result<String> {
        let change = |change: Change, to: PersonChange| change.make(calls, to);
        match self {
            Self::List { search, standing, output } => {
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                query.append_pair("search", &search);
                if let Some(standing) = standing {
                    query.append_pair("standing", Standing::from(standing).as_str());
                }
                let people: Vec<Person> = all(calls, &format!("/admin/people?{}", query.finish()))?;
                output.print(&people, |people| print::people(people))
            }
            Self::Show { who, output } => {
                let person = who.find(calls)?;
                let keys: Vec<KeyEntry> = calls.get(&format!("/admin/people/{}/keys", person.id))?.body;
                #[derive(Serialize)]
                struct Shown {
                    person: Person,
                    keys: Vec<KeyEntry>,
                }
                output.print(&Shown { person, keys }, |shown| print::person(&shown.person, &shown.keys))
            }
            Self::Block(by) => change(by, PersonChange { blocked: Some(true), ..PersonChange::default() }),
            Self::Unblock(by) => change(by, PersonChange { blocked: Some(false), ..PersonChange::default() }),
            Self::Approve(by) => change(by, PersonChange { approved: Some(true), ..PersonChange::default() }),
            Self::Delete { who, yes } => {
                let person = who.find(calls)?;
                if !yes && !is_confirmed(&format!("Delete {} with {} key(s)?", person.email, person.keys))? {
                    anyhow::bail!("nothing was deleted");
                }
                calls.delete(&format!("/admin/people/{}", person.id))?;
                Ok(format!("Deleted {}.\n", person.email))
            }
            Self::ResetLink { who, output } => {
                let person = who.find(calls)?;
                let link: ResetLink = calls.post(&format!("/admin/people/{}/reset_link", person.id), &())?;
                output.print(&link, |link| {
                    format!(
                        "{}\nGood once, until {}. Give it to {} alone.\n{}",
                        link.url,
                        link.expires_at,
                        person.email,
                        print::place(&link.url)
                    )
                })
            }
        }
    }
}

impl Command for OperatorsCommand {
    fn run(self, calls: &Calls<'_>) -> anyhow::Result<String> {
        let part = |operator| PersonChange { operator: Some(operator), ..PersonChange::default() };
        match self {
            Self::Add(change) => change.make(calls, part(true)),
            Self::Remove(change) => change.make(calls, part(false)),
            Self::List { output } => {
                let people: Vec<Person> = all(calls, "/admin/people?operators=true")?;
                output.print(&people, |people| print::people(people))
            }
        }
    }
}

impl Command for InvitesCommand {
    fn run(self, calls: &Calls<'_>) -> anyhow::Result<String> {
        match self {
            Self::Add { email, domain, days, note, output } => {
                let made: InviteMade = calls.post("/admin/invites", &NewInvite { email, domain, days, note })?;
                output.print(&made, |made| {
                    format!(
                        "{}\nGood for one account, until {}. To end it before: tollgate invites withdraw {}\n{}",
                        made.url,
                        made.expires_at,
                        made.id,
                        print::place(&made.url)
                    )
                })
            }
            Self::List { output } => {
                let invites: Vec<Invite> = calls.get("/admin/invites")?.body;
                output.print(&invites, |invites| print::invites(invites))
            }
            Self::Withdraw { id } => {
                calls.delete(&format!("/admin/invites/{id}"))?;
                Ok(format!("Withdrew {id}.\n"))
            }
        }
    }
}

impl Command for AuditCommand {
    fn run(self, calls: &Calls<'_>) -> anyhow::Result<String> {
        match self {
            Self::List { of, limit, output } => {
                let subject = match of {
                    Some(email) => format!("&subject={}", Who { email }.find(calls)?.id),
                    None => String::new(),
                };
                let entries: Vec<AuditEntry> = calls.get(&format!("/admin/audit?limit={limit}{subject}"))?.body;
                output.print(&entries, |entries| print::audit(entries))
            }
            Self::Export => {
                let entries: Vec<AuditEntry> = all(calls, "/admin/audit?limit=100")?;
                let lines = entries.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
                Ok(lines.into_iter().map(|line| line + "\n").collect())
            }
        }
    }
}

impl Who {
    /// The account of the address.
    fn find(&self, calls: &Calls<'_>) -> anyhow::Result<Person> {
        let search: String = url::form_urlencoded::byte_serialize(self.email.as_str().as_bytes()).collect();
        let people: Vec<Person> = all(calls, &format!("/admin/people?search={search}"))?;
        people
            .into_iter()
            .find(|person| person.email == self.email)
            .with_context(|| format!("nobody signed up as {}; `tollgate accounts list` shows who did", self.email))
    }
}

impl Change {
    fn make(self, calls: &Calls<'_>, change: PersonChange) -> anyhow::Result<String> {
        let person = self.who.find(calls)?;
        let change = PersonChange { note: self.note, ..change };
        let person: Person = calls.patch(&format!("/admin/people/{}", person.id), &change)?;
        self.output.print(&person, |person| print::people(std::slice::from_ref(person)))
    }
}

impl Output {
    fn print<T: Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) -> anyhow::Result<String> {
        Ok(if self.json { serde_json::to_string_pretty(value)? + "\n" } else { text(value) })
    }
}

/// All parts of a list; its path has a query.
fn all<T: serde::de::DeserializeOwned>(calls: &Calls<'_>, path: &str) -> anyhow::Result<Vec<T>> {
    let mut all = Vec::new();
    let mut next = String::new();
    loop {
        let Part { body, next: more } = calls.get::<Vec<T>>(&format!("{path}{next}"))?;
        all.extend(body);
        match more {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => return Ok(all),
        }
    }
}

/// Asks at the terminal.
fn is_confirmed(question: &str) -> anyhow::Result<bool> {
    use std::io::{IsTerminal as _, Write as _};
    if !std::io::stdin().is_terminal() {
        anyhow::bail!("{question} There is no terminal to ask at: say --yes");
    }
    print!("{question} [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}

/// Runs a command against the server that uses the data folder, or against its store.
///
/// # Errors
/// Why it wasn't done, and what to do.
pub fn run(command: impl Command, config: Config) -> anyhow::Result<()> {
    let running = socket::place(&config.server.data_dir);
    let text = if config.backend.uses_the_data_folder() && UnixStream::connect(&running).is_ok() {
        command.run(&Calls::over(&running))?
    } else {
        if !Backend::exists(&config) {
            anyhow::bail!(
                "there is no data in {} yet: start the server once, or name its folder with --data-dir",
                config.server.data_dir.display()
            );
        }
        with_own_server(config, |socket| command.run(&Calls::over(socket)))?
    };
    standard_output::print(&text)
}
