//! The overview's columns at a width.

use ratatui::layout::Rect;

use crate::config::Role as SignalRole;
use crate::config::theme::Role;
use crate::view::part::{Pen, age};

/// What a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// The state's word.
    State,
    /// The service's name.
    Service,
    /// A signal.
    Signal(SignalRole),
    /// Tasks running of desired.
    Tasks,
    /// The deployment in flight.
    Deploy,
    /// Alerts that fire for the service.
    Alerts,
    /// The greatest age in the row.
    Age,
}

/// A column: the widths of its value, of the history behind it, and of its age. A value is followed by a sign.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) column: Column,
    pub(super) value: u16,
    pub(super) spark: u16,
    pub(super) age: u16,
}

/// All columns at one width, from the left.
pub(super) struct Columns {
    pub(super) slots: Vec<Slot>,
}

/// The signals of the overview.
pub(super) const SIGNALS: [SignalRole; 5] =
    [SignalRole::LatencyP95, SignalRole::Errors, SignalRole::Traffic, SignalRole::Cpu, SignalRole::Memory];

/// From this width on each value has its own age, and a history.
const AGED: u16 = 116;

/// From this width on every signal has a history.
const ROOMY: u16 = 150;

/// From this width on there are further columns.
const WIDE: u16 = 190;

impl Columns {
    /// The columns that fit `width`. Below 116 one age stands for the row: the greatest in it.
    pub(super) fn of(width: u16) -> Self {
        let aged = if width >= AGED { age::WIDEST as u16 } else { 0 };
        let mut slots = vec![slot(Column::State, 9), slot(Column::Service, 0)];
        slots.extend(SIGNALS.map(|role| Slot { spark: spark(role, width), age: aged, ..signal(role) }));
        slots.push(Slot { age: aged, ..slot(Column::Tasks, 5) });
        slots.push(slot(Column::Deploy, if width >= WIDE { 12 } else { 7 }));
        if width >= WIDE {
            slots.push(slot(Column::Alerts, 10));
        }
        if aged == 0 {
            slots.push(slot(Column::Age, age::WIDEST as u16));
        }
        let fixed: u16 = slots.iter().map(|slot| slot.width() + 1).sum();
        slots[1].value = width.saturating_sub(fixed + 1).clamp(8, 32);
        Self { slots }
    }

    /// Draws the heads.
    pub(super) fn draw_head(&self, area: Rect, pen: &mut Pen<'_>) {
        let mut x = area.x + 1;
        for slot in &self.slots {
            let room = area.right().saturating_sub(x);
            if slot.is_right() {
                pen.right(x, area.y, slot.value.min(room), slot.head(), Role::Muted);
            } else {
                pen.text(x, area.y, slot.value.min(room), slot.head(), Role::Muted);
            }
            x = x.saturating_add(slot.width() + 1);
        }
    }
}

impl Slot {
    /// All columns that it takes.
    pub(super) fn width(&self) -> u16 {
        let behind = |width: u16| if width > 0 { width + 1 } else { 0 };
        let sign = u16::from(self.is_signed());
        self.value + sign + behind(self.spark) + behind(self.age)
    }

    /// Whether a sign follows the value.
    pub(super) fn is_signed(&self) -> bool {
        matches!(self.column, Column::Signal(_) | Column::Tasks)
    }

    /// Whether the value is set to the right.
    pub(super) fn is_right(&self) -> bool {
        matches!(self.column, Column::Signal(_) | Column::Tasks | Column::Age)
    }

    fn head(&self) -> &'static str {
        match self.column {
            Column::State => "STATE",
            Column::Service => "SERVICE",
            Column::Signal(SignalRole::LatencyP95) => "P95",
            Column::Signal(SignalRole::Errors) => "ERRORS",
            Column::Signal(SignalRole::Traffic) => "REQ",
            Column::Signal(SignalRole::Cpu) => "CPU",
            Column::Signal(SignalRole::Memory) => "MEM",
            Column::Signal(_) => "",
            Column::Tasks => "TASKS",
            Column::Deploy => "DEPLOY",
            Column::Alerts => "ALERTS",
            Column::Age => "AGE",
        }
    }
}

fn slot(column: Column, value: u16) -> Slot {
    Slot { column, value, spark: 0, age: 0 }
}

fn signal(role: SignalRole) -> Slot {
    let value = match role {
        SignalRole::Cpu | SignalRole::Memory => 4,
        SignalRole::Traffic => 5,
        _ => 6,
    };
    slot(Column::Signal(role), value)
}

/// Columns of history: five for latency, errors and traffic at middling widths, then more for all.
fn spark(role: SignalRole, width: u16) -> u16 {
    let saturation = matches!(role, SignalRole::Cpu | SignalRole::Memory);
    match width {
        0..AGED => 0,
        AGED..ROOMY if saturation => 0,
        AGED..ROOMY => 5,
        ROOMY..WIDE => (width - 106) / 5,
        _ => ((width - 130) / 5).min(30),
    }
}
