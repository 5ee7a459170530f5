//! Panels of the service screen, one file each, listed in [`PANELS`].

pub mod cdn;
pub mod database;
pub mod errors;
pub mod health;
pub mod latency;
pub mod logs;
pub mod probes;
pub mod recovery;
pub mod releases;
pub mod scaling;
pub mod signals;
pub mod traffic;

use ratatui::layout::Rect;

use super::part::Pen;
use super::part::signal::unpanelled;
use crate::config::{Role, Service};
use crate::state::State;

/// A panel of the service screen.
pub struct PanelSpec {
    /// Its name, as in its frame.
    pub name: &'static str,
    /// Whether it has anything to show of a service.
    pub serves: fn(&Service) -> bool,
    /// Draws its inside. The number is how many rows it is scrolled down.
    pub draw: fn(Rect, &Service, usize, &State, &mut Pen<'_>),
}

/// All panels of the service screen, the most needed first: that many are shown as fit.
pub static PANELS: &[PanelSpec] = &[
    PanelSpec { name: "latency", serves: has_latency, draw: latency::draw },
    PanelSpec { name: "errors", serves: has_errors, draw: errors::draw },
    PanelSpec { name: "scaling", serves: |service| service.ecs.is_some(), draw: scaling::draw },
    PanelSpec { name: "database", serves: |service| service.database.is_some(), draw: database::draw },
    PanelSpec { name: "CDN", serves: |service| service.cdn.is_some(), draw: cdn::draw },
    PanelSpec { name: "certificates and DNS", serves: |service| !service.probes.is_empty(), draw: probes::draw },
    PanelSpec { name: "health and alarms", serves: |_| true, draw: health::draw },
    PanelSpec { name: "recovery", serves: |service| !service.backups.is_empty(), draw: recovery::draw },
    PanelSpec { name: "traffic", serves: |service| service.load_balancer.is_some(), draw: traffic::draw },
    PanelSpec { name: "releases", serves: |service| service.ecs.is_some(), draw: releases::draw },
    PanelSpec { name: "signals", serves: |service| unpanelled(service).next().is_some(), draw: signals::draw },
    PanelSpec { name: "logs", serves: has_log_count, draw: logs::draw },
];

/// The panels that have something to show of a service, in order: never none.
pub fn panels(service: &Service) -> Vec<&'static PanelSpec> {
    PANELS.iter().filter(|panel| (panel.serves)(service)).collect()
}

fn has_latency(service: &Service) -> bool {
    [Role::LatencyP50, Role::LatencyP95, Role::LatencyP99].into_iter().any(|role| service.signal_of(role).is_some())
}

fn has_errors(service: &Service) -> bool {
    let signal = |role| service.signal_of(role).is_some();
    signal(Role::Errors) || signal(Role::Traffic) || !service.objectives.is_empty()
}

fn has_log_count(service: &Service) -> bool {
    service.logs.iter().any(|log| log.count.is_some())
}
