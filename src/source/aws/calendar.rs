//! Change calendars of AWS Systems Manager.
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-change-calendar.html>

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Connections;
use super::signed::{SSM, Signer};
use crate::config::Calendar;
use crate::source::{CalendarState, SourceError, SourceErrorKind};

/// The longest that asking may take: it is asked before each call, when what was observed must still be fresh.
const WITHIN: Duration = Duration::from_secs(3);

/// What a calendar says now: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCalendarState.html>.
///
/// # Errors
/// SSM can't be asked, or answers with anything but `OPEN` or `CLOSED`.
pub async fn calendar(connections: &Connections, calendar: &Calendar) -> Result<CalendarState, SourceError> {
    let malformed = |reason: &str| SourceError::new(&calendar.name, SourceErrorKind::Malformed, reason);
    let connection = connections.exactly(calendar.place.as_ref());
    let connection = connection.ok_or_else(|| malformed("the configuration has no such place"))?;
    let region = calendar.document.split(':').nth(3);
    let body = json!({"CalendarNames": [calendar.document]});
    let signer = Signer::new(connection, WITHIN).await;
    let told = signer.json((SSM, region), "AmazonSSM.GetCalendarState", &body).await?;
    state(&told).map_err(|reason| malformed(&format!("ssm:GetCalendarState: {reason}")))
}

fn state(told: &Value) -> Result<CalendarState, String> {
    let open = match told["State"].as_str() {
        Some("OPEN") => true,
        Some("CLOSED") => false,
        other => return Err(format!("the answer's state is {other:?}, neither OPEN nor CLOSED")),
    };
    let next = match told["NextTransitionTime"].as_str() {
        None | Some("") => None,
        Some(text) => Some(text.parse::<Timestamp>().map_err(|_| format!("{text:?} is no time"))?),
    };
    Ok(CalendarState { open, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_open_or_closed_is_a_state() {
        let next = "2026-01-02T03:04:05Z";
        let of = |told: Value| state(&told);
        let wanted = CalendarState { open: false, next: Some(next.parse().unwrap()) };
        assert_eq!(of(json!({"State": "CLOSED", "NextTransitionTime": next})), Ok(wanted));
        assert_eq!(of(json!({"State": "OPEN"})), Ok(CalendarState { open: true, next: None }));
        for told in [json!({}), json!({"State": "open"}), json!({"State": "OPEN", "NextTransitionTime": "soon"})] {
            assert!(of(told.clone()).is_err(), "{told}");
        }
    }
}
