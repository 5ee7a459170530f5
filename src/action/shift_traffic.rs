//! `shift_traffic`: weights of the target groups behind one listener or rule, in steps, with the way back to where they began.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::act::whose;
use super::given::{Given, short};
use super::weights::{self, Weights, points, same, words};
use super::{
    ANY, Act, Action, ActionSpec, ArgumentSpec, Call, Change, DebtChange, Draft, Effect, GroupWeight, Objection,
    PlanFailure, Scene, Sight, Stage, Step, Undo, workload,
};
use crate::config::{Config, LoadBalancer, Service};
use crate::source::{Look, Name, Observation, Route, Subject, Traffic};

/// The key of what shifted traffic leaves in the ledger of debts.
const DEBT: &str = "traffic shifted";

/// The fact that every step changes.
const WEIGHTS: &str = "weights";

/// Shares of the receiving group where none are named, in points.
const STEPS: [u32; 4] = [10, 25, 50, 100];

/// How long the gates are watched between two steps where nothing is said.
const BAKE: Duration = Duration::from_secs(120);

/// Shift traffic between the target groups of one listener or rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftTraffic {
    /// The service.
    pub service: Name,
    /// The listener or rule, by name or ARN; `None`: the service has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Where to.
    pub way: Way,
    /// How long the gates are watched between two steps.
    pub bake: Duration,
}

/// Where traffic is shifted to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "snake_case")]
pub enum Way {
    /// Shares of one group, in points, one after the other; the others keep their proportions.
    To {
        /// The receiving group.
        group: String,
        /// Its shares. Of several, those that it has already are left out.
        shares: Vec<u32>,
    },
    /// Exactly these weights, in as many steps as the cap asks for.
    Weights {
        /// Groups by name.
        weights: Weights,
    },
}

impl ShiftTraffic {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "shift_traffic",
        summary: "shift traffic between the target groups of a service, in steps with health gates and a way back",
        arguments: &[
            ArgumentSpec { name: "to", summary: "the target group that receives" },
            ArgumentSpec { name: "share", summary: "one step by hand: the share of the receiving group, 0 to 100" },
            ArgumentSpec { name: "steps", summary: "rising shares of the receiving group; default 10,25,50,100" },
            ArgumentSpec { name: "weights", summary: "in place of to: exact weights, such as blue:90,green:10" },
            ArgumentSpec { name: "route", summary: "listener or rule, where there are several" },
            ArgumentSpec { name: "bake", summary: "how long gates are watched between steps: 0s to 1h, default 2m" },
        ],
        targets,
        parse,
    };

    /// The one route that is meant.
    fn route<'a>(&self, traffic: &'a Traffic) -> Result<&'a Route, PlanFailure> {
        let listed =
            || traffic.routes.iter().map(|route| format!("`{}`", route.listener)).collect::<Vec<_>>().join(", ");
        match (&self.route, traffic.routes.as_slice()) {
            (Some(name), routes) => {
                let named = |route: &&Route| route.listener.as_str() == name || route.arn.as_str() == name;
                let reason = format!("there is no route `{name}` to the target groups of `{}`", self.service);
                routes.iter().find(named).ok_or_else(|| PlanFailure::new(&reason, &format!("there are: {}", listed())))
            }
            (None, [one]) if traffic.routes_partial.is_none() => Ok(one),
            (None, []) => {
                let reason = format!("the load balancer of `{}` forwards nowhere that was read", self.service);
                Err(PlanFailure::new(
                    &reason,
                    "name the load balancer and its target groups in [service.load_balancer]",
                ))
            }
            (None, _) => {
                let reason = format!("there are several routes to the target groups of `{}`", self.service);
                Err(PlanFailure::new(&reason, &format!("name one with route=…: {}", listed())))
            }
        }
    }

    /// The weights after each step.
    fn targets(&self, start: &Weights, most: u32) -> Result<Vec<Weights>, PlanFailure> {
        match &self.way {
            Way::Weights { weights } => Ok(weights::between(start, weights, most)),
            Way::To { group, shares } => {
                let now = points(start, group);
                let one = shares.len() == 1;
                let coming = shares.iter().filter(|share| one || f64::from(**share) > now + 1e-9);
                coming.map(|share| with_share(start, group, *share)).collect()
            }
        }
    }

    /// What would have to be known and is not, or would be lost by the call.
    fn refusal(&self, route: &Route, traffic: &Traffic, all: &[Weights]) -> Option<PlanFailure> {
        if !route.besides.is_empty() {
            let besides: Vec<_> = route.besides.iter().map(ToString::to_string).collect();
            let reason = format!("{} does more than forward: {}", route.listener, besides.join(", "));
            return Some(PlanFailure::new(
                &reason,
                "setting its weights would replace that as well: change it where it is defined",
            ));
        }
        let known = |name: &str| traffic.groups.iter().any(|group| group.name.as_str() == name);
        let unknown = all.iter().flatten().map(|(name, _)| name).find(|name| !known(name))?;
        let groups: Vec<_> = traffic.groups.iter().map(|group| group.name.as_str()).collect();
        let reason = format!("the target group `{unknown}` was not read");
        Some(PlanFailure::new(&reason, &format!("known are {}; name it in target_groups", groups.join(", "))))
    }
}

