//! The fleet's course: load, utilisation, latency, errors and saturation of each service by time.
//!
//! Latency follows a queue with one server (M/M/1): the mean is `service_time / (1 - u)`, and the time in the system is
//! exponential, so the quantile `q` is `-ln(1 - q)` times the mean (Kleinrock, Queueing Systems I, 1975, 3.2).

use std::f64::consts::TAU;

use super::fleet::{FLEET, Profile, RunBy};
use super::log::Mutation;
use super::noise::{ease, seed_of, smooth};
use super::scenario::Scenario;
use super::tasks::Crew;

/// Seconds that the fleet existed before its beginning: the history that a backfill finds.
pub const PAST: f64 = 1800.0;

/// Utilisation from which the queue is no longer let grow without bound.
const KNEE: f64 = 0.9;

/// The greatest utilisation that the formula is given: there are client timeouts.
const CEILING: f64 = 0.985;

/// Utilisation where nothing serves at all.
const NOTHING_SERVES: f64 = 4.0;

/// What one service does at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Requests a second that arrive.
    pub traffic: f64,
    /// Load over capacity, over the last seconds; above 1 the queue grows.
    pub utilisation: f64,
    /// Median latency, in seconds.
    pub p50: f64,
    /// 95th percentile of latency, in seconds.
    pub p95: f64,
    /// 99th percentile of latency, in seconds.
    pub p99: f64,
    /// Share of requests that fail, 0 to 1.
    pub errors: f64,
    /// CPU in use, in per cent.
    pub cpu: f64,
    /// Memory in use, in per cent.
    pub memory: f64,
}

/// The whole fleet by time: a pure function of seed, scenario and changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    seed: u64,
    scenario: Scenario,
    crews: Vec<Crew>,
}

impl Course {
    /// The course that seed, scenario and the changes made so far make.
    pub fn new(seed: u64, scenario: Scenario, mutations: &[Mutation]) -> Self {
        let crews = FLEET.iter().map(|profile| Crew::new(seed, profile.name, profile.initial(), mutations)).collect();
        Self { seed, scenario, crews }
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The scenario.
    pub fn scenario(&self) -> Scenario {
        self.scenario
    }

    /// The tasks of a service; `None` for a service that the fleet does not have.
    pub fn crew(&self, service: &str) -> Option<&Crew> {
        self.crews.get(FLEET.iter().position(|profile| profile.name == service)?)
    }

    /// What a service does, `seconds` after the beginning.
    pub fn sample(&self, profile: &Profile, seconds: f64) -> Sample {
        let utilisation = self.lagging(profile, seconds);
        let jitter = 1.0 + 0.03 * self.noise(profile, "latency", seconds, 2.0);
        let mean = jitter * profile.service_time / (1.0 - bounded(utilisation));
        Sample {
            traffic: self.load(profile, seconds),
            utilisation,
            p50: quantile(mean, 0.50),
            p95: quantile(mean, 0.95),
            p99: quantile(mean, 0.99),
            errors: errors(profile, utilisation) * (1.0 + 0.2 * self.noise(profile, "errors", seconds, 7.0)),
            cpu: (5.0 + 90.0 * utilisation + 1.5 * self.noise(profile, "cpu", seconds, 3.0)).clamp(0.0, 99.6),
            memory: (profile.memory + 8.0 * utilisation.min(1.2) + self.noise(profile, "memory", seconds, 60.0))
                .clamp(0.0, 99.0),
        }
    }

    /// Requests a second that arrive at a service.
    pub fn load(&self, profile: &Profile, seconds: f64) -> f64 {
        let wave = 1.0 + 0.03 * (TAU * seconds / 1200.0 + 1.3).sin();
        let noise = 1.0
            + 0.03 * self.noise(profile, "load", seconds, 11.0)
            + 0.015 * self.noise(profile, "load-fast", seconds, 1.5);
        let surge = 1.0 + profile.surge * (self.scenario.visitors(self.seed, seconds) - 1.0);
        profile.load * wave * noise * surge
    }

    /// Load over capacity at one moment.
    fn utilisation(&self, profile: &Profile, seconds: f64) -> f64 {
        let serving = match profile.run_by {
            RunBy::Managed { nodes } => nodes,
            RunBy::Orchestrator { .. } => self.crew(profile.name).map_or(0, |crew| crew.running(seconds)),
        };
        if serving == 0 {
            return NOTHING_SERVES;
        }
        (self.load(profile, seconds) / (f64::from(serving) * profile.capacity)).min(NOTHING_SERVES)
    }

    /// Utilisation as it is felt: queues fill and drain over some seconds.
    fn lagging(&self, profile: &Profile, seconds: f64) -> f64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        for back in 0..8 {
            let weight = (-f64::from(back) / 3.0).exp();
            sum += weight * self.utilisation(profile, seconds - f64::from(back));
            weights += weight;
        }
        sum / weights
    }

    fn noise(&self, profile: &Profile, what: &str, seconds: f64, period: f64) -> f64 {
        smooth(seed_of(seed_of(self.seed, profile.name), what), seconds, period)
    }
}

/// Utilisation as the formula is given it: as it is up to the knee, then ever closer to the ceiling.
fn bounded(utilisation: f64) -> f64 {
    if utilisation <= KNEE {
        return utilisation.max(0.0);
    }
    KNEE + (CEILING - KNEE) * (1.0 - (-(utilisation - KNEE) / 0.1).exp())
}

fn quantile(mean: f64, q: f64) -> f64 {
    -(1.0 - q).ln() * mean
}

/// Requests fail when the queue is full: from nine tenths of the capacity on, and all where nothing serves.
fn errors(profile: &Profile, utilisation: f64) -> f64 {
    if utilisation >= NOTHING_SERVES {
        return 1.0 / 1.2; // the noise on top makes at most 1
    }
    profile.errors + 0.14 * ease((utilisation - KNEE) / 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_only_rises_with_utilisation() {
        let mut last = 0.0;
        for step in 0..400 {
            let mean = 0.02 / (1.0 - bounded(f64::from(step) / 100.0));
            assert!(mean >= last && mean < 2.0, "{mean} at {step}");
            last = mean;
        }
    }

    #[test]
    fn errors_only_rise_with_utilisation_and_never_pass_one() {
        let mut last = 0.0;
        for step in 0..=400 {
            let share = errors(&FLEET[0], f64::from(step) / 100.0);
            assert!(share >= last && share * 1.2 <= 1.0, "{share} at {step}");
            last = share;
        }
    }

    #[test]
    fn quantiles_stand_in_order() {
        let course = Course::new(1, Scenario::Overload, &[]);
        for second in -100..400 {
            let sample = course.sample(&FLEET[0], f64::from(second));
            assert!(sample.p50 < sample.p95 && sample.p95 < sample.p99, "{sample:?} at {second}");
        }
    }
}
