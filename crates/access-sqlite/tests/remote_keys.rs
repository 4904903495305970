//! Rows about keys that live in another service: changed whole or not at all, and kept.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod house;

use access::{Accounts, Creation, Intent, OwnerDigest, RemoteChange, RemoteKey, RemoteKeys, RepeatableCall};
use access_sqlite::{Options, SqliteStore};
use api_types::InstallationId;
use futures_util::future::join_all;
use house::{
    House, OWNER, noon,
    remote::{
        another_account, at, carried, carry, creation, full_key, intend, key, key_id, name, operation, put, removal,
        used_of, value,
    },
};

async fn reopened(house: &House) -> SqliteStore {
    house.store.close().await.unwrap();
    SqliteStore::open(&house.path(), Options::default()).unwrap()
}

/// A house with a key on plan `p`, an intent and a carried use.
async fn furnished() -> (House, RemoteKey, Intent) {
    let house = House::empty(3, None).await;
    let (key, intent) = (full_key(house.account), removal(house.account, 50, at(60)));
    let change = RemoteChange {
        put: Some(key.clone()),
        intents: vec![intent.clone()],
        carried: vec![carried(OWNER, "p", "2026-11-01", 7)],
        ..RemoteChange::default()
    };
    house.store.change_remote(change).await.unwrap();
    (house, key, intent)
}

const CALL: RepeatableCall = RepeatableCall { name: [1; 32], request: [2; 32] };

#[tokio::test]
async fn an_installation_keeps_the_name_that_it_got_first() {
    let house = House::empty(3, None).await;
    let [first, second] = [[1; 16], [2; 16]].map(InstallationId::from_random);
    assert_eq!(house.store.installation(first).await.unwrap(), first);
    assert_eq!(house.store.installation(second).await.unwrap(), first);
    assert_eq!(reopened(&house).await.installation(second).await.unwrap(), first);
}

#[tokio::test]
async fn two_who_name_an_installation_at_once_get_one_name() {
    let house = House::empty(3, None).await;
    let names = (1..=8).map(|number| house.store.installation(InstallationId::from_random([number; 16])));
    let names: Vec<_> = join_all(names).await.into_iter().map(Result::unwrap).collect();
    assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
}

#[tokio::test]
async fn rows_intents_and_uses_survive_reopening() {
    let (house, key, intent) = furnished().await;
    let begun = creation(house.account, 60, "q");
    house.store.begin_key(begun.clone(), None).await.unwrap();
    let again = reopened(&house).await;
    assert_eq!(again.remote_keys().await.unwrap(), [key]);
    assert_eq!(again.intents().await.unwrap(), [begun, intent]);
    let remembered = again.carried_use(OWNER, &name("p")).await.unwrap();
    assert_eq!(remembered, Some(carried(OWNER, "p", "2026-11-01", 7)));
}

#[tokio::test]
async fn keys_are_listed_oldest_first() {
    let house = House::empty(3, None).await;
    for (number, plan_name, created_at) in [(1, "c", at(20)), (2, "a", at(10)), (3, "b", at(10)), (4, "d", at(0))] {
        put(&house, RemoteKey { created_at, ..key(house.account, number, plan_name) }).await;
    }
    // A change leaves a key in its place.
    put(&house, RemoteKey { created_at: at(10), enabled: false, ..key(house.account, 2, "a") }).await;
    let listed: Vec<_> = house.store.remote_keys().await.unwrap().into_iter().map(|key| key.id).collect();
    assert_eq!(listed, [4, 2, 3, 1].map(key_id));
}

#[tokio::test]
async fn intents_are_listed_by_when_they_are_due() {
    let house = House::empty(3, None).await;
    let due = [(1, 30), (2, 10), (3, 20), (4, 10)].map(|(number, due)| removal(house.account, number, at(due)));
    intend(&house, due.to_vec()).await;
    let listed: Vec<_> = house.store.intents().await.unwrap().into_iter().map(|intent| intent.operation).collect();
    assert_eq!(listed, [2, 4, 3, 1].map(operation));
}