fn with_share(start: &Weights, group: &str, share: u32) -> Result<Weights, PlanFailure> {
    weights::with_share(start, group, share).ok_or_else(|| {
        let reason = format!("with {share} for `{group}` nothing says which of the others gets the rest");
        PlanFailure::new(&reason, "write all weights: weights=blue:60,green:40,grey:0")
    })
}

/// The services behind a load balancer whose listeners are read.
fn targets(config: &Config) -> Vec<Name> {
    let behind = config.services.iter().filter(|service| balancer_of(service).is_some());
    behind.map(|service| service.name.clone()).collect()
}

fn balancer_of(service: &Service) -> Option<&LoadBalancer> {
    service.load_balancer.as_ref().filter(|balancer| balancer.name.is_some())
}

fn balancer<'a>(name: &Name, config: &'a Config) -> Result<&'a LoadBalancer, PlanFailure> {
    balancer_of(workload::service(name, config)?).ok_or_else(|| {
        let reason = format!("service `{name}` has no load_balancer with a name in the configuration");
        PlanFailure::new(&reason, "write load_balancer = { name = …, target_groups = […] } there")
    })
}

const USAGE: &str =
    "write `shift_traffic SERVICE to=GROUP` with share=N or steps=10,25,50,100, or weights=blue:90,green:10";

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let mut given = Given::new("shift_traffic", USAGE, arguments);
    let way = way(&mut given)?;
    let route = given.take("route").map(str::to_owned);
    let bake = given.duration("bake", BAKE, Duration::ZERO..=Duration::from_secs(3600))?;
    given.done()?;
    Ok(Action::ShiftTraffic(ShiftTraffic { service: target.clone(), route, way, bake }))
}

fn way(given: &mut Given<'_>) -> Result<Way, PlanFailure> {
    if let Some(text) = given.take("weights") {
        let weights = parse_weights(text);
        return weights.map(|weights| Way::Weights { weights }).ok_or_else(|| {
            given.failure(&format!("weights: `{text}` is not a list of GROUP:WEIGHT, weights 0 to 999 and not all 0"))
        });
    }
    let group = given.need("to")?.to_owned();
    let shares = match (given.take("share"), given.take("steps")) {
        (Some(_), Some(_)) => return Err(given.failure("share and steps exclude each other")),
        (None, None) => STEPS.to_vec(),
        (Some(text), None) => match parse_shares(text).as_deref() {
            Some([share]) => vec![*share],
            _ => return Err(given.failure(&format!("share: `{text}` is not a whole number of 0 to 100"))),
        },
        (None, Some(text)) => parse_shares(text).ok_or_else(|| {
            given.failure(&format!("steps: `{text}` is not a list of at most 20 rising whole numbers of 0 to 100"))
        })?,
    };
    Ok(Way::To { group, shares })
}

