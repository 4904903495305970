//! A plan's time zone in words, said where it isn't the reader's own.

use api_types::{Plan, PlanName};

/// "midnight" where the zone is the reader's own, else "midnight in Asia/Tokyo".
pub(crate) fn midnight(zone: Option<&str>, readers: Option<&str>) -> String {
    match zone {
        Some(zone) => {
            foreign(zone, readers).map_or_else(|| "midnight".to_owned(), |zone| format!("midnight in {zone}"))
        }
        None => "midnight, in the plan's time zone".to_owned(),
    }
}

/// Whose days a list of days shows.
pub(crate) fn days(zone: Option<&str>, readers: Option<&str>) -> String {
    match zone {
        Some(zone) => {
            foreign(zone, readers).map_or_else(String::new, |zone| format!("Days begin at midnight in {zone}."))
        }
        None => "Days are those of the plan's time zone.".to_owned(),
    }
}

/// The zone's name as people read it, unless it is the reader's own.
pub(crate) fn foreign(zone: &str, readers: Option<&str>) -> Option<String> {
    const UTC: [&str; 4] = ["UTC", "Etc/UTC", "GMT", "Etc/GMT"];
    let is_same = readers.is_some_and(|own| own == zone || UTC.contains(&own) && UTC.contains(&zone));
    (!is_same).then(|| zone.replace('_', " "))
}

/// The zone of a plan on offer.
pub(crate) fn of_plan(plans: &[Plan], name: &PlanName) -> Option<String> {
    plans.iter().find(|plan| plan.name == *name)?.time_zone.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_named_unless_it_is_the_readers_own() {
        assert_eq!(midnight(Some("Asia/Tokyo"), Some("Asia/Tokyo")), "midnight");
        assert_eq!(midnight(Some("America/New_York"), Some("Asia/Tokyo")), "midnight in America/New York");
        assert_eq!(midnight(Some("UTC"), Some("Etc/UTC")), "midnight");
        assert_eq!(midnight(Some("UTC"), None), "midnight in UTC");
        assert_eq!(midnight(None, Some("UTC")), "midnight, in the plan's time zone");
        assert_eq!(days(Some("UTC"), Some("UTC")), "");
    }
}
