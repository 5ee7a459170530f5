//! What is read, fresh, before a change and after it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Alert, AlertState, Candidate, Cdn, Database, Identity, Needs, Protection, Releases, Restore, Scaling, SeenAlerts,
    SeenDeclared, ServedWell, Silences, Traffic, Workload,
};
use crate::config::Query;
use crate::source::{Name, Number, Subject};
use crate::text::Text;

/// What an action wants to be read of its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The service or protected thing that is looked at: whose alerts count.
    pub target: Name,
    /// The place of `[[aws.place]]` that it is in; `None` is `[aws]` itself.
    pub place: Option<Name>,
    /// What is read of it. A subject that can't be read fails the whole look: what is not known is never taken for fine.
    pub subjects: Vec<Subject>,
    /// Questions that are asked besides, by name; an answer that can't be had fails the whole look as well.
    pub questions: Vec<(String, Query)>,
    /// Whether the subjects are read elsewhere than on AWS: a zone of Cloudflare.
    pub beyond_aws: bool,
    /// The declared action of the target that is looked at, by name: its declaration, and what its read-back reads.
    pub declared: Option<Name>,
    /// Whether this reads back what a call did: credentials and alerts are known by then and not asked for again.
    pub is_back: bool,
}

impl Look {
    /// One subject of a target in a place.
    pub fn of(target: &Name, place: Option<&Name>, subject: Subject) -> Self {
        Self { place: place.cloned(), subjects: vec![subject], ..Self::of_nothing(target) }
    }

    /// Nothing of a target yet.
    pub fn of_nothing(target: &Name) -> Self {
        let (subjects, questions) = (Vec::new(), Vec::new());
        Self {
            target: target.clone(),
            place: None,
            subjects,
            questions,
            beyond_aws: false,
            declared: None,
            is_back: false,
        }
    }

    /// Workload and scaling of a service in a place.
    pub fn workload(service: &Name, place: Option<&Name>) -> Self {
        let (workload, scaling) =
            (Subject::Workload { service: service.clone() }, Subject::Scaling { service: service.clone() });
        Self { place: place.cloned(), subjects: vec![workload, scaling], ..Self::of_nothing(service) }
    }

    /// The same, with one subject more.
    pub fn and(mut self, subject: Subject) -> Self {
        self.subjects.push(subject);
        self
    }

    /// The same without what only the first call's guards want to know: for looking again and again while it is carried out.
    pub fn to_watch(mut self) -> Self {
        self.subjects.retain(|subject| !matches!(subject, Subject::Needs { .. } | Subject::Served { .. }));
        self
    }

    /// Whether anything of it is read from AWS, with credentials that must be known then.
    pub fn is_on_aws(&self) -> bool {
        let elsewhere = |subject: &Subject| matches!(subject, Subject::Silences { .. } | Subject::Alerts { .. });
        !self.beyond_aws && self.subjects.iter().any(|subject| !elsewhere(subject))
    }
}

/// What was read of a target at one moment, for planning and for judging. Only what the [`Look`] asked for is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// When it was taken.
    pub taken: Timestamp,
    /// Whose AWS credentials read it, and in which account and region; `None` where the target is not on AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The workload, tasks included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<Workload>,
    /// Its scaling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// What was released to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub releases: Option<Releases>,
    /// The image that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Candidate>,
    /// What the revisions that it may be brought to need, and whether that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Needs>,
    /// How it did while earlier revisions served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served: Option<Vec<ServedWell>>,
    /// How its load balancer spreads traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// The database that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Database>,
    /// The copies of a protected thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<Protection>,
    /// What a restore test of a protected thing rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Restore>,
    /// The content delivery network that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cdn: Option<Cdn>,
    /// The silences of Alertmanager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silences: Option<Silences>,
    /// The alerts that fire or are held back, whatever they are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<SeenAlerts>,
    /// The declared action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<SeenDeclared>,
    /// Answers to the questions, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, Number>,
    /// Names of alarms and alerts that fire for this target; `None` where they could not be read.
    pub firing: Option<Vec<Text>>,
    /// Those of them that page somebody; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paging: Option<Vec<Text>>,
    /// Names of those that would page somebody, but are silenced, muted or inhibited: what is wrong is still wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_back: Vec<Text>,
}

impl Observation {
    /// The same, read with these credentials.
    pub fn by(self, identity: Identity) -> Self {
        Self { identity: Some(identity), ..self }
    }

    /// Nothing read yet, at this moment.
    pub fn at(taken: Timestamp) -> Self {
        Self {
            taken,
            identity: None,
            workload: None,
            scaling: None,
            releases: None,
            candidate: None,
            needs: None,
            served: None,
            traffic: None,
            database: None,
            protection: None,
            restore: None,
            cdn: None,
            silences: None,
            alerts: None,
            declared: None,
            answers: BTreeMap::new(),
            firing: None,
            paging: None,
            held_back: Vec::new(),
        }
    }

    /// The same, with the alerts of its target, those that are held back included; `None` where they could not be read.
    pub fn with_alerts(self, alerts: Option<&[Alert]>) -> Self {
        let named = |wanted: &dyn Fn(&Alert) -> bool| {
            alerts.map(|alerts| alerts.iter().filter(|alert| wanted(alert)).map(|alert| alert.name.clone()).collect())
        };
        let fires = |alert: &Alert| alert.state == AlertState::Firing;
        Self {
            firing: named(&fires),
            paging: named(&|alert| fires(alert) && alert.pages()),
            held_back: named(&|alert| alert.state == AlertState::Suppressed && alert.pages()).unwrap_or_default(),
            ..self
        }
    }

    /// Keeps what was read of a subject. False: an observation has no room for such a payload.
    pub fn keep(&mut self, payload: super::Payload) -> bool {
        use super::Payload;
        match payload {
            Payload::Identity(identity) => self.identity = Some(identity),
            Payload::Workload(workload) => self.workload = Some(workload),
            Payload::Scaling(scaling) => self.scaling = Some(scaling),
            Payload::Releases(releases) => self.releases = Some(releases),
            Payload::Candidate(candidate) => self.candidate = Some(candidate),
            Payload::Needs(needs) => self.needs = Some(needs),
            Payload::Traffic(traffic) => self.traffic = Some(traffic),
            Payload::Database(database) => self.database = Some(database),
            Payload::Protection(protection) => self.protection = Some(protection),
            Payload::Restore(restore) => self.restore = Some(restore),
            Payload::Cdn(cdn) => self.cdn = Some(cdn),
            Payload::Silences(silences) => self.silences = Some(silences),
            Payload::Alerts(alerts) => self.alerts = Some(alerts.into()),
            _ => return false,
        }
        true
    }
}
