//! Queries packed into GetMetricData calls: up to 500 entries a call, equal metrics once, one period a call (so that the
//! window can be aligned to it).
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>

use std::collections::{BTreeMap, HashMap};

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};

use super::window;
use crate::config::{CloudWatchMetric, Query};

/// Entries in one GetMetricData call, the API's limit.
pub(super) const ENTRIES_A_CALL: usize = 500;

/// The entries of one call.
#[derive(Debug, Clone, Default)]
pub(super) struct Batch<'a> {
    /// The period of its queries, in seconds.
    pub(super) period: u32,
    /// Which entry answers which query.
    pub(super) answers: Vec<(&'a Query, String)>,
    metrics: HashMap<&'a CloudWatchMetric, String>,
    entries: Vec<Entry<'a>>,
    alone: bool,
}

#[derive(Debug, Clone)]
struct Entry<'a> {
    id: String,
    what: What<'a>,
    /// Whether its values are wanted, or only go into an expression.
    returned: bool,
}

#[derive(Debug, Clone)]
enum What<'a> {
    Metric(&'a CloudWatchMetric),
    Expression(String),
}

/// Packs distinct queries into as few calls as the limits allow. What is not CloudWatch's is left out.
pub(super) fn pack<'a>(queries: impl Iterator<Item = &'a Query>) -> Vec<Batch<'a>> {
    let mut batches: BTreeMap<u32, Vec<Batch<'a>>> = BTreeMap::new();
    for query in queries {
        let Some(period) = window::period_of(query) else { continue };
        let of_period = batches.entry(period).or_default();
        let fits = |batch: &Batch<'a>| !batch.alone && !needs_a_call_alone(query) && batch.has_room_for(query);
        let free = of_period.iter().position(fits).unwrap_or_else(|| {
            of_period.push(Batch { period, alone: needs_a_call_alone(query), ..Batch::default() });
            of_period.len() - 1
        });
        if let Some(batch) = of_period.get_mut(free) {
            batch.add(query);
        }
    }
    batches.into_values().flatten().collect()
}

/// `METRICS()` means all metrics of its call, so such an expression must not share one with others.
fn needs_a_call_alone(query: &Query) -> bool {
    matches!(query, Query::CloudWatchMaths { expression, .. } if expression.to_uppercase().contains("METRICS("))
}

impl<'a> Batch<'a> {
    /// Whether the query's entries fit; counts metrics that are there already twice, which is only ever too careful.
    fn has_room_for(&self, query: &Query) -> bool {
        let more = match query {
            Query::CloudWatchMaths { metrics, .. } => metrics.len() + 1,
            _ => 1,
        };
        self.entries.len() + more <= ENTRIES_A_CALL
    }

    fn add(&mut self, query: &'a Query) {
        let id = match query {
            Query::CloudWatch(metric) => self.metric(metric, true),
            Query::CloudWatchMaths { expression, metrics, .. } => self.expression(expression, metrics),
            Query::Prometheus(_) | Query::Http(_) | Query::Simulator(_) => return,
        };
        self.answers.push((query, id));
    }

    /// The id of a metric, added if it is not there yet.
    fn metric(&mut self, metric: &'a CloudWatchMetric, returned: bool) -> String {
        if let Some(id) = self.metrics.get(metric).cloned() {
            self.entries.iter_mut().filter(|entry| entry.id == id).for_each(|entry| entry.returned |= returned);
            return id;
        }
        let id = self.push(What::Metric(metric), returned);
        self.metrics.insert(metric, id.clone());
        id
    }

    /// The id of an expression; in a shared call its metrics are renamed, because ids must be unique there.
    fn expression(&mut self, expression: &str, metrics: &'a BTreeMap<String, CloudWatchMetric>) -> String {
        if self.alone {
            self.entries.extend(metrics.iter().map(|(id, metric)| Entry {
                id: id.clone(),
                what: What::Metric(metric),
                returned: false,
            }));
            return self.push(What::Expression(expression.to_owned()), true);
        }
        let ids: BTreeMap<&str, String> =
            metrics.iter().map(|(name, metric)| (name.as_str(), self.metric(metric, false))).collect();
        self.push(What::Expression(renamed(expression, &ids)), true)
    }

    fn push(&mut self, what: What<'a>, returned: bool) -> String {
        let id = format!("quarterdeck{}", self.entries.len());
        self.entries.push(Entry { id: id.clone(), what, returned });
        id
    }

