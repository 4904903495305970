//! SIGKILL at random instants: keys go on working, nothing that reached the upstream is forgotten, no quota is exceeded.

use tests::torture::{Chance, Figures, Lane};
use tokio::task::JoinSet;

/// Kills in all; shared out over the lanes.
const KILLS: u64 = 200;
/// Servers at once, each with its own data and upstream: most of a round is waiting for a start.
const LANES: u64 = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_kills_lose_no_key_and_no_count_and_give_nothing_away() {
    let seed = Chance::seed();
    println!("seed {seed} (TOLLGATE_SEED repeats it)");
    let mut lanes = JoinSet::new();
    for number in 0..LANES {
        lanes.spawn(async move {
            let mut lane = Lane::start(Chance::new(seed + number)).await;
            while lane.figures().kills < KILLS / LANES {
                lane.round().await;
            }
            lane.end().await
        });
    }
    let total = lanes.join_all().await.into_iter().fold(Figures::default(), Figures::plus);
    println!("{total}");
    assert_eq!(total.faults(), [], "seed {seed}\n{total}");
    assert_eq!(total.kills, KILLS);
    assert!(total.kills_before_first_byte >= KILLS / 4, "{total}");
    assert!(total.quotas_spent >= 5, "quotas were reached, else nothing shows that they hold: {total}");
}
