//! Mutating calls to load balancers (ELBv2): weights of the target groups of a listener or rule.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyListener.html>
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyRule.html>

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, TargetGroupStickinessConfig, TargetGroupTuple,
};

use super::error::{classify, not_sent, untold};
use crate::action::{Call, GroupWeight};
use crate::executor::target::{ApplyError, Permit, Receipt};

/// Sends one call of ELBv2, once. Conditions, certificates and ports are not named and stay as they are.
pub(super) async fn send(config: &SdkConfig, call: &Call, permit: Permit<'_>) -> Result<Receipt, ApplyError> {
    let Call::ElbSetWeights { route, weights, sticky_seconds, .. } = call else {
        return Err(not_sent(&format!("ELBv2 has no {call}")));
    };
    let (client, action) = (Client::new(config), forward(weights, *sticky_seconds)?);
    let found = if call.is_of_rule() {
        let request = client.modify_rule().rule_arn(route).actions(action);
        permit.last_look()?;
        let output = request.send().await.map_err(|error| classify(&error))?;
        output.rules().iter().find(|rule| rule.rule_arn() == Some(route.as_str())).map(|rule| rule.actions().to_vec())
    } else {
        let request = client.modify_listener().listener_arn(route).default_actions(action);
        permit.last_look()?;
        let output = request.send().await.map_err(|error| classify(&error))?;
        let listener = output.listeners().iter().find(|listener| listener.listener_arn() == Some(route.as_str()));
        listener.map(|listener| listener.default_actions().to_vec())
    };
    told(&found.ok_or_else(|| untold("neither this listener nor this rule"))?, weights)
}

fn forward(weights: &[GroupWeight], sticky_seconds: Option<u32>) -> Result<Action, ApplyError> {
    let mut groups = ForwardActionConfig::builder();
    for GroupWeight { group, weight, name } in weights {
        if group.is_empty() {
            return Err(not_sent(&format!("the ARN of target group {name} is not known")));
        }
        let weight = i32::try_from(*weight).map_err(|_| not_sent(&format!("{weight} is too large for the API")))?;
        groups = groups.target_groups(TargetGroupTuple::builder().target_group_arn(group).weight(weight).build());
    }
    if let Some(seconds) = sticky_seconds {
        let seconds = i32::try_from(seconds).map_err(|_| not_sent("the stickiness is too long for the API"))?;
        let sticky = TargetGroupStickinessConfig::builder().enabled(true).duration_seconds(seconds);
        groups = groups.target_group_stickiness_config(sticky.build());
    }
    Ok(Action::builder().r#type(ActionTypeEnum::Forward).forward_config(groups.build()).build())
}

/// What was answered; an answer with other weights tells nothing.
fn told(actions: &[Action], wanted: &[GroupWeight]) -> Result<Receipt, ApplyError> {
    let groups = actions.iter().filter_map(Action::forward_config).flat_map(ForwardActionConfig::target_groups);
    let found: BTreeMap<_, _> =
        groups.map(|group| (group.target_group_arn().unwrap_or_default(), group.weight().unwrap_or(1))).collect();
    let same = |one: &GroupWeight| found.get(one.group.as_str()).copied().and_then(|found| u32::try_from(found).ok());
    let all = wanted.iter().all(|one| same(one) == Some(one.weight)) && found.len() == wanted.len();
    // Of one group alone the weight means nothing, and may be told as another.
    let alone = wanted.len() == 1 && found.len() == 1 && wanted.iter().all(|one| same(one).is_some());
    if !all && !alone {
        return Err(untold("other weights"));
    }
    let words: Vec<_> = wanted.iter().map(|one| format!("{}={}", one.name, one.weight)).collect();
    Ok(Receipt::from(format!("weights {}", words.join(" "))))
}
