//! Signals and their queries; objectives.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Sources;
use super::backend::interval;
use super::by::{self, By};
use super::http_source;
use super::words::{self, duration, filled, maybe, name, or};
use crate::config::raw::{Entry, Section};
use crate::config::{Baseline, CloudWatchMetric, Direction, Objective, PromQuery, Quantile, Query, Role, Signal};
use crate::source::{Name, Unit};

const DAY: Duration = Duration::from_secs(86_400);

/// How often a ratio objective is asked where nothing is said: its windows are long and its queries are not cheap.
const OBJECTIVE_INTERVAL: Duration = Duration::from_secs(60);

const UNITS: &[(&str, Unit)] = &[
    ("seconds", Unit::Seconds),
    ("milliseconds", Unit::Milliseconds),
    ("ratio", Unit::Ratio),
    ("percent", Unit::Percent),
    ("per_second", Unit::PerSecond),
    ("per_minute", Unit::PerMinute),
    ("count", Unit::Count),
    ("bytes", Unit::Bytes),
    ("usd", Unit::Usd),
    ("days", Unit::Days),
];

const ROLES: &[(&str, Role)] = &[
    ("latency_p50", Role::LatencyP50),
    ("latency_p95", Role::LatencyP95),
    ("latency_p99", Role::LatencyP99),
    ("errors", Role::Errors),
    ("traffic", Role::Traffic),
    ("cpu", Role::Cpu),
    ("memory", Role::Memory),
    ("other", Role::Other),
];

const DIRECTIONS: &[(&str, Direction)] =
    &[("higher_is_worse", Direction::HigherIsWorse), ("lower_is_worse", Direction::LowerIsWorse)];

/// The role that a signal's name tells, where no role is given.
fn inferred(name: &str) -> Role {
    match name {
        "latency_p50" | "p50" => Role::LatencyP50,
        "latency_p95" | "p95" => Role::LatencyP95,
        "latency_p99" | "p99" => Role::LatencyP99,
        "errors" | "error_rate" | "error_ratio" => Role::Errors,
        "traffic" | "requests" | "request_rate" => Role::Traffic,
        "cpu" => Role::Cpu,
        "memory" => Role::Memory,
        _ => Role::Other,
    }
}

/// `[[service.signal]]`.
pub(super) fn signal(section: &Section<'_>, sources: &Sources, owner: Option<&Name>) -> Option<Signal> {
    let name = section.need("name").and_then(|entry| name(&entry));
    let role = match section.get("role") {
        Some(entry) => entry.one_of(ROLES),
        None => name.as_deref().map(inferred),
    };
    let measured = measured(section, sources, owner);
    let exemplars = maybe(section.get("exemplars"), |entry| exemplars(entry, sources));
    section.done();
    let (role, measured) = (role?, measured?);
    suits(section, role, measured.unit)?;
    Some(Signal { exemplars: exemplars?, ..measured.into_signal(name?, role) })
}

/// The selector of the series whose exemplars are shown beside a signal.
fn exemplars(entry: &Entry<'_>, sources: &Sources) -> Option<String> {
    if sources.prometheus.is_none() {
        entry.error("needs the section [prometheus]", Some("add [prometheus] with its url"));
        return None;
    }
    words::query(entry)
}

/// `[[backup.measure]]`: a signal without a role.
pub(super) fn measure(section: &Section<'_>, sources: &Sources, owner: Option<&Name>) -> Option<Signal> {
    let name = section.need("name").and_then(|entry| name(&entry));
    let measured = measured(section, sources, owner);
    section.done();
    Some(measured?.into_signal(name?, Role::Other))
}

/// What signals and measures have in common.
struct Measured {
    query: Query,
    unit: Unit,
    direction: Direction,
    warning: Option<f64>,
    critical: Option<f64>,
    objective: Option<f64>,
    baseline: Option<Baseline>,
    interval: Duration,
}

impl Measured {
    fn into_signal(self, name: Name, role: Role) -> Signal {
        Signal {
            name,
            role,
            query: self.query,
            unit: self.unit,
            direction: self.direction,
            warning: self.warning,
            critical: self.critical,
            objective: self.objective,
            baseline: self.baseline,
            interval: self.interval,
            exemplars: None,
        }
    }
}

