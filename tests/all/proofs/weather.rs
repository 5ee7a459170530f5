//! What others do to the targets, and what happens to clocks and backends, while operators act.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use quarterdeck::clock::{Mono, Now};
use quarterdeck::source::{MemberRole, Name, Number, Observation, Rollout, TrafficTarget, Workload};

use super::backend::Backend;
use super::dice::{chance, millis};
use super::place;
use crate::runs::fixture::now;

/// Both clocks of the simulation: virtual time, and how far each has jumped.
pub(crate) struct Clock {
    began: tokio::time::Instant,
    wall: AtomicI64,
    mono: AtomicU64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { began: tokio::time::Instant::now(), wall: AtomicI64::new(0), mono: AtomicU64::new(0) }
    }

    pub(crate) fn now(&self) -> Now {
        let gone = self.began.elapsed();
        let slept = Duration::from_millis(self.mono.load(Ordering::Relaxed));
        let at = now().plus(gone).plus(slept);
        let jumped = jiff::SignedDuration::from_millis(self.wall.load(Ordering::Relaxed));
        Now {
            wall: at.wall.checked_add(jumped).expect("a time"),
            mono: Mono::from_boot(at.mono.since(Mono::default())),
        }
    }

    /// The wall clock is set, forwards or backwards; or the machine sleeps, which both clocks count.
    fn jump(&self, dice: &mut fastrand::Rng) {
        let far = dice.i64(1..400_000);
        match dice.u32(0..3) {
            0 => drop(self.wall.fetch_add(far, Ordering::Relaxed)),
            1 => drop(self.wall.fetch_sub(far.min(self.wall.load(Ordering::Relaxed) + 500_000), Ordering::Relaxed)),
            _ => drop(self.mono.fetch_add(far.unsigned_abs() / 4, Ordering::Relaxed)),
        }
    }
}

/// How a round begins: not everywhere from rest.
pub(crate) fn begin(backend: &Backend, clock: &Clock, targets: &[Name], dice: &mut fastrand::Rng) {
    for target in targets {
        let scene = dice.u32(0..8);
        backend.meddle(target, clock.now(), |truth| match scene {
            0 => place::suspend(truth),
            1 => place::roll(truth),
            2..5 => place::hush(truth),
            _ => {}
        });
    }
}

/// Something happens every few seconds, without end.
pub(crate) async fn blow(backend: &Backend, clock: &Clock, targets: &[Name], mut dice: fastrand::Rng) {
    loop {
        tokio::time::sleep(millis(&mut dice, 500..20_000)).await;
        let target = &targets[dice.usize(0..targets.len())];
        match dice.u32(0..100) {
            0..12 => clock.jump(&mut dice),
            12..20 => backend.hide(chance(&mut dice, 50)),
            20..30 => backend.read(if chance(&mut dice, 50) { super::rows::BAD } else { super::rows::WELL }),
            _ => backend.meddle(target, clock.now(), |truth| meddle(truth, &mut dice)),
        }
    }
}

fn meddle(truth: &mut Observation, dice: &mut fastrand::Rng) {
    let nth = dice.u32(..);
    let Some(found) = truth.workload.as_mut() else { return };
    match dice.u32(0..19) {
        0..3 => found.desired = dice.u32(1..10),
        3 => found.deployments[0].id = format!("ecs-svc/other-{nth}").into(),
        4 => found.deployments[0].rollout = Rollout::InProgress,
        5 => found.deployments[0].rollout = Rollout::Failed,
        6 => found.status = "DRAINING".into(),
        7 => found.task_definition = format!("rtech-app:{nth}").into(),
        8 => found.tasks.iter_mut().for_each(|task| task.health = "UNHEALTHY".into()),
        9 => drop(found.tasks.pop()),
        10 => truth.firing = None,
        11 => truth.identity.as_mut().expect("an identity").account = "999999999999".into(),
        12 => {
            let most = dice.u32(2..11);
            truth.scaling.iter_mut().filter_map(|scaling| scaling.target.as_mut()).for_each(|bounds| bounds.max = most);
        }
        13 => truth.scaling.as_mut().expect("a scaling").target = None,
        _ => meddle_around(truth, dice),
    }
}

/// The same with what stands around the service.
fn meddle_around(truth: &mut Observation, dice: &mut fastrand::Rng) {
    let (Some(traffic), Some(database)) = (truth.traffic.as_mut(), truth.database.as_mut()) else { return };
    let sick = |one: &mut TrafficTarget| one.state = "unhealthy".into();
    match dice.u32(0..9) {
        0 => traffic.routes[0].weights.iter_mut().for_each(|(_, weight)| *weight = dice.u32(1..100)),
        1 => traffic.groups[dice.usize(0..2)].targets.iter_mut().for_each(sick),
        2 => database.status = "modifying".into(),
        3 => database.members.iter_mut().for_each(|one| {
            one.role = if one.id.as_str() == "three" { MemberRole::Writer } else { MemberRole::Reader };
        }),
        4 => drop(truth.answers.insert("DBInstanceReplicaLag".to_owned(), Number::Finite(90_000.0))),
        5 => truth.paging = Some(vec!["rtech-down".into()]),
        6 => place::hush(truth),
        7 => {
            truth.declared.iter_mut().flat_map(|seen| &mut seen.read_back).for_each(|back| back.value = "maybe".into())
        }
        _ => place::roll(truth),
    }
}

/// All is well again, except for the counts of tasks.
pub(crate) fn clear(backend: &Backend, clock: &Clock, targets: &[Name]) {
    backend.hide(false);
    backend.read(super::rows::WELL);
    for target in targets {
        backend.meddle(target, clock.now(), |truth| {
            let desired = truth.workload.as_ref().map_or(3, |found| found.desired).clamp(2, 9);
            *truth = place::of(target);
            let arn = truth.workload.as_ref().map(|found| found.arn.clone()).expect("an ARN");
            truth.workload = Some(Workload { arn, ..crate::runs::fixture::workload(desired, desired) });
        });
    }
}