fn parse_shares(text: &str) -> Option<Vec<u32>> {
    let shares: Option<Vec<u32>> = text.split(',').map(|share| share.trim().parse().ok()).collect();
    let rising = |shares: &Vec<u32>| shares.is_sorted_by(|a, b| a < b) && shares.iter().all(|share| *share <= 100);
    shares.filter(|shares| shares.len() <= 20 && rising(shares))
}

fn parse_weights(text: &str) -> Option<Weights> {
    let one = |part: &str| {
        let (name, weight) = part.trim().split_once(':')?;
        let weight: u32 = weight.parse().ok()?;
        (weight <= 999 && !name.is_empty()).then(|| (name.to_owned(), weight))
    };
    let weights: Weights = text.split(',').map(one).collect::<Option<_>>()?;
    let twice =
        weights.iter().enumerate().any(|(at, (name, _))| weights.iter().take(at).any(|(other, _)| other == name));
    (!twice && weights.iter().any(|(_, weight)| *weight > 0)).then_some(weights)
}

/// The weights of a route by group.
fn of(route: &Route) -> Weights {
    route.weights.iter().map(|(name, weight)| (name.to_string(), *weight)).collect()
}

fn call(route: &Route, traffic: &Traffic, weights: &Weights, balancer: &LoadBalancer) -> Call {
    let arn =
        |name: &str| traffic.groups.iter().find(|group| group.name.as_str() == name).map(|group| group.arn.to_string());
    let weight = |(name, weight): &(String, u32)| GroupWeight {
        name: name.clone(),
        group: arn(name).unwrap_or_default(),
        weight: *weight,
    };
    Call::ElbSetWeights {
        route: route.arn.to_string(),
        weights: weights.iter().map(weight).collect(),
        sticky_seconds: route.sticky_seconds,
        place: balancer.place.clone(),
    }
}

/// The weights that a step sets.
fn set_by(step: &Step) -> Option<Weights> {
    match &step.call {
        Call::ElbSetWeights { weights, .. } => Some(weights.iter().map(|one| (one.name.clone(), one.weight)).collect()),
        _ => None,
    }
}

/// What a change of weights is about.
struct Shift<'a> {
    route: &'a Route,
    traffic: &'a Traffic,
    start: Weights,
    all: Vec<Weights>,
}

impl Shift<'_> {
    fn last(&self) -> &Weights {
        self.all.last().unwrap_or(&self.start)
    }

    /// The calls, each knowing what the one before left.
    fn steps(&self, balancer: &LoadBalancer, bake: Duration) -> Vec<Step> {
        let mut before: Option<&Weights> = None;
        let mut steps = Vec::new();
        for (index, weights) in self.all.iter().enumerate() {
            let summary = format!("set the weights of {} to {}", self.route.listener, words(weights));
            let mut step = Step::new(summary, call(self.route, self.traffic, weights, balancer));
            step.facts = before.map(|before| (WEIGHTS.to_owned(), sorted(before))).into_iter().collect();
            step.bake = if index + 1 < self.all.len() { bake } else { Duration::ZERO };
            before = Some(weights);
            steps.push(step);
        }
        steps
    }

    /// Back to where it began, whichever step it was.
    fn back(&self, balancer: &LoadBalancer) -> Step {
        let summary = format!("set the weights of {} back to {}", self.route.listener, words(&self.start));
        let step = Step::new(summary, call(self.route, self.traffic, &self.start, balancer));
        Step { facts: BTreeMap::from([(WEIGHTS.to_owned(), ANY.to_owned())]), ..step }
    }

    /// The first line is the change; the others are what follows of it, and what to know.
    fn changes(&self, bake: Duration) -> Vec<Change> {
        let same = |what: &str, value: &str| Change::new(what, value, value);
        let share = |weights: &Weights, name: &str| format!("{:.0} %", points(weights, name));
        let what = format!("weights of {}", self.route.listener);
        let mut changes = vec![Change::new(&what, &words(&self.start), &words(self.last()))];
        for group in &self.traffic.groups {
            let name = group.name.as_str();
            changes.push(Change::new(name, &share(&self.start, name), &share(self.last(), name)));
        }
        let healthy = self.traffic.groups.iter().map(|group| format!("{} {}", group.name, group.healthy()));
        changes.push(same("healthy targets", &healthy.collect::<Vec<_>>().join(", ")));
        if self.all.len() > 1 {
            changes.push(same("steps", &format!("{}, {} apart", self.all.len(), short(bake))));
        }
        changes
    }

    /// Traffic that is divided stays a debt; where one group gets all of it, the shift is over.
    fn debt(&self) -> DebtChange {
        let last = self.last();
        if last.iter().filter(|(_, weight)| *weight > 0).count() == 1 {
            return DebtChange::settles(DEBT);
        }
        let what = format!("{} sends {}, began at {}", self.route.listener, words(last), words(&self.start));
        DebtChange::opens(DEBT, what).moved(sorted(&self.start), sorted(last))
    }
}

