
/// Which mutant is switched on.
pub mod mutant {
    use crate::action::Decision;
    use crate::action::guard::Finding;

    static WHICH: std::sync::OnceLock<u32> = std::sync::OnceLock::new();

    fn which() -> u32 {
        let read = || std::env::var("QD_MUTANT").ok().and_then(|which| which.parse().ok()).unwrap_or_default();
        *WHICH.get_or_init(read)
    }

    /// Whether this one is.
    pub fn on(number: u32) -> bool {
        which() == number
    }

    /// The finding, or, where this one is switched on, an Allow of the same words.
    pub fn allow(number: u32, finding: Finding) -> Finding {
        if on(number) { Finding { decision: Decision::Allow, ..finding } } else { finding }
    }

    /// The finding, or, where this one is switched on, a Deny of the same words.
    pub fn deny(number: u32, finding: Finding) -> Finding {
        if on(number) { Finding { decision: Decision::Deny, ..finding } } else { finding }
    }

    /// The words but the one whose mutant is switched on; `first` is the mutant of the first.
    pub fn without(words: &[&'static str], first: u32) -> Vec<&'static str> {
        let left_out = which().checked_sub(first).and_then(|index| usize::try_from(index).ok());
        words.iter().enumerate().filter(|(index, _)| Some(*index) != left_out).map(|(_, word)| *word).collect()
    }
}
