//! Tags, by which ours are told from others.

use super::{
    fixtures::{Api, prepared_key, prepared_plan},
    recorder::Recorder,
};

pub async fn calls(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let key = prepared_key(recorder, "tagged").await;
    let plan = prepared_plan(recorder, aws.create_usage_plan().name("tagged")).await;
    let api = Api::live(recorder, "tagged").await;
    for (what, path) in [
        ("a key", format!("/apikeys/{key}")),
        ("a plan", format!("/usageplans/{plan}")),
        ("an API", format!("/restapis/{}", api.id)),
        ("a stage", format!("/restapis/{}/stages/live", api.id)),
    ] {
        let arn = format!("arn:aws:apigateway:us-east-1::{path}");
        recorder
            .call(
                &format!("TagResource: {what}"),
                aws.tag_resource().resource_arn(&arn).tags("a", "1").tags("b", "2").send(),
            )
            .await;
        recorder
            .call(&format!("UntagResource: {what}"), aws.untag_resource().resource_arn(&arn).tag_keys("a").send())
            .await;
        recorder
            .look(&format!("GetTags: {what}"), aws.get_tags().resource_arn(&arn).send(), |tags| {
                let mut names: Vec<_> = tags.tags().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                if names.is_empty() { "none".to_owned() } else { names.join(" ") }
            })
            .await;
    }
    recorder
        .look("GetApiKey after its tagging", aws.get_api_key().api_key(&key).send(), |key| {
            if key.tags().is_some_and(|tags| tags.contains_key("b")) { "tagged" } else { "not tagged" }
        })
        .await;
    recorder
        .look("GetStage after its tagging", aws.get_stage().rest_api_id(&api.id).stage_name("live").send(), |stage| {
            if stage.tags().is_some_and(|tags| tags.contains_key("b")) { "tagged" } else { "not tagged" }
        })
        .await;
    let unknown = "arn:aws:apigateway:us-east-1::/apikeys/unknown000";
    recorder
        .call("TagResource of an unknown key", aws.tag_resource().resource_arn(unknown).tags("a", "1").send())
        .await;
}
