//! Known secrets in any of their usual spellings, found and covered: for what is written down for good.
//!
//! A spelling is the secret itself, in base64 (both alphabets, anywhere within a longer text), in hexadecimal, percent-encoded,
//! or escaped as in JSON and HTML. Line ends and blanks within it (a wrapped line, the lines of MIME) do not hide it. What is
//! encoded twice, cut into pieces or compressed is not found.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// The shortest secret that is covered, in bytes; anything shorter would blot out words that are none.
pub const SHORTEST: usize = 8;

/// The largest file of a secret that is read, in bytes.
const LARGEST: u64 = 64 << 10;

/// What a secret becomes.
const COVER: &str = "•••";

/// Covers secrets. The default knows none.
#[derive(Debug, Default)]
pub struct Mask {
    files: Vec<PathBuf>,
    known: Mutex<Known>,
}

/// All secrets seen so far; one that was rotated away stays a secret.
#[derive(Default)]
struct Known {
    secrets: BTreeSet<String>,
    /// Finds their spellings: as they are, and in either case.
    finders: Vec<AhoCorasick>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.secrets.len())
    }
}

impl Mask {
    /// Covers these secrets and the first lines of these files, which are read anew before each use: a token that is rotated
    /// is covered as soon as it is used.
    pub fn new(secrets: impl IntoIterator<Item = String>, files: Vec<PathBuf>) -> Self {
        let mask = Self { files, known: Mutex::default() };
        mask.learn(secrets);
        mask
    }

    fn learn(&self, secrets: impl IntoIterator<Item = String>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.secrets.len();
        known.secrets.extend(secrets.into_iter().filter(|secret| compact(secret).0.len() >= SHORTEST));
        if known.secrets.len() > before {
            known.finders = finders(&known.secrets);
        }
    }

    /// Whether there is nothing that it could cover.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.known.lock().unwrap_or_else(PoisonError::into_inner).finders.is_empty()
    }

    /// Covers every secret in the strings of a JSON value. True where there was one.
    pub fn cover(&self, value: &mut Value) -> bool {
        self.learn(self.files.iter().filter_map(|file| first_line(file)));
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        !known.finders.is_empty() && known.cover(value)
    }

    /// The text with every secret covered.
    pub fn text(&self, text: &str) -> String {
        let mut value = Value::from(text);
        self.cover(&mut value);
        value.as_str().unwrap_or_default().to_owned()
    }
}

