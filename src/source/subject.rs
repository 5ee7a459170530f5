//! What can be read: the keys under which readings are kept.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::data::Payload;

/// A name from the configuration: of a service, a signal, a source, an endpoint. Cheap to copy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Name(Arc<str>);

impl Name {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self(Arc::from(name))
    }
}

impl From<String> for Name {
    fn from(name: String) -> Self {
        Self(Arc::from(name))
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::ops::Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A signal of a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SignalId {
    /// The service it belongs to.
    pub service: Name,
    /// Its name within the service, such as `latency_p95`.
    pub signal: Name,
}

impl fmt::Display for SignalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.signal)
    }
}

/// What a reading is about. One subject has one reader.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// A measured signal of a service.
    Signal(SignalId),
    /// Single requests behind a signal, by their traces.
    Exemplars(SignalId),
    /// The error budget of one ratio objective of a service.
    Objective {
        /// The service.
        service: Name,
        /// The objective's name.
        objective: Name,
    },
    /// A service's workload as its orchestrator runs it: counts, deployments, tasks, events (ECS).
    Workload {
        /// The service.
        service: Name,
    },
    /// A service's scaling target, policies and activities (Application Auto Scaling).
    Scaling {
        /// The service.
        service: Name,
    },
    /// One health endpoint of a service.
    Health {
        /// The service.
        service: Name,
        /// The endpoint's name.
        endpoint: Name,
    },
    /// All alarms or alerts of one source (CloudWatch alarms, Alertmanager, Prometheus rules).
    Alerts {
        /// The source.
        source: Name,
    },
    /// A measure of a protected thing (a backup count, a restore point's age) that the configuration declares.
    Backup {
        /// The protected thing.
        protected: Name,
        /// The measure's name.
        measure: Name,
    },
    /// Whose credentials are in use, in which account.
    Identity {
        /// The source that told.
        source: Name,
    },
    /// The silences of one Alertmanager.
    Silences {
        /// The source.
        source: Name,
    },
    /// What changed the states of a source's alarms (CloudWatch).
    AlarmHistory {
        /// The source.
        source: Name,
    },
    /// What was released to a service's workload: revisions, images, deployments, stopped tasks (ECS, ECR).
    Releases {
        /// The service.
        service: Name,
    },
    /// An image that a service could be given: it is asked for by plans only.
    Candidate {
        /// The service.
        service: Name,
        /// The container; none is the only one.
        container: Option<String>,
        /// The tag, or `sha256:…`.
        version: String,
    },
    /// What revisions of a service need besides images: it is asked for by plans only, together with its releases.
    Needs {
        /// The service.
        service: Name,
        /// Which revisions.
        revisions: Which,
    },
    /// How a service did while earlier revisions served: it is asked for by plans only, together with its releases.
    Served {
        /// The service.
        service: Name,
        /// The revision that is meant besides the newest ones.
        revision: Option<u32>,
    },
    /// The load balancer before a service: weights and target health (ELBv2).
    Traffic {
        /// The service.
        service: Name,
    },
    /// The database or cache that a service is (RDS, Aurora, DocumentDB, ElastiCache).
    Database {
        /// The service.
        service: Name,
    },
    /// What could be restored of a protected thing (AWS Backup, snapshots, objects).
    Protection {
        /// The protected thing.
        protected: Name,
    },
    /// What a restore test of a protected thing rests on: it is asked for by plans only.
    Restore {
        /// The protected thing.
        protected: Name,
    },
    /// The content delivery network that a service is (CloudFront, Cloudflare).
    Cdn {
        /// The service.
        service: Name,
    },
    /// A look from outside: a certificate, a DNS record, security headers.
    Probe {
        /// The service.
        service: Name,
        /// The probe's name.
        probe: Name,
    },
    /// How many log events match within each five minutes.
    LogCount {
        /// The service.
        service: Name,
        /// The log's name.
        log: Name,
    },
    /// What the account costs.
    Cost {
        /// The source.
        source: Name,
    },
    /// What polling a paid source costs.
    Usage {
        /// The source.
        source: Name,
    },
}

/// Revisions of a service that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The one that it runs.
    Running,
    /// The one of this number, in the family of the one that it runs.
    Number(u32),
    /// All before the one that it runs, as far as they are listed and can be run.
    Earlier,
}

impl Which {
    /// Whether a revision of that number is meant, where the one that runs has the other number.
    pub fn means(self, number: u32, running: u32) -> bool {
        match self {
            Self::Running => number == running,
            Self::Number(wanted) => number == wanted,
            Self::Earlier => number < running,
        }
    }
}