/// Weights in words that are equal where they are the same.
fn sorted(weights: &[(String, u32)]) -> String {
    let mut weights = weights.to_vec();
    weights.sort();
    if let [(_, only)] = weights.as_mut_slice() {
        *only = (*only).min(1);
    }
    words(&weights)
}

impl Act for ShiftTraffic {
    fn target(&self) -> &Name {
        &self.service
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        let join = |parts: Vec<String>| parts.join(",");
        let mut typed = match &self.way {
            Way::To { group, shares } => {
                vec![("to", group.clone()), ("steps", join(shares.iter().map(ToString::to_string).collect()))]
            }
            Way::Weights { weights } => {
                vec![("weights", join(weights.iter().map(|(name, weight)| format!("{name}:{weight}")).collect()))]
            }
        };
        typed.extend(self.route.iter().map(|route| ("route", route.clone())));
        if self.bake != BAKE {
            typed.push(("bake", short(self.bake)));
        }
        typed
    }

    /// The workload too where it is in the same place: it says who else shifts its traffic.
    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        let place = balancer(&self.service, config)?.place.as_ref();
        let look = Look::of(&self.service, place, Subject::Traffic { service: self.service.clone() });
        let ecs = workload::service(&self.service, config)?.ecs.as_ref();
        Ok(match ecs.filter(|ecs| ecs.place.as_ref() == place) {
            Some(_) => look.and(Subject::Workload { service: self.service.clone() }),
            None => look,
        })
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let balancer = balancer(&self.service, config)?;
        let most = workload::service(&self.service, config)?.caps.max_traffic_step;
        let Some(traffic) = &found.traffic else {
            return Err(PlanFailure::new("the load balancer was not read", "make the plan again"));
        };
        let route = self.route(traffic)?;
        let start = of(route);
        let mut all = self.targets(&start, most)?;
        if all.last().is_none_or(|last| same(last, &start)) {
            let reason = format!("nothing would change: the weights of {} are {}", route.listener, words(&start));
            return Err(PlanFailure::new(&reason, "choose another share, or look at its traffic panel"));
        }
        all.push(start.clone());
        if let Some(refusal) = self.refusal(route, traffic, &all) {
            return Err(refusal);
        }
        all.pop();
        let shift = Shift { route, traffic, start, all };
        let undo = Self { way: Way::Weights { weights: shift.start.clone() }, ..self.clone() };
        let dead = route.is_dead();
        Ok(Draft {
            target_id: route.arn.clone(),
            changes: shift.changes(self.bake),
            steps: shift.steps(balancer, self.bake),
            on_failure: if dead { Vec::new() } else { vec![shift.back(balancer)] },
            undo: match dead {
                true => Undo::Impossible { reason: "all weights were 0: there is nothing to go back to".to_owned() },
                false => Undo::Action { action: Action::ShiftTraffic(undo) },
            },
            debt: Some(shift.debt()),
            gated: true,
            ..Draft::default()
        })
    }

    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        let mut facts = whose(found);
        let mut fact = |key: &str, value: String| facts.insert(key.to_owned(), value);
        let Some(traffic) = &found.traffic else { return facts };
        match self.route(traffic) {
            Err(failure) => drop(fact("route", failure.reason.to_string())),
            Ok(route) => {
                let besides: Vec<_> = route.besides.iter().map(ToString::to_string).collect();
                fact("route", route.arn.to_string());
                fact("listener", route.listener.to_string());
                fact(WEIGHTS, sorted(&of(route)));
                fact("stickiness", route.sticky_seconds.map_or("none".to_owned(), |seconds| format!("{seconds} s")));
                fact("besides forwarding", besides.join(", "));
            }
        }
        for group in &traffic.groups {
            fact(&format!("target group {}", group.name), group.arn.to_string());
        }
        facts
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        let unseen = |words: String| Sight {
            effect: Effect::Unclear,
            stage: Stage::Elsewhere(words.clone()),
            words,
            made: None,
        };
        let Some(traffic) = &found.traffic else { return unseen("the load balancer was not read".to_owned()) };
        let route = match self.route(traffic) {
            Ok(route) => route,
            Err(failure) => return unseen(failure.reason.to_string()),
        };
        let (now, wanted) = (of(route), scene.plan.step(scene.step).and_then(set_by).unwrap_or_default());
        let words = format!("{}: {}; {}", route.listener, words(&now), serving(traffic, &now));
        let (effect, stage) = if same(&now, &wanted) {
            (Effect::Shows, starved(traffic, &now).map_or(Stage::Steady, Stage::Failed))
        } else if was_before(scene, &now) {
            (Effect::AsBefore, Stage::Elsewhere("the weights are as before".to_owned()))
        } else {
            (Effect::Unclear, Stage::Elsewhere(format!("the weights are {}: someone else set them", sorted(&now))))
        };
        Sight { words, effect, stage, made: None }
    }

    fn observed(&self, found: &Observation) -> String {
        let route = found.traffic.as_ref().and_then(|traffic| Some((traffic, self.route(traffic).ok()?)));
        route.map_or("no route".to_owned(), |(traffic, route)| {
            format!("{}: {}; {}", route.listener, words(&of(route)), serving(traffic, &of(route)))
        })
    }

    fn objection(&self, config: &Config) -> Option<Objection> {
        let service = config.service(&self.service)?;
        let Some(balancer) = balancer_of(service) else {
            let reason = format!("{} has no load balancer with a name in the configuration", self.service);
            return Some(Objection { argument: None, reason, hint: None });
        };
        let Way::To { group, .. } = &self.way else { return None };
        let groups = &balancer.target_groups;
        (!groups.is_empty() && !groups.contains(group)).then(|| Objection {
            argument: Some("to"),
            reason: format!("{group} is no target group of {}", self.service),
            hint: Some(format!("allowed: {}", groups.join(", "))),
        })
    }
}

