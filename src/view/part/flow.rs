//! Groups of pieces set into rows, a group never broken unless a row is too narrow for it alone.

use super::page::Page;
use super::pen::{Bit, bit, columns};
use crate::config::theme::Role;

/// Columns between two groups of a row.
const GAP: usize = 3;

/// Sets groups into rows of the page.
pub fn flow(page: &mut Page, groups: Vec<Vec<Bit<'static>>>) {
    let mut row: Vec<Bit<'static>> = Vec::new();
    for group in groups {
        if !row.is_empty() && columns(&row) + GAP + columns(&group) > page.width() {
            page.pieces(2, &std::mem::take(&mut row));
        }
        if !row.is_empty() {
            row.push(bit(Role::Text, " ".repeat(GAP)));
        }
        row.extend(group);
    }
    if !row.is_empty() {
        page.pieces(2, &row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_not_broken_where_it_fits_a_row_of_its_own() {
        let mut page = Page::new(10);
        flow(&mut page, ["p95 20 ms", "p99 30 ms", "x"].map(|text| vec![bit(Role::Text, text)]).into());
        let rows: Vec<String> = page.rows().iter().map(|row| row.iter().map(|(_, text)| &**text).collect()).collect();
        assert_eq!(rows, ["p95 20 ms", "p99 30 ms", "x"]);
    }
}