impl Known {
    fn cover(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => match self.covered(text) {
                Some(covered) => {
                    *text = covered;
                    true
                }
                None => false,
            },
            // All of them: `any` would stop at the first.
            Value::Array(items) => items.iter_mut().map(|item| self.cover(item)).fold(false, |a, b| a | b),
            Value::Object(fields) => fields.values_mut().map(|field| self.cover(field)).fold(false, |a, b| a | b),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    /// The text with its secrets covered; none where it has none.
    fn covered(&self, text: &str) -> Option<String> {
        let (bytes, places) = compact(text);
        let mut hidden: Vec<(usize, usize)> = Vec::new();
        for finder in &self.finders {
            let found = finder.find_overlapping_iter(&bytes);
            hidden.extend(found.map(|found| (places[found.start()], places[found.end() - 1] + 1)));
        }
        if hidden.is_empty() {
            return None;
        }
        hidden.sort_unstable();
        Some(without(text, &hidden))
    }
}

/// The text with these ranges (sorted, perhaps overlapping) covered.
fn without(text: &str, hidden: &[(usize, usize)]) -> String {
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for &(start, end) in hidden {
        if start >= at {
            out.push_str(text.get(at..start).unwrap_or_default());
            out.push_str(COVER);
        }
        // A spelling begins and ends at whole characters, unless it is a part of one that is no text anyway.
        at = at.max((end..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len()));
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// The bytes of a text without what may break it up, and where each of them stands.
fn compact(text: &str) -> (Vec<u8>, Vec<usize>) {
    let breaks = |c: char| c.is_whitespace() || c.is_control() || c == char::REPLACEMENT_CHARACTER;
    let kept = text.char_indices().filter(|(_, c)| !breaks(*c));
    kept.flat_map(|(at, c)| (at..at + c.len_utf8()).map(|place| (text.as_bytes()[place], place))).unzip()
}

fn finders(secrets: &BTreeSet<String>) -> Vec<AhoCorasick> {
    let (mut exact, mut either) = (BTreeSet::new(), BTreeSet::new());
    for secret in secrets {
        exact.extend(exact_spellings(secret));
        either.extend(spellings_in_either_case(secret));
    }
    let build = |spellings: BTreeSet<Vec<u8>>, either| {
        AhoCorasick::builder().match_kind(MatchKind::Standard).ascii_case_insensitive(either).build(spellings).ok()
    };
    // More spellings than the finder can hold (billions of bytes) can't come from a configuration of 1 MiB.
    [build(exact, false), build(either, true)].into_iter().flatten().collect()
}

fn exact_spellings(secret: &str) -> Vec<Vec<u8>> {
    let json = Value::from(secret).to_string();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let plain = [secret, json.trim_matches('"'), html.as_str()].map(|spelling| compact(spelling).0);
    plain.into_iter().chain(base64s(secret.as_bytes())).collect()
}

/// A secret in base64, wherever it begins within a group of three bytes; without the letters that its neighbours have a part
/// in.
fn base64s(secret: &[u8]) -> Vec<Vec<u8>> {
    let shifted = |shift: usize| [vec![0; shift], secret.to_vec()].concat();
    let own = |encoded: String, shift: usize, length: usize| {
        let first = [0, 2, 3][shift % 3];
        let last = encoded.len() - usize::from(!length.is_multiple_of(3));
        encoded.as_bytes()[first..last].to_vec()
    };
    let encoded = (0..3).flat_map(|shift| {
        let bytes = shifted(shift);
        [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)].map(|text| own(text, shift, bytes.len()))
    });
    encoded.collect()
}

fn spellings_in_either_case(secret: &str) -> Vec<Vec<u8>> {
    let each = |form: fn(&u8) -> String| secret.as_bytes().iter().map(form).collect::<String>().into_bytes();
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let unreserved = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    vec![
        each(|byte| format!("{byte:02x}")),
        each(|byte| format!("%{byte:02x}")),
        each(|byte| format!("\\x{byte:02x}")),
        form.into_bytes(),
        secret.as_bytes().iter().map(unreserved).collect::<String>().into_bytes(),
    ]
}

fn first_line(file: &Path) -> Option<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(file).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    text.lines().next().map(|line| line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "cAn4ry/s3cret+&\"key";

    #[test]
    fn a_secret_in_base64_is_covered_wherever_it_begins() {
        let mask = Mask::new([SECRET.to_owned()], Vec::new());
        for user in ["", "u", "us", "use", "user:"] {
            for encoded in [
                STANDARD_NO_PAD.encode(format!("{user}{SECRET}:x")),
                URL_SAFE_NO_PAD.encode(format!("{user}{SECRET}:x")),
            ] {
                let covered = mask.text(&format!("Basic {encoded} was refused"));
                assert!(covered.starts_with("Basic ") && covered.ends_with(" was refused"), "{covered}");
                assert!(covered.contains(COVER) && covered.len() < 40, "{user}: {covered}");
            }
        }
    }

    #[test]
    fn a_secret_that_is_wrapped_or_blotted_is_covered() {
        let mask = Mask::new([SECRET.to_owned()], Vec::new());
        for wrapped in ["cAn4ry/s3c\nret+&\"key", "cAn4ry/ s3cret+&\"key", "cAn4ry/\u{fffd}s3cret+&\"key"] {
            assert_eq!(mask.text(&format!("a {wrapped} b")), "a ••• b");
        }
    }

    #[test]
    fn text_without_a_secret_stays_as_it_is() {
        let mask = Mask::new([SECRET.to_owned(), "short".to_owned()], Vec::new());
        let mut value = serde_json::json!({"a": ["canary short", 1, null], "é": "— ü"});
        let before = value.clone();
        assert!(!mask.cover(&mut value));
        assert_eq!(value, before);
    }

    #[test]
    fn a_token_that_was_rotated_is_covered_and_so_is_the_one_before() {
        let dir = tempfile::TempDir::new().unwrap();
        let file = dir.path().join("token");
        std::fs::write(&file, "first-token-1\n").unwrap();
        let mask = Mask::new([], vec![file.clone()]);
        assert_eq!(mask.text("first-token-1 second-token-2"), "••• second-token-2");
        std::fs::write(&file, "second-token-2\n").unwrap();
        assert_eq!(mask.text("first-token-1 second-token-2"), "••• •••");
    }
}
