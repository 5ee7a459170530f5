//! Shifting traffic: what a plan says, what refuses it, and how a run goes forward and back.

use std::time::Duration;

use quarterdeck::action::{
    ANY, Action, DebtChange, Effect, Made, Plan, PlanFailure, Scene, Stage as At, Undo, plan_for,
};
use quarterdeck::config::{Config, Direction, LoadBalancer, Polling, Query, Role, Signal};
use quarterdeck::executor::journal::RunState;
use quarterdeck::source::{Observation, Route, TargetGroup, Traffic, Unit};

use super::fixture::{now, observation};
use super::scaling::typed;
use super::stage::{Stage, execute};
use crate::fixture::target;

pub(crate) const LISTENER: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/rtech-alb/1/2";

/// The service of the runs, behind a load balancer with blue and green, and an error ratio that judges.
pub(crate) fn config() -> Config {
    let mut config = super::fixture::config();
    let second = Duration::from_secs(1);
    config.guards.gate_window = second * 20;
    config.services[0].load_balancer = Some(LoadBalancer {
        name: Some("rtech-alb".to_owned()),
        target_groups: vec!["blue".to_owned(), "green".to_owned()],
        place: None,
        polling: Polling { interval: second, timeout: second },
    });
    config.services[0].signals = vec![Signal {
        name: "errors".into(),
        role: Role::Errors,
        query: Query::Simulator("errors".to_owned()),
        unit: Unit::Ratio,
        direction: Direction::HigherIsWorse,
        warning: None,
        critical: Some(0.01),
        objective: None,
        interval: second,
        exemplars: None,
        baseline: None,
    }];
    config
}

fn group(name: &str, healthy: usize) -> TargetGroup {
    TargetGroup {
        name: name.into(),
        arn: format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/1").as_str().into(),
        targets: (0..healthy).map(|index| target(index, "healthy")).collect(),
    }
}

/// Blue and green with these weights, three healthy targets each.
pub(crate) fn seen(blue: u32, green: u32) -> Observation {
    let route = Route {
        listener: "HTTPS:443".into(),
        arn: LISTENER.into(),
        weights: vec![("blue".into(), blue), ("green".into(), green)],
        sticky_seconds: None,
        besides: Vec::new(),
    };
    let traffic =
        Traffic { routes: vec![route], groups: vec![group("blue", 3), group("green", 3)], ..Traffic::default() };
    Observation { traffic: Some(traffic), scaling: None, ..observation() }
}

pub(crate) fn shift(arguments: &[(&str, &str)]) -> Action {
    typed("shift_traffic", arguments).expect("arguments")
}

fn planned(arguments: &[(&str, &str)], found: &Observation) -> Result<Plan, PlanFailure> {
    plan_for(&shift(arguments), found, &config(), now().wall)
}

fn plan(arguments: &[(&str, &str)], found: &Observation) -> Plan {
    planned(arguments, found).expect("a plan")
}

fn calls(plan: &Plan) -> Vec<String> {
    let calls = plan.calls().map(ToString::to_string);
    calls.map(|call| call.replace("elasticloadbalancing:ModifyListener app/rtech-alb/1/2 ", "")).collect()
}

fn undo(plan: &Plan) -> String {
    match &plan.undo {
        Undo::Action { action } => action.to_string(),
        Undo::Impossible { reason } => reason.clone(),
    }
}

#[test]
fn a_shift_goes_in_absolute_steps_each_of_which_knows_what_the_one_before_left() {
    let plan = plan(&[("to", "green")], &seen(90, 10));
    let lines: Vec<_> = plan.changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "weights of HTTPS:443: blue=90 green=10 → blue=0 green=100",
            "blue: 90 % → 0 %",
            "green: 10 % → 100 %",
            "healthy targets: blue 3, green 3 (unchanged)",
            "steps: 3, 2m apart (unchanged)",
        ]
    );
    assert_eq!(calls(&plan), ["blue=75 green=25", "blue=50 green=50", "blue=0 green=100", "blue=90 green=10"]);
    let left: Vec<_> =
        plan.steps.iter().chain(&plan.on_failure).map(|step| step.facts.get("weights").cloned()).collect();
    let after = |text: &str| Some(text.to_owned());
    assert_eq!(left, [None, after("blue=75 green=25"), after("blue=50 green=50"), after(ANY)]);
    let bakes: Vec<_> = plan.steps.iter().map(|step| step.bake.as_secs()).collect();
    assert_eq!((bakes, plan.target_arn.as_str(), plan.gates.len()), (vec![120, 120, 0], LISTENER, 1));
    assert_eq!(undo(&plan), "shift_traffic rtech-app 'weights=blue:90,green:10'".replace('\'', ""));
    assert_eq!(plan.debt, Some(DebtChange::settles("traffic shifted")));
}

#[test]
fn a_share_by_hand_is_one_step_and_remembers_where_it_began() {
    let plan = plan(&[("to", "green"), ("share", "25")], &seen(100, 0));
    assert_eq!(calls(&plan), ["blue=75 green=25", "blue=100 green=0"]);
    let Some(DebtChange::Opens { moved: Some(moved), .. }) = &plan.debt else { panic!("{plan:?}") };
    assert_eq!((moved.before.as_str(), moved.after.as_str()), ("blue=100 green=0", "blue=75 green=25"));
}

