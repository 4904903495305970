//! `kill -9` while a key is made: after the next start nothing of it is left, and nothing is in its owner's way.

use tests::{
    TestServer,
    aws::{Fault, When},
    settled,
};

use crate::served::Served;

async fn killed_while_creating(served: &Served, server: &mut TestServer, step: &str, fault: Fault) {
    let what = format!("{fault:?} at {step}");
    let ada = server.signed_in("ada").await;
    if step == "UpdateUsage" {
        let (key, id) = ada.key_on("10RequestPerDay").await;
        key.chat("hello").send().await.expect(200);
        ada.delete(&format!("/keys/{id}")).send().await.expect(204);
    }
    served.aws.fault(step, When::Next, fault);
    let kill = async {
        settled(1, || async { served.aws.hanging() }).await;
        server.sigkill();
    };
    let (created, ()) = tokio::join!(ada.create_key("10RequestPerDay").try_send(), kill);
    assert!(created.is_err(), "{what}");
    settled(0, || async { served.aws.hanging() }).await;
    served.aws.clear_faults();
    server.start_again().await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
    let kept = key.secret();
    settled(vec![kept.to_owned()], || async { served.aws.keys().into_iter().map(|key| key.value).collect() }).await;
    ada.delete(&format!("/keys/{id}")).send().await.expect(204);
    assert!(served.aws.keys().is_empty(), "{what}");
}

#[tokio::test]
async fn a_server_killed_at_any_step_of_a_creation_leaves_nothing_of_it() {
    for step in ["CreateApiKey", "CreateUsagePlanKey", "UpdateUsage"] {
        for fault in [Fault::Hang, Fault::HangReply] {
            let served = Served::by_hand().await;
            let mut server = served.start().await;
            killed_while_creating(&served, &mut server, step, fault).await;
        }
    }
}
