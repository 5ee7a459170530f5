//! The header: where one is, as whom, whether changes are possible, and how far the rest can be trusted.
//!
//! First row: environment, kind, account, region, operator, clock, on the colour of the kind. Second row: armed or
//! read-only, unknown outcomes, pause, age of the data, firing alerts. What does not fit takes a shorter form, the least
//! important first; nothing is dropped that an operator could miss.

use std::time::Duration;

use ratatui::layout::Rect;

use super::part::age;
use super::part::clip::{clip, width};
use super::part::{Bit, Pen, bit, debt};
use crate::config::theme::Role;
use crate::config::{Aws, EnvironmentKind, source_at};
use crate::executor::journal::RunState;
use crate::source::{Identity, Measured, Name};
use crate::state::data_age::data_age;
use crate::state::{Arm, State, lists};

/// Rows of the header.
pub const ROWS: u16 = 2;

/// A piece of the header: its forms from long to short. A smaller `rank` is shortened first.
struct Segment {
    role: Role,
    forms: Vec<String>,
    rank: u8,
}

impl Segment {
    fn new(rank: u8, role: Role, forms: impl IntoIterator<Item = String>) -> Self {
        Self { role, forms: forms.into_iter().collect(), rank }
    }
}

/// Draws the header.
pub fn draw(area: Rect, state: &State, pen: &mut Pen<'_>) {
    if area.height > 0 {
        let role = kind_role(state.config.environment.kind);
        pen.fill(Rect { height: 1, ..area }, role);
        place(area, area.y, &place_segments(state, role), pen);
    }
    if area.height > 1 {
        place(area, area.y + 1, &state_segments(state), pen);
    }
}

/// The role of a kind of environment.
pub fn kind_role(kind: EnvironmentKind) -> Role {
    match kind {
        EnvironmentKind::Production => Role::Production,
        EnvironmentKind::Staging => Role::Staging,
        EnvironmentKind::Development => Role::Development,
    }
}

fn place_segments(state: &State, role: Role) -> Vec<Segment> {
    let (kind, brief) = match state.config.environment.kind {
        EnvironmentKind::Production => ("PRODUCTION", "PROD"),
        EnvironmentKind::Staging => ("STAGING", "STG"),
        EnvironmentKind::Development => ("DEVELOPMENT", "DEV"),
    };
    let name = state.config.environment.name.as_str();
    let user = &state.operator.user;
    let clock = |format: &str| state.now.wall.strftime(format).to_string();
    let mut segments = vec![
        Segment::new(9, role, [kind.to_owned(), brief.to_owned()]),
        Segment::new(4, role, [name.to_owned(), clip(name, 24).into_owned(), clip(name, 14).into_owned()]),
    ];
    segments.extend(account(state, role));
    segments.push(Segment::new(
        1,
        role,
        [format!("{user}@{}", state.operator.host), user.to_string(), clip(user, 10).into_owned()],
    ));
    segments.push(Segment::new(0, role, [clock("%Y-%m-%d %H:%M:%SZ"), clock("%H:%M:%SZ")]));
    segments
}

/// Account and region: as the credentials say where that is known, and loud where it is not the account that is meant.
fn account(state: &State, role: Role) -> Vec<Segment> {
    if state.config.simulator.is_some() {
        return vec![Segment::new(7, role, ["SIMULATED FLEET".to_owned(), "SIMULATED".to_owned()])];
    }
    let Some(aws) = &state.config.aws else { return Vec::new() };
    let told = identity(state, None).live();
    let account = match (told, &aws.account) {
        (Some(told), Some(meant)) if told.account.as_str() != meant => {
            let forms =
                [format!("WRONG ACCOUNT {} (meant {meant})", told.account), format!("WRONG ACCT {}", told.account)];
            Segment::new(7, Role::Critical, forms)
        }
        (Some(told), _) => Segment::new(2, role, [told.account.to_string()]),
        (None, Some(meant)) => Segment::new(0, role, [format!("{meant} (unverified)"), format!("{meant}?")]),
        (None, None) => Segment::new(2, role, ["account not known".to_owned(), "account?".to_owned()]),
    };
    let mut segments = vec![account, Segment::new(6, role, [aws.region.clone()])];
    segments.extend(places(state, aws, role));
    segments
}

