//! Noise that is a pure function: of a seed, a name and a moment.

/// One step of splitmix64 (Steele, Lea, Flood 2014), used as a hash.
pub(super) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A seed of its own for a thing: the same seed and name give the same one.
pub(super) fn seed_of(seed: u64, name: &str) -> u64 {
    name.bytes().fold(mix(seed), |hash, byte| mix(hash ^ u64::from(byte)))
}

/// A number between 0 and 1 for an index.
#[allow(clippy::cast_precision_loss)] // 53 bits are a double's
pub(super) fn unit(seed: u64, index: i64) -> f64 {
    (mix(seed ^ mix(index.cast_unsigned())) >> 11) as f64 / (1u64 << 53) as f64
}

/// Smooth noise between -1 and 1 that has a new value every `period` seconds and glides between them.
pub(super) fn smooth(seed: u64, seconds: f64, period: f64) -> f64 {
    let place = seconds / period;
    let (before, share) = (place.floor(), place - place.floor());
    #[allow(clippy::cast_possible_truncation)] // seconds of a demo, far below 2^63
    let index = before as i64;
    let (a, b) = (unit(seed, index), unit(seed, index.saturating_add(1)));
    2.0 * (a + (b - a) * ease(share)) - 1.0
}

/// 0 to 1 with level ends (smoothstep); clamped outside.
pub(super) fn ease(share: f64) -> f64 {
    let share = share.clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_the_same_for_the_same_seed_and_stays_within_its_bounds() {
        for step in -2000..2000 {
            let seconds = f64::from(step) * 0.37;
            let value = smooth(7, seconds, 5.0);
            assert!((-1.0..=1.0).contains(&value), "{value} at {seconds}");
            assert!((value - smooth(7, seconds, 5.0)).abs() == 0.0);
        }
        assert!((smooth(7, 3.0, 5.0) - smooth(8, 3.0, 5.0)).abs() > 1e-9);
    }

    #[test]
    fn noise_glides() {
        for step in 0..1000 {
            let seconds = f64::from(step) * 0.1;
            assert!((smooth(3, seconds, 5.0) - smooth(3, seconds + 0.01, 5.0)).abs() < 0.02);
        }
    }
}
