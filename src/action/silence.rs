//! `silence`: hold alerts back at Alertmanager for a while.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::unsilence::{Unsilence, Which};
use super::{
    Act, Action, ActionSpec, ArgumentSpec, Call, Change, DebtChange, Draft, Effect, Matcher, PlanFailure, Scene, Sight,
    Stage, Step, Undo,
};
use crate::config::Config;
use crate::config::check::words::parse_duration;
use crate::source::{self, Look, Name, Observation, SeenAlert, SilenceState, Silences, Subject, http};
use crate::text::{Text, is_unsafe};

/// The shortest and the longest silence, in seconds.
const LENGTHS: std::ops::RangeInclusive<u64> = 60..=7 * 86_400;

/// The longest comment, in characters.
const LONGEST: usize = 200;

/// How far the end that Alertmanager tells may be from the one that was asked for: it may be cut to the millisecond.
const APART: SignedDuration = SignedDuration::from_secs(1);

/// Hold alerts back for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// The Alertmanager, by the name of its source.
    pub source: Name,
    /// What it matches.
    pub matchers: Vec<Matcher>,
    /// For how long, in seconds.
    pub seconds: u64,
    /// Why.
    pub comment: String,
}

impl Silence {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "silence",
        summary: "hold alerts back at Alertmanager for a while",
        arguments: &[
            ArgumentSpec { name: "alert", summary: "the alert's name" },
            ArgumentSpec {
                name: "matchers",
                summary: "more of what it must match: service=~\"rtech-.*\",severity=\"warning\"",
            },
            ArgumentSpec { name: "for", summary: "how long: 30m, 2h, at most 7d" },
            ArgumentSpec { name: "comment", summary: "why, in a few words" },
        ],
        targets,
        parse,
    };

    fn ends(&self, made: Timestamp) -> Timestamp {
        let length = SignedDuration::from_secs(i64::try_from(self.seconds).unwrap_or(i64::MAX));
        made.checked_add(length).unwrap_or(Timestamp::MAX)
    }

    fn list(&self) -> String {
        Matcher::list(&self.matchers)
    }

    /// The undo, the debt and its key name the silence without its identifier, which is not known yet.
    fn undo(&self, made: Timestamp) -> Undo {
        let which = Which::Exactly { matchers: self.matchers.clone(), ends: self.ends(made) };
        Undo::Action { action: Action::Unsilence(Unsilence { source: self.source.clone(), which }) }
    }

    fn changes(&self, found: &Observation, ends: Timestamp) -> Vec<Change> {
        let same = |what: &str, value: &str| Change::new(what, value, value);
        let matched = matched(&self.matchers, found);
        let mut lines = vec![
            Change::new("silence", "none", &format!("{} until {}", self.list(), shown(ends))),
            Change::new("matches now", &named(&matched), "held back"),
            same("comment", &self.comment),
        ];
        let ahead = found.silences.as_ref().map_or(0, |silences| silences.clock_ahead);
        if ahead != 0 {
            let side = if ahead > 0 { "ahead of" } else { "behind" };
            lines.push(same("clock", &format!("Alertmanager's is {} s {side} ours; it goes by its own", ahead.abs())));
        }
        lines
    }

    /// A silence of the same that lasts as long already.
    fn already(&self, silences: &Silences, ends: Timestamp) -> Option<PlanFailure> {
        let covers = |one: &&source::Silence| one.state == SilenceState::Active && one.ends >= ends;
        let found = like(&self.matchers, silences).into_iter().find(covers)?;
        let reason = format!("nothing would change: silence {} holds these back until {}", found.id, shown(found.ends));
        Some(PlanFailure::new(&reason, "choose a longer time, or leave it as it is"))
    }
}

/// Silences with exactly these matchers that are not over.
pub(super) fn like<'a>(matchers: &[Matcher], silences: &'a Silences) -> Vec<&'a source::Silence> {
    let mut wanted: Vec<Text> = matchers.iter().map(|matcher| Text::clean(&matcher.to_string())).collect();
    wanted.sort();
    let same = |one: &&source::Silence| {
        let mut theirs = one.matchers.clone();
        theirs.sort();
        one.state != SilenceState::Expired && theirs == wanted
    };
    silences.silences.iter().filter(same).collect()
}

