//! What tests take for granted of a link to Postgres that they make slow, silent or break.

use std::time::Duration;

use tests::{Database, SlowLink, connect, wait_until, within};
use tokio::task::JoinSet;
use tokio_postgres::Client;

struct Scene {
    database: Database,
    link: SlowLink,
    /// Past the link.
    beside: Client,
}

async fn scene() -> Scene {
    let database = Database::fresh().await;
    let link = SlowLink::in_front_of(&database.url()).await;
    let beside = database.client().await;
    beside.batch_execute("CREATE TABLE charges (id int)").await.unwrap();
    Scene { database, link, beside }
}

impl Scene {
    async fn count(&self) -> i64 {
        self.beside.query_one("SELECT count(*) FROM charges", &[]).await.unwrap().get(0)
    }
}

async fn charge(client: &Client) -> bool {
    client.batch_execute("INSERT INTO charges VALUES (1)").await.is_ok()
}

async fn end(mut charging: JoinSet<bool>) -> bool {
    within("a charge", charging.join_next()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_link_resets_what_is_open_and_what_comes_until_it_passes_again() {
    let scene = scene().await;
    let client = connect(&scene.link.url()).await;
    assert!(charge(&client).await);
    scene.link.cut();
    assert!(!within("a cut connection", charge(&client)).await);
    let refused = within("a cut link", tokio_postgres::connect(&scene.link.url(), tokio_postgres::NoTls)).await;
    assert!(refused.is_err(), "a cut link lets somebody through");
    scene.link.pass();
    assert!(charge(&connect(&scene.link.url()).await).await);
    assert_eq!(scene.count().await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_black_hole_holds_what_goes_in_until_it_passes_again() {
    let scene = scene().await;
    let client = connect(&scene.link.url()).await;
    scene.link.black_hole();
    let mut charging = JoinSet::new();
    charging.spawn(async move { charge(&client).await });
    let late = scene.link.url();
    charging.spawn(async move { charge(&connect(&late).await).await });
    // Many times what either would take.
    for _ in 0..200 {
        assert_eq!(scene.count().await, 0);
    }
    assert!(charging.try_join_next().is_none(), "somebody got an answer through a black hole");
    scene.link.pass();
    assert_eq!(within("what was held", charging.join_all()).await, [true, true]);
    assert_eq!(scene.count().await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_replies_leave_a_charge_that_nobody_knows_of() {
    let scene = scene().await;
    let client = connect(&scene.link.url()).await;
    scene.link.drop_replies();
    let mut charging = JoinSet::new();
    charging.spawn(async move { charge(&client).await });
    wait_until("the charge is made", || async { (scene.count().await == 1).then_some(()) }).await;
    assert!(charging.try_join_next().is_none(), "an answer came that was to vanish");
    scene.link.cut();
    assert!(!end(charging).await);
    assert_eq!(scene.count().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reply_to_a_commit_is_lost_once_and_the_commit_is_not() {
    let scene = scene().await;
    let client = connect(&scene.link.url()).await;
    scene.link.lose_reply("COMMIT\0");
    client.batch_execute("BEGIN").await.unwrap();
    assert!(charge(&client).await);
    assert!(!scene.link.has_lost());
    assert!(within("a lost reply", client.batch_execute("COMMIT")).await.is_err());
    assert!(scene.link.has_lost());
    assert_eq!(scene.count().await, 1);

    let client = connect(&scene.link.url()).await;
    client.batch_execute("BEGIN; INSERT INTO charges VALUES (2); COMMIT").await.unwrap();
    assert_eq!(scene.count().await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_link_is_overtaken_and_arrives() {
    let scene = scene().await;
    let client = connect(&scene.link.url()).await;
    scene.link.slow(Duration::from_secs(3600));
    let mut charging = JoinSet::new();
    charging.spawn(async move { charge(&client).await });
    assert!(charge(&scene.database.client().await).await);
    assert!(charging.try_join_next().is_none(), "a slow link is as quick as none");
    scene.link.slow(Duration::from_millis(1));
    assert!(end(charging).await);
    assert_eq!(scene.count().await, 2);
    assert!(charge(&connect(&scene.link.url()).await).await);
}
