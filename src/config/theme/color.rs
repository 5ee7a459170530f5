//! Colours: how they are written, how far apart they are, and what a terminal can show of them.

use ratatui::style::Color;

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorDepth {
    /// 24 bits.
    True,
    /// The 256 indexed colours of xterm.
    Indexed,
    /// The terminal's own 16 colours.
    Ansi16,
    /// None: bold, underline and reverse alone keep things apart.
    None,
}

impl ColorDepth {
    /// What the environment tells, by the conventions of the field: `NO_COLOR` that is not empty (no-color.org) and
    /// `TERM=dumb` mean none, `COLORTERM` `truecolor` or `24bit` means all, else `TERM` decides.
    pub fn detect(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let get = |name| variable(name).unwrap_or_default();
        let term = get("TERM");
        if !get("NO_COLOR").is_empty() || term.is_empty() || term == "dumb" || term.starts_with("vt1") {
            Self::None
        } else if matches!(get("COLORTERM").as_str(), "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") {
            Self::Indexed
        } else {
            Self::Ansi16
        }
    }
}

/// The 16 colours by name.
pub(super) const ANSI: &[(&str, Color)] = &[
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("gray", Color::Gray),
    ("dark-gray", Color::DarkGray),
    ("light-red", Color::LightRed),
    ("light-green", Color::LightGreen),
    ("light-yellow", Color::LightYellow),
    ("light-blue", Color::LightBlue),
    ("light-magenta", Color::LightMagenta),
    ("light-cyan", Color::LightCyan),
    ("white", Color::White),
];

/// A colour of 24 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rgb(pub(super) u8, pub(super) u8, pub(super) u8);

impl Rgb {
    /// Reads `#rrggbb`.
    pub(super) fn parse(written: &str) -> Option<Self> {
        let digits = written.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        Some(Self(part(0)?, part(2)?, part(4)?))
    }

    /// The colour for cells.
    pub(super) fn color(self) -> Color {
        Color::Rgb(self.0, self.1, self.2)
    }

    /// The nearest of the 6×6×6 cube (16–231) and the grey ramp (232–255) of xterm's 256 colours.
    pub(super) fn indexed(self) -> u8 {
        let candidates = 16..=255;
        candidates.min_by_key(|index| Self::of_index(*index).distance(self)).unwrap_or(15)
    }

    /// The colour of an index from 16 up.
    pub(super) fn of_index(index: u8) -> Self {
        const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        if index >= 232 {
            let grey = 8 + 10 * (index - 232);
            return Self(grey, grey, grey);
        }
        let at = usize::from(index.saturating_sub(16));
        Self(LEVELS[at / 36 % 6], LEVELS[at / 6 % 6], LEVELS[at % 6])
    }

    fn distance(self, other: Self) -> u32 {
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(self.0, other.0) + square(self.1, other.1) + square(self.2, other.2)
    }

    /// Relative luminance, WCAG 2.2.
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let share = f64::from(part) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Contrast ratio, WCAG 2.2: 1 (none) to 21 (black on white).
    pub(super) fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(pairs: &[(&str, &str)]) -> ColorDepth {
        ColorDepth::detect(&|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_depth_follows_the_environment() {
        assert_eq!(detect(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), ColorDepth::True);
        assert_eq!(detect(&[("TERM", "xterm-256color")]), ColorDepth::Indexed);
        assert_eq!(detect(&[("TERM", "screen")]), ColorDepth::Ansi16);
        assert_eq!(detect(&[("TERM", "dumb"), ("COLORTERM", "truecolor")]), ColorDepth::None);
        assert_eq!(detect(&[]), ColorDepth::None);
    }

    #[test]
    fn no_color_wins_unless_it_is_empty() {
        let depth = |no_color| detect(&[("TERM", "xterm"), ("COLORTERM", "24bit"), ("NO_COLOR", no_color)]);
        assert_eq!(depth("1"), ColorDepth::None);
        assert_eq!(depth(""), ColorDepth::True);
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let ratio = |one, two| Rgb::parse(one).unwrap().contrast(Rgb::parse(two).unwrap());
        assert!((ratio("#000000", "#ffffff") - 21.0).abs() < 1e-9);
        assert!((ratio("#777777", "#ffffff") - 4.48).abs() < 0.01);
        assert!((ratio("#ff0000", "#ffffff") - 4.0).abs() < 0.01);
    }

    #[test]
    fn an_indexed_colour_is_the_nearest() {
        assert_eq!(Rgb(255, 0, 0).indexed(), 196);
        assert_eq!(Rgb(8, 8, 8).indexed(), 232);
        assert_eq!(Rgb::of_index(Rgb(0x5f, 0xd7, 0xff).indexed()), Rgb(0x5f, 0xd7, 0xff));
    }

    #[test]
    fn a_colour_is_six_hex_digits() {
        assert_eq!(Rgb::parse("#0aFf10"), Some(Rgb(10, 255, 16)));
        for wrong in ["", "#fff", "0aff10", "#gggggg", "red", "#éééé"] {
            assert_eq!(Rgb::parse(wrong), None, "{wrong}");
        }
    }
}
