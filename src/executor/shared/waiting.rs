//! Plans that wait for a second person on another host, and their yes.
//!
//! Logins and names of users mean nothing on another host: there, only AWS's word says who somebody is (the guard `approval`).
//! Whoever may write the table can write a yes, as whoever may write a state directory can. What stands in the table is not
//! trusted further than that: a plan is what its digest says, and none of it may act on a terminal.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::item::{self, Waiting, Waits, Yes};
use super::leases::SharedLeases;
use super::table::{Key, PutError, Unreachable};
use crate::action::{Operator, Plan, SecondYes};
use crate::executor::second::Proposal;
use crate::source::Observation;
use crate::text::{Text, is_unsafe};

/// Of what kind the row of a target's waiting plans is.
const APPROVAL: &str = "approval";

/// The most plans that wait at one target: more were made than anybody looks at.
const MOST: usize = 16;

/// The longest row, in bytes: DynamoDB takes 400 KB an item.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
const LONGEST: usize = 300_000;

/// The longest plan, in bytes: two fit a row at least.
const LONGEST_PLAN: usize = LONGEST / 2;

/// How long a plan that expired is kept: hosts' clocks need not agree to the minute.
const SLACK: Duration = Duration::from_secs(300);

/// Why a plan or a yes is not in the table, or may not be.
#[derive(Debug, thiserror::Error)]
pub enum NotWaiting {
    /// It is too long.
    #[error("the plan is too long for the shared table: {0} bytes of at most {LONGEST_PLAN}")]
    TooLong(usize),
    /// Secrets never enter the table.
    #[error("the plan holds a secret of the configuration or of a variable, which must not enter the shared table")]
    Secret,
    /// No such plan waits.
    #[error(
        "no plan `{0}` of another host waits in the shared table: it expired, newer plans of its target took its place, or it was never there; make it again"
    )]
    NoPlan(String),
    /// The beginning fits several.
    #[error("several plans that wait begin with `{0}`: give more of its digest")]
    Ambiguous(String),
    /// What stands there is not what its digest was taken of.
    #[error(
        "the plan `{0}` in the shared table is not what its digest was taken of; is that host's Quarterdeck of another version?"
    )]
    Altered(Text),
    /// What stands there could hide what it says on a terminal.
    #[error("the plan `{0}` in the shared table holds characters that act on a terminal; it is not shown")]
    Unsafe(Text),
    /// The table can't be asked, or nobody knows whether it was written.
    #[error(transparent)]
    Table(#[from] PutError),
}

impl From<Unreachable> for NotWaiting {
    fn from(error: Unreachable) -> Self {
        Self::Table(error.into())
    }
}

impl SharedLeases {
    /// Shows a plan to those who may agree to it on other hosts. Those that expired are taken out; what stands there already
    /// stays, with its yeses.
    ///
    /// # Errors
    /// It is too long, or it can't be written.
    pub async fn propose(&self, plan: &Plan, by: &Operator, now: Timestamp) -> Result<(), NotWaiting> {
        let waits = Waits {
            digest: plan.digest(),
            plan: unobserved(plan).map_err(|error| self.broken(&error.to_string()))?,
            by: by.clone(),
            caller: plan.observation.identity.as_ref().map(|identity| identity.arn.clone()),
            host: self.host().to_owned(),
            expires: plan.expires,
            yeses: Vec::new(),
        };
        let (length, old) = (waits.plan.to_string().len(), now.checked_sub(SLACK).unwrap_or(now));
        if length > LONGEST_PLAN {
            return Err(NotWaiting::TooLong(length));
        }
        if self.mask().cover(&mut waits.plan.clone()) {
            return Err(NotWaiting::Secret);
        }
        let add = |mut waiting: Waiting| {
            let same = |other: &&Waits| other.digest == waits.digest && other.plan == waits.plan;
            let shown = waiting.plans.iter().find(same).unwrap_or(&waits).clone();
            waiting.plans.retain(|other| other.expires > old && other.digest != waits.digest);
            waiting.plans.push(shown);
            shorten(&mut waiting);
            Ok(Some(waiting))
        };
        self.amend(place(&plan.target_arn), add).await
    }

    /// The plan of another host that waits under this digest, of which the beginning is enough.
    ///
    /// # Errors
    /// None waits, several begin so, it was altered, or the table can't be asked. A row that can't be read is in the way of
    /// what stands in it alone.
    pub async fn proposal(&self, digest: &str) -> Result<Proposal, NotWaiting> {
        let rows = self.table.list(APPROVAL).await?;
        let (mut found, mut unread) = (Vec::new(), None);
        for (target, row) in rows {
            let theirs = |waits: &Waits| waits.host != self.host() && waits.digest.starts_with(digest);
            match item::read::<Waiting>(&self.table_name(), &target, &row) {
                Ok(waiting) => found.extend(waiting.plans.into_iter().filter(theirs)),
                Err(error) => unread = Some(error),
            }
        }
        match <[Waits; 1]>::try_from(found) {
            Ok([waits]) => observed_anew(waits),
            Err(none) if none.is_empty() => {
                Err(unread.map_or_else(|| NotWaiting::NoPlan(digest.to_owned()), NotWaiting::from))
            }
            Err(_) => Err(NotWaiting::Ambiguous(digest.to_owned())),
        }
    }