/// The alerts that these match now.
pub(super) fn matched<'a>(matchers: &[Matcher], found: &'a Observation) -> Vec<&'a SeenAlert> {
    let alerts = found.alerts.as_ref().map(|seen| seen.alerts.as_slice()).unwrap_or_default();
    alerts.iter().filter(|alert| Matcher::all_match(matchers, alert)).collect()
}

/// `2: HighLatency, HighErrors`.
pub(super) fn named(alerts: &[&SeenAlert]) -> String {
    let mut names: Vec<&str> = alerts.iter().map(|alert| alert.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let more = if names.len() > 8 { ", …" } else { "" };
    let shown: Vec<&str> = names.into_iter().take(8).collect();
    if shown.is_empty() { "0".to_owned() } else { format!("{}: {}{more}", alerts.len(), shown.join(", ")) }
}

pub(super) fn shown(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// The key of a silence's debt: what it matches.
pub(super) fn key(matchers: &str) -> String {
    format!("silence {matchers}")
}

/// The Alertmanager's base URL, with a slash at its end.
pub(super) fn base(config: &Config) -> Result<String, PlanFailure> {
    let missing =
        || PlanFailure::new("the configuration has no [alertmanager]", "add it with its url; silences are set there");
    match (&config.alertmanager, &config.simulator) {
        (Some(backend), _) => Ok(format!("{}/", http::shown(&backend.url).trim_end_matches('/'))),
        (None, Some(_)) => Ok("simulated:/".to_owned()),
        (None, None) => Err(missing()),
    }
}

/// The source of that name must be one that has silences.
pub(super) fn look(name: &Name, config: &Config) -> Result<Look, PlanFailure> {
    let sources = config.silence_sources();
    if !sources.contains(name) {
        let known: Vec<_> = sources.iter().map(|source| source.as_str()).collect();
        let hint =
            if known.is_empty() { "add [alertmanager]".to_owned() } else { format!("write {}", known.join(", ")) };
        return Err(PlanFailure::new(&format!("`{name}` has no silences in this configuration"), &hint));
    }
    let subject = Subject::Silences { source: name.clone() };
    Ok(Look::of(name, None, subject).and(Subject::Alerts { source: name.clone() }))
}

pub(super) fn targets(config: &Config) -> Vec<Name> {
    config.silence_sources()
}

pub(super) fn read(found: &Observation) -> Result<&Silences, PlanFailure> {
    found.silences.as_ref().ok_or_else(|| PlanFailure::new("the silences were not read", "make the plan again"))
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let hint = "write `silence alertmanager alert=NAME for=2h comment='why'`";
    let wrong = |reason: String| PlanFailure::new(&reason, hint);
    let (mut matchers, mut seconds, mut comment) = (Vec::new(), None, None);
    for (key, value) in arguments {
        match key.as_str() {
            "alert" => matchers.push(Matcher::alert(value).map_err(wrong)?),
            "matchers" => matchers.extend(Matcher::parse_list(value).map_err(wrong)?),
            "for" => seconds = Some(self::seconds(value).map_err(wrong)?),
            "comment" => comment = Some(self::comment(value).map_err(wrong)?),
            _ => return Err(wrong(format!("silence has no argument `{key}`"))),
        }
    }
    matchers.sort();
    matchers.dedup();
    let comment = comment.ok_or_else(|| wrong("silence needs a comment: why".to_owned()))?;
    let seconds = seconds.ok_or_else(|| wrong("silence needs a time: for=2h".to_owned()))?;
    if Matcher::match_everything(&matchers) {
        return Err(wrong("that would hold nearly everything back: name an alert, or a label's value".to_owned()));
    }
    Ok(Action::Silence(Silence { source: target.clone(), matchers, seconds, comment }))
}

fn seconds(value: &str) -> Result<u64, String> {
    let seconds = parse_duration(value).map(|length| length.as_secs());
    seconds.filter(|seconds| LENGTHS.contains(seconds)).ok_or_else(|| format!("`{value}` is not between 1m and 7d"))
}

fn comment(value: &str) -> Result<String, String> {
    let value = value.trim();
    let fine = !value.is_empty() && value.chars().count() <= LONGEST && !value.chars().any(is_unsafe);
    if fine { Ok(value.to_owned()) } else { Err(format!("a comment is one line of 1 to {LONGEST} characters")) }
}

impl Act for Silence {
    fn target(&self) -> &Name {
        &self.source
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        let length = format!("{}s", self.seconds);
        vec![("matchers", self.list()), ("for", length), ("comment", self.comment.clone())]
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        look(&self.source, config)
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        self.draft_at(found, config, found.taken)
    }

    fn draft_at(&self, found: &Observation, config: &Config, made: Timestamp) -> Result<Draft, PlanFailure> {
        if Matcher::match_everything(&self.matchers) {
            return Err(PlanFailure::new("it would hold nearly everything back", "name an alert, or a label's value"));
        }
        let (url, ends) = (base(config)?, self.ends(made));
        if let Some(failure) = self.already(read(found)?, ends) {
            return Err(failure);
        }
        let call = Call::AlertmanagerSilence {
            url: url.clone(),
            matchers: self.matchers.clone(),
            starts: made,
            ends,
            comment: self.comment.clone(),
        };
        let what = format!("{} is silenced: {}", self.list(), self.comment);
        Ok(Draft {
            target_id: Text::clean(&format!("{url}api/v2/silences")),
            changes: self.changes(found, ends),
            steps: vec![Step::new(format!("silence {} until {}", self.list(), shown(ends)), call)],
            undo: self.undo(made),
            debt: Some(DebtChange::opens(&key(&self.list()), what).due(ends)),
            ..Draft::default()
        })
    }

    /// Silences of the same that were there.
    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        let none = Silences::default();
        let there = like(&self.matchers, found.silences.as_ref().unwrap_or(&none));
        let ids: Vec<&str> = there.iter().map(|one| one.id.as_str()).collect();
        let ids = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
        BTreeMap::from([("silences like it".to_owned(), ids)])
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        let Some(silences) = &found.silences else { return unclear("the silences were not read") };
        match ours(self, scene, silences) {
            Some(one) => Sight {
                words: format!("silence {} is {} until {}", one.id, state(one.state), shown(one.ends)),
                effect: Effect::Shows,
                stage: stage(one),
                made: Some(one.id.to_string()),
            },
            None if silences.left_out > 0 => unclear(&format!("{} more silences are not told", silences.left_out)),
            None => Sight {
                words: "no such silence is there".to_owned(),
                effect: Effect::AsBefore,
                stage: Stage::Moving,
                made: None,
            },
        }
    }

    fn observed(&self, found: &Observation) -> String {
        let matched = matched(&self.matchers, found);
        let active = found
            .silences
            .as_ref()
            .map_or(0, |silences| silences.silences.iter().filter(|one| one.state == SilenceState::Active).count());
        format!("{active} silences in force; alerts that match: {}", named(&matched))
    }
}

fn stage(one: &source::Silence) -> Stage {
    match one.state {
        SilenceState::Active => Stage::Steady,
        SilenceState::Pending => Stage::Moving,
        SilenceState::Expired => Stage::Elsewhere(format!("silence {} was ended by somebody", one.id)),
    }
}

pub(super) fn state(state: SilenceState) -> &'static str {
    match state {
        SilenceState::Active => "in force",
        SilenceState::Pending => "pending",
        SilenceState::Expired => "over",
    }
}

pub(super) fn unclear(words: &str) -> Sight {
    Sight { words: words.to_owned(), effect: Effect::Unclear, stage: Stage::Moving, made: None }
}

/// The silence of this plan: by its identifier, or by matchers, end and comment where the answer was lost.
fn ours<'a>(action: &Silence, scene: &Scene<'_>, silences: &'a Silences) -> Option<&'a source::Silence> {
    if let Some(id) = scene.made.get(&scene.step) {
        return silences.silences.iter().find(|one| one.id.as_str() == id);
    }
    let Some(Call::AlertmanagerSilence { ends, .. }) = scene.plan.step(scene.step).map(|step| &step.call) else {
        return None;
    };
    let before = |id: &Text| scene.plan.observation.silences.as_ref().is_some_and(|before| before.get(id).is_some());
    let comment = Text::clean(&action.comment);
    let found = like(&action.matchers, silences).into_iter();
    found.filter(|one| one.comment == comment && !before(&one.id)).find(|one| is_at(one.ends, *ends))
}

/// Whether both are the same moment, as far as it is told.
pub(super) fn is_at(found: Timestamp, wanted: Timestamp) -> bool {
    found.duration_since(wanted).abs() <= APART
}
