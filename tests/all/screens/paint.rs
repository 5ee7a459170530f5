//! Draws a state into cells and writes the cells down as text: what is shown, and below it in which style.

use std::fmt::Write;

use quarterdeck::config::theme::{ROLES, Role, Theme};
use quarterdeck::state::State;
use quarterdeck::view;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier, Style};

/// Which theme, and so how styles are written down.
pub(super) enum Paint {
    /// A theme whose every role has a colour of its own: styles are written as names of roles.
    Roles,
    /// A theme as it is: styles are written as colours and modifiers.
    Theme(Box<Theme>),
}

/// Cells, and how to name their styles.
pub(super) struct Picture {
    pub(super) buffer: Buffer,
    roles: bool,
}

/// Draws a state at a size.
pub(super) fn picture(state: &State, columns: u16, rows: u16, paint: &Paint) -> Picture {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let by_role = Theme::new("roles", role_style);
    let theme = match paint {
        Paint::Roles => &by_role,
        Paint::Theme(theme) => theme.as_ref(),
    };
    terminal.draw(|frame| view::draw(frame, state, theme)).unwrap();
    Picture { buffer: terminal.backend().buffer().clone(), roles: matches!(paint, Paint::Roles) }
}

/// A role's own colour: in the foreground, but for what colours a row, which takes the background.
fn role_style(role: Role) -> Style {
    let colour = Color::Indexed(role as u8 + 100);
    match role {
        Role::Selected => Style::new().bg(colour),
        Role::Text => Style::new().fg(colour).bg(Color::Reset),
        _ => Style::new().fg(colour),
    }
}

impl Picture {
    /// The cells' symbols, line by line, without blanks at the ends.
    pub(super) fn text(&self) -> String {
        self.rows().map(|row| symbols(row).trim_end().to_owned() + "\n").collect()
    }

    /// Text, then for each line its runs of equal style, but for plain text: `12 3-9 Critical "UNHEALTHY"`.
    pub(super) fn text_and_styles(&self) -> String {
        let mut out = self.text();
        out.push_str("--- styles\n");
        for (y, row) in self.rows().enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|a, b| self.name(a) == self.name(b)) {
                let text = symbols(run);
                let name = self.name(&run[0]);
                if name != "Text" && name != "plain" && !text.trim().is_empty() {
                    writeln!(out, "{y:>2} {x:>3} {name}: {}", text.trim()).unwrap();
                }
                x += run.len();
            }
        }
        out
    }

    /// The roles in use with the text of each of their runs; for [`Paint::Roles`].
    pub(super) fn runs_of(&self, role: Role) -> Vec<String> {
        let is = |cell: &Cell| self.role(cell) == Some(role);
        let of_row = |row: &[Cell]| -> Vec<String> {
            let runs = row.chunk_by(|a, b| is(a) == is(b)).filter(|run| is(&run[0]));
            runs.map(|run| symbols(run).trim().to_owned()).filter(|text| !text.is_empty()).collect()
        };
        self.rows().flat_map(of_row).collect()
    }

    fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        self.buffer.content.chunks(usize::from(self.buffer.area.width).max(1))
    }

    fn role(&self, cell: &Cell) -> Option<Role> {
        ROLES.iter().copied().find(|role| cell.fg == Color::Indexed(*role as u8 + 100))
    }

    fn name(&self, cell: &Cell) -> String {
        if self.roles {
            let selected = if cell.bg == Color::Reset { "" } else { " selected" };
            return self.role(cell).map_or_else(String::new, |role| format!("{role:?}{selected}"));
        }
        let mut parts = Vec::new();
        if cell.fg != Color::Reset {
            parts.push(format!("{}", cell.fg));
        }
        if cell.bg != Color::Reset {
            parts.push(format!("on {}", cell.bg));
        }
        if cell.modifier != Modifier::empty() {
            parts.push(format!("{:?}", cell.modifier));
        }
        if parts.is_empty() { "plain".to_owned() } else { parts.join(" ") }
    }
}

fn symbols(cells: &[Cell]) -> String {
    cells.iter().map(Cell::symbol).collect()
}
