//! No combination of what was observed, configured or typed gets past a Deny.

use std::time::Duration;

use proptest::prelude::*;
use quarterdeck::action::{Arming, Decision, Known, OtherRun, judge, plan_for};
use quarterdeck::config::EnvironmentKind;
use quarterdeck::source::{Rollout, ScalingTarget};

use super::fixture::{SERVICE, config, context, now, observation, operator, scale, workload};

fn arming() -> impl Strategy<Value = Arming> {
    prop::sample::select(vec![Arming::ReadOnly, Arming::Armed, Arming::Headless, Arming::Confirmed])
}

fn rollout() -> impl Strategy<Value = Rollout> {
    prop::sample::select(vec![Rollout::InProgress, Rollout::Completed, Rollout::Failed, Rollout::Unknown])
}

fn kind() -> impl Strategy<Value = EnvironmentKind> {
    prop::sample::select(vec![EnvironmentKind::Production, EnvironmentKind::Staging, EnvironmentKind::Development])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_that_is_denied_is_ever_approved(
        (before, after, running, listed) in (0u32..12, 0u32..12, 0u32..12, 0u32..12),
        (min, max, registered) in (0u32..6, 0u32..14, any::<bool>()),
        (cap_min, cap_max, step, floor) in (0u32..4, 0u32..12, 0u32..12, 0u32..4),
        (arming, rollout, kind) in (arming(), rollout(), kind()),
        (age, unknown, readable) in (0u64..400, any::<Option<bool>>(), any::<bool>()),
        right_name in any::<bool>(),
    ) {
        let mut config = config();
        config.environment.kind = kind;
        let caps = &mut config.services[0].caps;
        (caps.min_desired, caps.max_desired, caps.max_step, caps.healthy_floor) = (cap_min, cap_max, step, floor);
        let mut observed = observation();
        observed.workload = Some(workload(before, running));
        observed.workload.as_mut().unwrap().tasks.truncate(listed as usize);
        observed.workload.as_mut().unwrap().deployments[0].rollout = rollout;
        let target = ScalingTarget { min, max, scale_in_suspended: false, scale_out_suspended: false, scheduled_suspended: false };
        observed.scaling.as_mut().unwrap().target = registered.then_some(target);
        observed.firing = readable.then(Vec::new);
        let Ok(plan) = plan_for(&scale(after), &observed, &config, now().wall) else { return Ok(()) };
        let at = now().plus(Duration::from_secs(age)).wall;
        let mut context = context(&config, at);
        context.arming = arming;
        let other = unknown.map(|unknown| OtherRun { id: "r".into(), unknown, by: "eve".into() });
        context.facts.other_runs = Known::of(other.into_iter().collect());
        let judged = judge(plan, &context);

        // What must never be approved, said without the guards' own code.
        let wrong = arming == Arming::ReadOnly
            || matches!(rollout, Rollout::InProgress | Rollout::Unknown)
            || (registered && !(min..=max).contains(&after))
            || !(cap_min..=cap_max).contains(&after)
            || before.abs_diff(after) > step
            || after < floor
            || (after < before && running.saturating_sub(before - after) < floor)
            || (after == 0 && cap_min > 0)
            || age > 60
            || unknown.is_some()
            || (!readable && kind == EnvironmentKind::Production);
        prop_assert!(!wrong || judged.decision() == Decision::Deny);
        let denied = judged.decision() == Decision::Deny;
        let asked = judged.decision() == Decision::Ask;
        let typed = if right_name { SERVICE } else { "rtech-ap" };
        let approved = judged.approve(typed, operator("ada"), at);
        prop_assert!(!(denied && approved.is_ok()));
        prop_assert!(!(asked && !right_name && approved.is_ok()));
        prop_assert!(denied || !right_name || approved.is_ok());
    }
}
