//! Cost Explorer: this month by day and by service, and the forecast for the rest of it.
//!
//! Each request costs 0.01 USD (<https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/>) and the figures
//! change a few times a day, so two requests are made each interval, which is hours long.

mod decode;
mod month;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_costexplorer::Client;
use aws_sdk_costexplorer::operation::get_cost_forecast::GetCostForecastError;
use aws_sdk_costexplorer::types::{
    DateInterval, Granularity, GroupDefinition, GroupDefinitionType, Metric, ResultByTime,
};
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::Connections;
use super::connect::{Connection, operation_timeout};
use super::error::Asked;
use super::meter::{Meter, Price};
use crate::config::{COST_LAG, Config, CostBudget};
use crate::source::{
    Ask, Cadence, Cost, Name, Payload, Reading, Readings, SharedSource, Source, SourceError, SourceErrorKind, Subject,
};
use crate::text::Text;
use month::Month;

/// The name of the source.
const SOURCE: &str = "cost";

/// The longest that one poll may take; Cost Explorer is slow.
const DEADLINE: Duration = Duration::from_secs(30);

/// Pages of costs that are read; a page has up to 31 days of all services.
const PAGES: usize = 10;

/// The sources that the configuration asks for.
pub(super) fn sources(connections: &Arc<Connections>, config: &Config) -> Vec<SharedSource> {
    let source = |budget: &CostBudget| {
        let connection = connections.at(budget.place.as_ref()).clone();
        Arc::new(CostSource::new(budget.interval, connection)) as SharedSource
    };
    config.cost.iter().map(source).collect()
}

/// Reads what the account costs.
struct CostSource {
    name: Name,
    subjects: [Subject; 1],
    interval: Duration,
    connection: Arc<Connection>,
    client: OnceCell<Client>,
}

impl CostSource {
    fn new(interval: Duration, connection: Arc<Connection>) -> Self {
        let name = Name::from(SOURCE);
        let subjects = [Subject::Cost { source: name.clone() }];
        Self { name, subjects, interval, connection, client: OnceCell::new() }
    }

    async fn open(&self) -> Client {
        Client::new(&self.connection.sdk_config(operation_timeout(DEADLINE)).await)
    }

    async fn read(&self, month: Month) -> Result<Cost, SourceError> {
        let client = self.client.get_or_init(|| self.open()).await;
        let who = self.connection.who();
        let asked = Asked { source: &self.name, operation: "ce:GetCostAndUsage", who: &who };
        let meter = self.connection.meter();
        let days = days(client, month, (&asked, meter)).await?;
        let mut cost = decode::cost(month, &days).map_err(|reason| asked.error(SourceErrorKind::Malformed, &reason))?;
        let asked = Asked { operation: "ce:GetCostForecast", ..asked };
        match rest(client, month, (&asked, meter)).await {
            Ok(rest) => cost.forecast = rest.map(|rest| cost.month_to_date + rest),
            Err(error) => cost.missing.push(Text::clean(&format!("forecast: {}", error.reason))),
        }
        Ok(cost)
    }
}

/// The days of the month so far, each by service.
async fn days(
    client: &Client,
    month: Month,
    (asked, meter): (&Asked<'_>, &Meter),
) -> Result<Vec<ResultByTime>, SourceError> {
    let period = interval(month.first, month.tomorrow, asked)?;
    let by_service = GroupDefinition::builder().r#type(GroupDefinitionType::Dimension).key("SERVICE").build();
    let (mut days, mut token) = (Vec::new(), None);
    for _ in 0..PAGES {
        let asking = client.get_cost_and_usage().time_period(period.clone()).granularity(Granularity::Daily);
        let asking = asking.metrics(decode::METRIC).group_by(by_service.clone()).set_next_page_token(token);
        meter.charge(Price::CostExplorerRequests, 1);
        let page = asking.send().await.map_err(|error| asked.failed(&error))?;
        days.extend_from_slice(page.results_by_time());
        token = page.next_page_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(days);
        }
    }
    Err(asked.error(SourceErrorKind::Malformed, &format!("more than {PAGES} pages: not a whole month")))
}

/// The forecast from tomorrow to the month's end, in USD: zero on its last day; `None` where there is too little history.
async fn rest(client: &Client, month: Month, (asked, meter): (&Asked<'_>, &Meter)) -> Result<Option<f64>, SourceError> {
    if month.tomorrow >= month.next {
        return Ok(Some(0.0));
    }
    let asking = client.get_cost_forecast().time_period(interval(month.tomorrow, month.next, asked)?);
    meter.charge(Price::CostExplorerRequests, 1);
    let sent = asking.metric(Metric::UnblendedCost).granularity(Granularity::Daily).send().await;
    let answer = match sent {
        Ok(answer) => answer,
        Err(error) if error.as_service_error().is_some_and(GetCostForecastError::is_data_unavailable_exception) => {
            return Ok(None);
        }
        Err(error) => return Err(asked.failed(&error)),
    };
    let total = answer.total().map(decode::usd).transpose();
    total.map_err(|reason| asked.error(SourceErrorKind::Malformed, &reason))
}

fn interval(start: jiff::civil::Date, end: jiff::civil::Date, asked: &Asked<'_>) -> Result<DateInterval, SourceError> {
    let interval = DateInterval::builder().start(start.to_string()).end(end.to_string()).build();
    interval.map_err(|error| asked.error(SourceErrorKind::Refused, &error.to_string()))
}

impl Source for CostSource {
    fn name(&self) -> &Name {
        &self.name
    }

    fn cadence(&self) -> Cadence {
        Cadence { every: self.interval, lag: COST_LAG }
    }

    fn deadline(&self) -> Duration {
        DEADLINE
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn poll<'a>(&'a self, ask: Ask, out: &'a Readings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let outcome = self.read(Month::of(ask.now.wall)).await.map(Payload::Cost);
            let _ = out.send(Reading { subject: self.subjects[0].clone(), outcome }).await;
        })
    }
}
