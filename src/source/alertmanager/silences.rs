//! What Alertmanager writes of silences.

use jiff::{SignedDuration, Timestamp};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::source::{Silence, SilenceState, Silences};
use crate::text::Text;

/// How long a silence that ended is told: as far back as an on-call shift. Alertmanager itself keeps them for five days.
const ENDED_FOR: SignedDuration = SignedDuration::from_hours(6);

/// The most silences that are kept.
const MAX_SILENCES: usize = 200;

/// The most matchers that are kept of one silence.
const MAX_MATCHERS: usize = 16;

/// From how many seconds on clocks count as apart: the `Date` of an answer is cut to the second, and the answer takes time.
const APART: i64 = 3;

/// A silence of Alertmanager's API; further members are its own business.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GettableSilence {
    id: String,
    status: Status,
    matchers: Vec<Matcher>,
    #[serde(deserialize_with = "time")]
    starts_at: Timestamp,
    #[serde(deserialize_with = "time")]
    ends_at: Timestamp,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    comment: String,
}

#[derive(Debug, Deserialize)]
struct Status {
    state: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Matcher {
    name: String,
    value: String,
    #[serde(default)]
    is_regex: bool,
    /// Missing before Alertmanager 0.22, where all were equal.
    #[serde(default = "yes")]
    is_equal: bool,
}

fn yes() -> bool {
    true
}

/// A moment; people write silences for ever as the end of the year 9999, which lies beyond what a [`Timestamp`] can hold.
fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let raw = String::deserialize(from)?;
    match raw.parse() {
        Ok(at) => Ok(at),
        Err(_) if raw.starts_with("9999-12-3") => Ok(Timestamp::MAX),
        Err(error) => Err(D::Error::custom(error)),
    }
}

/// The silences that matter at `now` (our clock), when Alertmanager's clock shows `its_now`.
pub(super) fn silences(raw: Vec<GettableSilence>, now: Timestamp, its_now: Option<Timestamp>) -> Silences {
    // The clock that was cut to the second was half a second further on average.
    let ahead = its_now.map_or(0, |its| (its.duration_since(now).as_millis() + 500).div_euclid(1000));
    let ahead = i64::try_from(ahead).unwrap_or_default();
    let clock_ahead = if ahead.abs() < APART { 0 } else { ahead };
    let horizon = now.saturating_add(SignedDuration::from_secs(clock_ahead).saturating_sub(ENDED_FOR));
    let horizon = horizon.unwrap_or(Timestamp::MIN);
    let mut all: Vec<Silence> = raw.into_iter().map(silence).collect();
    all.retain(|silence| silence.state != SilenceState::Expired || silence.ends >= horizon);
    all.sort_by_key(|silence| match silence.state {
        SilenceState::Expired => (silence.state, -silence.ends.as_second()),
        SilenceState::Active => (silence.state, silence.ends.as_second()),
        SilenceState::Pending => (silence.state, silence.starts.as_second()),
    });
    let left_out = all.len().saturating_sub(MAX_SILENCES);
    all.truncate(MAX_SILENCES);
    Silences { silences: all, left_out, clock_ahead }
}

fn silence(raw: GettableSilence) -> Silence {
    Silence {
        id: Text::clean(&raw.id),
        state: match raw.status.state.as_str() {
            "active" => SilenceState::Active,
            "pending" => SilenceState::Pending,
            // What is not known to hold anything back must not be shown as doing so.
            _ => SilenceState::Expired,
        },
        matchers: raw.matchers.iter().take(MAX_MATCHERS).map(matcher).collect(),
        starts: raw.starts_at,
        ends: raw.ends_at,
        created_by: Text::clean(&raw.created_by),
        comment: Text::clean(&raw.comment),
    }
}

fn matcher(raw: &Matcher) -> Text {
    let operator = match (raw.is_equal, raw.is_regex) {
        (true, false) => "=",
        (false, false) => "!=",
        (true, true) => "=~",
        (false, true) => "!~",
    };
    let value = raw.value.replace('\\', "\\\\").replace('"', "\\\"");
    Text::clean(&format!("{}{operator}\"{value}\"", raw.name))
}
