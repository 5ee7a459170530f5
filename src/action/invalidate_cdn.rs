//! `invalidate_cdn`: have a content delivery network (CloudFront, Cloudflare) fetch paths anew.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::act::whose;
use super::{
    Act, Action, ActionSpec, ArgumentSpec, Call, Change, Draft, Effect, Plan, PlanFailure, Purge, Scene, Sight, Stage,
    Step, Undo, workload,
};
use crate::config::{CdnId, Config};
use crate::source::{Cdn, Identity, Invalidation, Look, Name, Observation, Subject};
use crate::text::{Text, is_unsafe};

/// The most paths of one invalidation; CloudFront runs 3,000 files or 15 wildcards at once.
const MOST: usize = 3_000;

/// The most URLs or prefixes of one purge of Cloudflare that every plan of theirs allows.
const MOST_PURGED: usize = 30;

/// The longest path, in bytes, of CloudFront.
const LONGEST: usize = 4_000;

/// Paths that an account invalidates a month without charge, and the price of a further one, in USD.
/// <https://aws.amazon.com/cloudfront/pricing/>
const FREE: usize = 1_000;
const USD_A_PATH: f64 = 0.005;

/// Have a content delivery network fetch paths anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvalidateCdn {
    /// The service whose network it is.
    pub service: Name,
    /// The paths, each beginning with `/`; a `*` at the end stands for anything.
    pub paths: Vec<String>,
    /// The host whose paths they are, for Cloudflare; the zone's own name where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