#[test]
fn undoing_sets_exactly_what_was_in_steps_within_the_cap() {
    let plan = plan(&[("weights", "blue:1,green:0")], &seen(0, 100));
    assert_eq!(calls(&plan), ["blue=50 green=50", "blue=1 green=0", "blue=0 green=100"]);
}

#[test]
fn what_is_typed_makes_the_same_action_again() {
    for arguments in [
        vec![("to", "green"), ("steps", "5,50")],
        vec![("to", "green"), ("share", "7"), ("bake", "90s"), ("route", "HTTPS:443")],
        vec![("weights", "blue:1,green:999")],
    ] {
        let action = shift(&arguments);
        let typed_again: Vec<_> = action.arguments();
        let pairs: Vec<(&str, &str)> = typed_again.iter().map(|(key, value)| (*key, value.as_str())).collect();
        assert_eq!(shift(&pairs), action);
    }
}

#[test]
fn stickiness_is_sent_along_and_what_else_a_listener_does_refuses() {
    let mut found = seen(90, 10);
    found.traffic.as_mut().expect("traffic").routes[0].sticky_seconds = Some(600);
    let sticky = plan(&[("to", "green"), ("share", "20")], &found);
    assert!(serde_json::to_string(&sticky.steps[0].call).expect("JSON").contains("\"sticky_seconds\":600"));
    found.traffic.as_mut().expect("traffic").routes[0].besides = vec!["authenticate-oidc".into()];
    let refused = planned(&[("to", "green")], &found).expect_err("no plan").to_string();
    assert!(refused.contains("HTTPS:443 does more than forward: authenticate-oidc"), "{refused}");
}

#[test]
fn exactly_one_route_is_meant_and_every_group_is_known() {
    let refused = |arguments: &[(&str, &str)], change: fn(&mut Traffic)| {
        let mut found = seen(90, 10);
        change(found.traffic.as_mut().expect("traffic"));
        planned(arguments, &found).map(|plan| plan.target_arn.to_string()).map_err(|failure| failure.to_string())
    };
    let second = |traffic: &mut Traffic| {
        let rule = Route { listener: "HTTPS:443 rule 5".into(), arn: "arn:rule".into(), ..traffic.routes[0].clone() };
        traffic.routes.push(rule);
    };
    let says = |outcome: Result<String, String>, text: &str| {
        let said = outcome.expect_err("no plan");
        assert!(said.contains(text), "{said}");
    };
    let green = [("to", "green")];
    says(refused(&green, second), "name one with route=…: `HTTPS:443`, `HTTPS:443 rule 5`");
    let named = [("to", "green"), ("route", "HTTPS:443 rule 5")];
    assert_eq!(refused(&named, second), Ok("arn:rule".to_owned()));
    says(refused(&named, |_| {}), "there is no route `HTTPS:443 rule 5`");
    says(refused(&green, |traffic| traffic.routes.clear()), "forwards nowhere that was read");
    says(refused(&green, |traffic| traffic.routes_partial = Some("more".into())), "there are several routes");
    says(refused(&[("to", "grey")], |_| {}), "the target group `grey` was not read; known are blue, green");
    says(refused(&green, |traffic| drop(traffic.groups.remove(0))), "the target group `blue` was not read");
    says(refused(&[("to", "green"), ("share", "10")], |_| {}), "nothing would change");
    says(refused(&[("to", "green"), ("steps", "5,10")], |_| {}), "nothing would change");
}

#[test]
fn wrong_arguments_say_what_is_wrong() {
    let wrong = [
        (vec![], "shift_traffic needs to=…"),
        (vec![("to", "green"), ("share", "101")], "`101` is not a whole number of 0 to 100"),
        (vec![("to", "green"), ("share", "10"), ("steps", "20")], "share and steps exclude each other"),
        (vec![("to", "green"), ("steps", "50,25")], "rising whole numbers"),
        (vec![("to", "green"), ("bake", "2h")], "bake: `2h` is not a duration of 0s to 1h"),
        (vec![("weights", "blue:0,green:0")], "not all 0"),
        (vec![("weights", "blue:1,blue:2")], "is not a list of GROUP:WEIGHT"),
        (vec![("weights", "blue:1000")], "weights 0 to 999"),
        (vec![("weights", "blue:1"), ("to", "green")], "no (second) argument `to`"),
    ];
    for (arguments, says) in wrong {
        let failure = typed("shift_traffic", &arguments).expect_err(says).to_string();
        assert!(failure.contains(says) && failure.contains("write `shift_traffic"), "{failure}");
    }
}

