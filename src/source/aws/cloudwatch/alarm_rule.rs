//! The rule of a composite alarm: which alarms it is made of.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>: `ALARM("name")`,
//! `OK(name)` and `INSUFFICIENT_DATA("arn…")`, joined by AND, OR, NOT and brackets.

use crate::text::Text;

/// The most alarms that are told of one rule; the API allows as many.
const MOST: usize = 100;

/// The names of the alarms that a rule asks, each once, in their order.
pub(super) fn alarms(rule: &str) -> Vec<Text> {
    let mut names: Vec<Text> = Vec::new();
    let mut rest = rule;
    while let Some((before, after)) = rest.split_once('(').filter(|_| names.len() < MOST) {
        rest = after;
        let word = before.trim_end().rsplit(|c: char| !c.is_ascii_alphabetic() && c != '_').next();
        if !matches!(word, Some("ALARM" | "OK" | "INSUFFICIENT_DATA")) {
            continue;
        }
        let (argument, behind) = argument(after);
        rest = behind;
        let name = Text::clean(name(argument));
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What stands in the brackets, and what is left behind it.
fn argument(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => text.split_once(')').unwrap_or((text, "")),
    }
}

/// The name of an alarm that is given by name or by ARN.
pub(super) fn name(alarm: &str) -> &str {
    let alarm = alarm.trim();
    let of_arn = alarm.strip_prefix("arn:").and_then(|arn| arn.split_once(":alarm:"));
    of_arn.map_or(alarm, |(_, name)| name)
}

/// Reads any bytes as a rule, for [`crate::fuzzing`].
pub(crate) fn decode_any(data: &[u8]) {
    assert!(alarms(&String::from_utf8_lossy(data)).len() <= MOST, "bounded");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rule: &str) -> Vec<String> {
        alarms(rule).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn alarms_are_named_in_quotes_bare_or_by_arn() {
        assert_eq!(of(r#"ALARM("high cpu (web)") AND NOT OK(memory)"#), ["high cpu (web)", "memory"]);
        let arn =
            r#"(INSUFFICIENT_DATA("arn:aws:cloudwatch:us-east-1:123456789012:alarm:a:b") OR ALARM( a:b )) AND TRUE"#;
        assert_eq!(of(arn), ["a:b"]);
    }

    #[test]
    fn what_is_no_rule_names_nothing_and_does_not_hang() {
        for rule in ["", "TRUE", "((((", "ALARM(", r#"ALARM(""#, "ALARM()", "XALARM(a)", "ALARM NOT (a)"] {
            assert!(of(rule).is_empty(), "{rule}: {:?}", of(rule));
        }
        assert_eq!(of(&"ALARM(x) OR ".repeat(10_000)).len(), 1);
        assert_eq!(of(&(0..500).map(|n| format!("ALARM(x{n}) OR ")).collect::<String>()).len(), MOST);
    }

    #[test]
    fn an_alarm_that_is_called_like_a_rule_is_one_name() {
        assert_eq!(of(r#"ALARM("OK(x) or ALARM(y)")"#), ["OK(x) or ALARM(y)"]);
    }
}
