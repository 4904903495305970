//! What was used of a quota, and changing what is left of it.

use tests::FakeUpstream;

use super::{
    fixtures::{Api, per_day, prepared_key, prepared_on_plan, prepared_plan, replace, stage, value_of},
    recorder::{Invocation, Recorder},
};

/// The day at which the fake's clock stands. No emulator looks at days.
pub const TODAY: &str = "2026-06-15";

pub async fn calls(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let upstream = FakeUpstream::start().await;
    let uri = format!("{}/chat/completions", upstream.base_url());
    let api = Api::with_method(recorder, "usage", true, &uri).await;
    api.go_live(recorder, "live").await;
    let plan = aws.create_usage_plan().name("usage").api_stages(stage(&api.id, "live")).quota(per_day(10));
    let plan = prepared_plan(recorder, plan).await;
    let key = prepared_key(recorder, "usage").await;
    prepared_on_plan(recorder, &plan, &key).await;
    let value = value_of("usage");
    let call =
        Invocation { api: &api.id, stage: "live", method: reqwest::Method::POST, path: "/chat", key: Some(&value) };
    for _ in 0..3 {
        let _ = recorder.ask(&call).await;
    }
    let get = |plan: &str| aws.get_usage().usage_plan_id(plan).start_date(TODAY).end_date(TODAY);
    recorder.look("GetUsage of a key", get(&plan).key_id(&key).send(), |usage| seen(usage.items())).await;
    recorder.look("GetUsage of a plan", get(&plan).send(), |usage| seen(usage.items())).await;
    recorder.call("GetUsage of an unknown plan", get("unknown000").send()).await;
    recorder.call("GetUsage of an unknown key", get(&plan).key_id("unknown000").send()).await;
    let update = |key: &str| {
        let update = aws.update_usage().usage_plan_id(&plan).key_id(key);
        update.patch_operations(replace("/remaining", "20"))
    };
    recorder.look("UpdateUsage", update(&key).send(), |usage| seen(usage.items())).await;
    recorder.call("UpdateUsage of an unknown key", update("unknown000").send()).await;
    recorder.look("GetUsage after UpdateUsage", get(&plan).key_id(&key).send(), |usage| seen(usage.items())).await;
}

type Items = std::collections::HashMap<String, Vec<Vec<i64>>>;

/// What the only key used, and what is left.
fn seen(items: Option<&Items>) -> String {
    let keys: Vec<_> = items.into_iter().flatten().collect();
    match keys.as_slice() {
        [] => "no key".to_owned(),
        [(_, days)] => {
            let day = |pair: &Vec<i64>| match pair.as_slice() {
                [used, left] => format!("{used} used, {left} left"),
                other => format!("{other:?}"),
            };
            days.iter().map(day).collect::<Vec<_>>().join("; ")
        }
        more => format!("{} keys", more.len()),
    }
}
