//! When a CloudWatch metric can have something new, what asking for all of them costs, and how a budget slows that down.
//!
//! Pure: everything follows from the configuration, so that `quarterdeck check` tells it before anything is asked, and the
//! age from which a value is stale follows the pace at which it is really asked.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::batch::pack;
use super::window::period_of;
use super::{Wanted, place_of};
use crate::config::{ALARM_HISTORY_INTERVAL, Config, Query};
use crate::source::aws::meter::Price;
use crate::source::{Cadence, Name};

/// How long after the end of a period its datapoint is there: most services publish within a minute.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html>
pub const PUBLICATION: Duration = Duration::from_secs(60);

/// How often what AWS publishes a few times a day at no told time is asked: estimated charges, and the storage of buckets.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/monitor_estimated_charges_with_cloudwatch.html>
const RARELY: Duration = Duration::from_secs(6 * 3_600);

/// The month that costs are told for, as AWS's own price examples do.
pub const MONTH: Duration = Duration::from_secs(30 * 86_400);

/// The time within which nothing new can come: the period, or what the namespace is known to take. `None` if the query is
/// not one of CloudWatch's.
fn step(query: &Query) -> Option<Duration> {
    let period = Duration::from_secs(u64::from(period_of(query)?.max(1)));
    Some(if is_rare(query) { RARELY } else { period })
}

fn is_rare(query: &Query) -> bool {
    let rare = |namespace: &str, metric: &str| match namespace {
        "AWS/Billing" => true,
        "AWS/S3" => matches!(metric, "BucketSizeBytes" | "NumberOfObjects"),
        _ => false,
    };
    match query {
        Query::CloudWatch(metric) => rare(&metric.namespace, &metric.metric),
        Query::CloudWatchMaths { metrics, .. } => {
            !metrics.is_empty() && metrics.values().all(|metric| rare(&metric.namespace, &metric.metric))
        }
        _ => false,
    }
}

/// How often a query is asked whose signal wants `interval`: that, but never more often than something new can come.
fn every(query: &Query, interval: Duration) -> Option<Duration> {
    Some(step(query)?.max(interval))
}

/// The freshness that can be had of a CloudWatch query. Its newest period comes up to three periods late; what is published
/// rarely comes when it comes.
pub fn cadence(query: &Query, interval: Duration) -> Option<Cadence> {
    let period = Duration::from_secs(u64::from(period_of(query)?));
    let late = if is_rare(query) { RARELY } else { PUBLICATION };
    Some(Cadence { every: every(query, interval)?, lag: period * 3 + late })
}

/// How long a source that is asked every `every` rests after a poll at `now`: until the first moment of that grid, shifted by
/// [`PUBLICATION`], that lies ahead. Only then is the datapoint of another period there.
pub(super) fn rest(every: Duration, now: Timestamp) -> Duration {
    let grid = i128::try_from(every.as_millis()).unwrap_or(i128::MAX).max(1);
    let since = (i128::from(now.as_millisecond()) - PUBLICATION.as_millis() as i128).rem_euclid(grid);
    Duration::from_millis(u64::try_from(grid - since).unwrap_or(u64::MAX))
}

/// What is asked together: one place, one period, one pace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The place; `None` is `[aws]` itself.
    pub place: Option<Name>,
    /// The period.
    pub period: Duration,
    /// How often it is asked.
    pub every: Duration,
}

/// All CloudWatch queries of a configuration. Equal ones are in one group, at the pace of the most impatient.
pub fn groups(wanted: Vec<Wanted>) -> BTreeMap<Group, Vec<Wanted>> {
    let mut pace: HashMap<Query, Duration> = HashMap::new();
    for Wanted { query, interval, .. } in &wanted {
        let Some(every) = every(query, *interval) else { continue };
        pace.entry(query.clone()).and_modify(|known| *known = every.min(*known)).or_insert(every);
    }
    let mut groups: BTreeMap<Group, Vec<Wanted>> = BTreeMap::new();
    for wanted in wanted {
        let (Some(every), Some(period)) = (pace.get(&wanted.query), period_of(&wanted.query)) else { continue };
        let period = Duration::from_secs(u64::from(period));
        let group = Group { place: place_of(&wanted.query).cloned(), period, every: *every };
        groups.entry(group).or_default().push(wanted);
    }
    groups
}

/// What polling costs a month, by the configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Projection {
    /// Distinct metrics that are asked.
    pub metrics: usize,
    /// GetMetricData calls a month.
    pub calls: f64,
    /// USD a month for metrics.
    pub metrics_usd: f64,
    /// USD a month for alarms: in each place one call a prefix and one for their history; of further pages nothing is known.
    pub alarms_usd: f64,
    /// USD a month for Cost Explorer: the days and the forecast at each interval.
    pub cost_usd: f64,
    /// Whether logs are counted by Insights queries. What they scan is known only when they have.
    pub counts_logs: bool,
}

