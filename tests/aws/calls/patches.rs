//! Changes by patch operations. They come last, and each has an object of its own: MiniStack and moto write text where a
//! number or a truth value belongs, and from then on the SDK can't read any list with that object in it.

use aws_sdk_apigateway::types::{Op, PatchOperation};

use super::{
    fixtures::{Api, per_day, prepared_key, prepared_plan, replace, stage, throttle},
    recorder::Recorder,
};

pub async fn calls(recorder: &mut Recorder<'_>) {
    keys(recorder).await;
    limits(recorder).await;
    stages(recorder).await;
}

fn patch(op: Op, path: &str, value: Option<&str>) -> PatchOperation {
    PatchOperation::builder().op(op).path(path).set_value(value.map(str::to_owned)).build()
}

async fn keys(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let update =
        |key: &str, path: &str, value: &str| aws.update_api_key().api_key(key).patch_operations(replace(path, value));
    let key = prepared_key(recorder, "patched").await;
    recorder
        .look("UpdateApiKey: name", update(&key, "/name", "renamed").send(), |key| {
            key.name().unwrap_or_default().to_owned()
        })
        .await;
    let on = |enabled: bool| if enabled { "enabled" } else { "disabled" };
    recorder.look("UpdateApiKey: disable", update(&key, "/enabled", "false").send(), |key| on(key.enabled)).await;
    recorder.look("UpdateApiKey: enable", update(&key, "/enabled", "true").send(), |key| on(key.enabled)).await;
    let odd = prepared_key(recorder, "patched oddly").await;
    recorder
        .look("UpdateApiKey: enabled is no truth value", update(&odd, "/enabled", "not-a-boolean").send(), |key| {
            on(key.enabled)
        })
        .await;
    let same = prepared_key(recorder, "not patched").await;
    recorder.call("UpdateApiKey: a path that can't be changed", update(&same, "/id", "other00000").send()).await;
    recorder.call("UpdateApiKey of an unknown key", update("unknown000", "/name", "renamed").send()).await;
}

async fn limits(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let update = |plan: &str| aws.update_usage_plan().usage_plan_id(plan);
    for (step, path, value) in [
        ("UpdateUsagePlan: name", "/name", "renamed"),
        ("UpdateUsagePlan: quota's limit", "/quota/limit", "20"),
        ("UpdateUsagePlan: throttle's rate", "/throttle/rateLimit", "3.5"),
        ("UpdateUsagePlan: throttle's burst", "/throttle/burstLimit", "7"),
        ("UpdateUsagePlan: a path that can't be changed", "/id", "other00000"),
    ] {
        let plan = aws.create_usage_plan().name("patched").quota(per_day(10)).throttle(throttle(1.0, 2));
        let plan = prepared_plan(recorder, plan).await;
        recorder
            .look(step, update(&plan).patch_operations(replace(path, value)).send(), |plan| {
                let name = plan.name().unwrap_or_default();
                let limit = plan.quota().map(|quota| quota.limit).unwrap_or_default();
                let (rate, burst) =
                    plan.throttle().map(|found| (found.rate_limit, found.burst_limit)).unwrap_or_default();
                format!("{name}, {limit}, {rate}, {burst}")
            })
            .await;
    }
    let all = aws.create_usage_plan().name("patched").quota(per_day(10)).throttle(throttle(1.0, 2));
    let all = prepared_plan(recorder, all).await;
    let whole = update(&all)
        .patch_operations(replace("/quota/limit", "20"))
        .patch_operations(replace("/throttle/rateLimit", "3"))
        .patch_operations(replace("/description", "all at once"));
    recorder
        .look("UpdateUsagePlan: all at once", whole.send(), |plan| {
            let limit = plan.quota().map(|quota| quota.limit).unwrap_or_default();
            format!("{limit}, {}", plan.throttle().map(|found| found.rate_limit).unwrap_or_default())
        })
        .await;
    for (step, path) in
        [("UpdateUsagePlan: remove the quota", "/quota"), ("UpdateUsagePlan: remove the throttle", "/throttle")]
    {
        let plan = aws.create_usage_plan().name("patched").quota(per_day(10)).throttle(throttle(1.0, 2));
        let plan = prepared_plan(recorder, plan).await;
        recorder
            .look(step, update(&plan).patch_operations(patch(Op::Remove, path, None)).send(), |plan| {
                let quota = if plan.quota().is_some() { "quota" } else { "no quota" };
                format!("{quota}, {}", if plan.throttle().is_some() { "throttle" } else { "no throttle" })
            })
            .await;
    }
    recorder
        .call("UpdateUsagePlan of an unknown plan", update("unknown000").patch_operations(replace("/name", "n")).send())
        .await;
}

async fn stages(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let (api, other) = (Api::live(recorder, "patched").await, Api::live(recorder, "patched too").await);
    let make = || aws.create_usage_plan().name("patched").api_stages(stage(&api.id, "live"));
    let update = |plan: &str, op: Op, value: Option<&str>| {
        aws.update_usage_plan().usage_plan_id(plan).patch_operations(patch(op, "/apiStages", value))
    };
    let (mine, others) = (format!("{}:live", api.id), format!("{}:live", other.id));
    let plan = prepared_plan(recorder, make().api_stages(stage(&other.id, "live"))).await;
    recorder
        .look("UpdateUsagePlan: remove a stage", update(&plan, Op::Remove, Some(&others)).send(), |plan| {
            format!("{} stages", plan.api_stages().len())
        })
        .await;
    let plan = prepared_plan(recorder, make()).await;
    recorder
        .look("UpdateUsagePlan: remove no stage", update(&plan, Op::Remove, None).send(), |plan| {
            format!("{} stages", plan.api_stages().len())
        })
        .await;
    let plan = prepared_plan(recorder, make()).await;
    recorder
        .call(
            "UpdateUsagePlan: add an unknown stage",
            update(&plan, Op::Add, Some(&format!("{}:other", api.id))).send(),
        )
        .await;
    let plan = prepared_plan(recorder, make()).await;
    recorder
        .look("UpdateUsagePlan: add a stage", update(&plan, Op::Add, Some(&others)).send(), |plan| {
            format!("{} stages", plan.api_stages().len())
        })
        .await;
    let plan = prepared_plan(recorder, make()).await;
    recorder.call("UpdateUsagePlan: remove the only stage", update(&plan, Op::Remove, Some(&mine)).send()).await;
    recorder
        .call("DeleteUsagePlan after its stages' removal", aws.delete_usage_plan().usage_plan_id(&plan).send())
        .await;
}