fn measured(section: &Section<'_>, sources: &Sources, owner: Option<&Name>) -> Option<Measured> {
    let query = query(section, sources, owner);
    let unit = section.need("unit").and_then(|entry| entry.one_of(UNITS));
    let direction = or(section.get("direction"), Direction::HigherIsWorse, |entry| entry.one_of(DIRECTIONS));
    let warning = bound(section.get("warning"), unit);
    let critical = bound(section.get("critical"), unit);
    let objective = bound(section.get("objective"), unit);
    let baseline = maybe(section.get("baseline"), |entry| baseline(entry, unit));
    let interval = maybe(section.get("interval"), interval);
    let (direction, warning, critical) = (direction?, warning?, critical?);
    let ordered = in_order(section, direction, warning, critical);
    let query = query?;
    ordered?;
    let interval = interval?.unwrap_or_else(|| sources.interval(&query));
    let (objective, baseline) = (objective?, baseline?);
    Some(Measured { query, unit: unit?, direction, warning, critical, objective, baseline, interval })
}

/// What it was before: a number, or the least and the greatest.
fn baseline(entry: &Entry<'_>, unit: Option<Unit>) -> Option<Baseline> {
    if !entry.is_list() {
        let value = bound(Some(entry.clone()), unit)??;
        return Some(Baseline { low: value, high: value });
    }
    let values: Vec<Option<f64>> = entry.clone().items()?.into_iter().map(|item| bound(Some(item), unit)?).collect();
    match values.into_iter().collect::<Option<Vec<_>>>()?.as_slice() {
        [low, high] if low <= high => Some(Baseline { low: *low, high: *high }),
        _ => {
            entry.error("is a number, or the least and the greatest", Some("such as 0.25 or [0.2, 0.3]"));
            None
        }
    }
}

/// A bound in the signal's unit. A share above one is nearly always a percentage that was meant.
fn bound(entry: Option<Entry<'_>>, unit: Option<Unit>) -> Option<Option<f64>> {
    maybe(entry, |entry| {
        let value = entry.number()?;
        let (most, hint) = match unit {
            Some(Unit::Ratio) => (1.0, "a ratio lies between 0 and 1: 5 % is 0.05; or set unit = \"percent\""),
            Some(Unit::Percent) => (100.0, "per cent lie between 0 and 100"),
            _ => return Some(value),
        };
        if (0.0..=most).contains(&value) {
            return Some(value);
        }
        entry.error("lies outside its unit", Some(hint));
        None
    })
}

fn in_order(section: &Section<'_>, direction: Direction, warning: Option<f64>, critical: Option<f64>) -> Option<()> {
    let (Some(warning), Some(critical)) = (warning, critical) else { return Some(()) };
    let (right, word) = match direction {
        Direction::HigherIsWorse => (warning <= critical, "at or below"),
        Direction::LowerIsWorse => (warning >= critical, "at or above"),
    };
    if right {
        return Some(());
    }
    let message =
        format!("the warning bound must lie {word} the critical one, as the direction is {}", words_of(direction));
    let hint = "swap warning and critical, or set direction = \"higher_is_worse\" or \"lower_is_worse\"";
    section.get("warning")?.error(&message, Some(hint));
    None
}

fn words_of(direction: Direction) -> &'static str {
    DIRECTIONS.iter().find(|(_, known)| *known == direction).map_or("", |(word, _)| word)
}

/// Whether a unit makes sense for what the panels do with a role.
fn suits(section: &Section<'_>, role: Role, unit: Unit) -> Option<()> {
    let allowed: &[Unit] = match role {
        Role::LatencyP50 | Role::LatencyP95 | Role::LatencyP99 => &[Unit::Seconds, Unit::Milliseconds],
        Role::Errors | Role::Cpu | Role::Memory => &[Unit::Ratio, Unit::Percent],
        Role::Traffic => &[Unit::PerSecond, Unit::PerMinute],
        Role::Other => return Some(()),
    };
    if allowed.contains(&unit) {
        return Some(());
    }
    let words = UNITS.iter().filter(|(_, unit)| allowed.contains(unit)).map(|(word, _)| *word).collect::<Vec<_>>();
    let called = ROLES.iter().find(|(_, known)| *known == role).map_or("", |(word, _)| word);
    let hint = format!("allowed: {}; or give it another role, such as role = \"other\"", words.join(", "));
    section.get("unit")?.error(&format!("does not suit the role {called}"), Some(&hint));
    None
}

/// The one query of a signal: `promql`, `cloudwatch`, `http` or `simulator`.
fn query(section: &Section<'_>, sources: &Sources, owner: Option<&Name>) -> Option<Query> {
    let (by, quantile) = (by::of_promql(section, owner), by::quantile(section));
    let promql = section.get("promql").map(|entry| promql(&entry, sources, by, quantile));
    let cloudwatch = section.get("cloudwatch").map(|entry| cloudwatch(entry, sources));
    let http = section.get("http").map(|entry| http_source::query(entry, &sources.http));
    let simulator = section.get("simulator").map(|entry| simulated(&entry, sources));
    let mut given: Vec<Option<Query>> = [promql, cloudwatch, http, simulator].into_iter().flatten().collect();
    if given.len() == 1 {
        return given.pop().flatten();
    }
    let message = if given.is_empty() { "has no query" } else { "has several queries" };
    section.error(message, Some("give one of promql, cloudwatch, http, simulator"));
    None
}

