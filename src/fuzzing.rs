//! Entrances to every decoder of outside text, for the fuzz targets in `fuzz/` and for the test that replays their corpus. No part of
//! the program uses this.
//!
//! A decoder takes any bytes and neither panics nor loops nor gives what is unsafe. What AWS answers is decoded by the SDK
//! before it reaches us; our own part of that takes typed values and has no entrance here.

use std::path::Path;

use crate::config::keymap::Keymap;
use crate::config::theme::Theme;
use crate::config::{check, expand};
use crate::source::{alertmanager, health, json_api, prometheus};
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
