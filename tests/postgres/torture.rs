//! A short run of what `cargo xtask torture cluster` does for long.

use tests::torture::{Bound, Chance, cluster_floor};

const ROUNDS: u64 = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_befalls_a_cluster_exactly_the_quota_passes() {
    let seed = Chance::seed();
    println!("seed {seed} (TOLLGATE_SEED repeats it)");
    let told = cluster_floor(seed, Bound::Rounds(ROUNDS)).await;
    println!("{told}");
    let figures = told.figures;
    assert_eq!(figures.faults(), [], "seed {seed}\n{told}");
    assert_eq!(figures.rounds, ROUNDS);
    let nothing_shown = "quotas were reached, returned, killed and cut upon, else nothing shows that they hold";
    assert!(
        figures.quotas_spent >= 3 && figures.returned >= 50 && figures.kills >= 3 && told.broken_links >= 1,
        "{nothing_shown}: {told}"
    );
}
