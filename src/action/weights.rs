//! Weights of target groups: shares, and the steps from one to another. Arithmetic alone.

use std::collections::BTreeMap;

/// Target groups by name with their weights, in the order of the listener.
pub type Weights = Vec<(String, u32)>;

/// The sum that weights are set to.
const WHOLE: u32 = 100;

/// The share of a group, in points (0 to 100); 0 where it is not among them, or all weights are zero.
pub fn points(weights: &[(String, u32)], group: &str) -> f64 {
    let sum: u32 = weights.iter().map(|(_, weight)| weight).sum();
    let own: u32 = weights.iter().filter(|(name, _)| name == group).map(|(_, weight)| weight).sum();
    if sum == 0 { 0.0 } else { 100.0 * f64::from(own) / f64::from(sum) }
}

/// `blue=90 green=10`.
pub fn words(weights: &[(String, u32)]) -> String {
    let words: Vec<_> = weights.iter().map(|(name, weight)| format!("{name}={weight}")).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(" ") }
}

/// Whether two lists are set the same, whatever their order. One group alone gets all that there is at any weight.
pub fn same(one: &[(String, u32)], other: &[(String, u32)]) -> bool {
    let map = |weights: &[(String, u32)]| weights.iter().cloned().collect::<BTreeMap<_, _>>();
    match (one, other) {
        ([(one, a)], [(other, b)]) => one == other && (*a > 0) == (*b > 0),
        _ => map(one) == map(other),
    }
}

/// Weights in which `group` has this share, in points, and the others keep their proportions among each other. `None`: the
/// others have no weight now, and nothing says which of them gets the rest.
pub fn with_share(now: &[(String, u32)], group: &str, share: u32) -> Option<Weights> {
    let rest = WHOLE.checked_sub(share)?;
    let mut others: Weights = now.iter().filter(|(name, _)| name != group).cloned().collect();
    if let [(_, only)] = others.as_mut_slice() {
        *only = 1;
    }
    let sum: u32 = others.iter().map(|(_, weight)| weight).sum();
    if sum == 0 && rest > 0 {
        return None;
    }
    let parts: Vec<f64> = others.iter().map(|(_, weight)| f64::from(*weight) / f64::from(sum.max(1))).collect();
    let mut given = rounded(&parts, rest).into_iter();
    let mut set: Weights = now.to_vec();
    if !set.iter().any(|(name, _)| name == group) {
        set.push((group.to_owned(), 0));
    }
    for (name, weight) in &mut set {
        *weight = if name == group { share } else { given.next().unwrap_or_default() };
    }
    Some(set)
}

/// The greatest change of a group's share between two lists, in points.
pub fn greatest_move(one: &[(String, u32)], other: &[(String, u32)]) -> f64 {
    let names = one.iter().chain(other).map(|(name, _)| name);
    names.map(|name| (points(one, name) - points(other, name)).abs()).fold(0.0, f64::max)
}

/// Weights from one list to another, in steps none of which moves a share by more than about `most` points. The last is
/// `to` as it is.
pub fn between(from: &[(String, u32)], to: &[(String, u32)], most: u32) -> Vec<Weights> {
    let steps = (greatest_move(from, to).round() / f64::from(most.max(1))).ceil().clamp(1.0, f64::from(WHOLE));
    let mut names: Vec<&String> = from.iter().map(|(name, _)| name).collect();
    names.extend(to.iter().map(|(name, _)| name).filter(|name| !from.iter().any(|(known, _)| known == *name)));
    let part = |done: f64| -> Weights {
        let share = |name: &&String| (points(from, name) * (1.0 - done) + points(to, name) * done) / 100.0;
        let shares: Vec<f64> = names.iter().map(share).collect();
        names.iter().map(|name| (*name).clone()).zip(rounded(&shares, WHOLE)).collect()
    };
    let mut all: Vec<Weights> = Vec::new();
    let mut step = 1.0;
    while step < steps {
        all.push(part(step / steps));
        step += 1.0;
    }
    all.push(to.to_vec());
    all
}

/// Whole numbers in these proportions (which sum up to 1, or to 0) that sum up to `whole`: the largest remainders get what
/// rounding down leaves.
fn rounded(parts: &[f64], whole: u32) -> Vec<u32> {
    let exact: Vec<f64> = parts.iter().map(|part| part * f64::from(whole)).collect();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 100
    let mut given: Vec<u32> = exact.iter().map(|exact| exact.max(0.0) as u32).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|a, b| exact[*b].fract().total_cmp(&exact[*a].fract()).then(a.cmp(b)));
    let missing = whole.saturating_sub(given.iter().sum()) as usize;
    for place in order.into_iter().take(missing) {
        given[place] += 1;
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &[(&str, u32)]) -> Weights {
        list.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect()
    }

    #[test]
    fn a_share_leaves_the_others_their_proportions() {
        assert_eq!(
            with_share(&of(&[("blue", 90), ("green", 10)]), "green", 25),
            Some(of(&[("blue", 75), ("green", 25)]))
        );
        let three = of(&[("blue", 60), ("green", 0), ("grey", 30)]);
        assert_eq!(with_share(&three, "green", 10), Some(of(&[("blue", 60), ("green", 10), ("grey", 30)])));
        assert_eq!(with_share(&three, "green", 100), Some(of(&[("blue", 0), ("green", 100), ("grey", 0)])));
    }

    #[test]
    fn a_group_that_was_not_there_is_added_and_the_only_other_gets_the_rest_even_from_zero() {
        assert_eq!(with_share(&of(&[("blue", 1)]), "green", 0), Some(of(&[("blue", 100), ("green", 0)])));
        assert_eq!(
            with_share(&of(&[("blue", 0), ("green", 1)]), "green", 40),
            Some(of(&[("blue", 60), ("green", 40)]))
        );
    }

    #[test]
    fn what_nothing_says_is_not_guessed() {
        assert_eq!(with_share(&of(&[("blue", 0), ("green", 1), ("grey", 0)]), "green", 40), None);
        assert_eq!(with_share(&of(&[("blue", 1)]), "green", 101), None);
    }

    #[test]
    fn steps_between_never_exceed_the_bound_and_end_exactly() {
        for (from, to) in [((1, 0), (0, 999)), ((90, 10), (0, 100)), ((1, 2), (2, 1)), ((7, 3), (7, 3))] {
            let (from, to) = (of(&[("a", from.0), ("b", from.1)]), of(&[("a", to.0), ("b", to.1)]));
            for most in 1..=100 {
                let steps = between(&from, &to, most);
                assert_eq!(steps.last(), Some(&to));
                let mut before = from.clone();
                for step in steps {
                    let moved = greatest_move(&before, &step);
                    assert!(moved <= f64::from(most) + 1.0, "{before:?} → {step:?} with at most {most}");
                    before = step;
                }
            }
        }
    }

    #[test]
    fn order_and_the_weight_of_one_group_alone_make_no_difference() {
        assert!(same(&of(&[("a", 1), ("b", 2)]), &of(&[("b", 2), ("a", 1)])));
        assert!(same(&of(&[("a", 1)]), &of(&[("a", 100)])));
        assert!(!same(&of(&[("a", 0)]), &of(&[("a", 1)])) && !same(&of(&[("a", 1), ("b", 0)]), &of(&[("a", 1)])));
        assert!((points(&of(&[("a", 0)]), "a")).abs() < 1e-9);
    }
}