/// The part of the budget that is kept for the queries that count log lines, where there are any.
const LOGS_SHARE: f64 = 0.1;

impl Projection {
    /// The projection of a configuration.
    pub fn of(config: &Config) -> Self {
        let mut all = Self {
            metrics: 0,
            calls: 0.0,
            metrics_usd: 0.0,
            alarms_usd: alarms_usd(config),
            cost_usd: cost_usd(config),
            counts_logs: config.services.iter().flat_map(|service| &service.logs).any(|log| log.count.is_some()),
        };
        for (group, wanted) in groups(super::wanted(config)) {
            let polls = a_month(group.every);
            let queries: HashSet<&Query> = wanted.iter().map(|wanted| &wanted.query).collect();
            let batches = pack(queries.into_iter());
            let metrics: usize = batches.iter().map(super::batch::Batch::metric_count).sum();
            all.metrics += metrics;
            all.calls += batches.len() as f64 * polls;
            all.metrics_usd += metrics as f64 * polls * Price::MetricsRequested.usd();
        }
        all
    }

    /// USD a month for all of it; what log queries scan is not known before.
    pub fn usd(&self) -> f64 {
        self.metrics_usd + self.fixed_usd()
    }

    /// USD a month for what is not slowed down.
    pub fn fixed_usd(&self) -> f64 {
        self.alarms_usd + self.cost_usd
    }

    /// By how much metrics must be asked less often to keep within a budget; 1 is not at all. `None` where nothing is left
    /// for them.
    pub fn slowed(&self, budget: f64) -> Option<f64> {
        let share = if self.counts_logs { 1.0 - LOGS_SHARE } else { 1.0 };
        let left = budget * share - self.fixed_usd();
        match self.metrics_usd {
            none if none <= 0.0 && left >= 0.0 => Some(1.0),
            _ if left <= 0.0 => None,
            usd => Some((usd / left).max(1.0)),
        }
    }
}

/// The same configuration, with every metric of CloudWatch asked less often, all by the same factor, where the budget would
/// not last else.
///
/// # Errors
/// USD a month for alarms and Cost Explorer, where the budget leaves nothing for metrics.
pub fn within_budget(mut config: Config) -> Result<Config, f64> {
    let Some(budget) = config.cloudwatch.as_ref().and_then(|settings| settings.budget_usd_month) else {
        return Ok(config);
    };
    let projection = Projection::of(&config);
    let slowed = projection.slowed(budget).ok_or_else(|| projection.fixed_usd())?;
    let signals = config.services.iter_mut().flat_map(|service| &mut service.signals);
    let measures = config.backups.iter_mut().flat_map(|thing| &mut thing.measures);
    for signal in signals.chain(measures).filter(|_| slowed > 1.0) {
        if let Some(every) = every(&signal.query, signal.interval) {
            signal.interval = every.mul_f64(slowed);
        }
    }
    if let Some(settings) = &mut config.cloudwatch {
        settings.slowed = slowed;
    }
    Ok(config)
}

fn a_month(every: Duration) -> f64 {
    MONTH.as_secs_f64() / every.as_secs_f64()
}

fn alarms_usd(config: &Config) -> f64 {
    let Some(settings) = &config.cloudwatch else { return 0.0 };
    let interval = settings.polling.interval;
    let listed = settings.alarm_prefixes.len() as f64 * a_month(interval);
    let history = a_month(interval.max(ALARM_HISTORY_INTERVAL));
    config.alarm_places().len() as f64 * (listed + history) * Price::CloudWatchRequests.usd()
}