fn promql(entry: &Entry<'_>, sources: &Sources, by: Option<By>, quantile: Option<Option<Quantile>>) -> Option<Query> {
    let text = words::query(entry);
    if sources.prometheus.is_none() {
        entry.error("needs the section [prometheus]", Some("add [prometheus] with its url"));
        return None;
    }
    let text = text?;
    if text.contains("$window") {
        entry.error(
            "`$window` stands for the windows of an objective",
            Some("in a signal write a window, such as [5m]"),
        );
        return None;
    }
    Some(Query::Prometheus(PromQuery { expression: text, pick: by?, quantile: quantile? }))
}

fn simulated(entry: &Entry<'_>, sources: &Sources) -> Option<Query> {
    let text = filled(entry);
    if sources.simulator.is_none() {
        entry.error("needs the section [simulator]", None);
        return None;
    }
    known(entry, text?)
}

/// A query of the simulated fleet, which must know it.
fn known(entry: &Entry<'_>, text: String) -> Option<Query> {
    match crate::simulator::measure::parse(&text) {
        Ok(_) => Some(Query::Simulator(text)),
        Err(error) => {
            entry.error(&error, None);
            None
        }
    }
}

fn cloudwatch(entry: Entry<'_>, sources: &Sources) -> Option<Query> {
    if sources.cloudwatch.is_none() {
        entry.error("needs the section [cloudwatch]", Some("add [cloudwatch], which may be empty, and [aws]"));
    }
    let section = entry.section()?;
    let query = match section.get("expression") {
        Some(expression) => maths(&section, &expression, sources),
        None => placed_metric(&section, sources).map(Query::CloudWatch),
    };
    sources.cloudwatch.and(query)
}

fn placed_metric(section: &Section<'_>, sources: &Sources) -> Option<CloudWatchMetric> {
    let place = words::place(section.get("place"), sources);
    let metric = metric(section, None);
    Some(CloudWatchMetric { place: place?, ..metric? })
}

