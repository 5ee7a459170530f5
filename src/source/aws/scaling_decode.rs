//! Application Auto Scaling's shapes as ours.

use aws_sdk_applicationautoscaling::types as aas;
use jiff::Timestamp;

use super::decode::{text, timestamp};
use crate::slo::schedule::{Coming, next_run};
use crate::source::{ScalingActivity, ScalingPolicy, ScalingTarget, ScheduledAction};
use crate::text::Text;

/// Bounds of a target. Refuses bounds that cannot be.
pub(super) fn target(target: &aas::ScalableTarget) -> Result<ScalingTarget, String> {
    let (least, greatest) = (target.min_capacity(), target.max_capacity());
    let (Ok(min), Ok(max)) = (u32::try_from(least), u32::try_from(greatest)) else {
        return Err(format!("the bounds of {} are {least} to {greatest}", target.resource_id()));
    };
    let suspended = target.suspended_state();
    let is = |flag: Option<bool>| flag.unwrap_or(false);
    Ok(ScalingTarget {
        min,
        max,
        scale_in_suspended: is(suspended.and_then(aas::SuspendedState::dynamic_scaling_in_suspended)),
        scale_out_suspended: is(suspended.and_then(aas::SuspendedState::dynamic_scaling_out_suspended)),
        scheduled_suspended: is(suspended.and_then(aas::SuspendedState::scheduled_scaling_suspended)),
    })
}

/// A scheduled action, and when it runs next.
pub(super) fn scheduled(action: &aas::ScheduledAction, now: Timestamp) -> ScheduledAction {
    let sets = action.scalable_target_action();
    let bound = |bound: Option<i32>| bound.and_then(|bound| u32::try_from(bound).ok());
    let coming = Coming {
        expression: action.schedule(),
        zone: action.timezone(),
        start: action.start_time().and_then(timestamp),
        end: action.end_time().and_then(timestamp),
    };
    ScheduledAction {
        name: Text::clean(action.scheduled_action_name()),
        schedule: Text::clean(action.schedule()),
        zone: action.timezone().filter(|zone| !zone.is_empty()).map(Text::clean),
        min: bound(sets.and_then(aas::ScalableTargetAction::min_capacity)),
        max: bound(sets.and_then(aas::ScalableTargetAction::max_capacity)),
        next: next_run(&coming, now),
    }
}

/// A policy with the metric that it follows.
pub(super) fn policy(policy: &aas::ScalingPolicy) -> ScalingPolicy {
    let tracking = policy.target_tracking_scaling_policy_configuration();
    ScalingPolicy {
        name: Text::clean(policy.policy_name()),
        kind: Text::clean(policy.policy_type().as_str()),
        metric: tracking.map_or_else(|| alarm_names(policy), tracked_metric),
        target: tracking.map(aas::TargetTrackingScalingPolicyConfiguration::target_value),
        scales_in: tracking.is_some_and(|tracking| tracking.disable_scale_in() != Some(true)),
    }
}

/// An activity; left out if its time is none.
pub(super) fn activity(activity: &aas::ScalingActivity) -> Option<ScalingActivity> {
    Some(ScalingActivity {
        at: timestamp(activity.start_time())?,
        status: Text::clean(activity.status_code().as_str()),
        description: Text::clean(activity.description()),
        cause: Text::clean(activity.cause()),
    })
}

fn tracked_metric(tracking: &aas::TargetTrackingScalingPolicyConfiguration) -> Text {
    let predefined = tracking.predefined_metric_specification().map(|metric| metric.predefined_metric_type().as_str());
    let own = tracking.customized_metric_specification();
    text(predefined.or_else(|| own.and_then(aas::CustomizedMetricSpecification::metric_name)))
}

/// A step policy follows no metric but its alarms.
fn alarm_names(policy: &aas::ScalingPolicy) -> Text {
    let names: Vec<_> = policy.alarms().iter().map(aas::Alarm::alarm_name).collect();
    Text::clean(&names.join(", "))
}
