//! Two operators in the same second: two processes, one target.

use crate::harness::lab::Lab;
use crate::harness::starts::together;

use super::run;

/// A plan file of its own.
fn plan(lab: &Lab, name: &str, desired: u32) -> String {
    let file = lab.state_dir().join(name).display().to_string();
    let (text, code) = run(lab, &["plan", "scale", "rtech-app", &format!("desired={desired}"), "--out", &file]);
    assert_eq!(code, 0, "{text}");
    file
}

#[test]
fn of_two_processes_that_apply_in_the_same_second_one_sends_one_call() {
    let lab = Lab::take();
    for (first, second) in [(4, 4), (5, 6), (7, 7), (8, 9)] {
        let (one, other) = (plan(&lab, "one.json", first), plan(&lab, "other.json", second));
        let other = if first == second { one.clone() } else { other };
        lab.forget_requests();
        let apply = |file: &str| ["--config", lab.config(), "apply", file, "--confirm", "rtech-app"].map(str::to_owned);
        let mut ends = together([apply(&one), apply(&other)], lab.variables());
        ends.sort_by_key(|(code, _)| *code);
        let [(done, _), (refused, _)] = &ends;
        assert_eq!((*done, *refused), (0, 4), "{ends:#?}");
        assert_eq!(lab.requests("UpdateService").len(), 1, "{ends:#?}");
        assert!([u64::from(first), u64::from(second)].contains(&lab.desired("rtech-app")));
    }
}