#[tokio::test]
async fn an_operation_has_one_intent_the_last() {
    let house = House::empty(3, None).await;
    house.store.begin_key(creation(house.account, 1, "p"), None).await.unwrap();
    let known = Intent { remote_id: Some("remote1".to_owned()), ..creation(house.account, 1, "p") };
    intend(&house, vec![known]).await;
    let last = removal(house.account, 1, at(90));
    intend(&house, vec![last.clone()]).await;
    assert_eq!(house.store.intents().await.unwrap(), [last]);
}

#[tokio::test]
async fn a_change_of_a_key_takes_its_place() {
    let house = House::empty(3, None).await;
    put(&house, full_key(house.account)).await;
    assert_eq!(house.store.remote_keys().await.unwrap(), [full_key(house.account)]);
    let plain = RemoteKey { value: value(102), ..key(house.account, 1, "q") };
    put(&house, plain.clone()).await;
    assert_eq!(house.store.remote_keys().await.unwrap(), [plain]);
}

#[tokio::test]
async fn a_change_goes_in_the_order_of_its_fields() {
    let house = House::empty(3, None).await;
    put(&house, key(house.account, 1, "p")).await;
    intend(&house, vec![creation(house.account, 2, "p")]).await;
    // The old key makes room for the new one; an operation that is done may get an intent again.
    let new = key(house.account, 2, "p");
    let again = removal(house.account, 2, at(5));
    let change = RemoteChange {
        remove: vec![key_id(1)],
        put: Some(new.clone()),
        call: Some(CALL),
        done: vec![operation(2)],
        intents: vec![again.clone()],
        carried: vec![carried(OWNER, "p", "2026-11-01", 3)],
    };
    house.store.change_remote(change).await.unwrap();
    assert_eq!(house.store.remote_keys().await.unwrap(), [new]);
    assert_eq!(house.store.intents().await.unwrap(), [again]);
    assert_eq!(used_of(&house, OWNER, "p").await, Some(3));
    let before = house.store.made_before(house.account, CALL, noon()).await.unwrap();
    assert_eq!(before, Some(Creation::MadeBefore(key_id(2))));
}

#[tokio::test]
async fn a_change_made_twice_is_made_once() {
    let (house, key, intent) = furnished().await;
    let change = RemoteChange {
        remove: vec![key.id],
        put: None,
        call: None,
        done: vec![intent.operation],
        intents: vec![removal(house.account, 51, noon())],
        carried: vec![carried(OWNER, "p", "2026-11-01", 9)],
    };
    for _ in 0..2 {
        house.store.change_remote(change.clone()).await.unwrap();
        assert_eq!(house.store.remote_keys().await.unwrap(), []);
        assert_eq!(house.store.intents().await.unwrap(), [removal(house.account, 51, noon())]);
        assert_eq!(used_of(&house, OWNER, "p").await, Some(9));
    }
}

/// Everything but `put`, which is the part that can be refused.
fn sweeping_change(house: &House, put: RemoteKey) -> RemoteChange {
    RemoteChange {
        remove: vec![key_id(1)],
        put: Some(put),
        call: Some(CALL),
        done: vec![operation(50)],
        intents: vec![removal(house.account, 51, noon())],
        carried: vec![carried(OWNER, "p", "2026-11-01", 999)],
    }
}

async fn assert_untouched(house: &House, key: RemoteKey, intent: Intent) {
    assert_eq!(house.store.remote_keys().await.unwrap(), [key]);
    assert_eq!(house.store.intents().await.unwrap(), [intent]);
    assert_eq!(used_of(house, OWNER, "p").await, Some(7));
    assert_eq!(house.store.made_before(house.account, CALL, noon()).await.unwrap(), None);
}

