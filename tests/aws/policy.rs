//! The policies name what is really called: method and path of every call that the fake saw, against the table they are
//! printed from.

use access::Registry as _;
use access_aws::{Action, Role, action::ALL};
use api_types::KeyChange;
use tests::aws::{Call, FakeAws, Fault, When};

use crate::{
    console::make_the_stage_anew,
    house::House,
    site::{apply, apply_with_key, daily, destroy, written},
};

/// Whether a path is one of those, in which `*` stands for one part.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(part, found)| *part == "*" || part == found)
}

fn assert_allowed(calls: &[Call], role: Role) {
    for call in calls {
        let action: &Action = ALL.iter().find(|action| action.name == call.operation).unwrap_or_else(|| {
            panic!("{} is in no policy", call.operation);
        });
        assert!(action.is_of(role), "{} is not of {role:?}", action.name);
        assert_eq!(action.method, call.method, "{}", action.name);
        assert!(action.paths.iter().any(|pattern| matches(pattern, &call.path)), "{}: {}", action.name, call.path);
    }
}

/// Every call of a role but those that no test here brings about.
fn assert_complete(calls: &[Call], role: Role, rare: &[&str]) {
    let unseen =
        ALL.iter().filter(|action| action.is_of(role) && !calls.iter().any(|call| call.operation == action.name));
    let unseen: Vec<_> = unseen.map(|action| action.name).filter(|name| !name.starts_with("TagResource")).collect();
    assert_eq!(unseen, rare, "the policy of {role:?} allows what isn't called");
}

#[tokio::test]
async fn the_servers_policy_is_what_it_calls() {
    let mut house = House::new().await;
    house.refresh().await;
    let mut person = house.person(1).await;
    house.use_up(&person.presented, 1).await;
    house.rotate(&mut person, None).await.unwrap();
    house.aws.fault("UpdateApiKey", When::First(3), Fault::DropReply);
    let off = KeyChange { enabled: Some(false), label: None };
    house.change(&person, off).await.unwrap();
    let today = house.gateway.today(person.account, person.key, house.now()).await.unwrap();
    house.gateway.usage(person.account, person.key, today, today).await.unwrap();
    house.revoke(&person).await.unwrap();
    house.person(2).await;
    house.pass(3_600);
    make_the_stage_anew(&house);
    house.refresh().await;
    let seen = house.aws.calls();
    assert_allowed(&seen, Role::Server);
    assert_complete(&seen, Role::Server, &[]);
}

/// What it calls only where somebody changed the API in the console, or where a list leaves tags out.
const ONLY_AFTER_OTHERS: [&str; 8] = [
    "GetRestApi",
    "UpdateRestApi",
    "GetMethod",
    "UpdateMethod",
    "DeleteMethod",
    "DeleteMethodResponse",
    "DeleteGatewayResponse",
    "DeleteStage",
];

#[tokio::test]
async fn the_provisioners_policy_is_what_it_calls() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    apply_with_key(&url, written(), "10RequestPerDay").await.unwrap();
    // Another surface, another plan, and the operator's key on it.
    let changed = access_aws::provision::Written {
        paths: vec!["POST /v1/chat/completions".to_owned()],
        plans: vec![daily(20), daily(30)],
        ..written()
    };
    apply_with_key(&url, changed.clone(), "30RequestPerDay").await.unwrap();
    let api = &aws.apis()[0];
    aws.console("DELETE", &format!("/restapis/{}/gatewayresponses/QUOTA_EXCEEDED", api.id), &serde_json::Value::Null);
    apply(&url, changed).await.unwrap();
    destroy(&url, true).await.unwrap();
    let calls = aws.calls();
    assert_allowed(&calls, Role::Provisioner);
    assert_complete(&calls, Role::Provisioner, &ONLY_AFTER_OTHERS);
}
