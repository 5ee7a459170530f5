//! What a piece of the screen means.

/// What a piece of the screen means. Colour never carries a meaning alone: each state has a word or a sign as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Plain text.
    Text,
    /// Secondary text: labels, units, hints.
    Muted,
    /// Headings and names.
    Title,
    /// Frames of panels.
    Border,
    /// The frame of what has the focus.
    BorderFocused,
    /// The selected row.
    Selected,
    /// Healthy, done.
    Good,
    /// Warning, degraded, pending.
    Warning,
    /// Critical, failed, firing.
    Critical,
    /// Unknown outcomes.
    Unknown,
    /// Stale or last-known values.
    Stale,
    /// An objective's line in a graph.
    Objective,
    /// First series of a graph.
    Series1,
    /// Second series of a graph.
    Series2,
    /// Third series of a graph.
    Series3,
    /// The header in production.
    Production,
    /// The header in staging.
    Staging,
    /// The header in development.
    Development,
    /// The armed mark.
    Armed,
    /// The read-only mark.
    ReadOnly,
    /// Keys in hints and help.
    Key,
    /// Text being typed.
    Input,
}

/// All roles, in the order of the enum.
pub const ROLES: &[Role] = &[
    Role::Text,
    Role::Muted,
    Role::Title,
    Role::Border,
    Role::BorderFocused,
    Role::Selected,
    Role::Good,
    Role::Warning,
    Role::Critical,
    Role::Unknown,
    Role::Stale,
    Role::Objective,
    Role::Series1,
    Role::Series2,
    Role::Series3,
    Role::Production,
    Role::Staging,
    Role::Development,
    Role::Armed,
    Role::ReadOnly,
    Role::Key,
    Role::Input,
];

/// The roles' names in themes.
pub(super) const NAMED: &[(&str, Role)] = &[
    ("text", Role::Text),
    ("muted", Role::Muted),
    ("title", Role::Title),
    ("border", Role::Border),
    ("border_focused", Role::BorderFocused),
    ("selected", Role::Selected),
    ("good", Role::Good),
    ("warning", Role::Warning),
    ("critical", Role::Critical),
    ("unknown", Role::Unknown),
    ("stale", Role::Stale),
    ("objective", Role::Objective),
    ("series1", Role::Series1),
    ("series2", Role::Series2),
    ("series3", Role::Series3),
    ("production", Role::Production),
    ("staging", Role::Staging),
    ("development", Role::Development),
    ("armed", Role::Armed),
    ("read_only", Role::ReadOnly),
    ("key", Role::Key),
    ("input", Role::Input),
];

impl Role {
    /// The least contrast with its ground (WCAG 2.2): 4.5 for text (1.4.3), 3 for lines and marks (1.4.11).
    pub fn least_contrast(self) -> f64 {
        match self {
            Self::Border | Self::BorderFocused | Self::Objective | Self::Series1 | Self::Series2 | Self::Series3 => 3.0,
            _ => 4.5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_of_roles_are_in_the_order_of_the_enum() {
        for (index, role) in ROLES.iter().enumerate() {
            assert_eq!((*role as usize, NAMED[index].1), (index, *role));
        }
    }
}