/// Two requests an interval: the days so far and the forecast.
fn cost_usd(config: &Config) -> f64 {
    config.cost.as_ref().map_or(0.0, |cost| 2.0 * a_month(cost.interval) * Price::CostExplorerRequests.usd())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(namespace: &str, metric: &str, period: u32) -> Query {
        Query::CloudWatch(crate::config::CloudWatchMetric {
            namespace: namespace.into(),
            metric: metric.into(),
            dimensions: BTreeMap::new(),
            statistic: "Average".into(),
            period,
            place: None,
        })
    }

    fn seconds(query: &Query, interval: u64) -> u64 {
        every(query, Duration::from_secs(interval)).unwrap().as_secs()
    }

    #[test]
    fn nothing_is_asked_more_often_than_something_new_can_come() {
        assert_eq!(seconds(&query("AWS/ECS", "CPUUtilization", 60), 15), 60);
        assert_eq!(seconds(&query("AWS/ECS", "CPUUtilization", 60), 90), 90);
        assert_eq!(seconds(&query("AWS/ECS", "CPUUtilization", 300), 60), 300);
        assert_eq!(seconds(&query("AWS/Backup", "NumberOfBackupJobsFailed", 86_400), 60), 86_400);
        assert_eq!(seconds(&query("AWS/Billing", "EstimatedCharges", 60), 60), 21_600);
        assert_eq!(seconds(&query("AWS/S3", "BucketSizeBytes", 86_400), 60), 21_600);
        assert_eq!(seconds(&query("Own", "HighResolution", 10), 60), 60);
    }

    #[test]
    fn the_next_poll_is_when_the_next_period_is_published() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let rests = |every, now: &str| rest(Duration::from_secs(every), at(now)).as_secs_f64();
        assert_eq!(rests(60, "2026-01-01T12:00:20Z"), 40.0);
        assert_eq!(rests(300, "2026-01-01T12:00:30Z"), 30.0, "12:00 ends, published at 12:01");
        assert_eq!(rests(300, "2026-01-01T12:01:00Z"), 300.0, "not the same moment again");
        assert_eq!(rests(86_400, "2026-01-01T00:00:59.500Z"), 0.5);
    }

    /// An environment with `count` metrics by the minute, a budget, and alarms of these prefixes.
    fn config(count: usize, budget: f64, prefixes: &[&str]) -> Config {
        let metric = |n: usize| {
            format!(
                "[[service.signal]]\nname = \"m{n}\"\nunit = \"count\"\n\
                 cloudwatch = {{ namespace = \"N\", metric = \"m{n}\", statistic = \"Sum\" }}\n"
            )
        };
        let metrics: String = (0..count).map(metric).collect();
        let text = format!(
            "[environment]\nname = \"e\"\nkind = \"development\"\n[aws]\nregion = \"us-east-1\"\n\
             [cloudwatch]\nbudget_usd_month = {budget}\nalarm_prefixes = {prefixes:?}\n\
             [[service]]\nname = \"s\"\n{metrics}"
        );
        crate::config::check::parse(&text, std::path::Path::new("x.toml"), &|_| None).unwrap()
    }

    #[test]
    fn twenty_metrics_a_minute_cost_what_the_price_list_says() {
        let projection = Projection::of(&config(20, 100.0, &[]));
        assert!((projection.metrics_usd - 8.64).abs() < 1e-9, "20 × 43,200 / 1,000 × 0.01: {projection:?}");
        assert_eq!((projection.metrics, projection.calls.round()), (20, 43_200.0));
        let alarms = Projection::of(&config(1, 100.0, &["a-", "b-"])).alarms_usd;
        assert!((alarms - 0.9504).abs() < 1e-9, "(2 × 43,200 + 8,640) / 1,000 × 0.01: {alarms}");
    }

    #[test]
    fn cost_explorer_and_a_share_for_log_queries_count_against_the_budget() {
        let mut config = config(20, 100.0, &[]);
        config.cost = Some(crate::config::CostBudget {
            monthly_usd: None,
            place: None,
            interval: Duration::from_secs(6 * 3_600),
        });
        let projection = Projection::of(&config);
        assert!((projection.cost_usd - 2.4).abs() < 1e-9, "2 × 120 × 0.01: {projection:?}");
        assert!((projection.usd() - 11.04).abs() < 1e-9);
        assert_eq!(projection.slowed(11.05), Some(1.0));
        assert!((projection.slowed(2.4 + 4.32).unwrap() - 2.0).abs() < 1e-9);
        assert_eq!(projection.slowed(2.4), None, "nothing is left for metrics");
        let counting = Projection { counts_logs: true, ..projection };
        assert!((counting.slowed((2.4 + 4.32) / 0.9).unwrap() - 2.0).abs() < 1e-9, "a tenth is kept for the logs");
    }

    #[test]
    fn a_budget_slows_all_metrics_down_evenly_until_it_lasts_and_their_freshness_follows() {
        let slow = config(20, 4.32, &[]);
        let settings = slow.cloudwatch.as_ref().unwrap();
        assert!((settings.slowed - 2.0).abs() < 1e-9);
        assert!(Projection::of(&slow).usd() <= 4.32 + 1e-6, "{:?}", Projection::of(&slow));
        let signal = &slow.services[0].signals[0];
        assert_eq!(signal.cadence().every.as_secs(), 120);
        assert!(signal.cadence().stale_after() > Duration::from_secs(2 * 120));
        assert_eq!(config(20, 8.65, &[]).cloudwatch.unwrap().slowed, 1.0);
    }

    proptest::proptest! {
        #[test]
        fn no_configuration_is_projected_to_exceed_its_budget(count in 1_usize..60, budget in 1.0_f64..40.0) {
            let config = config(count, budget, &["a-"]);
            let usd = Projection::of(&config).usd();
            proptest::prop_assert!(usd <= budget * (1.0 + 1e-6), "{usd} of {budget}");
        }
    }

    #[test]
    fn a_value_of_a_day_is_not_stale_while_no_newer_one_can_be() {
        let cadence = cadence(&query("Own", "Daily", 86_400), Duration::from_secs(60)).unwrap();
        assert_eq!(cadence.every.as_secs(), 86_400);
        assert!(cadence.stale_after() >= Duration::from_secs(2 * 86_400));
    }
}
