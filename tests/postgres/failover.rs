//! A standby takes over from a Postgres that falls: replicas find it by themselves, and nothing is lost that it got.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tests::{Caller, OwnPostgres, PlanSpec, ServerSetup, SlowLink, TestServer, wait_until, within};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinSet,
};

const LIMIT: u64 = 400;
/// Requests under way at a time, half of them at each replica.
const UNDER_WAY: u64 = 8;

/// A Postgres and its standby, with a link between them.
struct Pair {
    primary: OwnPostgres,
    link: SlowLink,
    standby: OwnPostgres,
}

impl Pair {
    /// A commit is answered as soon as the primary has it on its disk.
    async fn asynchronous() -> Self {
        let primary = OwnPostgres::start().await;
        let link = SlowLink::in_front_of(&primary.url()).await;
        let standby = OwnPostgres::standby_of(&link.url()).await;
        let pair = Self { primary, link, standby };
        pair.until_replication("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'").await;
        pair
    }

    /// A commit is answered when the standby has it on its disk, too.
    async fn synchronous() -> Self {
        let pair = Self::asynchronous().await;
        let primary = pair.primary.client().await;
        primary.batch_execute("ALTER SYSTEM SET synchronous_standby_names TO '*'").await.unwrap();
        primary.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        pair.until_replication("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'").await;
        pair
    }

    async fn until_replication(&self, is: &str) {
        let primary = self.primary.client().await;
        let looks = || async { (primary.query_one(is, &[]).await.unwrap().get::<_, i64>(0) == 1).then_some(()) };
        wait_until("the standby follows", looks).await;
    }

    /// Replicas that know both, with their tables.
    async fn setup(&self) -> ServerSetup {
        let (primary, standby) = (self.primary.port(), self.standby.port());
        let url = format!("postgres://postgres@127.0.0.1:{primary},127.0.0.1:{standby}/postgres");
        let plans = [PlanSpec::daily("many", LIMIT)];
        let setup = TestServer::setup().postgres(&url).set("postgres.timeout_seconds", "2").plans(&plans);
        let (status, said) = TestServer::run(&setup, &["migrate"]).await;
        assert!(status.success(), "{said}");
        setup
    }
}

/// Callers who ask without a pause, at each replica, until the quota is used up. Whatever else they are told than that
/// they are admitted or the quota is used up, is that the store is away.
struct Load {
    admitted: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    callers: JoinSet<()>,
}

impl Load {
    fn of(keys: [Caller; 2]) -> Self {
        let (admitted, is_over) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let mut callers = JoinSet::new();
        for key in keys.iter().cycle().take(UNDER_WAY as usize) {
            let (key, admitted, is_over) = (key.clone(), Arc::clone(&admitted), Arc::clone(&is_over));
            callers.spawn(async move {
                while !is_over.load(Ordering::SeqCst) {
                    let answer = key.chat("hello").send().await;
                    match answer.status {
                        200 => {
                            admitted.fetch_add(1, Ordering::SeqCst);
                        }
                        429 => is_over.store(true, Ordering::SeqCst),
                        _ => {
                            answer.is_error(503, "quota_store_unavailable");
                        }
                    }
                }
            });
        }
        Self { admitted, is_over, callers }
    }

    fn admitted(&self) -> u64 {
        self.admitted.load(Ordering::SeqCst)
    }
}

