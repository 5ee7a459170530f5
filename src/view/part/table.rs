//! Columns of a list: fixed ones first, the others share what is left.

use super::page::{Row, pad, piece};
use super::pen::{Bit, bit};
use crate::config::theme::Role;

/// Blanks between two columns.
const GAP: usize = 2;

/// Columns of the mark before each row.
const MARK: usize = 2;

/// A column's title and width.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    title: &'static str,
    width: Width,
}

#[derive(Debug, Clone, Copy)]
enum Width {
    Fixed(usize),
    Share(usize),
}

/// A column of so many columns of cells.
pub const fn fixed(title: &'static str, width: usize) -> Column {
    Column { title, width: Width::Fixed(width) }
}

/// A column that gets so many shares of what the fixed ones leave.
pub const fn share(title: &'static str, shares: usize) -> Column {
    Column { title, width: Width::Share(shares) }
}

/// The columns of a list, measured for a width.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<(&'static str, usize)>,
}

impl Table {
    /// Measures columns for `total` columns of cells.
    pub fn new(columns: &[Column], total: u16) -> Self {
        let taken: usize = columns.iter().map(|column| column.fixed() + GAP).sum();
        let left = usize::from(total).saturating_sub(taken + MARK - GAP);
        let shares: usize = columns.iter().map(Column::shares).sum();
        let width = |column: &Column| match column.width {
            Width::Fixed(width) => width,
            Width::Share(own) => left * own / shares.max(1),
        };
        Self { columns: columns.iter().map(|column| (column.title, width(column))).collect() }
    }

    /// The titles.
    pub fn head(&self) -> Row {
        let titles = self.columns.iter().map(|(title, _)| piece(Role::Muted, title)).collect();
        self.row(false, titles)
    }

    /// A row of one cell a column; the selected one is marked.
    pub fn row(&self, selected: bool, cells: Vec<Bit<'static>>) -> Row {
        let mut row = vec![bit(Role::Key, if selected { "▸ " } else { "  " })];
        for (at, ((role, text), (_, width))) in cells.into_iter().zip(&self.columns).enumerate() {
            if at > 0 {
                row.push(bit(Role::Text, " ".repeat(GAP)));
            }
            row.push(piece(role, pad(&text, *width)));
        }
        row
    }
}

impl Column {
    const fn fixed(&self) -> usize {
        match self.width {
            Width::Fixed(width) => width,
            Width::Share(_) => 0,
        }
    }

    const fn shares(&self) -> usize {
        match self.width {
            Width::Fixed(_) => 0,
            Width::Share(shares) => shares,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pen::columns;
    use super::*;

    #[test]
    fn a_row_fills_its_width_and_never_more() {
        for total in [10u16, 40, 80, 81, 200] {
            let table = Table::new(&[fixed("state", 4), share("name", 1), share("summary", 2)], total);
            let cells = vec![piece(Role::Text, "x".repeat(300)), piece(Role::Text, "目"), piece(Role::Text, "")];
            let used = columns(&table.row(true, cells));
            assert!(used <= usize::from(total).max(MARK + 4 + 2 * GAP), "{used} of {total}");
        }
    }
}