impl Subject {
    /// The service that it belongs to, if it belongs to one.
    pub fn service(&self) -> Option<&Name> {
        match self {
            Self::Signal(id) | Self::Exemplars(id) => Some(&id.service),
            Self::Objective { service, .. }
            | Self::Workload { service }
            | Self::Scaling { service }
            | Self::Health { service, .. }
            | Self::Releases { service }
            | Self::Candidate { service, .. }
            | Self::Needs { service, .. }
            | Self::Served { service, .. }
            | Self::Traffic { service }
            | Self::Database { service }
            | Self::Cdn { service }
            | Self::Probe { service, .. }
            | Self::LogCount { service, .. } => Some(service),
            Self::Alerts { .. }
            | Self::Backup { .. }
            | Self::Identity { .. }
            | Self::Silences { .. }
            | Self::AlarmHistory { .. }
            | Self::Protection { .. }
            | Self::Restore { .. }
            | Self::Cost { .. }
            | Self::Usage { .. } => None,
        }
    }

    /// Whether its readings are a series: a newest value with history.
    pub fn is_series(&self) -> bool {
        matches!(self, Self::Signal(_) | Self::Backup { .. } | Self::LogCount { .. })
    }

    /// Whether a payload is of the kind that this subject is answered with.
    pub fn takes(&self, payload: &Payload) -> bool {
        match payload {
            Payload::Signal(_) => self.is_series(),
            Payload::Objective(_) => matches!(self, Self::Objective { .. }),
            Payload::Workload(_) => matches!(self, Self::Workload { .. }),
            Payload::Scaling(_) => matches!(self, Self::Scaling { .. }),
            Payload::Health(_) => matches!(self, Self::Health { .. }),
            Payload::Alerts(_) => matches!(self, Self::Alerts { .. }),
            Payload::Identity(_) => matches!(self, Self::Identity { .. }),
            Payload::Silences(_) => matches!(self, Self::Silences { .. }),
            Payload::AlarmHistory(_) => matches!(self, Self::AlarmHistory { .. }),
            Payload::Releases(_) => matches!(self, Self::Releases { .. }),
            Payload::Candidate(_) => matches!(self, Self::Candidate { .. }),
            Payload::Needs(_) => matches!(self, Self::Needs { .. }),
            Payload::Traffic(_) => matches!(self, Self::Traffic { .. }),
            Payload::Database(_) => matches!(self, Self::Database { .. }),
            Payload::Protection(_) => matches!(self, Self::Protection { .. }),
            Payload::Restore(_) => matches!(self, Self::Restore { .. }),
            Payload::Cdn(_) => matches!(self, Self::Cdn { .. }),
            Payload::Probe(_) => matches!(self, Self::Probe { .. }),
            Payload::Cost(_) => matches!(self, Self::Cost { .. }),
            Payload::Usage(_) => matches!(self, Self::Usage { .. }),
            Payload::Exemplars(_) => matches!(self, Self::Exemplars(_)),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(id) => write!(f, "signal {id}"),
            Self::Exemplars(id) => write!(f, "exemplars {id}"),
            Self::Objective { service, objective } => write!(f, "objective {service}/{objective}"),
            Self::Workload { service } => write!(f, "workload {service}"),
            Self::Scaling { service } => write!(f, "scaling {service}"),
            Self::Health { service, endpoint } => write!(f, "health {service}/{endpoint}"),
            Self::Alerts { source } => write!(f, "alerts {source}"),
            Self::Backup { protected, measure } => write!(f, "backup {protected}/{measure}"),
            Self::Identity { source } => write!(f, "identity {source}"),
            Self::Silences { source } => write!(f, "silences {source}"),
            Self::AlarmHistory { source } => write!(f, "alarm history {source}"),
            Self::Releases { service } => write!(f, "releases {service}"),
            Self::Candidate { service, version, .. } => write!(f, "image {version} of {service}"),
            Self::Needs { service, .. } => write!(f, "what tasks of {service} need"),
            Self::Served { service, .. } => write!(f, "earlier revisions of {service}"),
            Self::Traffic { service } => write!(f, "traffic {service}"),
            Self::Database { service } => write!(f, "database {service}"),
            Self::Protection { protected } => write!(f, "recovery of {protected}"),
            Self::Restore { protected } => write!(f, "restored copies of {protected}"),
            Self::Cdn { service } => write!(f, "CDN {service}"),
            Self::Probe { service, probe } => write!(f, "probe {service}/{probe}"),
            Self::LogCount { service, log } => write!(f, "log count {service}/{log}"),
            Self::Cost { source } => write!(f, "cost {source}"),
            Self::Usage { source } => write!(f, "usage {source}"),
        }
    }
}
