//! What can be read: the keys under which readings are kept.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

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
}

impl Subject {
    /// The service that it belongs to, if it belongs to one.
    pub fn service(&self) -> Option<&Name> {
        match self {
            Self::Signal(id) => Some(&id.service),
            Self::Objective { service, .. }
            | Self::Workload { service }
            | Self::Scaling { service }
            | Self::Health { service, .. } => Some(service),
            Self::Alerts { .. } | Self::Backup { .. } | Self::Identity { .. } => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(id) => write!(f, "signal {id}"),
            Self::Objective { service, objective } => write!(f, "objective {service}/{objective}"),
            Self::Workload { service } => write!(f, "workload {service}"),
            Self::Scaling { service } => write!(f, "scaling {service}"),
            Self::Health { service, endpoint } => write!(f, "health {service}/{endpoint}"),
            Self::Alerts { source } => write!(f, "alerts {source}"),
            Self::Backup { protected, measure } => write!(f, "backup {protected}/{measure}"),
            Self::Identity { source } => write!(f, "identity {source}"),
        }
    }
}
