//! The confirmation: the whole plan, every guard, and the field in which the target's name is typed.
//!
//! A plan that did not stand on the screen as a whole, page by page if it must be, can't be confirmed; [`extent`] says how
//! many rows it takes, and drawing and the loop both ask it.
//! How many rows it takes depends on the judged plan and the terminal's size alone, not on the time.

use jiff::Timestamp;
use ratatui::layout::Rect;

use super::frame::{self, Content, FRAME_ROWS};
use crate::action::{Decision, Judged};
use crate::config::theme::Role;
use crate::state::State;
use crate::state::dialog::{Confirm, pages};
use crate::view::SMALLEST;
use crate::view::header::kind_role;
use crate::view::part::page::{LABEL, Page, Row, pad, piece};
use crate::view::part::pen::{Bit, Pen};
use crate::view::part::{age, plan as words_of, words};

/// The widest that the dialog gets, frame included.
const WIDEST: u16 = 110;

/// Rows of the foot: a gap, the expiry, the field, the remark or the hint.
const FOOT: usize = 4;

/// How many rows the plan with every guard takes on a terminal of that size (columns, rows), and how many of them it has room
/// for; no room where the terminal is too small.
pub fn extent(judged: &Judged, size: (u16, u16)) -> (usize, usize) {
    if size.0 < SMALLEST.0 || size.1 < SMALLEST.1 {
        return (0, 0);
    }
    let room = frame::text_rows(size.1).saturating_sub(FOOT);
    (body(judged, size.0, room).len(), room)
}

/// The body as it fits: with room between its parts, or dense, or with the guards that allow on one line. Where nothing does,
/// the last of these, which takes several pages.
fn body(judged: &Judged, columns: u16, room: usize) -> Vec<Row> {
    let airier = [Density::Airy, Density::Dense].into_iter().map(|density| rows(judged, columns, density));
    airier.into_iter().find(|rows| rows.len() <= room).unwrap_or_else(|| rows(judged, columns, Density::Folded))
}

/// How the plan is laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Density {
    /// Blank rows between its parts, one guard a line.
    Airy,
    /// One guard a line.
    Dense,
    /// Guards that allow on one line; the others in full.
    Folded,
}

fn rows(judged: &Judged, columns: u16, density: Density) -> Vec<Row> {
    let mut page = Page::new(frame::text_width(columns, WIDEST));
    let plan = &judged.plan;
    let gap = |page: &mut Page| {
        if density == Density::Airy {
            page.blank();
        }
    };
    words_of::target(&mut page, plan);
    gap(&mut page);
    words_of::changes(&mut page, &plan.changes, ["change", "before", "after"]);
    gap(&mut page);
    words_of::observed(&mut page, plan);
    guards(&mut page, judged, density);
    gap(&mut page);
    words_of::undo(&mut page, plan);
    words_of::sends(&mut page, plan);
    words_of::consequences(&mut page, plan);
    words_of::watches(&mut page, plan);
    page.into_rows()
}

fn guards(page: &mut Page, judged: &Judged, density: Density) {
    if density == Density::Airy {
        page.blank();
    }
    if density == Density::Folded {
        words_of::guards_folded(page, &judged.verdicts);
    } else {
        words_of::guards(page, &judged.verdicts);
    }
}

/// Draws the confirmation.
pub fn draw(screen: Rect, state: &State, confirm: &Confirm, pen: &mut Pen<'_>) {
    let size = (screen.width, screen.height);
    let extent = extent(&confirm.judged, size);
    let leaf = Leaf::of(confirm, extent);
    let body = body(&confirm.judged, size.0, extent.1);
    let body = match leaf.pages {
        0 => body,
        _ => body.into_iter().skip(leaf.page * extent.1).take(extent.1).collect(),
    };
    let content = Content {
        title: title(&confirm.judged),
        body,
        foot: foot(confirm, state.now.wall, size, leaf),
        ..Content::default()
    };
    frame::draw(screen, WIDEST, &content, pen);
}

/// Which part of the plan is shown.
#[derive(Clone, Copy)]
struct Leaf {
    /// From 0.
    page: usize,
    /// 0 where the terminal is too small.
    pages: usize,
    /// How many were shown, this one included, from the first on.
    seen: usize,
}

impl Leaf {
    fn of(confirm: &Confirm, extent: (usize, usize)) -> Self {
        let pages = pages(extent);
        let known = confirm.extent == extent;
        let page = if known { confirm.page } else { 0 };
        let seen = if known { confirm.seen } else { 0 };
        Self { page, pages, seen: if page <= seen { seen.max(page + 1) } else { seen } }
    }