#[test]
fn a_look_compares_the_weights_of_the_step_and_finds_traffic_that_nobody_healthy_takes() {
    let plan = plan(&[("to", "green")], &seen(90, 10));
    let sight =
        |step: usize, found: &Observation| plan.action.sight(&Scene { plan: &plan, step, made: &Made::new() }, found);
    let effect = |step, blue, green| sight(step, &seen(blue, green)).effect;
    assert_eq!(
        (effect(0, 75, 25), effect(0, 90, 10), effect(0, 70, 30)),
        (Effect::Shows, Effect::AsBefore, Effect::Unclear)
    );
    assert_eq!(
        (effect(1, 50, 50), effect(1, 75, 25), effect(1, 90, 10)),
        (Effect::Shows, Effect::AsBefore, Effect::Unclear)
    );
    assert_eq!(
        (effect(3, 90, 10), effect(3, 50, 50), effect(3, 1, 1)),
        (Effect::Shows, Effect::AsBefore, Effect::Unclear)
    );
    assert_eq!(sight(0, &seen(75, 25)).stage, At::Steady);
    let mut sick = seen(75, 25);
    sick.traffic.as_mut().expect("traffic").groups[1] = group("green", 0);
    assert_eq!(sight(0, &sick).stage, At::Failed("green gets 25 % and has no healthy target".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_run_shifts_step_by_step_and_watches_the_gates_in_between() {
    let stage = Stage::new(seen(90, 10));
    let began = tokio::time::Instant::now();
    let ran = execute(&stage, &*stage, &config(), &shift(&[("to", "green")])).await;
    assert_eq!(ran.state, RunState::Done, "{}", ran.view.last_word());
    let set: Vec<_> = stage.said().iter().map(|call| call.split_once("1/2 ").expect("weights").1.to_owned()).collect();
    assert_eq!(set, ["blue=75 green=25", "blue=50 green=50", "blue=0 green=100"]);
    assert!(began.elapsed() >= Duration::from_secs(2 * 120 + 20), "{:?}", began.elapsed());
    assert_eq!(ran.journal.debts().expect("debts"), []);
}

#[tokio::test(start_paused = true)]
async fn without_gates_the_steps_keep_their_distance() {
    let stage = Stage::new(seen(90, 10));
    let mut config = config();
    config.services[0].signals.clear();
    let began = tokio::time::Instant::now();
    let ran = execute(&stage, &*stage, &config, &shift(&[("to", "green"), ("bake", "5m")])).await;
    assert_eq!((ran.state, stage.said().len()), (RunState::Done, 3));
    assert!(began.elapsed() >= Duration::from_secs(600));
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_fails_takes_all_back_to_the_start_in_one_call_and_leaves_no_debt() {
    let stage = Stage::new(seen(90, 10));
    // Well before, at the first bake and for some looks of the second; then broken.
    stage.gates.lock().expect("gates").extend(std::iter::repeat_n(0.0, 30).chain([0.5]));
    let ran = execute(&stage, &*stage, &config(), &shift(&[("to", "green"), ("steps", "25,50,80")])).await;
    assert_eq!(ran.state, RunState::Failed);
    let set: Vec<_> = stage.said().iter().map(|call| call.split_once("1/2 ").expect("weights").1.to_owned()).collect();
    assert_eq!(set, ["blue=75 green=25", "blue=50 green=50", "blue=90 green=10"]);
    let word = ran.view.last_word();
    assert!(word.contains("a health gate failed") && word.contains("it was taken back"), "{word}");
    assert_eq!(ran.kinds().iter().filter(|kind| *kind == "turning_back").count(), 1);
    assert_eq!(ran.journal.debts().expect("debts"), []);
}

#[tokio::test(start_paused = true)]
async fn a_part_of_the_traffic_stays_a_debt_that_remembers_the_start() {
    let stage = Stage::new(seen(100, 0));
    let ran = execute(&stage, &*stage, &config(), &shift(&[("to", "green"), ("share", "25")])).await;
    let [debt] = ran.journal.debts().expect("debts").try_into().expect("one");
    assert_eq!((debt.key.as_str(), debt.was.as_deref()), ("traffic shifted", Some("blue=100 green=0")));
    assert_eq!(debt.undo.as_deref(), Some("shift_traffic rtech-app weights=blue:100,green:0"));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_loses_its_targets_gets_no_more() {
    let stage = Stage::new(seen(90, 10));
    let (watched, target) = (stage.clone(), stage.clone());
    let sick = tokio::spawn(async move {
        // After the first step's call, while the gates are watched.
        while watched.calls.lock().expect("calls").is_empty() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        tokio::time::sleep(Duration::from_secs(30)).await;
        watched.seen.lock().expect("seen").traffic.as_mut().expect("traffic").groups[1] = group("green", 1);
    });
    let ran = execute(&stage, &*target, &config(), &shift(&[("to", "green")])).await;
    sick.await.expect("done");
    assert_eq!((ran.state, stage.said().len()), (RunState::Failed, 1));
    let word = ran.view.last_word();
    assert!(word.contains("traffic-health: green: 1 healthy"), "{word}");
    let [debt] = ran.journal.debts().expect("debts").try_into().expect("what was begun and not ended is open");
    assert!(!debt.certain && debt.what.contains("only part of the way"), "{debt:?}");
    assert_eq!(debt.undo.as_deref(), Some("shift_traffic rtech-app weights=blue:90,green:10"));
}
