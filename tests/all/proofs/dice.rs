//! What chance decides in the simulation. All of it comes from one seed.

use std::time::Duration;

use super::backend::Fate;
use crate::recovery::fake::Answer;

/// True so many times in a hundred.
pub(crate) fn chance(dice: &mut fastrand::Rng, percent: u32) -> bool {
    dice.u32(0..100) < percent
}

/// So many milliseconds, odd ones, so that two things are seldom due at the same moment.
pub(crate) fn millis(dice: &mut fastrand::Rng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(dice.u64(range) * 2 + 1)
}

/// How long a look takes: mostly under half a second; sometimes longer than is good enough, seldom longer than is waited for.
pub(crate) fn look(dice: &mut fastrand::Rng) -> Duration {
    match dice.u32(0..1000) {
        0..5 => millis(dice, 15_000..17_000),
        5..25 => millis(dice, 2_000..4_000),
        _ => millis(dice, 1..200),
    }
}

/// What becomes of a call.
pub(crate) fn call(dice: &mut fastrand::Rng) -> Fate {
    let answer = match dice.u32(0..100) {
        0..5 => Answer::ApplyThenDrop,
        5..10 => Answer::ApplyLater(dice.u32(0..40)),
        10..14 => Answer::Lose,
        14..17 => Answer::ApplyThenHang,
        17..20 => Answer::Hang,
        20..24 => Answer::Throttle,
        24..27 => Answer::NotSent,
        _ => Answer::Accept,
    };
    let before = if chance(dice, 3) { millis(dice, 3_000..8_000) } else { millis(dice, 1..100) };
    Fate { answer, before, after: millis(dice, 1..500) }
}
