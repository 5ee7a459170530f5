//! What the load balancer says of a service: groups that take traffic and can't serve it.

use super::{Level, Reason};
use crate::source::{TargetGroup, Traffic};

/// How live traffic stands, part by part; healthy parts included, so that a service is judged by them.
pub(super) fn traffic(traffic: &Traffic) -> Vec<Reason> {
    let mut parts: Vec<Reason> = state(traffic).into_iter().collect();
    parts.extend(traffic.partial().map(|words| Reason { level: Level::Unknown, text: words.to_string() }));
    parts.extend(traffic.routes.iter().filter(|route| route.is_dead()).map(|route| Reason {
        level: Level::Unhealthy,
        text: format!("{} sends nothing anywhere: all weights are 0", route.listener),
    }));
    parts.extend(
        traffic.groups.iter().filter(|group| traffic.takes(group.name.as_str())).map(|group| serving(traffic, group)),
    );
    parts
}

fn state(traffic: &Traffic) -> Option<Reason> {
    let state = traffic.state.as_ref()?;
    let level = match state.as_str() {
        "active" => Level::Healthy,
        "active_impaired" | "provisioning" => Level::Degraded,
        "failed" => Level::Unhealthy,
        _ => Level::Unknown,
    };
    Some(Reason { level, text: format!("load balancer is {state}") })
}

/// A group that takes traffic.
fn serving(traffic: &Traffic, group: &TargetGroup) -> Reason {
    let (healthy, all) = (group.healthy(), group.targets.len());
    let unhealthy: Vec<_> = group.targets.iter().filter(|target| target.is_unhealthy()).collect();
    let why =
        unhealthy.first().and_then(|target| target.reason.as_ref()).map_or_else(String::new, |r| format!(": {r}"));
    let takes = traffic.greatest_share(group.name.as_str()).map_or_else(
        || group.name.to_string(),
        |share| format!("{} takes {:.0} % of the traffic and", group.name, share * 100.0),
    );
    let untold = group.targets.iter().any(|target| target.is_untold());
    match (healthy, unhealthy.len()) {
        (0, _) if untold => {
            Reason { level: Level::Unknown, text: format!("{takes} health of its targets is not told") }
        }
        (0, _) if all == 0 => Reason { level: Level::Unhealthy, text: format!("{takes} has no target") },
        (0, _) => Reason { level: Level::Unhealthy, text: format!("{takes} has no healthy target of {all}{why}") },
        (_, 0) => {
            Reason { level: Level::Healthy, text: format!("{healthy} of {all} targets of {} healthy", group.name) }
        }
        (_, bad) => {
            Reason { level: Level::Degraded, text: format!("{bad} of {all} targets of {} unhealthy{why}", group.name) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Route, TrafficTarget};
    use crate::text::Text;

    fn group(name: &str, states: &[&str]) -> TargetGroup {
        let target = |state: &&str| TrafficTarget {
            id: Text::from("10.0.0.1:80"),
            state: Text::from(*state),
            reason: (*state == "unhealthy").then(|| Text::from("Target.Timeout")),
            description: None,
        };
        TargetGroup { name: Text::from(name), arn: Text::from("arn"), targets: states.iter().map(target).collect() }
    }

    fn worst(blue: &[&str], green: &[&str], weights: (u32, u32)) -> (Level, String) {
        let weights = vec![(Text::from("blue"), weights.0), (Text::from("green"), weights.1)];
        let traffic = Traffic {
            state: Some(Text::from("active")),
            routes: vec![Route {
                listener: Text::from("HTTP:80"),
                arn: Text::from("arn"),
                weights,
                sticky_seconds: None,
                besides: Vec::new(),
            }],
            groups: vec![group("blue", blue), group("green", green)],
            ..Traffic::default()
        };
        let worst = super::traffic(&traffic).into_iter().max_by_key(|part| part.level).unwrap();
        (worst.level, worst.text)
    }

    #[test]
    fn a_group_that_takes_traffic_with_no_healthy_target_is_unhealthy() {
        let (level, text) = worst(&["healthy"], &["unhealthy"], (90, 10));
        assert_eq!(
            (level, text.as_str()),
            (Level::Unhealthy, "green takes 10 % of the traffic and has no healthy target of 1: Target.Timeout")
        );
        assert_eq!(worst(&["healthy"], &[], (90, 10)).0, Level::Unhealthy);
        assert_eq!(worst(&["healthy"], &["initial"], (90, 10)).0, Level::Unhealthy);
    }

    #[test]
    fn a_listing_that_is_cut_is_not_healthy_and_no_group_is_taken_for_idle() {
        let whole = Traffic {
            state: Some(Text::from("active")),
            routes: vec![Route {
                listener: Text::from("HTTP:80"),
                arn: Text::from("arn"),
                weights: vec![(Text::from("blue"), 1)],
                sticky_seconds: None,
                besides: Vec::new(),
            }],
            groups: vec![group("blue", &["healthy"]), group("green", &[])],
            ..Traffic::default()
        };
        let level = |traffic: &Traffic| super::traffic(traffic).iter().map(|part| part.level).max();
        assert_eq!(level(&whole), Some(Level::Healthy), "green takes nothing");
        let words = Some(Text::from("rules of HTTP:80: only the first 400 are read"));
        assert_eq!(level(&Traffic { groups_partial: words.clone(), ..whole.clone() }), Some(Level::Unknown));
        let cut = Traffic { routes_partial: words, ..whole };
        assert!(cut.takes("green"), "a rule that was not read may send to it");
        assert_eq!(level(&cut), Some(Level::Unhealthy), "and it has no target");
    }

    #[test]
    fn a_group_without_traffic_is_not_judged_and_some_unhealthy_are_degraded() {
        assert_eq!(worst(&["healthy"], &["unhealthy"], (100, 0)).0, Level::Healthy);
        let (level, text) = worst(&["healthy", "unhealthy", "draining"], &["unhealthy"], (100, 0));
        assert_eq!((level, text.as_str()), (Level::Degraded, "1 of 3 targets of blue unhealthy: Target.Timeout"));
        assert_eq!(worst(&["healthy", "draining"], &[], (1, 0)).0, Level::Healthy);
    }

    #[test]
    fn health_that_is_not_told_is_unknown_and_weights_of_zero_serve_nobody() {
        assert_eq!(worst(&["unavailable"], &[], (1, 0)).0, Level::Unknown);
        assert_eq!(worst(&["healthy"], &["healthy"], (0, 0)).0, Level::Unhealthy);
    }
}
