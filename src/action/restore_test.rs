//! `restore_test`: the newest snapshot is restored beside production, checked, timed and removed. How long that took is what a
//! recovery time objective is held against.
//!
//! The copy is named by the plan, and its tag names the plan too: it is found again by both where an answer was lost, and what
//! has not both is never removed. Production itself is only read.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RestoreFromSnapshot.html>

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::act::whose;
use super::given::{Given, short};
use super::plan::sha256;
use super::{
    ANY, Act, Action, ActionSpec, Call, Change, CopyChange, DebtChange, Draft, Network, PlanFailure, Scene, Sight,
    Step, Undo, database, restored,
};
use crate::config::{Config, Copies, Protected};
use crate::source::{
    DatabaseKind, Look, Name, Observation, Restore, RestoreOrigin, RestorePoint, Subject, copy_prefix,
};
use crate::text::Text;

/// The key of what a test that could not remove its copy leaves in the ledger of debts.
const DEBT: &str = "restored copy";

/// How many digits of the plan's mark go into the copy's identifier.
const DIGITS: usize = 12;

/// How long the removal of a cluster or an instance may take.
const REMOVAL: Duration = Duration::from_secs(30 * 60);

/// The facts of what is restored, of what it is a copy of, and of the copies that there are. What production does while the
/// copy is there is no drift of its removal.
const POINT: &str = "recovery point";
const ORIGIN: &str = "original";
const COPIES: &str = "restored copies";

/// Restore the newest snapshot of a protected thing beside production, check it, time it and remove it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreTest {
    /// The protected thing.
    pub protected: Name,
}

impl RestoreTest {
    /// The row of [`ACTIONS`](super::ACTIONS).
    pub const SPEC: ActionSpec = ActionSpec {
        name: "restore_test",
        summary: "restore the newest snapshot beside production, check it, time it, remove it",
        arguments: &[],
        targets,
        parse,
    };

    /// What was read, or why there is no plan.
    fn read<'a>(&self, found: &'a Observation, config: &'a Config) -> Result<Read<'a>, PlanFailure> {
        let (thing, copies, _) = protected(&self.protected, config)?;
        let unread = || PlanFailure::new("what could be restored was not read", "make the plan again");
        let restore = found.restore.as_ref().ok_or_else(unread)?;
        let none = || {
            let reason = format!("`{}` has no snapshot that can be restored", self.protected);
            PlanFailure::new(
                &reason,
                &format!("make one: quarterdeck plan start_backup {} by=snapshot", self.protected),
            )
        };
        Ok(Read { thing, copies, restore, point: restore.point.as_ref().ok_or_else(none)? })
    }

    /// So many hexadecimal digits that are of this plan alone: of the thing, its snapshot, and the moment.
    fn mark(&self, point: &RestorePoint, made: Timestamp) -> String {
        let mut mark = sha256(&format!("restore_test {} {} {} {made}", self.protected, point.id, point.cut));
        mark.truncate(32);
        mark
    }
}

/// What a draft is made of.
struct Read<'a> {
    thing: &'a Protected,
    copies: &'a Copies,
    restore: &'a Restore,
    point: &'a RestorePoint,
}

/// Whether it is the identifier of a copy of this thing, or of its instance.
pub(super) fn is_copy_of(thing: &Name, id: &str) -> bool {
    let Some(rest) = id.strip_prefix(&copy_prefix(thing)) else { return false };
    let mark = rest.strip_suffix("-1").unwrap_or(rest);
    mark.len() == DIGITS && mark.chars().all(|c| c.is_ascii_hexdigit())
}

/// Whether the identifier is made of that mark.
pub(super) fn is_named_by(thing: &Name, id: &str, mark: &str) -> bool {
    let Some(digits) = mark.get(..DIGITS) else { return false };
    is_copy_of(thing, id) && id.strip_prefix(&copy_prefix(thing)).is_some_and(|rest| rest.starts_with(digits))
}

/// The protected things that have one cluster or instance whose snapshots are read.
fn targets(config: &Config) -> Vec<Name> {
    let able = config.backups.iter().filter(|thing| thing.database().is_some());
    able.map(|thing| thing.name.clone()).collect()
}

type Found<'a> = (&'a Protected, &'a Copies, (DatabaseKind, &'a str));

/// The protected thing of that name, and what of it is restored.
fn protected<'a>(name: &Name, config: &'a Config) -> Result<Found<'a>, PlanFailure> {
    let Some(thing) = config.backups.iter().find(|thing| thing.name == *name) else {
        let known = targets(config).iter().map(Name::to_string).collect::<Vec<_>>().join(", ");
        let reason = format!("environment `{}` has no [[backup]] `{name}`", config.environment.name);
        return Err(PlanFailure::new(&reason, &format!("those that can be restored are: {known}")));
    };
    let found = thing.copies.as_ref().and_then(|copies| Some((thing, copies, thing.database()?)));
    found.ok_or_else(|| {
        let reason = format!("the configuration does not say which database a copy of `{name}` is restored of");
        PlanFailure::new(&reason, "give its [[backup]] one `cluster` or one `instance`")
    })
}

