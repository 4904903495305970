//! Checks what is nested, such as the configuration, and names each field that breaks a rule by its path.

use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use crate::{FieldError, fields::told};

/// Checks a value by the rules at its fields, and at theirs.
///
/// # Errors
/// Every field that breaks one, such as `quota.limit`, in the order of their names; never a value.
pub fn check(value: &impl Validate) -> Result<(), Vec<FieldError>> {
    let Err(broken) = value.validate() else { return Ok(()) };
    let mut errors = Vec::new();
    gather("", broken, &mut errors);
    errors.sort_by(|a, b| a.field.cmp(&b.field));
    Err(errors)
}

fn gather(at: &str, broken: ValidationErrors, errors: &mut Vec<FieldError>) {
    for (name, kind) in broken.into_errors() {
        let path = if at.is_empty() { name.into_owned() } else { format!("{at}.{name}") };
        match kind {
            ValidationErrorsKind::Field(rules) => errors.extend(rules.into_iter().next().map(|rule| told(&path, rule))),
            ValidationErrorsKind::Struct(section) => gather(&path, *section, errors),
            ValidationErrorsKind::List(entries) => {
                for (index, entry) in entries {
                    gather(&format!("{path}[{}]", index + 1), *entry, errors);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Period, Plan, PlanName, Quota, Throttle};

    #[test]
    fn every_broken_rule_is_named_by_its_path_and_without_its_value() {
        #[derive(Validate)]
        struct Offer {
            #[validate(nested)]
            plans: Vec<Plan>,
        }
        let plan = |quota, rate, description: &str| Plan {
            name: PlanName::parse("p").unwrap(),
            description: description.to_owned(),
            quota,
            throttle: Some(Throttle { rate, burst: 1 }),
            time_zone: None,
        };
        let quota = Quota::Limited { limit: 3, period: Period::Day, offset: 7 };
        let plans = vec![
            plan(Quota::Unlimited, 1.0, ""),
            plan(quota, f64::NAN, &"sekret".repeat(100)),
            plan(Quota::Unlimited, 0.0, ""),
        ];
        let errors = check(&Offer { plans }).unwrap_err();
        let named: Vec<_> = errors.iter().map(|error| (error.field.as_str(), error.code.as_str())).collect();
        assert_eq!(
            named,
            [
                ("plans[2].description", "length"),
                ("plans[2].quota.offset", "range"),
                ("plans[2].throttle.rate", "range"),
                ("plans[3].throttle.rate", "range"),
            ]
        );
        assert!(!format!("{errors:?}").contains("sekret"));
    }
}
