//! The least IAM policy of a role, from the table of calls.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    action::{self, Role},
    provision::region::partition,
};

/// The policy document that lets a role make its calls in a region, and no others. `*` is every region.
#[must_use]
pub fn policy(role: Role, region: &str) -> Value {
    let mut paths: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for action in action::ALL.iter().filter(|action| action.is_of(role)) {
        paths.entry(action.method).or_default().extend(action.paths);
    }
    let partition = partition(region);
    let statements: Vec<Value> = paths
        .iter()
        .map(|(method, paths)| {
            // `*` of an ARN takes slashes too.
            let needed = paths.iter().filter(|path| !paths.iter().any(|other| other != *path && covers(other, path)));
            let resources: Vec<String> =
                needed.map(|path| format!("arn:{partition}:apigateway:{region}::{path}")).collect();
            json!({"Effect": "Allow", "Action": format!("apigateway:{method}"), "Resource": resources})
        })
        .collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// Whether a pattern takes every path that `path`, itself a pattern, stands for: its own `*` is a character like others.
fn covers(pattern: &str, path: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == path };
    let Some(mut left) = path.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(policy: &Value, method: &str, path: &str) -> bool {
        policy["Statement"].as_array().unwrap().iter().any(|statement| {
            statement["Action"] == format!("apigateway:{method}")
                && statement["Resource"].as_array().unwrap().iter().any(|arn| {
                    let pattern = arn.as_str().unwrap().rsplit("::").next().unwrap();
                    covers(pattern, path)
                })
        })
    }

    #[test]
    fn each_role_may_make_its_calls_and_no_others() {
        for role in [Role::Server, Role::Provisioner] {
            let policy = policy(role, "eu-central-1");
            for action in action::ALL.iter().filter(|action| action.is_of(role)) {
                for path in action.paths {
                    assert!(allows(&policy, action.method, path), "{role:?} {}", action.name);
                }
            }
            assert!(!policy.to_string().contains("apigateway:*"));
        }
        let server = policy(Role::Server, "eu-central-1");
        assert!(!allows(&server, "DELETE", "/restapis/x") && !allows(&server, "POST", "/restapis"));
        assert!(!allows(&server, "PATCH", "/restapis/x/stages/y") && !allows(&server, "DELETE", "/usageplans/x"));
    }

    #[test]
    fn a_resource_that_another_covers_is_not_named() {
        assert!(covers("/a/*/b/*", "/a/*/b/*/c") && covers("/a/*", "/a/x/y") && covers("/a", "/a"));
        assert!(!covers("/a/*/b", "/a/*/c") && !covers("/a", "/a/b") && !covers("/a/*/b/*", "/a/*"));
        let policy = policy(Role::Provisioner, "eu-central-1").to_string();
        assert!(policy.contains("/methods/*\"") && !policy.contains("/integration"), "{policy}");
    }

    #[test]
    fn the_policies_in_the_readme_are_these() {
        let readme = include_str!("../../../../../README.md");
        for (name, role) in [("server", Role::Server), ("provisioner", Role::Provisioner)] {
            let (begin, end) = (format!("<!-- policy:{name} -->\n"), format!("\n<!-- /policy:{name} -->"));
            let block = readme.split(&begin).nth(1).and_then(|rest| rest.split(&end).next()).unwrap_or_default();
            let now = format!("```json\n{:#}\n```", policy(role, "*"));
            assert_eq!(block, now, "README.md, between the marks policy:{name}, must read:\n{now}");
        }
    }

    #[test]
    fn resources_are_named_in_the_regions_partition() {
        let first = |region| {
            let policy = policy(Role::Server, region);
            policy["Statement"][0]["Resource"][0].as_str().unwrap().to_owned()
        };
        assert!(first("eu-central-1").starts_with("arn:aws:apigateway:eu-central-1::/"));
        assert!(first("cn-north-1").starts_with("arn:aws-cn:apigateway:cn-north-1::/"));
        assert!(first("us-gov-west-1").starts_with("arn:aws-us-gov:"));
    }
}
