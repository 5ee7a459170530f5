//! `$service` in the strings of a block `[[services]]`.

/// What stands for the name.
const PLACEHOLDER: &str = "$service";

/// Whether `$service` stands in a string; `$services` and `$service_id` are other words.
pub(super) fn mentions(raw: &str) -> bool {
    pieces(raw).1
}

/// The string with the name in place of each `$service`.
pub(super) fn fill(raw: &str, service: &str) -> String {
    pieces(raw).0.join(service)
}

/// The pieces between the placeholders, and whether there is one.
fn pieces(raw: &str) -> (Vec<&str>, bool) {
    let mut pieces = Vec::new();
    let (mut from, mut look) = (0, 0);
    while let Some(at) = raw[look..].find(PLACEHOLDER).map(|at| look + at) {
        look = at + PLACEHOLDER.len();
        if !raw[look..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            pieces.push(&raw[from..at]);
            from = look;
        }
    }
    let found = !pieces.is_empty();
    pieces.push(&raw[from..]);
    (pieces, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mention_is_filled_in_and_longer_words_are_left_alone() {
        assert_eq!(fill("$service-a/$service.$service_id $services", "web"), "web-a/web.$service_id $services");
        assert!(mentions("x=\"$service\"") && !mentions("$services") && !mentions("service"));
    }
}
