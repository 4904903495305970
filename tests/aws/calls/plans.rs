//! Usage plans and the keys on them. What changes a plan is in `patches`.

use aws_sdk_apigateway::types::{QuotaPeriodType, QuotaSettings};

use super::{
    fixtures::{Api, enabled_key, per_day, prepared_key, prepared_on_plan, prepared_plan, stage, throttle, value_of},
    recorder::{Recorder, one_at_a_time},
};

pub async fn calls(recorder: &mut Recorder<'_>) {
    create(recorder).await;
    find(recorder).await;
    attach(recorder).await;
    list_keys(recorder).await;
    detach(recorder).await;
    delete(recorder).await;
}

async fn create(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let api = Api::live(recorder, "plans").await;
    let whole = aws.create_usage_plan().name("whole").description("a plan").api_stages(stage(&api.id, "live"));
    recorder
        .look(
            "CreateUsagePlan with stage, throttle and quota",
            whole.throttle(throttle(0.5, 2)).quota(per_day(10)).send(),
            |plan| {
                let staged = plan.api_stages().iter().any(|found| found.stage() == Some("live"));
                let throttled = plan.throttle().is_some_and(|found| found.rate_limit == 0.5 && found.burst_limit == 2);
                let limited = plan.quota().is_some_and(|found| {
                    found.limit == 10 && found.offset == 0 && found.period() == Some(&QuotaPeriodType::Day)
                });
                if staged && throttled && limited { "all kept" } else { "something lost" }
            },
        )
        .await;
    recorder
        .look("CreateUsagePlan without limits", aws.create_usage_plan().name("unlimited").send(), |plan| {
            if plan.throttle().is_none() && plan.quota().is_none() { "none" } else { "limits of its own" }
        })
        .await;
    let bursts = aws.create_usage_plan().name("bursts").throttle(throttle(1.0, 100));
    recorder.call("CreateUsagePlan with a burst above the rate", bursts.send()).await;
    recorder.call("CreateUsagePlan with a name that exists", aws.create_usage_plan().name("unlimited").send()).await;
    let elsewhere = aws.create_usage_plan().name("elsewhere").api_stages(stage(&api.id, "other"));
    recorder.call("CreateUsagePlan for an unknown stage", elsewhere.send()).await;
    let elsewhere = aws.create_usage_plan().name("elsewhere").api_stages(stage("unknown000", "live"));
    recorder.call("CreateUsagePlan for an unknown API", elsewhere.send()).await;
    for (step, period, offset) in [
        ("CreateUsagePlan with an offset in a day", QuotaPeriodType::Day, 1),
        ("CreateUsagePlan with an offset beyond a week", QuotaPeriodType::Week, 7),
        ("CreateUsagePlan with an offset beyond a month", QuotaPeriodType::Month, 28),
        ("CreateUsagePlan with an offset in a month", QuotaPeriodType::Month, 2),
    ] {
        let quota = QuotaSettings::builder().limit(1_000).period(period).offset(offset).build();
        recorder.call(step, aws.create_usage_plan().name("offset").quota(quota).send()).await;
    }
}

async fn find(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let plan = prepared_plan(recorder, aws.create_usage_plan().name("found").quota(per_day(10))).await;
    recorder
        .look("GetUsagePlan", aws.get_usage_plan().usage_plan_id(&plan).send(), |plan| {
            plan.quota().map(|quota| quota.limit).unwrap_or_default()
        })
        .await;
    recorder.call("GetUsagePlan of an unknown id", aws.get_usage_plan().usage_plan_id("unknown000").send()).await;
    recorder
        .look("GetUsagePlans one at a time", aws.get_usage_plans().limit(1).send(), |plans| {
            one_at_a_time(plans.items().len(), plans.position())
        })
        .await;
    let key = prepared_key(recorder, "on the found plan").await;
    prepared_on_plan(recorder, &plan, &key).await;
    recorder
        .look("GetUsagePlans of a key", aws.get_usage_plans().key_id(&key).send(), |plans| match plans.items() {
            [only] if only.id() == Some(&plan) => "its own",
            _ => "others too",
        })
        .await;
}

async fn attach(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let api = Api::live(recorder, "attach").await;
    let make = |name: &str| aws.create_usage_plan().name(name).api_stages(stage(&api.id, "live"));
    let plan = prepared_plan(recorder, make("first")).await;
    let second = prepared_plan(recorder, make("second")).await;
    let elsewhere = prepared_plan(recorder, aws.create_usage_plan().name("without stages")).await;
    let key = prepared_key(recorder, "attached").await;
    let attach =
        |plan: &str, key: &str| aws.create_usage_plan_key().usage_plan_id(plan).key_id(key).key_type("API_KEY");
    recorder
        .look("CreateUsagePlanKey", attach(&plan, &key).send(), |made| {
            let same = made.id() == Some(&key) && made.name() == Some("attached");
            let valued = made.value() == Some(&value_of("attached"));
            if same && valued { "with value" } else { "without value" }
        })
        .await;
    recorder.call("CreateUsagePlanKey again", attach(&plan, &key).send()).await;
    recorder.call("CreateUsagePlanKey to a second plan of the stage", attach(&second, &key).send()).await;
    recorder.call("CreateUsagePlanKey to a plan of no stage", attach(&elsewhere, &key).send()).await;
    recorder.call("CreateUsagePlanKey with an unknown key", attach(&plan, "unknown000").send()).await;
    let other = prepared_key(recorder, "not attached").await;
    recorder.call("CreateUsagePlanKey to an unknown plan", attach("unknown111", &other).send()).await;
    let odd = prepared_key(recorder, "of an odd type").await;
    recorder.call("CreateUsagePlanKey with an unknown type", attach(&plan, &odd).key_type("NO_KEY").send()).await;
}