impl InvalidateCdn {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "invalidate_cdn",
        summary: "have CloudFront or Cloudflare fetch paths anew",
        arguments: &[
            ArgumentSpec {
                name: "paths",
                summary: "paths with commas between them, such as /,/blog/*; a * only at the end, /* is everything",
            },
            ArgumentSpec { name: "host", summary: "Cloudflare: the host of the paths; the zone's name where left out" },
        ],
        targets,
        parse,
    };

    fn id<'a>(&self, config: &'a Config) -> Result<&'a CdnId, PlanFailure> {
        let service = workload::service(&self.service, config)?;
        service.cdn.as_ref().map(|cdn| &cdn.id).ok_or_else(|| {
            let reason = format!("service `{}` has no cdn in the configuration", self.service);
            PlanFailure::new(&reason, "name its network there: cdn = { distribution = \"…\" } or { cloudflare_zone … }")
        })
    }

    fn wildcards(&self) -> usize {
        self.paths.iter().filter(|path| path.ends_with('*')).count()
    }

    /// Whether all that is cached goes.
    pub(super) fn is_everything(&self) -> bool {
        self.paths.iter().any(|path| path == "/*")
    }

    fn cloudfront(&self, distribution: &str, place: Option<&Name>) -> Vec<Step> {
        let (distribution, place, paths) = (distribution.to_owned(), place.cloned(), self.paths.clone());
        let summary = format!("invalidate {} of distribution {distribution}", self.listed());
        vec![Step::new(summary, Call::CloudFrontInvalidate { distribution, paths, place })]
    }

    fn cloudflare(&self, zone: &str, found: &Cdn) -> Result<Vec<Step>, PlanFailure> {
        let purges = self.purges(&self.host_in(&found.domain)?)?;
        let step = |purge: Purge| {
            let summary = format!("purge {purge} of zone {}", found.domain);
            let (service, zone) = (self.service.clone(), zone.to_owned());
            Step::new(summary, Call::CloudflarePurge { service, zone, purge })
        };
        Ok(purges.into_iter().map(step).collect())
    }

    /// The host of the paths, which must be of the zone.
    fn host_in(&self, zone: &str) -> Result<String, PlanFailure> {
        let host = self.host.clone().unwrap_or_else(|| zone.to_owned());
        if host == zone || host.ends_with(&format!(".{zone}")) {
            return Ok(host);
        }
        Err(PlanFailure::new(
            &format!("host {host} is not of zone {zone}"),
            "write a host of the zone, or leave it out",
        ))
    }

    /// One call a kind, as Cloudflare wants it.
    fn purges(&self, host: &str) -> Result<Vec<Purge>, PlanFailure> {
        if self.is_everything() {
            return Ok(vec![Purge::Everything]);
        }
        let (wild, plain): (Vec<&String>, Vec<&String>) = self.paths.iter().partition(|path| path.ends_with('*'));
        if let Some(wrong) = wild.iter().find(|path| !path.ends_with("/*")) {
            let reason = format!("Cloudflare purges whole folders: `{wrong}` is none");
            return Err(PlanFailure::new(&reason, "write /folder/*, or each path by itself"));
        }
        let files: Vec<_> = plain.iter().map(|path| format!("https://{host}{path}")).collect();
        let prefixes: Vec<_> = wild.iter().map(|path| format!("{host}{}", path.trim_end_matches('*'))).collect();
        if files.len().max(prefixes.len()) > MOST_PURGED {
            let reason = format!("Cloudflare purges at most {MOST_PURGED} URLs or prefixes at once");
            return Err(PlanFailure::new(&reason, "name fewer, or purge a folder: /folder/*"));
        }
        let mut purges = Vec::new();
        purges.extend((!files.is_empty()).then_some(Purge::Files(files)));
        purges.extend((!prefixes.is_empty()).then_some(Purge::Prefixes(prefixes)));
        Ok(purges)
    }

    /// `2 paths (/a, /b*)`.
    fn listed(&self) -> String {
        let shown: Vec<&str> = self.paths.iter().take(5).map(String::as_str).collect();
        let more = if self.paths.len() > shown.len() { ", …" } else { "" };
        format!("{} path{} ({}{more})", self.paths.len(), plural(self.paths.len()), shown.join(", "))
    }

    /// The first line must be the same however often it is looked: what is in flight moves by itself.
    fn changes(&self, cdn: &Cdn) -> Vec<Change> {
        let same = |what: &str, value: &str| Change::new(what, value, value);
        let cached = format!("cached copies of {}", self.listed());
        let mut lines = vec![
            Change::new(&cached, "served until they expire", "fetched anew from the origin"),
            same("network", &format!("{} ({}), {}", cdn.id, cdn.domain, cdn.status)),
            same("paths", &format!("{}, {} with a wildcard", self.paths.len(), self.wildcards())),
        ];
        lines.push(same("in flight now", &in_flight(cdn)));
        lines
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// `1: /, /blog/*`; what is not known is said to be so.
fn in_flight(cdn: &Cdn) -> String {
    let running: Vec<&Invalidation> = cdn.invalidations.iter().filter(|one| one.in_flight()).collect();
    let paths: Vec<&str> = running.iter().flat_map(|one| &one.paths).take(5).map(|path| path.as_str()).collect();
    match (cdn.missing.first(), running.len()) {
        (Some(missing), count) => format!("at least {count}; not known whole: {missing}"),
        (None, 0) => "0".to_owned(),
        (None, count) => format!("{count}: {}", paths.join(", ")),
    }
}

/// What CloudFront charges, in words.
fn cost(paths: usize) -> String {
    #[allow(clippy::cast_precision_loss)] // at most 3,000
    let most = paths as f64 * USD_A_PATH;
    format!(
        "{paths} path{}: an account's first {FREE} a month are free, then {USD_A_PATH} USD each: 0 to {most:.3} USD",
        plural(paths)
    )
}

fn targets(config: &Config) -> Vec<Name> {
    config.services.iter().filter(|service| service.cdn.is_some()).map(|service| service.name.clone()).collect()
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let hint = "write `invalidate_cdn SERVICE paths=/,/blog/*`";
    let (mut paths, mut host) = (Vec::new(), None);
    for (key, value) in arguments {
        match key.as_str() {
            "paths" => paths = self::paths(value).map_err(|reason| PlanFailure::new(&reason, hint))?,
            "host" => host = Some(self::host(value).map_err(|reason| PlanFailure::new(&reason, hint))?),
            _ => return Err(PlanFailure::new(&format!("invalidate_cdn has no argument `{key}`"), hint)),
        }
    }
    if paths.is_empty() {
        return Err(PlanFailure::new("invalidate_cdn needs paths", hint));
    }
    Ok(Action::InvalidateCdn(InvalidateCdn { service: target.clone(), paths, host }))
}

/// The paths in order, each once.
fn paths(value: &str) -> Result<Vec<String>, String> {
    let mut paths: Vec<String> = value.split(',').map(path).collect::<Result<_, _>>()?;
    paths.sort();
    paths.dedup();
    match paths.len() {
        count if count > MOST => Err(format!("{count} paths, at most {MOST} at once")),
        _ => Ok(paths),
    }
}

fn path(text: &str) -> Result<String, String> {
    let path = text.trim();
    let safe =
        path.is_ascii() && !path.chars().any(|c| is_unsafe(c) || c.is_whitespace() || "\"<>\\^`{|}#".contains(c));
    let star = path.find('*').is_none_or(|at| at + 1 == path.len());
    match (path.starts_with('/'), safe && star, path.len() <= LONGEST) {
        (true, true, true) => Ok(path.to_owned()),
        (false, ..) => Err(format!("`{path}` does not begin with `/`")),
        (_, false, _) => Err(format!("`{path}` is not a path: percent-encoded ASCII, and a `*` only at the end")),
        (.., false) => Err(format!("a path is longer than {LONGEST} bytes")),
    }
}

fn host(text: &str) -> Result<String, String> {
    let safe = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    if safe && !text.is_empty() && text.len() <= 253 {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(format!("`{text}` is not a host"))
    }
}

/// CloudFront is global: its ARNs name no region.
fn arn(distribution: &str, identity: &Identity) -> Text {
    let partition = if identity.region.starts_with("cn-") { "aws-cn" } else { "aws" };
    Text::clean(&format!("arn:{partition}:cloudfront::{}:distribution/{distribution}", identity.account))
}

/// The CallerReference of a plan's invalidation: the same plan, the same invalidation.
pub fn caller_reference(digest: &str) -> String {
    format!("quarterdeck-{}", digest.get(..40).unwrap_or(digest))
}

fn read(found: &Observation) -> Result<&Cdn, PlanFailure> {
    found.cdn.as_ref().ok_or_else(|| PlanFailure::new("the network was not read", "make the plan again"))
}

impl Act for InvalidateCdn {
    fn target(&self) -> &Name {
        &self.service
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        let mut arguments = vec![("paths", self.paths.join(","))];
        arguments.extend(self.host.clone().map(|host| ("host", host)));
        arguments
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        let subject = Subject::Cdn { service: self.service.clone() };
        Ok(match self.id(config)? {
            CdnId::CloudFront { place, .. } => Look::of(&self.service, place.as_ref(), subject),
            CdnId::Cloudflare { .. } => Look { beyond_aws: true, ..Look::of(&self.service, None, subject) },
        })
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let cdn = read(found)?;
        let (target_id, steps, cost) = match self.id(config)? {
            CdnId::CloudFront { distribution, place } => {
                if self.host.is_some() {
                    return Err(PlanFailure::new("CloudFront takes paths of all its names", "leave `host` out"));
                }
                let identity = found.identity.as_ref();
                let identity = identity.ok_or_else(|| {
                    PlanFailure::new("it is not known whose credentials these are", "log in, and make the plan again")
                })?;
                let cost = self::cost(self.paths.len());
                (arn(distribution, identity), self.cloudfront(distribution, place.as_ref()), cost)
            }
            CdnId::Cloudflare { zone, api, .. } => {
                let target = format!("{}/zones/{zone}", api.as_str().trim_end_matches('/'));
                let free = "Cloudflare charges nothing for it; the origin answers what is fetched anew".to_owned();
                (Text::clean(&target), self.cloudflare(zone, cdn)?, free)
            }
        };
        let gone = "what leaves the caches can't be put back: the origin is asked again, and nothing else changes";
        Ok(Draft {
            target_id,
            changes: self.changes(cdn),
            steps,
            undo: Undo::Impossible { reason: gone.to_owned() },
            cost: Some(cost),
            gated: true,
            ..Draft::default()
        })
    }

    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        let mut facts = whose(found);
        let mut fact = |key: &str, value: String| facts.insert(key.to_owned(), value);
        if let Some(cdn) = &found.cdn {
            fact("network", cdn.id.to_string());
            fact("domain", cdn.domain.to_string());
            fact("enabled", cdn.enabled.to_string());
        }
        facts
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        match scene.plan.step(scene.step).map(|step| &step.call) {
            Some(Call::CloudFrontInvalidate { .. }) => invalidation(scene, found),
            _ => purge(scene),
        }
    }

    fn observed(&self, found: &Observation) -> String {
        found.cdn.as_ref().map_or("the network was not read".to_owned(), |cdn| {
            format!("{} ({}), {}; in flight: {}", cdn.id, cdn.domain, cdn.status, in_flight(cdn))
        })
    }
}

