//! Laws of what operators see and do.

use api_types::{
    AccountId, AuditNote, AuditedAction, ClientName, Email, Invite, InviteId, KeyChange, Period, PersonChange, Quota,
    RequestId, SessionId, Standing, Timestamp, limits::RESET_LINK_SECONDS,
};
use futures_util::future::{join, join_all};

use super::{
    World,
    cast::{account_of, fresh, later, noon, plan},
};
use crate::{
    Account, AdministrationError, Admission, CreateAccountError, Doing, InviteToMake, NewSession, PasswordHash,
    PeopleQuery, TokenDigest,
};

const BLOCK: PersonChange = PersonChange { blocked: Some(true), approved: None, operator: None, note: None };
const UNBLOCK: PersonChange = PersonChange { blocked: Some(false), approved: None, operator: None, note: None };
const APPROVE: PersonChange = PersonChange { blocked: None, approved: Some(true), operator: None, note: None };
const APPOINT: PersonChange = PersonChange { blocked: None, approved: None, operator: Some(true), note: None };
const DISMISS: PersonChange = PersonChange { blocked: None, approved: None, operator: Some(false), note: None };

fn by(actor: Option<AccountId>, now: Timestamp) -> Doing {
    Doing { actor, request: RequestId::from_random(fresh()), note: None, now }
}

fn on_the_machine() -> Doing {
    by(None, noon())
}

fn everybody() -> PeopleQuery {
    PeopleQuery { limit: 100, ..PeopleQuery::default() }
}

async fn start(world: &World, account: AccountId, proved: &PasswordHash) -> Option<SessionId> {
    let (id, expires_at) = (SessionId::from_random(fresh()), later(noon(), 86_400));
    let refresh = TokenDigest::of(&id.to_string());
    let session = NewSession { id, account, client: ClientName::default(), refresh, created_at: noon(), expires_at };
    world.accounts.start_session(session, proved).await.unwrap().then_some(id)
}

async fn sign_up(world: &World, owner: u8, at: Timestamp) -> Account {
    let (account, _) = account_of(owner, at);
    world.accounts.create_account(account.clone()).await.unwrap();
    account
}

async fn operator(world: &World, owner: u8) -> Account {
    let account = sign_up(world, owner, noon()).await;
    world.administration.change_person(account.id, APPOINT, on_the_machine()).await.unwrap();
    account
}

/// What was done to an account, newest first.
async fn audited(world: &World, account: AccountId) -> Vec<AuditedAction> {
    let entries = world.administration.audit(None, Some(account), 100).await.unwrap();
    entries.into_iter().map(|entry| entry.action).collect()
}

