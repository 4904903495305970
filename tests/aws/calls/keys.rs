//! API keys: making, finding and deleting them. What changes them is in `patches`.

use super::{
    fixtures::{enabled_key, prepared_key, value_of},
    recorder::{Recorder, one_at_a_time},
};

pub async fn calls(recorder: &mut Recorder<'_>) {
    create(recorder).await;
    find(recorder).await;
    list(recorder).await;
    delete(recorder).await;
}

async fn create(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let whole = enabled_key(&aws, "made").description("a key").customer_id("made").tags("managed-by", "tests");
    recorder
        .look("CreateApiKey with all that ours have", whole.send(), |key| {
            let same = key.value.as_deref() == Some(&value_of("made")) && key.name() == Some("made") && key.enabled;
            let tagged = key.tags().and_then(|tags| tags.get("managed-by")).map(String::as_str) == Some("tests");
            if same && tagged { "all kept" } else { "something lost" }
        })
        .await;
    let bare = aws.create_api_key().name("bare");
    recorder
        .look("CreateApiKey without value and enabled", bare.send(), |key| {
            let long_enough = key.value().is_some_and(|value| (20..=128).contains(&value.len()));
            format!(
                "{}{}",
                if key.enabled { "enabled" } else { "disabled" },
                if long_enough { "" } else { ", bad value" }
            )
        })
        .await;
    recorder.call("CreateApiKey without a name", aws.create_api_key().value(value_of("nameless")).send()).await;
    recorder.call("CreateApiKey with a name that exists", aws.create_api_key().name("made").send()).await;
    let again = aws.create_api_key().name("again").value(value_of("made"));
    recorder.call("CreateApiKey with a value that exists", again.send()).await;
    for (step, length) in [
        ("CreateApiKey with a value of 19 characters", 19),
        ("CreateApiKey with a value of 20 characters", 20),
        ("CreateApiKey with a value of 128 characters", 128),
        ("CreateApiKey with a value of 129 characters", 129),
    ] {
        recorder.call(step, aws.create_api_key().name("length").value("v".repeat(length)).send()).await;
    }
    let long = aws.create_api_key().name("n".repeat(1_025)).value(value_of("long name"));
    recorder.call("CreateApiKey with a name of 1025 characters", long.send()).await;
}

async fn find(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let id = prepared_key(recorder, "found").await;
    let seen = |value: Option<&str>| if value.is_some() { "with value" } else { "without value" };
    recorder.look("GetApiKey", aws.get_api_key().api_key(&id).send(), |key| seen(key.value())).await;
    let with_value = aws.get_api_key().api_key(&id).include_value(true);
    recorder.look("GetApiKey with its value", with_value.send(), |key| seen(key.value())).await;
    recorder.call("GetApiKey of an unknown id", aws.get_api_key().api_key("unknown000").send()).await;
}

async fn list(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    for name in ["app/one", "app/two", "App/one", "other/app/one"] {
        let make = enabled_key(&aws, name).customer_id(format!("customer of {name}"));
        recorder.prepare(name, make.send()).await;
    }
    let named = |prefix: &str| aws.get_api_keys().name_query(prefix);
    recorder
        .look("GetApiKeys by a prefix of the name", named("app/").send(), |keys| {
            let valued = keys.items().iter().any(|key| key.value().is_some());
            format!("{}, {}", keys.items().len(), if valued { "with values" } else { "without values" })
        })
        .await;
    let with_values = named("app/").include_values(true);
    recorder
        .look("GetApiKeys with their values", with_values.send(), |keys| {
            let valued = keys.items().iter().all(|key| key.value() == key.name().map(value_of).as_deref());
            format!("{}, {}", keys.items().len(), if valued { "with values" } else { "without values" })
        })
        .await;
    recorder.look("GetApiKeys by a part of the name", named("one").send(), |keys| keys.items().len()).await;
    recorder.look("GetApiKeys by a name that no key has", named("none").send(), |keys| keys.items().len()).await;
    let customer = aws.get_api_keys().customer_id("customer of app/two");
    recorder
        .look("GetApiKeys of a customer", customer.send(), |keys| match keys.items() {
            [only] if only.name() == Some("app/two") => "theirs",
            _ => "others too",
        })
        .await;
    recorder
        .look("GetApiKeys one at a time", named("app/").limit(1).send(), |keys| {
            one_at_a_time(keys.items().len(), keys.position())
        })
        .await;
    recorder.look("GetApiKeys with a limit of -1", named("app/").limit(-1).send(), |keys| keys.items().len()).await;
}

async fn delete(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let id = prepared_key(recorder, "deleted").await;
    recorder.call("DeleteApiKey", aws.delete_api_key().api_key(&id).send()).await;
    recorder.call("DeleteApiKey again", aws.delete_api_key().api_key(&id).send()).await;
    recorder.call("CreateApiKey with the value of a deleted key", enabled_key(&aws, "deleted").send()).await;
}