#[tokio::test]
async fn a_key_of_an_account_that_is_gone_undoes_the_whole_change() {
    let (house, row, intent) = furnished().await;
    let gone = another_account(&house).await;
    house.store.delete_account(gone).await.unwrap();
    house.store.change_remote(sweeping_change(&house, key(gone, 2, "p"))).await.unwrap_err();
    assert_untouched(&house, row, intent).await;
}

#[tokio::test]
async fn a_second_key_on_a_plan_undoes_the_whole_change() {
    let (house, row, intent) = furnished().await;
    let second = RemoteChange { remove: vec![], ..sweeping_change(&house, key(house.account, 2, "p")) };
    house.store.change_remote(second).await.unwrap_err();
    assert_untouched(&house, row, intent).await;
}

#[tokio::test]
async fn a_step_that_fails_undoes_those_before_it() {
    let (house, row, intent) = furnished().await;
    let other = house.other_program();
    let steps = [
        "DELETE ON remote_keys",
        "INSERT ON remote_keys",
        "DELETE ON remote_intents",
        "INSERT ON remote_intents",
        "INSERT ON carried_use",
    ];
    for step in steps {
        other.execute_batch(&format!("CREATE TRIGGER no BEFORE {step} BEGIN SELECT RAISE(ABORT, 'no'); END")).unwrap();
        let change = sweeping_change(&house, key(house.account, 2, "p"));
        house.store.change_remote(change).await.unwrap_err();
        assert_untouched(&house, row.clone(), intent.clone()).await;
        other.execute_batch("DROP TRIGGER no").unwrap();
    }
    house.store.change_remote(sweeping_change(&house, key(house.account, 2, "p"))).await.unwrap();
    assert_eq!(house.store.remote_keys().await.unwrap(), [key(house.account, 2, "p")]);
}

#[tokio::test]
async fn a_deleted_account_leaves_removals_of_every_value() {
    let (house, row, kept) = furnished().await;
    let other = another_account(&house).await;
    put(&house, key(other, 2, "p")).await;
    // The old values were to go later; its account's end is sooner.
    intend(&house, vec![removal(house.account, 101, at(3_600)), removal(house.account, 102, at(3_600))]).await;
    house.store.delete_account(house.account).await.unwrap();
    assert_eq!(house.store.remote_keys().await.unwrap(), [key(other, 2, "p")]);
    let to_remove = |number, operation| Intent { operation, key: row.id, ..removal(house.account, number, noon()) };
    let mut listed = house.store.intents().await.unwrap();
    listed.sort_by_key(|intent| intent.operation);
    assert_eq!(
        listed,
        [to_remove(1, operation(1)), kept, to_remove(101, operation(101)), to_remove(102, operation(102))]
    );
}

#[tokio::test]
async fn a_use_is_kept_for_each_owner_and_plan() {
    let house = House::empty(3, None).await;
    let other = OwnerDigest([8; 32]);
    let period = "2026-11-01";
    carry(&house, vec![carried(OWNER, "p", period, 1), carried(OWNER, "q", period, 2), carried(other, "p", period, 3)])
        .await;
    carry(&house, vec![carried(OWNER, "p", "2026-11-21", 4)]).await;
    let replaced = house.store.carried_use(OWNER, &name("p")).await.unwrap();
    assert_eq!(replaced, Some(carried(OWNER, "p", "2026-11-21", 4)));
    assert_eq!(used_of(&house, OWNER, "q").await, Some(2));
    assert_eq!(used_of(&house, other, "p").await, Some(3));
    assert_eq!(used_of(&house, other, "q").await, None);
}

#[tokio::test]
async fn a_use_outlives_its_account() {
    let (house, ..) = furnished().await;
    house.store.delete_account(house.account).await.unwrap();
    assert_eq!(used_of(&house, OWNER, "p").await, Some(7));
}

