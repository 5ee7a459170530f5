//! `unsilence`: end a silence of Alertmanager now.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::silence::{Silence, base, is_at, key, like, look, matched, named, read, shown, state, targets, unclear};
use super::{
    Act, Action, ActionSpec, ArgumentSpec, Call, Change, DebtChange, Draft, Effect, Matcher, PlanFailure, Scene, Sight,
    Stage, Step, Undo,
};
use crate::config::Config;
use crate::source::{self, Look, Name, Observation, SilenceState, Silences};
use crate::text::Text;

/// End a silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsilence {
    /// The Alertmanager, by the name of its source.
    pub source: Name,
    /// Which silence.
    #[serde(flatten)]
    pub which: Which,
}

/// Which silence is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// That of this identifier.
    Id(String),
    /// The one of exactly these matchers and this end: how a silence is undone whose identifier was not known when it was
    /// planned.
    Exactly {
        /// What it matches.
        matchers: Vec<Matcher>,
        /// When it ends.
        ends: Timestamp,
    },
}

impl Unsilence {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "unsilence",
        summary: "end a silence of Alertmanager now",
        arguments: &[
            ArgumentSpec { name: "id", summary: "the silence's identifier; or matchers and ends" },
            ArgumentSpec { name: "matchers", summary: "what it matches, exactly" },
            ArgumentSpec { name: "ends", summary: "when it would end, such as 2026-01-31T12:00:00Z" },
        ],
        targets,
        parse,
    };

    fn find<'a>(&self, silences: &'a Silences) -> Option<&'a source::Silence> {
        match &self.which {
            Which::Id(id) => silences.silences.iter().find(|one| one.id.as_str() == id),
            Which::Exactly { matchers, ends } => {
                like(matchers, silences).into_iter().find(|one| is_at(one.ends, *ends))
            }
        }
    }

    fn missing(&self, silences: &Silences) -> PlanFailure {
        let active: Vec<_> = silences.silences.iter().filter(|one| one.state != SilenceState::Expired).collect();
        let ids: Vec<&str> = active.iter().take(5).map(|one| one.id.as_str()).collect();
        let hint = match ids.as_slice() {
            [] => "no silence is in force".to_owned(),
            ids => format!("in force or pending: {}", ids.join(", ")),
        };
        let which = match &self.which {
            Which::Id(id) => format!("silence {id} is not there"),
            Which::Exactly { matchers, ends } => {
                format!("no silence of {} until {} is there", Matcher::list(matchers), shown(*ends))
            }
        };
        PlanFailure::new(&which, &hint)
    }

    /// The same silence again, for the time that is left.
    fn again(&self, one: &source::Silence, made: Timestamp) -> Undo {
        let left = one.ends.duration_since(made).as_secs();
        let matchers = Matcher::parse_list(&list(one)).unwrap_or_default();
        let seconds = u64::try_from(left).unwrap_or_default();
        if seconds < 60 || Matcher::match_everything(&matchers) {
            return Undo::Impossible {
                reason: "it would have ended within the minute, or matches everything".to_owned(),
            };
        }
        let comment = one.comment.chars().take(200).collect();
        Undo::Action { action: Action::Silence(Silence { source: self.source.clone(), matchers, seconds, comment }) }
    }

    fn changes(&self, one: &source::Silence, found: &Observation) -> Vec<Change> {
        let same = |what: &str, value: &str| Change::new(what, value, value);
        let matchers = Matcher::parse_list(&list(one)).unwrap_or_default();
        let until = format!("{} until {}", state(one.state), shown(one.ends));
        vec![
            Change::new(&format!("silence {}", one.id), &until, "over"),
            same("matches", &list(one)),
            Change::new("alerts that match", &named(&matched(&matchers, found)), "told again"),
            same("set by", &format!("{}: {}", one.created_by, one.comment)),
        ]
    }
}