fn parse(target: &Name, arguments: &[(String, String)]) -> Result<Action, PlanFailure> {
    Given::new("restore_test", "write `restore_test THING`", arguments).done()?;
    Ok(Action::RestoreTest(RestoreTest { protected: target.clone() }))
}

/// What one plan makes: names, class, mark.
struct Copy<'a> {
    read: &'a Read<'a>,
    /// The cluster, or the instance that is in none.
    id: String,
    class: String,
    mark: String,
}

impl<'a> Copy<'a> {
    fn new(read: &'a Read<'a>, mark: String) -> Result<Self, PlanFailure> {
        let digits = mark.get(..DIGITS).unwrap_or_default();
        let id = format!("{}{digits}", copy_prefix(&read.thing.name));
        Ok(Self { id, class: class(read)?, read, mark })
    }

    fn origin(&self) -> &RestoreOrigin {
        &self.read.restore.origin
    }

    fn instance(&self) -> String {
        format!("{}-1", self.id)
    }

    fn network(&self) -> Network {
        let RestoreOrigin { subnet_group, security_groups, .. } = self.origin();
        Network {
            subnet_group: subnet_group.as_ref().map(Text::to_string),
            security_groups: security_groups.iter().map(Text::to_string).collect(),
        }
    }

    /// Steps that make the copy.
    fn making(&self) -> Vec<Step> {
        let (copy, mark, snapshot) = (self.id.clone(), self.mark.clone(), self.read.point.id.to_string());
        let (engine, class, network) = (self.read.point.engine.to_string(), self.class.clone(), self.network());
        let changes = match self.origin().kind {
            DatabaseKind::Cluster => vec![
                CopyChange::RestoreCluster { copy, snapshot, engine: engine.clone(), network, mark: mark.clone() },
                CopyChange::AddInstance { copy: self.instance(), cluster: self.id.clone(), class, engine, mark },
            ],
            DatabaseKind::Instance => vec![CopyChange::RestoreInstance { copy, snapshot, class, network, mark }],
        };
        let share = self.read.thing.restore_test.within / u32::try_from(changes.len()).unwrap_or(1);
        let last = changes.len() - 1;
        let step = |(at, change): (usize, CopyChange)| Step {
            within: Some(share),
            turns_back: true,
            measures: at == last,
            ..self.step("make", change)
        };
        changes.into_iter().enumerate().map(step).collect()
    }

    /// Steps that remove it: a cluster's instance first.
    fn removing(&self) -> Vec<Step> {
        let (copy, mark) = (self.id.clone(), self.mark.clone());
        let changes = match self.origin().kind {
            DatabaseKind::Cluster => vec![
                CopyChange::RemoveInstance { copy: self.instance(), made_by: 1, mark: mark.clone() },
                CopyChange::RemoveCluster { copy, made_by: 0, mark },
            ],
            DatabaseKind::Instance => vec![CopyChange::RemoveInstance { copy, made_by: 0, mark }],
        };
        changes.into_iter().map(|change| Step { within: Some(REMOVAL), ..self.step("remove", change) }).collect()
    }

    fn step(&self, verb: &str, change: CopyChange) -> Step {
        let summary = format!("{verb} the {} {}", change.kind().word(), change.copy());
        Step::new(summary, Call::RdsCopy { change, place: self.read.copies.place.clone() })
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = self.making();
        steps.extend(self.removing());
        let moves = [POINT, ORIGIN, COPIES].map(|fact| (fact.to_owned(), ANY.to_owned()));
        // The second step's facts hold for all that follow, the way back included.
        if let Some(second) = steps.get_mut(1) {
            second.facts = moves.into();
        }
        steps
    }

    /// The first line is the change; the others are what to know of it.
    fn changes(&self, taken: Timestamp) -> Vec<Change> {
        let same = |what: &str, value: String| Change::new(what, &value, &value);
        let (point, origin) = (self.read.point, self.origin());
        let age = Duration::try_from(taken.duration_since(point.cut)).unwrap_or_default();
        let restored = format!("{} of {}, checked, and removed again", self.id, point.id);
        let put =
            format!("{}, {}, as {} is; not public, without deletion protection", self.class, self.network(), origin.id);
        vec![
            Change::new("restored copy", "none", &restored),
            same("production", format!("{} {} is not touched", origin.kind.word(), origin.id)),
            same("recovery point", format!("{}, cut {:.0}, {} old", point.id, point.cut, hours(age))),
            same("set up as", put),
            same("checked", self.checked()),
            same("time allowed", format!("{} until it is available", short(self.read.thing.restore_test.within))),
        ]
    }

    fn checked(&self) -> String {
        let point = self.read.point;
        let storage = point.storage_gib.map_or("storage not told".to_owned(), |gib| format!("{gib} GiB"));
        let reach = if self.read.thing.restore_test.reach { "its port answers" } else { "connection NOT checked" };
        format!("{} {}, {storage}, not public; {reach}; its data is not read", point.engine, point.version)
    }

