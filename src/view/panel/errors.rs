//! Errors: the rate over the window, what is left of each budget, and how fast it burns.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::config::{Objective, Role as SignalRole, Service};
use crate::slo::{self, BadShare, Budget, RuleState};
use crate::source::{Measured, ObjectiveData, Subject, Unit};
use crate::state::State;
use crate::view::part::chart::{Chart, Trace};
use crate::view::part::flow::flow;
use crate::view::part::page::{Page, paint};
use crate::view::part::reading::{state_behind, tone, trouble};
use crate::view::part::signal::{gap, of_role};
use crate::view::part::{Bit, Pen, age, bit};

/// Columns of the bar of a budget.
const BAR: usize = 10;

/// Draws the panel.
pub fn draw(area: Rect, service: &Service, _scroll: usize, state: &State, pen: &mut Pen<'_>) {
    let mut page = Page::new(area.width);
    rates(&mut page, service, state);
    for objective in &service.objectives {
        budget(&mut page, service, objective, state);
    }
    if page.is_empty() {
        pen.text(
            area.x,
            area.y,
            area.width,
            "no error signal and no objective is configured for this service",
            Role::Muted,
        );
        return;
    }
    paint(area, page.rows(), 0, pen);
    let used = u16::try_from(page.len()).unwrap_or(u16::MAX).min(area.height);
    let rest = Rect { y: area.y + used, height: area.height - used, ..area };
    chart(rest, service, state, pen);
}

/// Error rate and traffic now.
fn rates(page: &mut Page, service: &Service, state: &State) {
    let mut groups = Vec::new();
    let mut reasons = Vec::new();
    for (role, name) in [(SignalRole::Errors, "errors"), (SignalRole::Traffic, "traffic")] {
        let Some(view) = of_role(service, role, state) else { continue };
        let mut group = vec![bit(Role::Muted, format!("{name} "))];
        group.extend(view.shown().bits());
        groups.push(group);
        reasons.extend(view.trouble(name));
    }
    let objective = service.signal_of(SignalRole::Errors).and_then(|signal| Some((signal.objective?, signal.unit)));
    if let Some((objective, unit)) = objective {
        groups.push(vec![bit(Role::Objective, format!("╌ objective < {}", unit.format(objective)))]);
    }
    flow(page, groups);
    reasons.dedup();
    for reason in reasons {
        page.pieces(2, &[reason]);
    }
}

fn chart(area: Rect, service: &Service, state: &State, pen: &mut Pen<'_>) {
    let Some(view) = of_role(service, SignalRole::Errors, state) else { return };
    let series = view.measured.value().map(|(series, _)| series);
    let trace = series.map(|series| Trace {
        points: &series.points,
        role: view.series_role(Role::Series1),
        label: "",
        gap: gap(view.signal, state.range),
    });
    let (unit, objective) = (view.signal.unit, view.signal.objective);
    let chart = Chart { traces: trace.into_iter().collect(), objective, unit, now: state.now.wall, range: state.range };
    chart.draw(area, pen);
}

/// One objective: budget and burn rates, or why there are none.
fn budget(page: &mut Page, service: &Service, objective: &Objective, state: &State) {
    let subject = Subject::Objective { service: service.name.clone(), objective: objective.name.clone() };
    let measured = state.readings.objective(&state.config, &subject, state.now);
    let target = per_cent(objective.target);
    let name = format!("{} {target} over {}", objective.name, age::window(objective.period));
    if let Some(line) = trouble(&name, &measured) {
        page.pieces(2, &line);
    }
    let Some((data, _)) = measured.value() else { return };
    let mut pieces = vec![bit(tone(&measured, Role::Title), format!("{name}: "))];
    pieces.extend(left(data, objective, &measured));
    pieces.extend(state_behind(&measured));
    page.pieces(2, &pieces);
    burn(page, data, objective, &measured);
}

/// What is left of the budget, in words and as a bar.
fn left(data: &ObjectiveData, objective: &Objective, measured: &Measured<'_, ObjectiveData>) -> Vec<Bit<'static>> {
    match slo::budget(data, objective.target, objective.period) {
        Err(BadShare::NoTraffic) => {
            vec![bit(tone(measured, Role::Text), "no traffic: no budget was used, none can be told")]
        }
        Err(_) => vec![bit(tone(measured, Role::Unknown), "budget NOT KNOWN: the period was not counted")],
        Ok(budget) => {
            let role = tone(measured, budget_role(&budget));
            let filled = (budget.remaining.clamp(0.0, 1.0) * BAR as f64).round() as usize;
            let bar = format!("{}{} ", "█".repeat(filled), "░".repeat(BAR - filled));
            let word = if budget.remaining < 0.0 { "OVERSPENT by" } else { "budget left" };
            let words = format!("{word} {}{}", Unit::Ratio.format(budget.remaining.abs()), lasts(&budget));
            vec![bit(role, bar), bit(role, words)]
        }
    }
}

fn budget_role(budget: &Budget) -> Role {
    match budget.remaining {
        left if left < 0.0 => Role::Critical,
        left if left < 0.25 => Role::Warning,
        _ => Role::Good,
    }
}

/// How long the budget lasts at the last hour's burn rate.
fn lasts(budget: &Budget) -> String {
    match budget.exhausted_in {
        Some(left) if left > Duration::ZERO => format!(", gone in {} at this rate", age::short(left)),
        _ => String::new(),
    }
}

/// The burn rate of each window, and how the rules stand.
fn burn(page: &mut Page, data: &ObjectiveData, objective: &Objective, measured: &Measured<'_, ObjectiveData>) {
    let mut pieces = vec![bit(Role::Muted, "burn ")];
    for window in slo::windows(objective.period).into_iter().filter(|window| *window < objective.period) {
        pieces.push(bit(Role::Muted, format!("{} ", age::window(window))));
        pieces.push(bit(tone(measured, Role::Text), format!("{}  ", burn_text(data, window, objective.target))));
    }
    for rule in slo::rules(objective.period).iter().filter(|rule| rule.can_fire(objective.target)) {
        let windows = format!("{}/{}", age::window(rule.long), age::window(rule.short));
        if rule.state(data, objective.target) == RuleState::Fires {
            let severity = format!("{:?}", rule.severity).to_uppercase();
            let text = format!("{severity}: {windows} burn above {:.1}×  ", rule.burn);
            pieces.push(bit(tone(measured, Role::Critical), text));
        }
    }
    page.pieces(5, &pieces);
}

fn burn_text(data: &ObjectiveData, window: Duration, target: f64) -> String {
    let share = slo::window(data, window).map_or(BadShare::Unknown, slo::bad_share);
    match share {
        BadShare::NoTraffic => "no traffic".to_owned(),
        BadShare::Unknown => "not known".to_owned(),
        BadShare::Of { share, .. } => slo::burn_rate(share, target).map_or("not known".to_owned(), times),
    }
}

fn times(burn: f64) -> String {
    if burn >= 100.0 { format!("{burn:.0}×") } else { format!("{burn:.1}×") }
}

/// A share as per cent, with as many digits as an objective needs: `99.95 %`.
fn per_cent(share: f64) -> String {
    let text = format!("{:.3}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_keeps_the_digits_that_an_objective_needs() {
        assert_eq!(per_cent(0.999), "99.9 %");
        assert_eq!(per_cent(0.99995), "99.995 %");
        assert_eq!(per_cent(1.0), "100 %");
        assert_eq!(per_cent(0.0), "0 %");
    }
}
