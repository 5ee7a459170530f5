//! To the next service that is not healthy: what an operator looks for on a list of many.

use super::verdict::Level;
use super::{Screen, State, lists, navigate};
use crate::event::LogLevel;
use crate::source::Name;

/// Which way is looked first; both go round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Below what is selected.
    Down,
    /// Above it.
    Up,
}

/// Selects the next listed service that is not healthy (degraded, unhealthy or not known); on a service's screen opens it, and
/// from elsewhere shows it on the overview. Says so where there is no other.
pub(super) fn unhealthy(state: &mut State, way: Way) {
    if !matches!(state.screen(), Screen::Overview { .. }) {
        state.filter.clear(); // of what another screen lists
    }
    let at = position(state);
    let Some((index, name)) = next(state, at, way) else {
        let word = if at.is_some_and(|at| ails(state, at)) { "no other service" } else { "no service" };
        state.tell(LogLevel::Info, &format!("{word} that is listed is degraded, unhealthy or not known"));
        return;
    };
    if matches!(state.screen(), Screen::Service { .. }) {
        navigate::open_service(state, name);
    } else {
        state.screens.truncate(1);
    }
    if let Some(Screen::Overview { selected }) = state.screens.first_mut() {
        *selected = index;
    }
}

/// Where the service that is selected or shown is listed; `None` on screens of something else.
fn position(state: &State) -> Option<usize> {
    match state.screen() {
        Screen::Overview { selected } => Some(*selected),
        Screen::Service { name, .. } => lists::services(state).iter().position(|service| service.name == *name),
        _ => None,
    }
}

/// The first from `at` on that is not healthy, `at` itself left out.
fn next(state: &State, at: Option<usize>, way: Way) -> Option<(usize, Name)> {
    let services = lists::services(state);
    let count = services.len();
    let before = count.checked_sub(1)?;
    let step = |from: usize| if way == Way::Down { (from + 1) % count } else { (from + before) % count };
    let begin = if way == Way::Down { before } else { 0 };
    let round = std::iter::successors(Some(step(at.unwrap_or(begin).min(before))), |from| Some(step(*from)));
    let other = |index: &usize| Some(*index) != at && state.level(services[*index]) != Level::Healthy;
    round.take(count).find(other).map(|index| (index, services[index].name.clone()))
}

fn ails(state: &State, at: usize) -> bool {
    lists::services(state).get(at).is_some_and(|service| state.level(service) != Level::Healthy)
}