/// A silence's matchers as they are typed, in order.
fn list(one: &source::Silence) -> String {
    let mut matchers: Vec<&str> = one.matchers.iter().map(|matcher| matcher.as_str()).collect();
    matchers.sort_unstable();
    matchers.join(",")
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    let hint = "write `unsilence alertmanager id=ID`";
    let wrong = |reason: String| PlanFailure::new(&reason, hint);
    let (mut id, mut matchers, mut ends) = (None, None, None);
    for (key, value) in arguments {
        match key.as_str() {
            "id" => id = Some(self::id(value).map_err(wrong)?),
            "matchers" => matchers = Some(Matcher::parse_list(value).map_err(wrong)?),
            "ends" => ends = Some(value.parse().map_err(|_| wrong(format!("`{value}` is not a moment")))?),
            _ => return Err(wrong(format!("unsilence has no argument `{key}`"))),
        }
    }
    let which = match (id, matchers, ends) {
        (Some(id), None, None) => Which::Id(id),
        (None, Some(matchers), Some(ends)) => Which::Exactly { matchers, ends },
        _ => return Err(wrong("unsilence needs an id, or both matchers and ends".to_owned())),
    };
    Ok(Action::Unsilence(Unsilence { source: target.clone(), which }))
}

/// It becomes part of a path.
fn id(value: &str) -> Result<String, String> {
    let safe = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if safe && (1..=64).contains(&value.len()) {
        Ok(value.to_owned())
    } else {
        Err(format!("`{value}` is no identifier"))
    }
}

impl Act for Unsilence {
    fn target(&self) -> &Name {
        &self.source
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match &self.which {
            Which::Id(id) => vec![("id", id.clone())],
            Which::Exactly { matchers, ends } => {
                vec![("matchers", Matcher::list(matchers)), ("ends", ends.to_string())]
            }
        }
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        look(&self.source, config)
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        self.draft_at(found, config, found.taken)
    }

    fn draft_at(&self, found: &Observation, config: &Config, made: Timestamp) -> Result<Draft, PlanFailure> {
        let silences = read(found)?;
        let url = base(config)?;
        let one = self.find(silences).ok_or_else(|| self.missing(silences))?;
        if one.state == SilenceState::Expired {
            let reason = format!("nothing would change: silence {} ended at {}", one.id, shown(one.ends));
            return Err(PlanFailure::new(&reason, "there is nothing to do"));
        }
        let call = Call::AlertmanagerExpire {
            url: url.clone(),
            id: id(&one.id).map_err(|reason| PlanFailure::new(&reason, "end it at Alertmanager itself"))?,
        };
        Ok(Draft {
            target_id: Text::clean(&format!("{url}api/v2/silences")),
            changes: self.changes(one, found),
            steps: vec![Step::new(format!("end silence {}", one.id), call)],
            undo: self.again(one, made),
            debt: Some(DebtChange::settles(key(&list(one)))),
            ..Draft::default()
        })
    }

    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        let one = found.silences.as_ref().and_then(|silences| self.find(silences));
        let fact = one.map_or("none".to_owned(), |one| format!("{} {} until {}", one.id, list(one), shown(one.ends)));
        BTreeMap::from([("silence".to_owned(), fact)])
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        let Some(silences) = &found.silences else { return unclear("the silences were not read") };
        let Some(Call::AlertmanagerExpire { id, .. }) = scene.plan.step(scene.step).map(|step| &step.call) else {
            return unclear("the plan names no silence");
        };
        let there = silences.silences.iter().find(|one| one.id.as_str() == id);
        match there.map(|one| one.state) {
            Some(SilenceState::Active | SilenceState::Pending) => Sight {
                words: format!("silence {id} is still there"),
                effect: Effect::AsBefore,
                stage: Stage::Moving,
                made: None,
            },
            None if silences.left_out > 0 => unclear(&format!("{} more silences are not told", silences.left_out)),
            _ => Sight {
                words: format!("silence {id} is over"),
                effect: Effect::Shows,
                stage: Stage::Steady,
                made: None,
            },
        }
    }

    fn observed(&self, found: &Observation) -> String {
        let one = found.silences.as_ref().and_then(|silences| self.find(silences));
        one.map_or("no such silence is there".to_owned(), |one| {
            format!("silence {} is {} until {}", one.id, state(one.state), shown(one.ends))
        })
    }
}
