//! All that is known of one protected thing.

use crate::config::theme::Role;
use crate::config::{Protected, Signal};
use crate::source::{Measured, Subject};
use crate::state::State;
use crate::state::readings::Series;
use crate::state::verdict::signal_level;
use crate::view::part::page::{Page, Row, piece};
use crate::view::part::pen::Bit;
use crate::view::part::reading::{Shown, not_live};
use crate::view::part::recovery::{self, Look};
use crate::view::part::{age, badge};

/// The rows, the most important first.
pub(super) fn rows(look: &Look<'_>, state: &State, width: u16) -> Vec<Row> {
    let mut page = Page::new(width);
    page.blank();
    heading(&mut page, look);
    if let Some(line) = not_live("recovery points", &look.verdict.measured).filter(|_| look.thing.copies.is_some()) {
        page.pieces(2, &line);
    }
    recovery::evidence(&mut page, look);
    recovery::bad(&mut page, look);
    recovery::points(&mut page, look);
    for signal in &look.thing.measures {
        measured(&mut page, signal, &measure(look.thing, signal, state));
    }
    if look.thing.measures.is_empty() && look.thing.copies.is_none() {
        page.field(
            "measured",
            &[piece(Role::Warning, "nothing is measured: schedule and retention are only what the configuration says")],
        );
    }
    promised(&mut page, look.thing);
    page.into_rows()
}

fn heading(page: &mut Page, look: &Look<'_>) {
    let verdict = look.verdict;
    let mut pieces = vec![piece(Role::Title, format!("{}  ", look.thing.name))];
    if verdict.judged {
        pieces.push(piece(badge::level_role(verdict.level), format!("{}  ", verdict.level.word())));
    } else {
        pieces.push(piece(Role::Unknown, "NOT JUDGED  "));
    }
    let why: Vec<&str> = verdict.reasons.iter().take(3).map(|reason| reason.text.as_str()).collect();
    let why = if why.is_empty() { look.thing.summary.clone() } else { why.join("; ") };
    pieces.push(piece(Role::Text, why));
    page.pieces(2, &pieces);
}

fn promised(page: &mut Page, thing: &Protected) {
    let kept =
        thing.retention.map_or_else(|| "retention not set".to_owned(), |kept| format!("kept {}", age::window(kept)));
    let service = thing.service.as_ref().map_or_else(String::new, |service| format!(", shown with {service}"));
    let text = format!("schedule {}, {kept}{service}", thing.schedule);
    page.field("promised", &[piece(Role::Muted, text)]);
}

fn measured(page: &mut Page, signal: &Signal, measured: &Measured<'_, Series>) {
    let mut pieces = vec![piece(Role::Text, format!("{} ", signal.name))];
    pieces.extend(shown(signal, measured).bits());
    let bound = |word: &str, bound: Option<f64>| bound.map(|bound| format!("{word} {}", signal.unit.format(bound)));
    let bounds: Vec<String> =
        [bound("warning", signal.warning), bound("critical", signal.critical)].into_iter().flatten().collect();
    if !bounds.is_empty() {
        pieces.push(piece(Role::Muted, format!("  ({})", bounds.join(", "))));
    }
    if let Some(error) = measured.reason() {
        pieces.push(piece(Role::Stale, format!("  {}: {}", error.source_name, error.reason)));
    }
    page.field("measured", &pieces);
}

/// The worst of the thing's measures, in one cell.
pub(super) fn worst_measure(thing: &Protected, state: &State) -> Bit<'static> {
    let measures = thing.measures.iter().map(|signal| (signal, measure(thing, signal, state)));
    let worst = measures.max_by_key(|(signal, measured)| signal_level(signal, measured));
    let Some((signal, measured)) = worst else { return piece(Role::Muted, "no measure") };
    let shown = shown(signal, &measured);
    piece(shown.role, format!("{} {}{} {}", signal.name, shown.text, shown.sign, shown.age()))
}

fn measure<'a>(thing: &Protected, signal: &Signal, state: &'a State) -> Measured<'a, Series> {
    let subject = Subject::Backup { protected: thing.name.clone(), measure: signal.name.clone() };
    state.readings.measure(&state.config, &subject, state.now)
}

fn shown(signal: &Signal, measured: &Measured<'_, Series>) -> Shown {
    let level = signal_level(signal, measured);
    let live = |_: &Series| (badge::level_role(level), badge::level_sign(level));
    Shown::of(measured, |series| series.value.format(signal.unit), live)
}
