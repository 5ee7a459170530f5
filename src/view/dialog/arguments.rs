//! Arguments of an action are being typed.

mod now;

use ratatui::layout::Rect;

use super::field::input;
use super::frame::{self, Content};
use crate::action::{ActionSpec, PlanFailure};
use crate::config::theme::Role;
use crate::source::Name;
use crate::state::State;
use crate::view::part::page::{Page, piece};
use crate::view::part::pen::Pen;

/// The widest that the box gets.
const WIDEST: u16 = 80;

/// What is asked, and what was typed so far.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The action's row.
    pub spec: &'a ActionSpec,
    /// Its target.
    pub target: &'a Name,
    /// What was typed.
    pub input: &'a str,
    /// What was wrong with it.
    pub error: Option<&'a PlanFailure>,
}

/// Draws the field, with what the arguments mean and how the target stands now.
pub fn draw(screen: Rect, state: &State, asked: &Asked<'_>, pen: &mut Pen<'_>) {
    let mut page = Page::new(frame::text_width(screen.width, WIDEST));
    page.text(Role::Muted, asked.spec.summary);
    for argument in asked.spec.arguments {
        page.field(argument.name, &[piece(Role::Text, argument.summary)]);
    }
    now::tell(&mut page, state, asked);
    page.blank();
    if !asked.spec.arguments.is_empty() {
        page.row(input(&prompt(asked.spec), asked.input));
    }
    match asked.error {
        Some(error) => {
            page.text(Role::Critical, format!("✗ {}", error.reason));
            page.text(Role::Text, &error.hint);
        }
        None => page.blank(),
    }
    let content = Content {
        title: vec![piece(Role::Title, format!("{} {}", asked.spec.name, asked.target))],
        body: page.into_rows(),
        foot: vec![vec![piece(Role::Muted, "Enter makes a plan, nothing is changed yet · Esc gives up")]],
        ..Content::default()
    };
    frame::draw(screen, WIDEST, &content, pen);
}

/// With one argument its name is not typed.
fn prompt(spec: &ActionSpec) -> String {
    match spec.arguments {
        [only] => format!("{} = ", only.name),
        _ => "key=value … ".to_owned(),
    }
}
