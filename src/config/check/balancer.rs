//! `load_balancer` of `[[service]]`: what is read of ELBv2.

use super::Sources;
use super::backend::{every, polling};
use super::words::{maybe, or, place};
use crate::config::LoadBalancer;
use crate::config::raw::{Entry, Section};

/// The longest name of a load balancer or a target group, ELBv2's limit.
const NAME_LONGEST: usize = 32;

/// The most target groups of one service.
const MOST_GROUPS: usize = 20;

/// `load_balancer = { name = …, target_groups = […] }`.
pub(super) fn load_balancer(section: &Section<'_>, sources: &Sources) -> Option<LoadBalancer> {
    let balancer = maybe(section.get("name"), elb_name);
    let target_groups = or(section.get("target_groups"), Vec::new(), elb_names);
    let place = place(section.get("place"), sources);
    let polling = polling(section, every(30, 10));
    section.done();
    if !sources.aws && sources.simulator.is_none() {
        section.error("needs the section [aws]", Some("add [aws] with its region"));
        return None;
    }
    let found = LoadBalancer { name: balancer?, target_groups: target_groups?, place: place?, polling: polling? };
    if found.name.is_none() && found.target_groups.is_empty() {
        section.error("names nothing to read", Some("add name, target_groups or both"));
        return None;
    }
    Some(found)
}

fn elb_names(entry: &Entry<'_>) -> Option<Vec<String>> {
    let items = entry.clone().items()?;
    if items.len() > MOST_GROUPS {
        entry.error(&format!("has more than {MOST_GROUPS} target groups"), None);
        return None;
    }
    items.iter().map(elb_name).collect::<Vec<_>>().into_iter().collect()
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html>
fn elb_name(entry: &Entry<'_>) -> Option<String> {
    let value = entry.expanded()?.value;
    let safe = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if safe && (1..=NAME_LONGEST).contains(&value.len()) {
        return Some(value);
    }
    entry.error("is not a name of ELBv2", Some("the name, not the ARN: up to 32 letters, digits and `-`"));
    None
}
