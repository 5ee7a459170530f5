//! Entrances to every decoder of outside text, for the fuzz targets in `fuzz/` and for the test that replays their corpus. No part of
//! the program uses this.
//!
//! A decoder takes any bytes and neither panics nor loops nor gives what is unsafe. What AWS answers is decoded by the SDK
//! before it reaches us; of that only the text within its typed values (rules, keys, images, rows of queries) is here.

use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::cli::plan_file;
use crate::config::keymap::Keymap;
use crate::config::theme::Theme;
use crate::config::{check, expand};
use crate::slo::schedule::Recurrence;
use crate::source::http::decode_any_error;
use crate::source::{alertmanager, aws, cloudflare, health, json_api, logs, probe, prometheus};
use crate::text::{LONGEST, Text, is_unsafe};

/// One decoder.
pub struct Decoder {
    /// Its name: that of its fuzz target and of its folder in `fuzz/corpus/`.
    pub name: &'static str,
    /// Feeds it with bytes; panics where it breaks a promise.
    pub feed: fn(&[u8]),
}

/// All decoders.
pub static DECODERS: &[Decoder] = &[
    Decoder { name: "text", feed: text },
    Decoder { name: "config", feed: config },
    Decoder { name: "expand", feed: expansion },
    Decoder { name: "keymap", feed: keymap },
    Decoder { name: "theme", feed: theme },
    Decoder { name: "runbook", feed: runbook },
    Decoder { name: "prometheus", feed: prometheus::decode_any },
    Decoder { name: "alertmanager", feed: alertmanager::decode_any },
    Decoder { name: "health", feed: health::decode_any },
    Decoder { name: "json_api", feed: json_api::decode_any },
    Decoder { name: "http_error", feed: decode_any_error },
    Decoder { name: "cloudflare", feed: cloudflare::decode_any },
    Decoder { name: "certificate", feed: probe::decoders::certificate },
    Decoder { name: "dns", feed: probe::decoders::dns },
    Decoder { name: "security_headers", feed: probe::decoders::security_headers },
    Decoder { name: "log_line", feed: logs::line::decode_any },
    Decoder { name: "log_count", feed: aws::decoders::log_count },
    Decoder { name: "alarm_rule", feed: aws::decoders::alarm_rule },
    Decoder { name: "alarm_change", feed: aws::decoders::alarm_change },
    Decoder { name: "object_key", feed: aws::decoders::object_key },
    Decoder { name: "image", feed: aws::decoders::image },
    Decoder { name: "schedule", feed: schedule },
    Decoder { name: "plan_file", feed: plan_file::decode_any },
];

/// Safe, bounded, and the same when it is cleaned once more.
fn text(data: &[u8]) {
    let clean = Text::clean(&String::from_utf8_lossy(data));
    assert!(!clean.chars().any(is_unsafe), "unsafe: {clean:?}");
    assert!(clean.len() <= LONGEST, "{} bytes", clean.len());
    assert_eq!(Text::clean(&clean), clean, "cleaned twice is cleaned once");
}

fn config(data: &[u8]) {
    let parsed = check::parse(&String::from_utf8_lossy(data), Path::new("fuzz.toml"), &|_| Some("value".to_owned()));
    if let Err(errors) = parsed {
        assert!(!errors.to_string().is_empty(), "an error says something");
    }
}

fn expansion(data: &[u8]) {
    let _ = expand::expand(&String::from_utf8_lossy(data), &|name| (name.len() % 2 == 0).then(|| "value".to_owned()));
}

fn keymap(data: &[u8]) {
    let _ = Keymap::shipped().overlaid(&String::from_utf8_lossy(data), Path::new("fuzz.toml"));
}

fn theme(data: &[u8]) {
    let _ = Theme::parse("fuzz", &String::from_utf8_lossy(data), Path::new("fuzz.toml"));
}

fn runbook(data: &[u8]) {
    let _ = crate::runbook::parse::parse(&String::from_utf8_lossy(data), Path::new("fuzz.md"), "fuzz", None);
}

/// What is due lies within what was asked, in order.
fn schedule(data: &[u8]) {
    let Some(recurrence) = Recurrence::parse(&String::from_utf8_lossy(data)) else { return };
    let to = Timestamp::from_second(1_767_225_600).unwrap_or_default();
    let from = to - SignedDuration::from_hours(400 * 24);
    let due = recurrence.due(from, to, &TimeZone::UTC);
    assert!(due.is_sorted() && due.iter().all(|at| (from..=to).contains(at)), "{recurrence:?}");
    let _ = recurrence.longest_gap(to, &TimeZone::UTC);
}