    fn debt(&self) -> DebtChange {
        let what = match self.origin().kind {
            DatabaseKind::Cluster => format!("instance {} and cluster {}", self.instance(), self.id),
            DatabaseKind::Instance => format!("instance {}", self.id),
        };
        let left =
            format!("restored copy left: {what} may still be there and cost money; remove it without a snapshot");
        DebtChange::Settles { key: DEBT.to_owned(), unless: Some(left) }
    }
}

/// The class of the copy's instance: what is configured, else production's own, which can run what was saved.
fn class(read: &Read<'_>) -> Result<String, PlanFailure> {
    let (origin, thing) = (&read.restore.origin, read.thing);
    let refused = |reason: String, hint: &str| Err(PlanFailure::new(&reason, hint));
    if origin.makes_instances {
        let reason = format!("{} is a Multi-AZ DB cluster, which makes its instances itself", origin.id);
        return refused(reason, "restore it by hand, and write last_restore_test and restore_took in its [[backup]]");
    }
    if origin.mode.as_ref().is_some_and(|mode| !matches!(mode.as_str(), "" | "provisioned")) {
        let mode = origin.mode.as_ref().map_or("", Text::as_str);
        let reason = format!("{} runs in the mode `{mode}`, which can't be restored from here", origin.id);
        return refused(reason, "restore it by hand, and write last_restore_test and restore_took in its [[backup]]");
    }
    let own = origin.class.as_ref().map(Text::to_string).filter(|class| class != "db.serverless" && !class.is_empty());
    thing.restore_test.class.clone().or(own).ok_or_else(|| {
        let reason = format!("{} has no instance whose class a copy could have", origin.id);
        PlanFailure::new(&reason, "write restore_class = \"db.…\" in its [[backup]]")
    })
}

/// Hours, or days where it is many.
fn hours(age: Duration) -> String {
    let minutes = age.as_secs() / 60;
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 1440),
    }
}

impl Act for RestoreTest {
    fn target(&self) -> &Name {
        &self.protected
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        let (_, copies, _) = protected(&self.protected, config)?;
        let subject = Subject::Restore { protected: self.protected.clone() };
        Ok(Look::of(&self.protected, copies.place.as_ref(), subject))
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        self.draft_at(found, config, found.taken)
    }

    fn draft_at(&self, found: &Observation, config: &Config, made: Timestamp) -> Result<Draft, PlanFailure> {
        let read = self.read(found, config)?;
        let copy = Copy::new(&read, self.mark(read.point, made))?;
        // Of the thing's copies as such, so that two tests exclude each other, and neither keeps others off production.
        let id = format!("{}any", copy_prefix(&self.protected));
        let kind = if copy.origin().kind == DatabaseKind::Cluster { "cluster" } else { "db" };
        let within = read.thing.restore_test.within;
        let cost = format!(
            "an instance of {} with its storage for as long as the test takes (10 minutes are charged at least, {} at most)",
            copy.class,
            short(within.saturating_add(REMOVAL))
        );
        Ok(Draft {
            target_id: database::arn(kind, &id, found.identity.as_ref())?,
            changes: copy.changes(found.taken),
            steps: copy.steps(),
            on_failure: copy.removing(),
            undo: Undo::Impossible { reason: "what it restores it removes; nothing else is changed".to_owned() },
            cost: Some(cost),
            debt: Some(copy.debt()),
            within: Some(within),
            ..Draft::default()
        })
    }

    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        let mut facts = whose(found);
        let Some(restore) = &found.restore else { return facts };
        let point =
            restore.point.as_ref().map_or("none".to_owned(), |point| format!("{}, cut {}", point.id, point.cut));
        let origin = &restore.origin;
        let groups: Vec<_> = origin.security_groups.iter().map(Text::as_str).collect();
        let group = origin.subnet_group.as_ref().map_or("default", Text::as_str);
        let own = restore.copies.iter().filter(|copy| is_copy_of(&self.protected, &copy.id));
        let own: Vec<_> = own.map(|copy| copy.id.as_str()).collect();
        let copies = if own.is_empty() { "none".to_owned() } else { own.join(", ") };
        facts.extend([
            (POINT.to_owned(), point),
            (ORIGIN.to_owned(), format!("{}, subnet group {group}, security groups {}", origin.id, groups.join(", "))),
            (COPIES.to_owned(), copies),
        ]);
        facts
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        match (scene.plan.step(scene.step).map(|step| &step.call), &found.restore) {
            (Some(Call::RdsCopy { change, .. }), Some(now)) => restored::sight(change, scene, now),
            _ => restored::unclear("the restored copies were not read".to_owned()),
        }
    }

    fn observed(&self, found: &Observation) -> String {
        let Some(restore) = &found.restore else { return "no restored copies were read".to_owned() };
        let own = restore.copies.iter().filter(|copy| is_copy_of(&self.protected, &copy.id));
        let words: Vec<_> = own.map(|copy| format!("{} {} {}", copy.kind.word(), copy.id, copy.status)).collect();
        if words.is_empty() { "no restored copy".to_owned() } else { words.join(", ") }
    }
}