async fn list_keys(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let plan = prepared_plan(recorder, aws.create_usage_plan().name("with keys")).await;
    for name in ["plan/one", "plan/two", "other/plan"] {
        let key = prepared_key(recorder, name).await;
        prepared_on_plan(recorder, &plan, &key).await;
    }
    let list = |plan: &str| aws.get_usage_plan_keys().usage_plan_id(plan);
    recorder
        .look("GetUsagePlanKeys", list(&plan).send(), |keys| {
            let valued = keys.items().iter().all(|key| key.value() == key.name().map(value_of).as_deref());
            format!("{}, {}", keys.items().len(), if valued { "with values" } else { "without values" })
        })
        .await;
    recorder
        .look("GetUsagePlanKeys by a prefix of the name", list(&plan).name_query("plan/").send(), |keys| {
            keys.items().len()
        })
        .await;
    recorder
        .look("GetUsagePlanKeys one at a time", list(&plan).limit(1).send(), |keys| {
            one_at_a_time(keys.items().len(), keys.position())
        })
        .await;
    recorder.look("GetUsagePlanKeys of an unknown plan", list("unknown000").send(), |keys| keys.items().len()).await;
    let doomed = recorder.prepare("a key", enabled_key(&aws, "plan/doomed").send()).await.id.unwrap();
    prepared_on_plan(recorder, &plan, &doomed).await;
    recorder.prepare("a key's deletion", aws.delete_api_key().api_key(&doomed).send()).await;
    recorder.look("GetUsagePlanKeys after a key's deletion", list(&plan).send(), |keys| keys.items().len()).await;
}

async fn detach(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let plan = prepared_plan(recorder, aws.create_usage_plan().name("left")).await;
    let key = prepared_key(recorder, "leaves").await;
    prepared_on_plan(recorder, &plan, &key).await;
    let get = || aws.get_usage_plan_key().usage_plan_id(&plan).key_id(&key);
    let detach = || aws.delete_usage_plan_key().usage_plan_id(&plan).key_id(&key);
    recorder.call("GetUsagePlanKey", get().send()).await;
    recorder.call("DeleteUsagePlanKey", detach().send()).await;
    recorder.call("DeleteUsagePlanKey again", detach().send()).await;
    recorder.call("GetUsagePlanKey of a key not on the plan", get().send()).await;
    let other = prepared_plan(recorder, aws.create_usage_plan().name("joined")).await;
    let attach = aws.create_usage_plan_key().usage_plan_id(&other).key_id(&key).key_type("API_KEY");
    recorder.call("CreateUsagePlanKey to another plan after leaving one", attach.send()).await;
}

async fn delete(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let plan = prepared_plan(recorder, aws.create_usage_plan().name("deleted")).await;
    let delete = |plan: &str| aws.delete_usage_plan().usage_plan_id(plan);
    recorder.call("DeleteUsagePlan", delete(&plan).send()).await;
    recorder.call("DeleteUsagePlan again", delete(&plan).send()).await;
    let with_keys = prepared_plan(recorder, aws.create_usage_plan().name("deleted with keys")).await;
    let key = prepared_key(recorder, "outlives its plan").await;
    prepared_on_plan(recorder, &with_keys, &key).await;
    recorder.call("DeleteUsagePlan with keys on it", delete(&with_keys).send()).await;
    let api = Api::live(recorder, "deleted plans").await;
    let staged = aws.create_usage_plan().name("deleted with stages").api_stages(stage(&api.id, "live"));
    let staged = prepared_plan(recorder, staged).await;
    recorder.call("DeleteUsagePlan with stages", delete(&staged).send()).await;
    let orphan = aws.create_usage_plan().name("loses its stage").api_stages(stage(&api.id, "live"));
    let orphan = prepared_plan(recorder, orphan).await;
    let gone = aws.delete_stage().rest_api_id(&api.id).stage_name("live");
    recorder.prepare("a stage's deletion", gone.send()).await;
    recorder
        .look("GetUsagePlan after its stage's deletion", aws.get_usage_plan().usage_plan_id(&orphan).send(), |plan| {
            format!("{} stages", plan.api_stages().len())
        })
        .await;
}
