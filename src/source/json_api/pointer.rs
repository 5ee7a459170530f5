//! JSON pointers (RFC 6901), with one extension: a negative index counts from a list's end.

use std::fmt;

use serde_json::Value;

/// The most steps of one pointer: deeper than any answer that is parsed.
const MOST_STEPS: usize = 128;

/// A JSON pointer, such as `/series/0/pointlist/-1/1`. `-1` is the last element of a list, which RFC 6901 has no word for;
/// a member that is called `-1` is still found in an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pointer(Vec<String>);

/// Why a pointer finds nothing: how far it leads, and what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Astray {
    /// The whole pointer.
    wanted: Pointer,
    /// The longest part of it that exists.
    reached: Pointer,
    /// What stands there, in words.
    found: String,
}

impl Pointer {
    /// Reads a pointer: empty (the whole answer), or steps that each begin with `/`; `~1` is a slash and `~0` a tilde.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err("a JSON pointer begins with `/`, such as /data/0/value".to_owned());
        };
        let steps = rest.split('/').map(unescape).collect::<Result<Vec<_>, _>>()?;
        if steps.len() > MOST_STEPS {
            return Err(format!("has more than {MOST_STEPS} steps"));
        }
        Ok(Self(steps))
    }

    /// What it points to.
    ///
    /// # Errors
    /// How far it leads where there is nothing.
    pub fn find<'a>(&self, root: &'a Value) -> Result<&'a Value, Astray> {
        let mut current = root;
        for (depth, step) in self.0.iter().enumerate() {
            current = below(current, step).ok_or_else(|| Astray {
                wanted: self.clone(),
                reached: Self(self.0[..depth].to_vec()),
                found: described(current),
            })?;
        }
        Ok(current)
    }
}

/// `~` may only stand before 0 and 1.
fn unescape(step: &str) -> Result<String, String> {
    let mut out = String::with_capacity(step.len());
    let mut parts = step.split('~');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (mark, rest) = match (part.strip_prefix('0'), part.strip_prefix('1')) {
            (Some(rest), _) => ('~', rest),
            (_, Some(rest)) => ('/', rest),
            _ => return Err("`~` stands only in `~0` (a tilde) and `~1` (a slash)".to_owned()),
        };
        out.push(mark);
        out.push_str(rest);
    }
    Ok(out)
}

fn below<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) => members.get(step),
        Value::Array(items) => items.get(index(step, items.len())?),
        _ => None,
    }
}

/// The index that a step means in a list of `length`; no leading zeros, as RFC 6901 says.
fn index(step: &str, length: usize) -> Option<usize> {
    let (digits, from_end) = step.strip_prefix('-').map_or((step, false), |rest| (rest, true));
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    let number = digits.parse::<usize>().ok().filter(|_| plain)?;
    match from_end {
        true if number == 0 => None,
        true => length.checked_sub(number),
        false => Some(number),
    }
}

/// A value's kind and size, for people.
pub(super) fn described(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the string “{}”", text.chars().take(60).collect::<String>()),
        Value::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(members) if members.is_empty() => "an empty object".to_owned(),
        Value::Object(members) => {
            let names: Vec<&str> = members.keys().take(6).map(String::as_str).collect();
            let more = if members.len() > names.len() { ", …" } else { "" };
            format!("an object with {}{more}", names.join(", "))
        }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| write!(f, "/{}", step.replace('~', "~0").replace('/', "~1")))
    }
}

/// As it is written.
impl serde::Serialize for Pointer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reached = self.reached.to_string();
        let place = if reached.is_empty() { "the whole answer" } else { &reached };
        write!(f, "nothing at {}: {place} is {}", self.wanted, self.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn find(pointer: &str, root: &Value) -> Result<Value, String> {
        let pointer = Pointer::parse(pointer)?;
        pointer.find(root).cloned().map_err(|astray| astray.to_string())
    }

    /// RFC 6901, section 5.
    #[test]
    fn the_examples_of_the_rfc_are_found() {
        let root = json!({ "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6,
            " ": 7, "m~n": 8 });
        let all = [
            ("/foo/0", json!("bar")),
            ("/", json!(0)),
            ("/a~1b", json!(1)),
            ("/c%d", json!(2)),
            ("/e^f", json!(3)),
            ("/g|h", json!(4)),
            ("/i\\j", json!(5)),
            ("/k\"l", json!(6)),
            ("/ ", json!(7)),
            ("/m~0n", json!(8)),
        ];
        for (pointer, value) in all {
            assert_eq!(find(pointer, &root), Ok(value), "{pointer}");
        }
        assert_eq!(find("", &root), Ok(root.clone()));
    }

    #[test]
    fn a_negative_index_counts_from_the_end() {
        let root = json!({ "list": [1, 2, 3], "object": { "-1": "a member" } });
        assert_eq!(find("/list/-1", &root), Ok(json!(3)));
        assert_eq!(find("/list/-3", &root), Ok(json!(1)));
        assert_eq!(find("/object/-1", &root), Ok(json!("a member")));
        for wrong in ["/list/-4", "/list/-0", "/list/-", "/list/01", "/list/+1", "/list/3", "/list/1e0"] {
            assert_eq!(find(wrong, &root), Err(format!("nothing at {wrong}: /list is a list of 3")));
        }
    }

    #[test]
    fn where_there_is_nothing_the_nearest_parent_is_named() {
        let root = json!({ "data": { "actor": null, "list": [] }, "x": 1 });
        let told = |pointer: &str| find(pointer, &root).unwrap_err();
        assert_eq!(told("/data/actor/nrql"), "nothing at /data/actor/nrql: /data/actor is null");
        assert_eq!(told("/data/list/0/v"), "nothing at /data/list/0/v: /data/list is an empty list");
        assert_eq!(told("/nope/0"), "nothing at /nope/0: the whole answer is an object with data, x");
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        for wrong in ["data", "/a~2", "/a~", "$.data[0]"] {
            assert!(Pointer::parse(wrong).is_err(), "{wrong}");
        }
    }
}
