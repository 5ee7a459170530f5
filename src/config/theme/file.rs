//! The file of a theme.
//!
//! ```toml
//! background = "#10141a"
//! [roles]
//! critical = { fg = "#ff8a80", style = ["bold"], ansi = "light-red", mono = ["bold", "reversed"] }
//! ```
//! `fg` and `bg` are 24-bit colours, `ansi` and `ansi_bg` the terminal's own 16, `style` counts with any colour, `mono` without
//! (where it is not given, `style` does).

use std::path::Path;

use ratatui::style::{Color, Modifier, Style};

use super::color::{ANSI, Rgb};
use super::role::{NAMED, Role};
use super::{Styles, table};
use crate::config::error::ConfigErrors;
use crate::config::raw::{Document, Entry, Section};

const MODIFIERS: &[(&str, Modifier)] = &[
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

/// A theme as it is written, in each depth.
pub(super) struct Written {
    pub(super) full: Styles,
    pub(super) ansi: Styles,
    pub(super) mono: Styles,
}

/// A role as it is written.
#[derive(Clone, Copy)]
struct Look {
    full: Style,
    ansi: Style,
    mono: Style,
}

/// Reads and checks the text of a theme.
pub(super) fn parse(text: &str, file: &Path) -> Result<Written, ConfigErrors> {
    let document = Document::parse(text, file, &|_| None)?;
    let root = document.root();
    let ground = root.need("background").and_then(|entry| rgb(&entry));
    let roles = root.need("roles").and_then(Entry::section);
    let looks = roles.and_then(|roles| looks(&roles, ground));
    root.done();
    document.finish(looks.map(|looks| Written {
        full: table(&|role| looks[role as usize].full),
        ansi: table(&|role| looks[role as usize].ansi),
        mono: table(&|role| looks[role as usize].mono),
    }))
}

fn looks(roles: &Section<'_>, ground: Option<Rgb>) -> Option<Vec<Look>> {
    let read = |(name, role): &(&'static str, Role)| {
        let section = roles.need(name).and_then(Entry::section);
        section.and_then(|section| look(&section, *role, ground))
    };
    let looks: Vec<Option<Look>> = NAMED.iter().map(read).collect();
    roles.done();
    looks.into_iter().collect()
}

fn look(section: &Section<'_>, role: Role, ground: Option<Rgb>) -> Option<Look> {
    let optional = |key| section.get(key).map_or(Some(None), |entry| rgb(&entry).map(Some));
    let ansi = |key| section.get(key).map_or(Some(None), |entry| entry.one_of(ANSI).map(Some));
    let modifiers = |key| section.get(key).map_or(Some(None), |entry| modifiers(&entry).map(Some));
    let fg = section.need("fg").and_then(|entry| rgb(&entry));
    let bg = optional("bg");
    let (ansi_fg, ansi_bg) = (ansi("ansi"), ansi("ansi_bg"));
    let (style, mono) = (modifiers("style"), modifiers("mono"));
    section.done();
    let (fg, bg, style) = (fg?, bg?, style?.unwrap_or_default());
    readable(section, role, fg, bg.or(ground)?)?;
    // The ground belongs to plain text alone: what is written onto a coloured line keeps that line's colour.
    let painted = if role == Role::Text { bg.or(ground) } else { bg };
    Some(Look {
        full: colours(Some(fg.color()), painted.map(Rgb::color)).add_modifier(style),
        ansi: colours(ansi_fg?, ansi_bg?).add_modifier(style),
        mono: Style::new().add_modifier(mono?.unwrap_or(style)),
    })
}

fn colours(fg: Option<Color>, bg: Option<Color>) -> Style {
    Style { fg, bg, ..Style::new() }
}

fn readable(section: &Section<'_>, role: Role, fg: Rgb, bg: Rgb) -> Option<()> {
    let (contrast, least) = (fg.contrast(bg), role.least_contrast());
    if contrast >= least {
        return Some(());
    }
    let message = format!("can't be read well: contrast {contrast:.1} with its background, needs {least:.1}");
    section.error(&message, Some("choose colours that lie further apart in brightness (WCAG 2.2)"));
    None
}

fn rgb(entry: &Entry<'_>) -> Option<Rgb> {
    let parsed = Rgb::parse(&entry.expanded()?.value);
    if parsed.is_none() {
        entry.error("is not a colour", Some("six hex digits, such as \"#ff8a80\""));
    }
    parsed
}

fn modifiers(entry: &Entry<'_>) -> Option<Modifier> {
    let items = entry.clone().items()?;
    let read: Vec<Option<Modifier>> = items.iter().map(|item| item.one_of(MODIFIERS)).collect();
    read.into_iter().collect::<Option<Vec<_>>>().map(|all| all.into_iter().collect())
}