    /// Writes a second person's yes to a plan of another host down; a later one of the same person takes its place.
    ///
    /// # Errors
    /// The plan waits no more, or it can't be written.
    pub async fn agree(&self, plan: &Plan, yes: &SecondYes) -> Result<(), NotWaiting> {
        let written = Yes {
            by: yes.by.clone(),
            host: self.host().to_owned(),
            caller: yes.caller.clone(),
            at: yes.at,
            until: yes.until,
        };
        let add = |mut waiting: Waiting| {
            let waits = waiting.plans.iter_mut().find(|waits| waits.digest == yes.digest);
            let waits = waits.ok_or_else(|| NotWaiting::NoPlan(yes.digest.clone()))?;
            waits.yeses.retain(|other| other.by != written.by || other.host != written.host);
            waits.yeses.push(written.clone());
            Ok(Some(waiting))
        };
        self.amend(place(&plan.target_arn), add).await
    }

    /// Everybody's yes to a plan that stands in the table; others stand in the journal of the state directory. No login is
    /// told: the numbers of users mean nothing on another host.
    ///
    /// # Errors
    /// The table can't be asked: then nobody is known to have agreed.
    pub async fn yeses(&self, plan: &Plan) -> Result<Vec<SecondYes>, Unreachable> {
        let Some(row) = self.table.get(place(&plan.target_arn)).await? else { return Ok(Vec::new()) };
        let waiting: Waiting = item::read(&self.table_name(), &plan.target_arn, &row)?;
        let digest = plan.digest();
        let yeses = waiting.plans.into_iter().filter(|waits| waits.digest == digest).flat_map(|waits| waits.yeses);
        let told = |yes: Yes| SecondYes {
            digest: digest.clone(),
            by: yes.by,
            login: None,
            caller: yes.caller,
            at: yes.at,
            until: yes.until,
        };
        Ok(yeses.map(told).collect())
    }
}

fn place(target: &Text) -> Key<'_> {
    Key { kind: APPROVAL, id: target.as_str() }
}

/// The plan without its observation, which the other host takes anew, and which may be longer than a row.
fn unobserved(plan: &Plan) -> serde_json::Result<Value> {
    let mut value = serde_json::to_value(plan)?;
    if let Value::Object(fields) = &mut value {
        fields.remove("observation");
    }
    Ok(value)
}

/// The plan as it was proposed, resting on nothing yet.
fn observed_anew(waits: Waits) -> Result<Proposal, NotWaiting> {
    let altered = || NotWaiting::Altered(Text::clean(&waits.digest));
    if acts_on_terminals(&waits.plan) {
        return Err(NotWaiting::Unsafe(Text::clean(&waits.digest)));
    }
    let mut value = waits.plan.clone();
    let made = value.get("made").and_then(Value::as_str).and_then(|made| made.parse().ok()).ok_or_else(altered)?;
    let nothing = serde_json::to_value(Observation::at(made)).map_err(|_| altered())?;
    value.as_object_mut().ok_or_else(altered)?.insert("observation".to_owned(), nothing);
    let plan: Plan = serde_json::from_value(value).map_err(|_| altered())?;
    if plan.digest() != waits.digest {
        return Err(altered());
    }
    Ok(Proposal { plan, by: waits.by, caller: waits.caller })
}

/// Whether any text of it has a character that may act on a terminal or hide in a name. Plans of our own have none but the line
/// ends and tabs of a declared body, which is shown without them.
fn acts_on_terminals(value: &Value) -> bool {
    let acts = |text: &str| text.chars().any(|c| is_unsafe(c) && !matches!(c, '\n' | '\r' | '\t'));
    match value {
        Value::String(text) => acts(text),
        Value::Array(items) => items.iter().any(acts_on_terminals),
        Value::Object(fields) => fields.iter().any(|(key, field)| acts(key) || acts_on_terminals(field)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Takes plans out until the row fits, but not the newest: first those that nobody agreed to, the oldest first.
fn shorten(waiting: &mut Waiting) {
    while waiting.plans.len() > MOST || length(waiting) > LONGEST {
        let unwanted = waiting.plans.iter().position(|waits| waits.yeses.is_empty());
        let at = unwanted.filter(|at| at + 1 < waiting.plans.len()).unwrap_or(0);
        waiting.plans.remove(at);
    }
}

fn length(waiting: &Waiting) -> usize {
    serde_json::to_string(waiting).map_or(0, |text| text.len())
}