async fn until_ready(server: &TestServer, status: u16) {
    let answers = || async { (server.anonymous().get("/readyz").send().await.status == status).then_some(()) };
    wait_until("the server knows how its Postgres is", answers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_synchronous_standby_takes_over_with_all_that_was_acknowledged() {
    let mut pair = Pair::synchronous().await;
    let setup = pair.setup().await;
    let (one, two) = (setup.clone().start().await, setup.start().await);
    let ada = one.signed_in("ada").await;
    let (key, _) = ada.key_on("many").await;
    let mut load = Load::of([key.clone(), two.anonymous().as_identity(key.identity.clone())]);
    wait_until("requests are under way", || async { (load.admitted() > LIMIT / 8).then_some(()) }).await;
    // The last things that the primary acknowledges.
    let last = one.with_key("many").await;
    last.chat("hello").send().await.expect(200);

    pair.primary.kill9().await;
    let acknowledged = load.admitted();
    for replica in [&one, &two] {
        until_ready(replica, 503).await;
    }
    assert!(load.admitted() - acknowledged <= UNDER_WAY, "somebody was admitted by no store");

    pair.standby.promote().await;
    let charged = "SELECT max(used) FROM tollgate.usage_days";
    let charged = pair.standby.client().await.query_one(charged, &[]).await.unwrap().get::<_, i64>(0).unsigned_abs();
    assert!(charged >= acknowledged, "{acknowledged} were admitted, {charged} are charged");
    for replica in [&one, &two] {
        until_ready(replica, 200).await;
        assert_eq!(replica.anonymous().as_identity(last.identity.clone()).used().await, 1);
    }
    two.signed_in("ada").await.get("/me").send().await.expect(200);

    within("the rest of the quota", async { while load.callers.join_next().await.transpose().unwrap().is_some() {} })
        .await;
    assert!(load.is_over.load(Ordering::SeqCst));
    let admitted = load.admitted();
    // What was under way when the primary fell stays charged where its answer got lost.
    assert!((LIMIT - UNDER_WAY..=LIMIT).contains(&admitted), "{admitted} of {LIMIT} were admitted");
    assert_eq!(key.used().await, LIMIT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_synchronous_standby_has_not_got_is_not_acknowledged() {
    let mut pair = Pair::synchronous().await;
    let server = pair.setup().await.start().await;
    let key = server.with_key("many").await;
    key.chat("hello").send().await.expect(200);
    pair.link.black_hole();
    key.chat("hello").send().await.is_error(503, "quota_store_unavailable");

    pair.primary.kill9().await;
    pair.standby.promote().await;
    until_ready(&server, 200).await;
    key.chat("hello").send().await.expect(200);
    assert_eq!(key.used().await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_asynchronous_standby_has_not_got_is_free_once_more() {
    let mut pair = Pair::asynchronous().await;
    let server = pair.setup().await.start().await;
    let key = server.with_key("many").await;
    key.chat("hello").send().await.expect(200);
    let got = "SELECT count(*) FROM tollgate.usage_days WHERE used = 1";
    let standby = pair.standby.client().await;
    let has_got = || async { (standby.query_one(got, &[]).await.unwrap().get::<_, i64>(0) == 1).then_some(()) };
    wait_until("the standby has got the first charge", has_got).await;
    pair.link.black_hole();
    for _ in 0..5 {
        key.chat("hello").send().await.expect(200);
    }
    assert_eq!(key.used().await, 6);

    pair.primary.kill9().await;
    pair.standby.promote().await;
    until_ready(&server, 200).await;
    assert_eq!(key.used().await, 1);
    key.chat("hello").send().await.expect(200);
    assert_eq!(key.used().await, 2);
}

/// A machine that went without a word: who connects is neither refused nor answered.
struct GoneMachine {
    port: u16,
    _takes_nobody: TcpListener,
    _waits_to_be_taken: TcpStream,
}

impl GoneMachine {
    async fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        // A queue of one, which is full with the first: Linux lets all others knock in vain.
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let first = TcpStream::connect(address).await.unwrap();
        Self { port: address.port(), _takes_nobody: listener, _waits_to_be_taken: first }
    }
}

#[tokio::test]
async fn a_host_that_does_not_even_refuse_leaves_time_for_the_next() {
    let (gone, postgres) = (GoneMachine::new().await, OwnPostgres::start().await);
    let (first, second) = (gone.port, postgres.port());
    let url = format!("postgres://postgres@127.0.0.1:{first},127.0.0.1:{second}/postgres");
    let setup = TestServer::setup().postgres(&url).set("postgres.timeout_seconds", "2");
    let (status, said) = TestServer::run(&setup, &["migrate"]).await;
    assert!(status.success(), "{said}");
    let server = setup.start().await;
    server.with_key("unlimited").await.chat("hello").send().await.expect(200);
}