/// Whether these are the weights before a step: the start's or the earlier step's; of the way back, any of the plan's.
fn was_before(scene: &Scene<'_>, now: &Weights) -> bool {
    let steps = &scene.plan.steps;
    let start = scene.plan.on_failure.first().and_then(set_by);
    let before: Vec<Weights> = match scene.step {
        0 => start.into_iter().collect(),
        step if step < steps.len() => steps.get(step - 1).and_then(set_by).into_iter().collect(),
        _ => steps.iter().filter_map(set_by).collect(),
    };
    before.iter().any(|before| same(before, now))
}

/// `blue 3 of 3 healthy, green 2 of 3 healthy`.
fn serving(traffic: &Traffic, now: &Weights) -> String {
    let serves = |name: &str| points(now, name) > 0.0;
    let groups = traffic.groups.iter().filter(|group| serves(group.name.as_str()));
    let words = groups.map(|group| format!("{} {} of {} healthy", group.name, group.healthy(), group.targets.len()));
    words.collect::<Vec<_>>().join(", ")
}

/// Why traffic goes where nothing healthy takes it.
fn starved(traffic: &Traffic, now: &Weights) -> Option<String> {
    let healthy =
        |name: &str| traffic.groups.iter().find(|group| group.name.as_str() == name).map_or(0, |g| g.healthy());
    let starved = now.iter().find(|(name, weight)| *weight > 0 && healthy(name) == 0)?;
    Some(format!("{} gets {:.0} % and has no healthy target", starved.0, points(now, &starved.0)))
}