/// The other regions and accounts: only that they are there, unless the credentials of one are of another account than is
/// meant there.
fn places(state: &State, aws: &Aws, role: Role) -> Option<Segment> {
    let wrong = aws.places.iter().find_map(|(place, meant)| {
        let (told, meant) = (identity(state, Some(place)).live()?, meant.account.as_deref()?);
        (told.account.as_str() != meant).then(|| {
            let (long, short) = ("WRONG ACCOUNT", "WRONG ACCT");
            [format!("{place}: {long} {} (meant {meant})", told.account), format!("{place}: {short} {}", told.account)]
        })
    });
    let count = aws.places.len();
    match wrong {
        Some(forms) => Some(Segment::new(7, Role::Critical, forms)),
        None if count == 0 => None,
        None => {
            let names: Vec<&str> = aws.places.keys().map(Name::as_str).collect();
            Some(Segment::new(
                1,
                role,
                [format!("+ {}", names.join(", ")), format!("+{count} places"), format!("+{count}")],
            ))
        }
    }
}

/// Whose credentials are in use in a place.
fn identity<'a>(state: &'a State, place: Option<&Name>) -> Measured<'a, Identity> {
    state.readings.identity(&state.config, &source_at("sts", place), state.now)
}

fn state_segments(state: &State) -> Vec<Segment> {
    let mut segments = vec![arm(state)];
    segments.extend(unknown_runs(state));
    segments.extend(debts(state));
    segments.extend(state.paused.map(|since| {
        let length = age::short(state.now.mono.since(since));
        let forms =
            [format!(" PAUSED {length}: nothing is read "), format!(" PAUSED {length} "), format!("PAUSED {length}")];
        Segment::new(1, Role::Armed, forms)
    }));
    segments.extend(credentials(state));
    segments.push(data(state));
    segments.push(firing(state));
    segments
}

fn arm(state: &State) -> Segment {
    match state.arm {
        Arm::Armed { until } if state.arm.is_armed(state.now.mono) => {
            let left = age::clock(until.since(state.now.mono));
            Segment::new(9, Role::Armed, [format!(" ARMED {left} left "), format!(" ARMED {left} ")])
        }
        _ => Segment::new(9, Role::ReadOnly, [" READ-ONLY ".to_owned()]),
    }
}

/// Unknown outcomes: shown until somebody has settled them.
fn unknown_runs(state: &State) -> Option<Segment> {
    let mut unknown = state.runs.iter().filter(|run| run.state == RunState::Unknown);
    let first = unknown.next()?;
    let (count, target) = (1 + unknown.count(), first.plan.action.target());
    let forms = match count {
        1 => [format!("?? OUTCOME UNKNOWN: {} {target}", first.plan.action.name()), "?? 1 OUTCOME UNKNOWN".to_owned()],
        _ => [format!("?? {count} OUTCOMES UNKNOWN, {target} first"), format!("?? {count} UNKNOWN")],
    };
    Some(Segment::new(5, Role::Unknown, forms))
}

/// What is left open: how much, and the most urgent of it with its countdown.
fn debts(state: &State) -> Option<Segment> {
    let (first, now) = (state.debts.first()?, state.now.wall);
    let count = match state.debts.len() {
        1 => "1 DEBT".to_owned(),
        count => format!("{count} DEBTS"),
    };
    let due = debt::due(first, now);
    let brief = due.trim_start_matches("due in ").replace("no end set", "no end").replace("OVERDUE", "OVER");
    let forms = [
        format!("{count}: {} {}, {due}", first.target, first.key),
        format!("{count}: {} {due}", first.target),
        format!("{count} {brief}"),
    ];
    Some(Segment::new(4, debt::role(first, now), forms))
}

/// From here on the end of the credentials is shown: without them everything from AWS fails, and no action can be sent.
const CREDENTIALS_SOON: Duration = Duration::from_secs(3600);

/// When the credentials end, once that is near; told by the last identity, as a moment stays true when its reading is old.
fn credentials(state: &State) -> Option<Segment> {
    let places = state.config.aws.iter().flat_map(Aws::all).map(|(place, _)| place);
    let expires = places.filter_map(|place| identity(state, place).value()?.0.expires).min()?;
    let left = age::since(expires, state.now.wall);
    if left.is_zero() {
        let forms = ["AWS CREDENTIALS EXPIRED".to_owned(), "CREDS EXPIRED".to_owned()];
        return Some(Segment::new(8, Role::Critical, forms));
    }
    (left < CREDENTIALS_SOON).then(|| {
        let left = age::short(left);
        let forms = [format!("AWS credentials end in {left}"), format!("credentials {left}"), format!("creds {left}")];
        Segment::new(3, Role::Warning, forms)
    })
}

