//! Requests that go on until the server is gone, the quota spent or the key ended; and keys made meanwhile.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{Caller, Identity};

/// What one asker was told, and when its load is to end.
#[derive(Debug, Default, Clone)]
pub(super) struct Told {
    pub(super) name: String,
    pub(super) sent: u64,
    pub(super) answered: u64,
    pub(super) refused: u64,
    pub(super) turned_away: u64,
    pub(super) cut: u64,
}

/// Asks until the connection breaks, the quota is spent, the key is refused, or `enough`.
pub(super) async fn ask(name: String, key: Caller, enough: Arc<AtomicBool>) -> Told {
    let mut told = Told { name, ..Told::default() };
    while !enough.load(Ordering::Relaxed) {
        told.sent += 1;
        let Ok(answer) = key.chat(&told.name).try_send().await else {
            told.cut += 1;
            break;
        };
        match answer.status {
            200 => told.answered += 1,
            503 => told.turned_away += 1,
            429 => {
                told.refused += 1;
                break;
            }
            401 => {
                told.turned_away += 1;
                break;
            }
            _ => panic!("{}", answer.text()),
        }
    }
    told
}

/// Makes keys on one plan after another until the server is gone or can't; gives those that were acknowledged.
pub(super) async fn make_keys(
    owner: Caller,
    plans: Vec<(usize, String)>,
    enough: Arc<AtomicBool>,
) -> Vec<(usize, Caller)> {
    let mut made = Vec::new();
    for (number, plan) in plans {
        if enough.load(Ordering::Relaxed) {
            break;
        }
        let Ok(answer) = owner.create_key(&plan).try_send().await else { break };
        if answer.status != 200 {
            assert!(matches!(answer.status, 500 | 503), "{}", answer.text());
            break;
        }
        let value = answer.json()["value"].as_str().expect("a key's value").to_owned();
        made.push((number, owner.as_identity(Identity::Key(value))));
    }
    made
}
