//! What AWS calls things in a region, and where a stage answers.

use crate::control::Control;

/// What AWS's names begin with in this region (IAM user guide, "Amazon Resource Names").
pub(crate) fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ if region.starts_with("us-isob-") => "aws-iso-b",
        _ if region.starts_with("us-iso-") => "aws-iso",
        _ if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

/// Where a stage answers, with the `/v1` that clients' base URLs end in; `None` at an emulator, which has addresses of its
/// own.
pub(crate) fn invoke_url(control: &Control, api_id: &str, stage: &str) -> Option<String> {
    (!control.is_local()).then(|| aws_url(api_id, control.region(), stage))
}

fn aws_url(api_id: &str, region: &str, stage: &str) -> String {
    let domain = match partition(region) {
        "aws-cn" => "amazonaws.com.cn",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-eusc" => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    format!("https://{api_id}.execute-api.{region}.{domain}/{stage}/v1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_answers_in_the_domain_of_its_partition() {
        assert_eq!(aws_url("a1", "us-east-1", "live"), "https://a1.execute-api.us-east-1.amazonaws.com/live/v1");
        assert_eq!(aws_url("a1", "cn-north-1", "live"), "https://a1.execute-api.cn-north-1.amazonaws.com.cn/live/v1");
    }
}