    /// What stands above the field: nothing where all is on the screen.
    fn row(self) -> Row {
        if self.pages < 2 {
            return Row::new();
        }
        let at = format!("page {} of {} of this plan", self.page + 1, self.pages);
        let on = if self.page + 1 < self.pages { " · pagedown reads on" } else { " · pageup reads back" };
        vec![piece(Role::Warning, at), piece(Role::Muted, on)]
    }
}

/// `scale rtech-app — rtech-prod PRODUCTION`.
fn title(judged: &Judged) -> Row {
    let plan = &judged.plan;
    let what = format!("{} {} — {} ", plan.action.name(), plan.action.target(), plan.environment);
    vec![piece(Role::Title, what), piece(kind_role(plan.kind), format!(" {} ", words::kind(plan.kind)))]
}

fn foot(confirm: &Confirm, now: Timestamp, size: (u16, u16), leaf: Leaf) -> Vec<Row> {
    let judged = &confirm.judged;
    if judged.decision() == Decision::Deny {
        return denied_foot(confirm, leaf);
    }
    if leaf.pages == 0 {
        return vec![
            Row::new(),
            vec![piece(Role::Critical, enlarge(judged, size))],
            vec![piece(Role::Muted, "Esc leaves it; nothing was changed")],
        ];
    }
    if leaf.seen < leaf.pages {
        let unread = "it can be confirmed when all of it was read · Esc leaves, nothing changed";
        let over = "it can't be confirmed any more · Esc leaves, nothing changed";
        let last = if now >= judged.plan.expires { over } else { confirm.remark.unwrap_or(unread) };
        return vec![leaf.row(), expiry(judged, now), Row::new(), vec![piece(Role::Muted, last)]];
    }
    let hint = piece(Role::Muted, "by hand, paste is refused · Enter confirms · Esc leaves, nothing changed");
    let last = confirm.remark.map_or(hint, |remark| piece(Role::Warning, remark));
    vec![leaf.row(), expiry(judged, now), asked(confirm), vec![last]]
}

fn denied_foot(confirm: &Confirm, leaf: Leaf) -> Vec<Row> {
    let count = words_of::verdicts_of(&confirm.judged.verdicts, Decision::Deny).count();
    let by = if count == 1 { "a guard".to_owned() } else { format!("{count} guards") };
    vec![
        leaf.row(),
        vec![piece(Role::Critical, format!("✗ DENIED by {by}: see above. Nothing was changed."))],
        override_of(confirm),
        vec![denied_hint(confirm)],
    ]
}

/// The field in which the reason is typed for which the one guard that denies is skipped.
fn override_of(confirm: &Confirm) -> Row {
    match confirm.judged.skippable() {
        None => Row::new(),
        Some(guard) => vec![
            piece(Role::Text, format!("to skip {guard} (break-glass), type why: ")),
            piece(Role::Input, format!("{}▏", confirm.typed)),
        ],
    }
}

fn denied_hint(confirm: &Confirm) -> Bit<'static> {
    match confirm.remark {
        Some(remark) => piece(Role::Warning, remark),
        None if confirm.judged.waits() => piece(Role::Muted, "Enter looks whether a second person agreed · Esc closes"),
        None if confirm.judged.skippable().is_some() => {
            piece(Role::Muted, "Enter lets the guards judge again, with your reason · Esc closes")
        }
        None => piece(Role::Muted, "Esc closes"),
    }
}

/// What is to be typed, and what was. Asked for even where no name is: never a bare key.
fn asked(confirm: &Confirm) -> Row {
    vec![
        piece(Role::Text, "type "),
        piece(Role::Title, confirm.expected()),
        piece(Role::Text, " to confirm: "),
        piece(Role::Input, format!("{}▏", confirm.typed)),
    ]
}

fn expiry(judged: &Judged, now: Timestamp) -> Row {
    let expires = judged.plan.expires;
    let at = words::clock(expires);
    if now >= expires {
        return vec![piece(Role::Critical, format!("EXPIRED at {at}: Esc, then plan again"))];
    }
    let left = age::clock(age::since(expires, now));
    vec![piece(Role::Muted, pad("expires", LABEL)), piece(Role::Text, format!("in {left}, at {at}"))]
}

/// What to do where the plan does not stand whole on the screen.
fn enlarge(judged: &Judged, (columns, _): (u16, u16)) -> String {
    let columns = columns.max(SMALLEST.0);
    let rows = rows(judged, columns, Density::Folded).len() + FOOT + usize::from(FRAME_ROWS);
    format!("enlarge the terminal to at least {columns}×{rows} to confirm")
}