/// Cloudflare tells nothing of purges afterwards: its answer is all that is known, and without it nothing is.
fn purge(scene: &Scene<'_>) -> Sight {
    match scene.made.get(&scene.step) {
        Some(id) => Sight {
            words: format!("purge {id} was accepted; Cloudflare doesn't let its effect be read back"),
            effect: Effect::Shows,
            stage: Stage::Steady,
            made: Some(id.clone()),
        },
        None => Sight {
            words: "Cloudflare doesn't tell whether it was purged: it can't be read back".to_owned(),
            effect: Effect::Unclear,
            stage: Stage::Moving,
            made: None,
        },
    }
}

/// CloudFront's: found by its identifier, or by the plan's CallerReference where the answer was lost.
fn invalidation(scene: &Scene<'_>, found: &Observation) -> Sight {
    let Some(cdn) = &found.cdn else { return unseen("the network was not read") };
    let reference = caller_reference(&scene.plan.digest());
    let known = scene.made.get(&scene.step);
    let is_ours = |one: &&Invalidation| {
        known.is_some_and(|id| one.id.as_str() == id) || one.reference.as_deref() == Some(reference.as_str())
    };
    match cdn.invalidations.iter().find(is_ours) {
        Some(ours) => Sight {
            words: format!("invalidation {} is {}", ours.id, ours.status),
            effect: Effect::Shows,
            stage: if ours.status.as_str() == "Completed" { Stage::Steady } else { Stage::Moving },
            made: Some(ours.id.to_string()),
        },
        None => not_listed(scene.plan, cdn),
    }
}

