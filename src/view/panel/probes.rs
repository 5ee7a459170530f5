//! Looks from outside: certificates with days to their expiry, DNS records, security headers; the worst first.

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::config::{ProbeCheck, Service};
use crate::source::{Fact, HealthState, Measured, Probe, Subject, badness};
use crate::state::State;
use crate::view::part::page::{Page, paint_scrolled};
use crate::view::part::reading::{state_behind, tone, trouble};
use crate::view::part::{Bit, Pen, badge, bit};

/// Draws the panel.
pub fn draw(area: Rect, service: &Service, scroll: usize, state: &State, pen: &mut Pen<'_>) {
    let mut page = Page::new(area.width);
    let mut probes: Vec<(&ProbeCheck, Measured<'_, Probe>)> =
        service.probes.iter().map(|check| (check, measured(service, check, state))).collect();
    probes.sort_by_key(|(_, measured)| std::cmp::Reverse(rank(measured)));
    for (check, measured) in &probes {
        probe(&mut page, check, measured, state);
    }
    paint_scrolled(area, page.rows(), scroll, pen);
}

fn measured<'a>(service: &Service, check: &ProbeCheck, state: &'a State) -> Measured<'a, Probe> {
    let subject = Subject::Probe { service: service.name.clone(), probe: check.name.clone() };
    state.readings.of(&state.config, &subject, state.now)
}

/// The worse, the greater; one that is not live is not known.
fn rank(measured: &Measured<'_, Probe>) -> u8 {
    badness(measured.live().map_or(HealthState::Unknown, |probe| probe.state))
}

fn probe(page: &mut Page, check: &ProbeCheck, measured: &Measured<'_, Probe>, state: &State) {
    if let Some(line) = trouble(check.name.as_str(), measured) {
        page.pieces(2, &line);
    }
    let Some((probe, _)) = measured.value() else { return };
    page.pieces(2, &headline(check, probe, measured, state));
    // The worst one stands in the headline already.
    let told = |fact: &&Fact| fact.state != HealthState::Healthy && !probe.summary.ends_with(fact.found.as_str());
    for fact in probe.facts.iter().filter(told) {
        let (_, role) = badge::health(fact.state);
        let name = bit(tone(measured, Role::Muted), format!("    {} ", fact.name));
        page.pieces(6, &[name, bit(tone(measured, role), fact.found.to_string())]);
    }
}

fn headline(check: &ProbeCheck, probe: &Probe, measured: &Measured<'_, Probe>, state: &State) -> Vec<Bit<'static>> {
    let (word, role) = badge::health(probe.state);
    let mut bits = vec![
        bit(tone(measured, Role::Title), format!("{} ", check.name)),
        bit(tone(measured, role), format!("{word} ")),
    ];
    bits.extend(days(probe, state).map(|days| bit(tone(measured, role), format!(" {days}"))));
    bits.push(bit(tone(measured, Role::Text), format!(" {}", probe.summary)));
    bits.extend(state_behind(measured));
    bits
}

/// Days to the expiry as of now, however old the look is: the date does not change. Where all is well the summary has them.
fn days(probe: &Probe, state: &State) -> Option<String> {
    let told = probe.summary.starts_with("certificate") && probe.state == HealthState::Healthy;
    let left = probe.expires.filter(|_| !told)?.duration_since(state.now.wall);
    let days = left.as_hours() / 24;
    Some(if left.is_negative() { "EXPIRED".to_owned() } else { format!("{days} d") })
}