/// People come newest first, in parts without gaps, by a piece of their address, by standing, and operators alone.
pub async fn people_are_listed_and_found(world: World) {
    let mut all = Vec::new();
    for owner in 1..=5 {
        // Two of them at the same instant.
        all.push(sign_up(&world, owner, later(noon(), i64::from(owner / 2))).await.id);
    }
    let people = world.administration.people(everybody()).await.unwrap();
    assert!(people.is_sorted_by(|one, next| (one.created_at, one.id) > (next.created_at, next.id)), "{people:?}");
    let mut in_parts = Vec::new();
    while let part = world.administration.people(PeopleQuery {
        limit: 2,
        after: in_parts.last().map(|last: &api_types::Person| (last.created_at, last.id)),
        ..PeopleQuery::default()
    }) && let part = part.await.unwrap()
        && !part.is_empty()
    {
        in_parts.extend(part);
    }
    assert_eq!(in_parts, people);
    world.administration.change_person(all[1], BLOCK, on_the_machine()).await.unwrap();
    world.administration.change_person(all[2], APPOINT, on_the_machine()).await.unwrap();
    let ids = async |query| {
        let people = world.administration.people(query).await.unwrap();
        people.into_iter().map(|person| person.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(PeopleQuery { search: "owner4@".to_owned(), ..everybody() }).await, [all[3]]);
    assert!(ids(PeopleQuery { search: "owner%@".to_owned(), ..everybody() }).await.is_empty());
    assert_eq!(ids(PeopleQuery { standing: Some(Standing::Blocked), ..everybody() }).await, [all[1]]);
    assert_eq!(ids(PeopleQuery { standing: Some(Standing::Active), ..everybody() }).await.len(), 4);
    assert_eq!(ids(PeopleQuery { operators: true, ..everybody() }).await, [all[2]]);
    let email = Email::parse("owner1@example.com").unwrap();
    assert_eq!(world.administration.person_by_email(&email).await.unwrap().unwrap().id, all[0]);
    let nobody = AccountId::from_random(fresh());
    assert!(world.administration.person(nobody).await.unwrap().is_none());
    let changed = world.administration.change_person(nobody, BLOCK, on_the_machine()).await;
    assert!(matches!(changed, Err(AdministrationError::NotFound)), "{changed:?}");
}

/// A block ends sessions, keeps from signing in, and has keys refused from its answer on; unblocking brings them back,
/// but no key that was disabled. Counts stay.
pub async fn a_block_is_obeyed_at_once_and_undone(world: World) {
    let plans = ["a", "b"].map(|name| plan(name, Quota::Limited { limit: 100, period: Period::Day, offset: 0 }, None));
    world.apply(plans.to_vec(), noon()).await;
    let (row, owner) = account_of(1, noon());
    world.accounts.create_account(row.clone()).await.unwrap();
    let good = world.key_for((row.id, owner), "a", None, noon()).await.unwrap();
    let disabled = world.key_for((row.id, owner), "b", None, noon()).await.unwrap();
    let off = KeyChange { enabled: Some(false), label: None };
    world.registry.change_key(row.id, disabled.key, off, noon()).await.unwrap();
    world.granted(&good.presented, noon()).await;
    let session = start(&world, row.id, &row.password_hash).await.unwrap();
    let bystander = world.caller(2, "a", noon()).await;

    let person = world.administration.change_person(row.id, BLOCK, on_the_machine()).await.unwrap();
    assert_eq!((person.standing, person.keys), (Standing::Blocked, 2));
    assert!(world.is_unknown(&good.presented, noon()).await && world.is_unknown(&disabled.presented, noon()).await);
    assert!(world.accounts.session(session, noon()).await.unwrap().is_none());
    assert!(start(&world, row.id, &row.password_hash).await.is_none());
    assert_eq!(world.accounts.account_by_email(&row.email).await.unwrap().unwrap().standing, Standing::Blocked);
    world.granted(&bystander.presented, noon()).await;

    let person = world.administration.change_person(row.id, UNBLOCK, on_the_machine()).await.unwrap();
    assert_eq!(person.standing, Standing::Active);
    world.granted(&good.presented, noon()).await;
    assert!(world.is_unknown(&disabled.presented, noon()).await);
    assert!(world.accounts.session(session, noon()).await.unwrap().is_none());
    assert!(start(&world, row.id, &row.password_hash).await.is_some());
}

/// While many ask, none that begins after the block was answered is admitted.
pub async fn a_block_under_load_is_instant(world: World) {
    let quota = Quota::Limited { limit: 1_000_000, period: Period::Day, offset: 0 };
    let caller = world.caller_on(plan("p", quota, None), noon()).await;
    let before = join_all((0..50).map(|_| world.ask(&caller.presented, noon())));
    let blocked = async {
        world.administration.change_person(caller.account, BLOCK, on_the_machine()).await.unwrap();
        join_all((0..50).map(|_| world.ask(&caller.presented, noon()))).await
    };
    let (_, after) = join(before, blocked).await;
    assert!(after.iter().all(|answer| *answer == Admission::Unknown), "{after:?}");
}

/// An account that waits signs in; it is approved once, and a block in between leaves it waiting.
pub async fn an_account_waits_until_it_is_approved(world: World) {
    let (row, _) = account_of(1, noon());
    let row = Account { standing: Standing::Waiting, ..row };
    world.accounts.create_account(row.clone()).await.unwrap();
    let session = start(&world, row.id, &row.password_hash).await.unwrap();
    let standing =
        async |change| world.administration.change_person(row.id, change, on_the_machine()).await.unwrap().standing;
    let seen = world.accounts.session(session, noon()).await.unwrap().unwrap();
    assert_eq!(seen.account.standing, Standing::Waiting);
    assert_eq!(standing(BLOCK).await, Standing::Blocked);
    assert_eq!(standing(UNBLOCK).await, Standing::Waiting);
    assert_eq!([standing(APPROVE).await, standing(APPROVE).await], [Standing::Active; 2]);
    let expected = [AuditedAction::Approved, AuditedAction::Unblocked, AuditedAction::Blocked];
    assert_eq!(audited(&world, row.id).await, expected);
}

/// An operator can't take away the last operator, neither by a block nor otherwise, nor two of them each other at once;
/// a command on the machine can.
pub async fn the_last_operator_stays(world: World) {
    let (one, other) = (operator(&world, 1).await.id, operator(&world, 2).await.id);
    let dismiss = async |actor, who| world.administration.change_person(who, DISMISS, by(Some(actor), noon())).await;
    let (first, second) = join(dismiss(one, other), dismiss(other, one)).await;
    let is_refused =
        |error: &_| matches!(error, AdministrationError::LastOperator | AdministrationError::NotAnOperator);
    let refused = [&first, &second].map(|outcome| outcome.as_ref().is_err_and(is_refused));
    assert_eq!(refused.iter().filter(|refused| **refused).count(), 1, "{first:?} {second:?}");
    let last = if first.is_ok() { one } else { other };
    let blocked = world.administration.change_person(last, BLOCK, by(Some(last), noon())).await;
    assert!(matches!(blocked, Err(AdministrationError::LastOperator)), "{blocked:?}");
    let deleted = world.administration.delete_person(last, by(Some(last), noon())).await;
    assert!(matches!(deleted, Err(AdministrationError::LastOperator)), "{deleted:?}");
    assert_eq!(audited(&world, last).await, [AuditedAction::OperatorAdded]);
    world.administration.change_person(last, DISMISS, on_the_machine()).await.unwrap();
    assert!(world.administration.people(PeopleQuery { operators: true, ..everybody() }).await.unwrap().is_empty());
}

/// Whoever was an operator when they asked and is none when it is done changes nothing, not even themselves.
pub async fn a_dismissed_operator_does_nothing_more(world: World) {
    let (chief, row) = (operator(&world, 1).await, sign_up(&world, 3, noon()).await);
    for (owner, end) in [(2, DISMISS), (4, BLOCK)] {
        let gone = operator(&world, owner).await.id;
        world.administration.change_person(gone, end, by(Some(chief.id), noon())).await.unwrap();
        let before = world.administration.audit(None, None, 100).await.unwrap();
        let doing = || by(Some(gone), noon());
        let (link, end) = (TokenDigest::of("link"), later(noon(), RESET_LINK_SECONDS));
        let id = InviteId::from_random(fresh());
        let invite = Invite { id, email: None, domain: None, created_at: noon(), expires_at: end };
        for refused in [
            world.administration.change_person(gone, UNBLOCK, doing()).await.map(drop),
            world.administration.change_person(gone, APPOINT, doing()).await.map(drop),
            world.administration.change_person(row.id, BLOCK, doing()).await.map(drop),
            world.administration.delete_person(row.id, doing()).await,
            world.administration.make_reset_link(chief.id, link, end, doing()).await,
            world.administration.make_invite(InviteToMake { invite, digest: link }, doing()).await,
        ] {
            assert!(matches!(refused, Err(AdministrationError::NotAnOperator)), "{refused:?}");
        }
        assert_eq!(world.administration.audit(None, None, 100).await.unwrap(), before);
    }
}

/// A link sets a password once, within its hour, and ends every session.
pub async fn a_reset_link_works_once(world: World) {
    let row = sign_up(&world, 1, noon()).await;
    let session = start(&world, row.id, &row.password_hash).await.unwrap();
    let (link, end) = (TokenDigest::of("link"), later(noon(), RESET_LINK_SECONDS));
    world.administration.make_reset_link(row.id, link, end, on_the_machine()).await.unwrap();
    assert_eq!(world.administration.reset_link_of(link, noon()).await.unwrap().unwrap().id, row.id);
    assert!(world.administration.reset_link_of(link, end).await.unwrap().is_none());
    let changed = PasswordHash::from_phc("$argon2id$v=19$m=8,t=1,p=1$changed".to_owned());
    let reset = async |link, now| {
        let request = RequestId::from_random(fresh());
        world.administration.reset_password(link, changed.clone(), request, now).await.unwrap()
    };
    assert!(!reset(TokenDigest::of("another"), noon()).await && !reset(link, end).await);
    let (one, other) = join(reset(link, noon()), reset(link, noon())).await;
    assert!(one != other, "used {one} {other}");
    assert!(world.accounts.session(session, noon()).await.unwrap().is_none());
    assert!(start(&world, row.id, &row.password_hash).await.is_none());
    assert!(start(&world, row.id, &changed).await.is_some());
    assert_eq!(audited(&world, row.id).await, [AuditedAction::PasswordReset, AuditedAction::ResetLinkMade]);
}

/// A link ends with the next one, with a change of the password, with a block and with the account.
pub async fn a_reset_link_ends_with_what_it_was_for(world: World) {
    let row = sign_up(&world, 1, noon()).await;
    let link = async |text: &str| {
        let (digest, end) = (TokenDigest::of(text), later(noon(), RESET_LINK_SECONDS));
        world.administration.make_reset_link(row.id, digest, end, on_the_machine()).await
    };
    let is_good =
        async |text: &str| world.administration.reset_link_of(TokenDigest::of(text), noon()).await.unwrap().is_some();
    link("first").await.unwrap();
    link("second").await.unwrap();
    assert_eq!((is_good("first").await, is_good("second").await), (false, true));
    let changed = PasswordHash::from_phc("$argon2id$v=19$m=8,t=1,p=1$changed".to_owned());
    assert!(world.accounts.change_password(row.id, &row.password_hash, changed).await.unwrap());
    assert!(!is_good("second").await);
    link("third").await.unwrap();
    world.administration.change_person(row.id, BLOCK, on_the_machine()).await.unwrap();
    world.administration.change_person(row.id, UNBLOCK, on_the_machine()).await.unwrap();
    assert!(!is_good("third").await);
    link("fourth").await.unwrap();
    world.administration.delete_person(row.id, on_the_machine()).await.unwrap();
    assert!(!is_good("fourth").await);
    assert!(matches!(link("fifth").await, Err(AdministrationError::NotFound)));
}

/// An invitation for whom it is for, and its secret's digest.
async fn invited(world: &World, secret: &str, email: Option<&str>, domain: Option<&str>) -> (InviteId, TokenDigest) {
    let (id, digest) = (InviteId::from_random(fresh()), TokenDigest::of(secret));
    let email = email.map(|email| Email::parse(email).unwrap());
    let domain = domain.map(str::to_owned);
    let invite = Invite { id, email, domain, created_at: noon(), expires_at: later(noon(), 86_400) };
    world.administration.make_invite(InviteToMake { invite, digest }, on_the_machine()).await.unwrap();
    (id, digest)
}

async fn sign_up_by(world: &World, owner: u8, invite: TokenDigest, at: Timestamp) -> Result<(), CreateAccountError> {
    let (account, _) = account_of(owner, at);
    world.accounts.create_invited_account(account, invite, RequestId::from_random(fresh())).await
}

/// Of many who use an invitation at once one signs up, and nobody after them.
pub async fn an_invitation_is_used_once(world: World) {
    let (_, invite) = invited(&world, "secret", None, None).await;
    let email = Email::parse("owner1@example.com").unwrap();
    assert!(world.accounts.is_invited(invite, &email, noon()).await.unwrap());
    let at_once = join_all((1..=8).map(|owner| sign_up_by(&world, owner, invite, noon()))).await;
    assert_eq!(at_once.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{at_once:?}");
    assert_eq!(world.administration.people(everybody()).await.unwrap().len(), 1);
    assert!(matches!(sign_up_by(&world, 9, invite, noon()).await, Err(CreateAccountError::InviteOver)));
    assert!(!world.accounts.is_invited(invite, &email, noon()).await.unwrap());
    let entries = world.administration.audit(None, None, 100).await.unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [AuditedAction::InviteUsed, AuditedAction::InviteMade]);
    assert_eq!(entries[0].before, entries[1].after);
}

/// An invitation is for whom it is for, until it ends or is withdrawn; whoever may not use it leaves it as it is.
pub async fn an_invitation_is_for_whom_it_is_for(world: World) {
    let (bound, for_one) = invited(&world, "one", Some("owner1@example.com"), None).await;
    let (of_domain, for_domain) = invited(&world, "domain", None, Some("example.org")).await;
    let over = async |owner, invite, at| {
        matches!(sign_up_by(&world, owner, invite, at).await, Err(CreateAccountError::InviteOver))
    };
    assert!(over(2, for_one, noon()).await && over(1, for_domain, noon()).await);
    assert!(over(1, for_one, later(noon(), 86_400)).await && over(1, TokenDigest::of("x"), noon()).await);
    let listed = async |at| {
        let invites = world.administration.invites(at).await.unwrap();
        invites.into_iter().map(|invite| invite.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(noon()).await.len(), 2);
    assert!(listed(later(noon(), 86_400)).await.is_empty());
    world.administration.withdraw_invite(of_domain, on_the_machine()).await.unwrap();
    let again = world.administration.withdraw_invite(of_domain, on_the_machine()).await;
    assert!(matches!(again, Err(AdministrationError::NotFound)), "{again:?}");
    assert_eq!(listed(noon()).await, [bound]);
    sign_up_by(&world, 1, for_one, noon()).await.unwrap();
    // Whose address has an account doesn't use one up.
    let (_, another) = invited(&world, "another", None, None).await;
    assert!(matches!(sign_up_by(&world, 1, another, noon()).await, Err(CreateAccountError::EmailTaken)));
    sign_up_by(&world, 3, another, noon()).await.unwrap();
}

/// The audit tells who did what to whom, why, and what changed; nothing where nothing changed, and no address of who is
/// gone. It is listed newest first, in parts.
pub async fn the_audit_tells_what_was_done(world: World) {
    let (chief, row) = (operator(&world, 1).await, sign_up(&world, 2, noon()).await);
    let note = AuditNote::parse("shares the key").unwrap();
    let doing = Doing { note: Some(note.clone()), ..by(Some(chief.id), later(noon(), 9)) };
    for _ in 0..2 {
        world.administration.change_person(row.id, BLOCK, doing.clone()).await.unwrap();
    }
    let entries = world.administration.audit(None, None, 100).await.unwrap();
    let [block, appointed] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!(
        (appointed.action, appointed.actor, appointed.subject),
        (AuditedAction::OperatorAdded, None, Some(chief.id))
    );
    assert_eq!((block.action, block.actor, block.subject), (AuditedAction::Blocked, Some(chief.id), Some(row.id)));
    assert_eq!((&block.actor_email, &block.subject_email), (&Some(chief.email), &Some(row.email)));
    assert_eq!((block.before.as_deref(), block.after.as_deref()), (Some("active"), Some("blocked")));
    assert_eq!((block.note.as_ref(), block.request_id, block.at), (Some(&note), doing.request, later(noon(), 9)));
    let older = world.administration.audit(Some(block.id), None, 1).await.unwrap();
    assert_eq!(older, std::slice::from_ref(appointed));
    assert!(world.administration.audit(Some(appointed.id), None, 1).await.unwrap().is_empty());
    world.administration.delete_person(row.id, doing).await.unwrap();
    let last = world.administration.audit(None, None, 1).await.unwrap().remove(0);
    assert_eq!((last.action, last.subject, last.subject_email), (AuditedAction::Deleted, Some(row.id), None));
    assert!(world.administration.person(row.id).await.unwrap().is_none());
}