/// All that were asked for since the plan was made are told, with their references: then ours is not there.
fn not_listed(plan: &Plan, cdn: &Cdn) -> Sight {
    if let Some(missing) = cdn.missing.first() {
        return unseen(&format!("the invalidations are not known whole: {missing}"));
    }
    let since = |one: &Invalidation| one.created.is_none_or(|created| created >= plan.made);
    if cdn.invalidations.iter().any(|one| since(one) && one.reference.is_none())
        || !cdn.invalidations.is_empty() && cdn.invalidations.iter().all(since)
    {
        return unseen("newer invalidations are listed, and whether one of them is this plan's is not known");
    }
    let words = "the invalidation is not listed".to_owned();
    Sight { words, effect: Effect::AsBefore, stage: Stage::Moving, made: None }
}

fn unseen(words: &str) -> Sight {
    Sight { words: words.to_owned(), effect: Effect::Unclear, stage: Stage::Moving, made: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_are_taken() {
        assert_eq!(paths("/b*,/a,/a"), Ok(vec!["/a".to_owned(), "/b*".to_owned()]));
        for wrong in ["", "a", "/a,", "/a*b", "/a b", "/a\u{202e}", "/ä", "https://x/a", "/a#b", "/a,b"] {
            assert!(paths(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_charged_is_told_in_figures() {
        assert!(
            cost(1).starts_with("1 path: an account's first 1000 a month are free, then 0.005 USD each: 0 to 0.005")
        );
        assert!(cost(3_000).ends_with("0 to 15.000 USD"));
    }
}