fn data(state: &State) -> Segment {
    let data = data_age(state);
    let oldest = |before: &str| {
        data.oldest.map_or_else(|| "no data yet".to_owned(), |age| format!("{before} {}", age::short(age)))
    };
    let old = |count: usize, word: &str| if count == 0 { String::new() } else { format!(", {count} {word}") };
    let rest = format!("{}{}", old(data.failed, "FAILED"), old(data.stale, "stale"));
    let never = if data.oldest.is_some() { old(data.never, "not read yet") } else { String::new() };
    let role = match (data.failed, data.stale + data.never) {
        (0, 0) => Role::Text,
        (0, _) => Role::Stale,
        _ => Role::Critical,
    };
    let brief = rest.replace(" FAILED", " FAIL").replace(", ", " ");
    let forms = [
        format!("{}{rest}{never}", oldest("oldest data")),
        format!("{}{rest}", oldest("data")),
        format!("{}{brief}", oldest("data")),
    ];
    Segment::new(2, role, forms)
}

fn firing(state: &State) -> Segment {
    let known = state
        .config
        .alert_sources()
        .iter()
        .all(|source| state.readings.alerts(&state.config, source, state.now).live().is_some());
    let sources = !state.config.alert_sources().is_empty();
    let held = lists::held_back(state);
    match (lists::firing(state), known, sources) {
        (0, true, true) if held > 0 => {
            let forms = [format!("no alert fires, {held} held back"), format!("0 firing, {held} held")];
            Segment::new(7, Role::Warning, forms)
        }
        (_, _, false) => Segment::new(7, Role::Muted, ["no alert source".to_owned()]),
        (0, true, true) => Segment::new(7, Role::Good, ["no alert fires".to_owned(), "0 firing".to_owned()]),
        (0, false, true) => Segment::new(7, Role::Unknown, ["alerts NOT KNOWN".to_owned(), "alerts ?".to_owned()]),
        (count, true, true) => Segment::new(7, Role::Critical, [format!("{count} FIRING")]),
        (count, false, true) => {
            Segment::new(7, Role::Critical, [format!("{count} FIRING, some not known"), format!("{count}+ FIRING")])
        }
    }
}

const GAP: usize = 2;

/// Chooses a form for each segment so that all fit, and writes them; the first row's clock stands at the right.
fn place(area: Rect, y: u16, segments: &[Segment], pen: &mut Pen<'_>) {
    let chosen = choose(segments, usize::from(area.width).saturating_sub(1));
    let bits: Vec<Bit<'_>> =
        segments.iter().zip(&chosen).map(|(segment, form)| bit(segment.role, form_of(segment, *form))).collect();
    let Some((last, rest)) = bits.split_last() else { return };
    let mut x = area.x.saturating_add(1);
    for (role, text) in rest {
        x += pen.text(x, y, area.right().saturating_sub(x), text, *role);
        x = x.saturating_add(GAP as u16);
    }
    let columns = u16::try_from(width(&last.1)).unwrap_or(u16::MAX);
    let right = area.right().saturating_sub(columns.saturating_add(1)).max(x);
    pen.text(right, y, area.right().saturating_sub(right), &last.1, last.0);
}

fn form_of(segment: &Segment, form: usize) -> &str {
    segment.forms.get(form).map_or("", String::as_str)
}

/// The index of the form of each segment: the long ones, and shorter ones by rank until the row fits.
fn choose(segments: &[Segment], columns: usize) -> Vec<usize> {
    let mut chosen = vec![0; segments.len()];
    let total = |chosen: &[usize]| {
        let texts: usize = segments.iter().zip(chosen).map(|(segment, form)| width(form_of(segment, *form))).sum();
        texts + GAP * segments.len().saturating_sub(1)
    };
    while total(&chosen) > columns {
        let shorter = |index: &usize| chosen[*index] + 1 < segments[*index].forms.len();
        let Some(next) = (0..segments.len()).filter(shorter).min_by_key(|index| segments[*index].rank) else { break };
        chosen[next] += 1;
    }
    chosen
}
