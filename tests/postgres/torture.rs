//! Short runs of what `cargo xtask torture cluster` does for long.

use tests::torture::{Bound, Chance, ClusterFigures, cluster_floor, cluster_processes};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_befalls_a_cluster_exactly_the_quota_passes() {
    let seed = Chance::seed();
    judge(seed, 12, cluster_floor(seed, Bound::Rounds(12)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_are_killed_with_their_postgres_lose_no_key_and_no_count_and_give_nothing_away() {
    let seed = Chance::seed();
    judge(seed, 8, cluster_processes(seed, Bound::Rounds(8)).await);
}

fn judge(seed: u64, rounds: u64, told: ClusterFigures) {
    println!("seed {seed} (TOLLGATE_SEED repeats it)\n{told}");
    let figures = told.figures;
    assert_eq!(figures.faults(), [], "seed {seed}\n{told}");
    assert_eq!(figures.rounds, rounds);
    let nothing_shown = "quotas were reached and trouble came, else nothing shows that they hold";
    assert!(figures.quotas_spent >= 3 && figures.kills + told.broken_links >= 3, "{nothing_shown}: {told}");
}
