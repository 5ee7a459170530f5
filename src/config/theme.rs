//! Themes as data: `themes/*.toml`, role → style. Widgets ask for a [`Role`], never for a colour.
//!
//! A theme says each role three times over: in 24-bit colour (256 colours are derived), in the terminal's own 16 colours, and
//! without colour. It is refused if a role is missing or unknown, or if text can't be read on its ground.

mod color;
mod file;
mod role;

use std::path::Path;

use ratatui::style::{Color, Style};

use super::error::ConfigErrors;
use super::find;

pub use color::ColorDepth;
pub use role::{ROLES, Role};

/// Names of the themes that are shipped.
pub const SHIPPED_NAMES: &[&str] = &["dark", "light", "high-contrast"];

/// The shipped themes: name and text.
const SHIPPED: [(&str, &str); 3] = [
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
];

type Styles = [Style; ROLES.len()];

/// A checked theme: a style for every role.
///
/// Only [`Role::Text`] has the theme's ground as its background; roles without a ground of their own leave it as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    /// What is shown: one of the three below.
    styles: Styles,
    full: Styles,
    ansi: Styles,
    mono: Styles,
}

impl Theme {
    /// A theme from a style for each role; without colour its modifiers stay.
    pub fn new(name: &str, style: impl Fn(Role) -> Style) -> Self {
        let full = table(&style);
        Self { name: name.to_owned(), styles: full, full, ansi: full, mono: full.map(colourless) }
    }

    /// The shipped themes, `dark` first. A test proves that they are right.
    pub fn shipped() -> Vec<Self> {
        let read = |(name, text): &(&str, &str)| Self::parse(name, text, Path::new("themes").join(name).as_path()).ok();
        SHIPPED.iter().filter_map(read).collect()
    }

    /// A shipped theme by its name, or a file.
    ///
    /// # Errors
    /// The file can't be read, or everything that is wrong with it.
    pub fn load(name_or_path: &str) -> Result<Self, ConfigErrors> {
        if let Some((name, text)) = SHIPPED.iter().find(|(name, _)| *name == name_or_path) {
            return Self::parse(name, text, Path::new(name));
        }
        let path = Path::new(name_or_path);
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Self::parse(&name, &find::read(path)?, path)
    }

    /// Checks the text of a theme; `file` is named in errors.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(name: &str, text: &str, file: &Path) -> Result<Self, ConfigErrors> {
        let written = file::parse(text, file)?;
        let (full, ansi, mono) = (written.full, written.ansi, written.mono);
        Ok(Self { name: name.to_owned(), styles: full, full, ansi, mono })
    }

    /// The same theme for a terminal with fewer colours.
    pub fn with_depth(&self, depth: ColorDepth) -> Self {
        let styles = match depth {
            ColorDepth::True => self.full,
            ColorDepth::Indexed => self.full.map(indexed),
            ColorDepth::Ansi16 => self.ansi,
            ColorDepth::None => self.mono,
        };
        Self { styles, ..self.clone() }
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }
}

fn table(style: &impl Fn(Role) -> Style) -> Styles {
    let mut styles = [Style::default(); ROLES.len()];
    for (slot, role) in styles.iter_mut().zip(ROLES) {
        *slot = style(*role);
    }
    styles
}

fn colourless(style: Style) -> Style {
    Style { fg: None, bg: None, ..style }
}

fn indexed(style: Style) -> Style {
    let nearest = |color: Color| match color {
        Color::Rgb(red, green, blue) => Color::Indexed(color::Rgb(red, green, blue).indexed()),
        other => other,
    };
    Style { fg: style.fg.map(nearest), bg: style.bg.map(nearest), ..style }
}

#[cfg(test)]
mod tests;