#[tokio::test]
async fn uses_of_periods_long_past_go_with_the_next() {
    let house = House::empty(3, None).await;
    let past = [("a", "2026-08-31"), ("b", "2026-09-20"), ("c", "2026-09-21"), ("d", "2026-11-21")];
    for (plan_name, period) in past {
        carry(&house, vec![carried(OWNER, plan_name, period, 1)]).await;
    }
    let mut kept = Vec::new();
    for (plan_name, _) in past {
        kept.push(used_of(&house, OWNER, plan_name).await.is_some());
    }
    assert_eq!(kept, [false, false, true, true]);
}

#[tokio::test]
async fn a_use_that_was_just_written_is_there_however_old() {
    let house = House::empty(3, None).await;
    carry(&house, vec![carried(OWNER, "a", "2026-11-21", 1), carried(OWNER, "b", "2025-01-01", 2)]).await;
    assert_eq!(used_of(&house, OWNER, "a").await, Some(1));
    assert_eq!(used_of(&house, OWNER, "b").await, Some(2));
}

#[tokio::test]
async fn nothing_prints_a_digest() {
    let (house, ..) = furnished().await;
    let shown = format!(
        "{:?} {:?} {:?}",
        house.store.remote_keys().await.unwrap(),
        house.store.intents().await.unwrap(),
        house.store.carried_use(OWNER, &name("p")).await.unwrap()
    );
    // The bytes of OWNER and of the digests, as a list or in base 16.
    for bytes in ["7, 7", "1, 1", "101, 101", "0707", "0101", "6565"] {
        assert!(!shown.contains(bytes), "{shown}");
    }
}

#[tokio::test]
async fn what_was_never_written_is_an_error_that_tells_no_value() {
    let (house, ..) = furnished().await;
    let other = house.other_program();
    other.execute_batch("PRAGMA ignore_check_constraints = 1; PRAGMA foreign_keys = 0").unwrap();
    let spoil = |table: &str, column: &str, to: &str| {
        other
            .execute_batch(&format!(
                "CREATE TEMP TABLE kept AS SELECT * FROM {table};
                                      UPDATE {table} SET {column} = {to}"
            ))
            .unwrap();
    };
    let mend = |table: &str| {
        other
            .execute_batch(&format!(
                "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept;
                                      DROP TABLE kept"
            ))
            .unwrap();
    };
    for (table, column) in [
        ("remote_keys", "id"),
        ("remote_keys", "account"),
        ("remote_keys", "operation"),
        ("earlier_remote_values", "operation"),
        ("remote_keys", "label"),
        ("remote_keys", "plan_name"),
    ] {
        spoil(table, column, "char(7) || 'private'");
        let error = house.store.remote_keys().await.unwrap_err();
        assert!(error.to_string().ends_with(&format!("{column} can't be read")), "{column}: {error}");
        assert!(!error.to_string().contains("private"), "{column}: {error}");
        mend(table);
    }
    for (table, column) in [("remote_keys", "owner"), ("remote_keys", "digest"), ("earlier_remote_values", "digest")] {
        spoil(table, column, "x'00'");
        house.store.remote_keys().await.unwrap_err();
        mend(table);
    }
    for column in ["operation", "key", "account", "plan_name", "kind"] {
        spoil("remote_intents", column, "'!private'");
        let error = house.store.intents().await.unwrap_err();
        assert!(error.to_string().ends_with(&format!("{column} can't be read")), "{column}: {error}");
        assert!(!error.to_string().contains("private"), "{column}: {error}");
        mend("remote_intents");
    }
    for (column, to) in [("period", "'yesterday'"), ("used", "-1")] {
        spoil("carried_use", column, to);
        house.store.carried_use(OWNER, &name("p")).await.unwrap_err();
        mend("carried_use");
    }
    assert_eq!(house.store.remote_keys().await.unwrap().len(), 1);
    assert_eq!(house.store.intents().await.unwrap().len(), 1);
}