    /// How many metrics a call of it is charged for: its entries but the expressions.
    pub(super) fn metric_count(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry.what, What::Metric(_))).count()
    }

    /// The entries as the SDK wants them.
    pub(super) fn queries(&self) -> Vec<MetricDataQuery> {
        self.entries.iter().map(|entry| self.entry(entry)).collect()
    }

    fn entry(&self, entry: &Entry<'_>) -> MetricDataQuery {
        let query = MetricDataQuery::builder().id(&entry.id).return_data(entry.returned);
        match &entry.what {
            What::Metric(metric) => query.metric_stat(stat(metric)).build(),
            What::Expression(expression) => query.expression(expression).period(whole(self.period)).build(),
        }
    }
}

fn stat(metric: &CloudWatchMetric) -> MetricStat {
    let dimensions = metric.dimensions.iter().map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let what = Metric::builder()
        .namespace(&metric.namespace)
        .metric_name(&metric.metric)
        .set_dimensions(Some(dimensions.collect()))
        .build();
    MetricStat::builder().metric(what).period(whole(metric.period)).stat(&metric.statistic).build()
}

fn whole(period: u32) -> i32 {
    i32::try_from(period).unwrap_or(i32::MAX)
}

/// The expression with its ids replaced; function names and quoted text stay as they are.
fn renamed(expression: &str, ids: &BTreeMap<&str, String>) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            _ if first.is_ascii_alphanumeric() || first == '_' => {
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        out.push_str(ids.get(token).map_or(token, String::as_str));
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str, period: u32) -> CloudWatchMetric {
        CloudWatchMetric {
            namespace: "AWS/ECS".into(),
            metric: name.into(),
            dimensions: BTreeMap::from([("ServiceName".to_owned(), "rtech-app".to_owned())]),
            statistic: "Average".into(),
            period,
            place: None,
        }
    }

    fn maths(expression: &str, metrics: &[&str]) -> Query {
        let metrics = metrics.iter().enumerate().map(|(n, name)| (format!("m{}", n + 1), metric(name, 60))).collect();
        Query::CloudWatchMaths { expression: expression.into(), metrics, period: 60 }
    }

    fn expressions(batch: &Batch<'_>) -> Vec<String> {
        batch.queries().iter().filter_map(|query| query.expression().map(str::to_owned)).collect()
    }

    #[test]
    fn five_hundred_queries_fill_one_call_and_the_next_begins_another() {
        let queries: Vec<_> = (0..1001).map(|n| Query::CloudWatch(metric(&format!("m{n}"), 60))).collect();
        let sizes: Vec<_> = pack(queries.iter()).iter().map(|batch| batch.queries().len()).collect();
        assert_eq!(sizes, [500, 500, 1]);
    }

    #[test]
    fn each_period_has_a_call_of_its_own() {
        let queries = [Query::CloudWatch(metric("a", 60)), Query::CloudWatch(metric("a", 300))];
        assert_eq!(pack(queries.iter()).iter().map(|batch| batch.period).collect::<Vec<_>>(), [60, 300]);
    }

    #[test]
    fn two_expressions_with_the_same_ids_share_a_call_and_do_not_mix() {
        let queries = [maths("100*m2/m1", &["all", "bad"]), maths("m1/60", &["bad"])];
        let batches = pack(queries.iter());
        assert_eq!(batches.len(), 1);
        assert_eq!(expressions(&batches[0]), ["100*quarterdeck1/quarterdeck0", "quarterdeck1/60"]);
        assert_eq!(batches[0].queries().len(), 4, "the metric `bad` is asked once");
    }

    #[test]
    fn a_metric_that_is_shown_and_computed_with_is_asked_once_and_returned() {
        let queries = [maths("m1/60", &["all"]), Query::CloudWatch(metric("all", 60))];
        let batches = pack(queries.iter());
        let returned: Vec<_> = batches[0].queries().iter().map(|query| query.return_data()).collect();
        assert_eq!(returned, [Some(true), Some(true)]);
    }

    #[test]
    fn an_expression_over_all_metrics_of_its_call_gets_one_alone() {
        let queries = [maths("SUM(METRICS())", &["a", "b"]), maths("m1", &["a"])];
        let batches = pack(queries.iter());
        assert_eq!(batches.len(), 2);
        assert_eq!(expressions(&batches[0]), ["SUM(METRICS())"]);
        assert_eq!(batches[0].queries()[0].id(), Some("m1"), "names stay, so that METRICS(\"m1\") means what it says");
    }

    #[test]
    fn quoted_text_and_function_names_are_not_renamed() {
        let ids = BTreeMap::from([("m1", "x".to_owned())]);
        assert_eq!(renamed("RATE(m1)+FILL(m1,0)", &ids), "RATE(x)+FILL(x,0)");
        assert_eq!(renamed("SEARCH('m1', 'Sum')+m10*m1", &ids), "SEARCH('m1', 'Sum')+m10*x");
        assert_eq!(renamed("m1 + \"m1", &ids), "x + \"m1");
    }
}