/// An expression stands in one place: one call computes it.
fn maths(section: &Section<'_>, expression: &Entry<'_>, sources: &Sources) -> Option<Query> {
    let place = words::place(section.get("place"), sources);
    let period = or(section.get("period"), 60, period);
    let text = words::query(expression);
    let metrics = section.need("metrics").and_then(Entry::section);
    section.done();
    let (period, text, place) = (period?, text?, place?);
    let at = |metric| CloudWatchMetric { place: place.clone(), ..metric };
    let read = |(id, _, entry): (&str, _, Entry<'_>)| Some((id_of(id, &text, &entry)?, at(metric_of(entry, period)?)));
    let metrics: Vec<_> = metrics?.all().into_iter().map(read).collect();
    let metrics: BTreeMap<_, _> = metrics.into_iter().collect::<Option<_>>()?;
    if metrics.is_empty() {
        section.error("has no metrics", Some("metrics = { m1 = { namespace = \"…\", metric = \"…\" } }"));
        return None;
    }
    Some(Query::CloudWatchMaths { expression: text, metrics, period })
}

fn metric_of(entry: Entry<'_>, period: u32) -> Option<CloudWatchMetric> {
    metric(&entry.section()?, Some(period))
}

/// The id of a metric: CloudWatch wants a small letter first; one that the expression does not use is a slip.
fn id_of(id: &str, expression: &str, entry: &Entry<'_>) -> Option<String> {
    let well_formed =
        id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !well_formed {
        entry.error("is not a metric id", Some("a small letter first, then letters, digits and `_`, such as m1"));
        return None;
    }
    let mut words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    if !words.any(|word| word == id) {
        entry.error("is not used in the expression", None);
        return None;
    }
    Some(id.to_owned())
}

/// One metric; `outer` is the period of the expression that it is part of.
fn metric(section: &Section<'_>, outer: Option<u32>) -> Option<CloudWatchMetric> {
    let namespace = section.need("namespace").and_then(|entry| filled(&entry));
    let metric = section.need("metric").and_then(|entry| filled(&entry));
    let dimensions = section.section("dimensions").map_or(Some(BTreeMap::new()), |section| dimensions(&section));
    let statistic = section.need("statistic").and_then(|entry| statistic(&entry));
    let period = or(section.get("period"), outer.unwrap_or(60), period);
    section.done();
    Some(CloudWatchMetric {
        namespace: namespace?,
        metric: metric?,
        dimensions: dimensions?,
        statistic: statistic?,
        period: period?,
        place: None,
    })
}

fn dimensions(section: &Section<'_>) -> Option<BTreeMap<String, String>> {
    let all = section.all();
    if all.len() > 30 {
        section.error("has more than 30 dimensions, which CloudWatch refuses", None);
        return None;
    }
    let read = |(key, _, entry): &(&str, _, Entry<'_>)| Some(((*key).to_owned(), filled(entry)?));
    all.iter().map(read).collect::<Vec<_>>().into_iter().collect()
}

fn statistic(entry: &Entry<'_>) -> Option<String> {
    let value = entry.expanded()?.value;
    if is_statistic(&value) {
        return Some(value);
    }
    entry.error(
        "is not a statistic",
        Some("allowed: Average, Sum, Minimum, Maximum, SampleCount, IQM, p95 (any percentile), tm99, tc90, ts90, wm98, PR(…)"),
    );
    None
}

/// Statistics of CloudWatch ("CloudWatch statistics definitions"): five plain ones, IQM, and those with a percentile or range.
fn is_statistic(value: &str) -> bool {
    if ["Average", "Sum", "Minimum", "Maximum", "SampleCount", "IQM"].contains(&value) {
        return true;
    }
    let percentile = |rest: &str| rest.parse::<f64>().is_ok_and(|p| (0.0..=100.0).contains(&p));
    let short = ["p", "tm", "tc", "ts", "wm"].iter().filter_map(|prefix| value.strip_prefix(prefix)).any(percentile);
    let ranged = ["PR", "TM", "TC", "TS", "WM"].iter().filter_map(|prefix| value.strip_prefix(prefix));
    short || ranged.into_iter().any(|rest| rest.starts_with('(') && rest.ends_with(')') && rest.contains(':'))
}

fn period(entry: &Entry<'_>) -> Option<u32> {
    let value = entry.integer(1..=86_400)?;
    if matches!(value, 1 | 5 | 10 | 30) || value.is_multiple_of(60) {
        return u32::try_from(value).ok();
    }
    entry.error("is no period of CloudWatch", Some("seconds: 1, 5, 10, 30, or a multiple of 60"));
    None
}

/// `[[service.objective]]`.
pub(super) fn objective(section: &Section<'_>, sources: &Sources, owner: Option<&Name>) -> Option<Objective> {
    let name = section.need("name").and_then(|entry| name(&entry));
    let target = section.need("target").and_then(|entry| target(&entry));
    let period = or(section.get("period"), 30 * DAY, |entry| duration(entry, Duration::from_secs(3_600)..=90 * DAY));
    let by = by::read(section, owner, sources.simulator.is_none());
    let bad = section.need("bad").and_then(|entry| windowed(&entry, sources, by.clone()));
    let valid = section.need("valid").and_then(|entry| windowed(&entry, sources, by.clone()));
    let interval = or(section.get("interval"), sources.simulator.unwrap_or(OBJECTIVE_INTERVAL), interval);
    section.done();
    Some(Objective { name: name?, target: target?, period: period?, bad: bad?, valid: valid?, interval: interval? })
}

fn target(entry: &Entry<'_>) -> Option<f64> {
    let value = entry.number()?;
    if value > 0.0 && value < 1.0 {
        return Some(value);
    }
    entry.error("must lie between 0 and 1, both excluded", Some("99.9 % is written 0.999"));
    None
}

/// A query of an objective: PromQL with `$window`, or a count of the simulated fleet.
fn windowed(entry: &Entry<'_>, sources: &Sources, by: Option<By>) -> Option<Query> {
    let text = words::query(entry);
    if sources.simulator.is_some() {
        return known(entry, text?);
    }
    if sources.prometheus.is_none() {
        entry.error("needs the section [prometheus]", Some("add [prometheus] with its url"));
        return None;
    }
    let text = text?;
    if !text.contains("$window") {
        entry.error(
            "has no `$window`",
            Some("the budget is asked over several windows: sum(increase(http_requests_total[$window]))"),
        );
        return None;
    }
    Some(Query::Prometheus(PromQuery { expression: text, pick: by?, quantile: None }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_those_of_cloudwatch() {
        for right in ["Average", "p95", "p99.9", "tm99", "PR(:300)", "TM(2%:98%)", "IQM"] {
            assert!(is_statistic(right), "{right}");
        }
        for wrong in ["average", "p", "p101", "95", "PR", "mean"] {
            assert!(!is_statistic(wrong), "{wrong}");
        }
    }

    #[test]
    fn usual_names_tell_their_role() {
        assert_eq!(inferred("latency_p95"), Role::LatencyP95);
        assert_eq!(inferred("error_rate"), Role::Errors);
        assert_eq!(inferred("queue_depth"), Role::Other);
    }
}
