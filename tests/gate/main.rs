//! A short run of what `cargo xtask torture` does for long: random stories against the gate, held to the model.

use tests::torture::{Bound, Chance, gate_floor};

const ROUNDS: u64 = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_exactly_the_quota_passes() {
    let seed = Chance::seed();
    println!("seed {seed} (TOLLGATE_SEED repeats it)");
    let figures = gate_floor(seed, Bound::Rounds(ROUNDS)).await;
    println!("{figures}");
    assert_eq!(figures.faults(), [], "seed {seed}\n{figures}");
    assert_eq!(figures.rounds, ROUNDS);
    let nothing_shown = "limits were reached, returned and restarted upon, else nothing shows that they hold";
    assert!(
        figures.quotas_spent >= 50 && figures.returned >= 50 && figures.restarts >= 10,
        "{nothing_shown}: {figures}"
    );
}
