//! Traffic: where the load balancer sends it, with weights, and how many targets of each group can take it.

use ratatui::layout::Rect;

use crate::config::Service;
use crate::config::theme::Role;
use crate::source::{Measured, Route, Subject, TargetGroup, Traffic, TrafficTarget};
use crate::state::State;
use crate::view::part::page::{Page, paint_scrolled, piece};
use crate::view::part::reading::{state_behind, tone, trouble};
use crate::view::part::{Bit, Pen};

/// Targets that are not healthy and are listed of one group.
const LISTED: usize = 10;

/// Routes that are listed.
const ROUTES: usize = 12;

/// The widest bar, in columns.
const BAR: usize = 30;

/// How groups differ in a bar, besides their colour.
const LOOKS: [(&str, Role); 4] = [("█", Role::Series1), ("▒", Role::Series2), ("▚", Role::Series3), ("░", Role::Muted)];

/// Draws the panel.
pub fn draw(area: Rect, service: &Service, scroll: usize, state: &State, pen: &mut Pen<'_>) {
    let subject = Subject::Traffic { service: service.name.clone() };
    let measured: Measured<'_, Traffic> = state.readings.of(&state.config, &subject, state.now);
    let mut page = Page::new(area.width);
    if let Some(line) = trouble("load balancer", &measured) {
        page.pieces(2, &line);
    }
    if let Some((traffic, _)) = measured.value() {
        balancer(&mut page, service, traffic, &measured);
        for words in traffic.partial() {
            page.field("partial", &[piece(tone(&measured, Role::Unknown), format!("NOT WHOLE: {words}"))]);
        }
        for route in traffic.routes.iter().take(ROUTES) {
            self::route(&mut page, route, &measured);
        }
        if traffic.routes.len() > ROUTES {
            page.text(Role::Muted, format!("and {} other routes", traffic.routes.len() - ROUTES));
        }
        traffic.groups.iter().for_each(|group| self::group(&mut page, traffic, group, &measured));
    }
    paint_scrolled(area, page.rows(), scroll, pen);
}

fn balancer(page: &mut Page, service: &Service, traffic: &Traffic, measured: &Measured<'_, Traffic>) {
    let name = service.load_balancer.as_ref().and_then(|balancer| balancer.name.as_deref());
    let mut pieces = match (name, &traffic.state) {
        (Some(name), Some(state)) => {
            let role = if state.as_str() == "active" { Role::Good } else { Role::Critical };
            vec![piece(tone(measured, Role::Title), name), piece(tone(measured, role), format!(" {state}"))]
        }
        _ => vec![piece(tone(measured, Role::Muted), "target groups only: weights are not read")],
    };
    pieces.extend(state_behind(measured));
    page.field("balancer", &pieces);
}

/// `HTTP:80   ███████████████████████████▒▒▒  █ rtech-blue 90 % (weight 90)  ▒ rtech-green 10 % (weight 10)`.
fn route(page: &mut Page, route: &Route, measured: &Measured<'_, Traffic>) {
    page.pieces(2, &[piece(tone(measured, Role::Muted), route.listener.as_str())]);
    let mut pieces = Vec::new();
    if route.is_dead() {
        pieces.push(piece(tone(measured, Role::Critical), "SENDS NOTHING ANYWHERE: all weights are 0"));
    } else {
        pieces.extend(bar(route, page.width().saturating_sub(12).min(BAR), measured));
    }
    for (index, (name, weight)) in route.weights.iter().enumerate() {
        let (glyph, role) = look(index);
        let share =
            route.share(name.as_str()).map_or("no traffic".to_owned(), |share| format!("{:.0} %", share * 100.0));
        pieces.push(piece(tone(measured, role), format!("  {glyph} ")));
        pieces.push(piece(tone(measured, Role::Text), format!("{name} {share}")));
        pieces.push(piece(tone(measured, Role::Muted), format!(" (weight {weight})")));
    }
    page.field("", &pieces);
}

fn look(index: usize) -> (&'static str, Role) {
    LOOKS[index.min(LOOKS.len() - 1)]
}

/// Shares as columns; a share that is not zero has one at least.
fn bar(route: &Route, columns: usize, measured: &Measured<'_, Traffic>) -> Vec<Bit<'static>> {
    let piece_of = |(index, (name, _)): (usize, &(crate::text::Text, u32))| {
        let share = route.share(name.as_str()).filter(|share| *share > 0.0)?;
        let (glyph, role) = look(index);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // at most BAR
        let wide = ((share * columns as f64).round() as usize).max(1);
        Some(piece(tone(measured, role), glyph.repeat(wide)))
    };
    route.weights.iter().enumerate().filter_map(piece_of).collect()
}

fn group(page: &mut Page, traffic: &Traffic, group: &TargetGroup, measured: &Measured<'_, Traffic>) {
    let (healthy, all) = (group.healthy(), group.targets.len());
    let takes = traffic.takes(group.name.as_str());
    let role = match (takes, healthy == all && all > 0) {
        (_, true) => Role::Good,
        (true, false) if healthy == 0 => Role::Critical,
        (true, false) => Role::Warning,
        (false, false) => Role::Muted,
    };
    let mut pieces = vec![
        piece(tone(measured, Role::Title), group.name.as_str()),
        piece(tone(measured, role), format!(" {healthy} of {all} healthy")),
    ];
    match traffic.greatest_share(group.name.as_str()) {
        Some(share) if share > 0.0 => {
            pieces.push(piece(tone(measured, Role::Text), format!("  takes {:.0} %", share * 100.0)));
        }
        _ if takes => {}
        _ => pieces.push(piece(tone(measured, Role::Muted), "  takes no traffic")),
    }
    if takes && healthy == 0 {
        pieces.push(piece(tone(measured, Role::Critical), "  NO HEALTHY TARGET"));
    }
    page.pieces(2, &pieces);
    let others: Vec<&TrafficTarget> =
        group.targets.iter().filter(|target| target.state.as_str() != "healthy").collect();
    others.iter().take(LISTED).for_each(|target| page.pieces(4, &self::target(target, measured)));
    if others.len() > LISTED {
        page.text(Role::Muted, format!("  and {} others not healthy", others.len() - LISTED));
    }
}

/// `  10.0.1.12:3000 UNHEALTHY Target.Timeout: Request timed out`.
fn target(target: &TrafficTarget, measured: &Measured<'_, Traffic>) -> Vec<Bit<'static>> {
    let bad = target.is_unhealthy();
    let state = if bad { target.state.as_str().to_uppercase() } else { target.state.to_string() };
    let why: Vec<&str> =
        [&target.reason, &target.description].into_iter().flatten().map(|text| text.as_str()).collect();
    vec![
        piece(tone(measured, Role::Text), format!("  {} ", target.id)),
        piece(tone(measured, if bad { Role::Critical } else { Role::Warning }), state),
        piece(tone(measured, Role::Muted), format!(" {}", why.join(": ")).trim_end()),
    ]
}
