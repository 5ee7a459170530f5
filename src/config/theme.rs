//! Themes as data: `themes/*.toml`, role → style. Widgets ask for a [`Role`], never for a colour.

use ratatui::style::Style;

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

/// Names of the themes that are shipped.
pub const SHIPPED_NAMES: &[&str] = &["dark", "light", "high-contrast"];

/// All roles, for checks that a theme is whole.
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

/// A checked theme: a style for every role.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    styles: [Style; ROLES.len()],
}

impl Theme {
    /// A theme from a style for each role.
    pub fn new(name: &str, style: impl Fn(Role) -> Style) -> Self {
        let mut styles = [Style::default(); ROLES.len()];
        for (slot, role) in styles.iter_mut().zip(ROLES) {
            *slot = style(*role);
        }
        Self { name: name.to_owned(), styles }
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }
}
