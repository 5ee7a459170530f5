//! Characters that are drawn, not written: lines, blocks and dots must meet their neighbours whatever the font.

/// A part of a cell: left, top, width, height, each a share of the cell.
pub(super) type Part = (f64, f64, f64, f64);

/// Half the thickness of a light and of a heavy line, as a share of a cell's width.
const LIGHT: f64 = 0.06;
const HEAVY: f64 = 0.14;

/// A cell's width by its height: what makes a line across as thick as one down.
const ASPECT: f64 = super::CELL / super::ROW;

/// The parts of a character that is drawn; none for what is written.
pub(super) fn parts(symbol: &str) -> Option<Vec<Part>> {
    let mut characters = symbol.chars();
    let c = characters.next().filter(|_| characters.next().is_none())?;
    match c {
        '\u{2800}'..='\u{28ff}' => Some(dots(u32::from(c) - 0x2800)),
        '▁'..='█' => Some(vec![rising(u32::from(c) - 0x2580)]),
        '▉'..='▏' => Some(vec![(0.0, 0.0, f64::from(0x2590 - u32::from(c)) / 8.0, 1.0)]),
        _ => arms(c).map(lines),
    }
}

/// The lower eighths of a cell.
fn rising(eighths: u32) -> Part {
    let height = f64::from(eighths) / 8.0;
    (0.0, 1.0 - height, 1.0, height)
}

/// The dots of a braille pattern. <https://www.unicode.org/charts/PDF/U2800.pdf>: bits 0–2 and 6 go down the left column.
fn dots(bits: u32) -> Vec<Part> {
    const PLACES: [(f64, f64); 8] =
        [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (0.0, 3.0), (1.0, 3.0)];
    let set = PLACES.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
    set.map(|(_, (x, y))| (0.14 + x * 0.5, 0.07 + y * 0.25, 0.22, 0.22 * ASPECT)).collect()
}

/// Half the thickness of a box character's arms: up, right, down, left; zero where there is none.
fn arms(c: char) -> Option<[f64; 4]> {
    let (l, h, n) = (LIGHT, HEAVY, 0.0);
    Some(match c {
        '─' => [n, l, n, l],
        '│' => [l, n, l, n],
        '┌' => [n, l, l, n],
        '┐' => [n, n, l, l],
        '└' => [l, l, n, n],
        '┘' => [l, n, n, l],
        '├' => [l, l, l, n],
        '┤' => [l, n, l, l],
        '┬' => [n, l, l, l],
        '┴' => [l, l, n, l],
        '┼' => [l, l, l, l],
        '━' => [n, h, n, h],
        '┃' => [h, n, h, n],
        '┏' => [n, h, h, n],
        '┓' => [n, n, h, h],
        '┗' => [h, h, n, n],
        '┛' => [h, n, n, h],
        _ => return None,
    })
}

/// Arms as rectangles from the edges to just past the middle.
fn lines([up, right, down, left]: [f64; 4]) -> Vec<Part> {
    let thick = [up, right, down, left].into_iter().fold(0.0, f64::max);
    let across = |half: f64, from: f64, to: f64| (from, 0.5 - half * ASPECT, to - from, 2.0 * half * ASPECT);
    let down_ = |half: f64, from: f64, to: f64| (0.5 - half, from, 2.0 * half, to - from);
    let past = thick * ASPECT;
    let all = [
        (up, down_(up, 0.0, 0.5 + past)),
        (right, across(right, 0.5 - thick, 1.0)),
        (down, down_(down, 0.5 - past, 1.0)),
        (left, across(left, 0.0, 0.5 + thick)),
    ];
    all.into_iter().filter(|(half, _)| *half > 0.0).map(|(_, part)| part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_stays_in_its_cell() {
        let drawn = "─│┌┐└┘├┤┬┴┼━┃┏┓┗┛▁▂▃▄▅▆▇█▉▏".chars().chain('\u{2800}'..='\u{28ff}');
        for c in drawn {
            for (x, y, width, height) in parts(&c.to_string()).unwrap() {
                assert!(x >= 0.0 && y >= 0.0 && x + width <= 1.0 + 1e-9 && y + height <= 1.0 + 1e-9, "{c}");
                assert!(width > 0.0 && height > 0.0, "{c}");
            }
        }
    }

    #[test]
    fn letters_are_written_and_blocks_rise() {
        assert_eq!(parts("a"), None);
        assert_eq!(parts("█"), Some(vec![(0.0, 0.0, 1.0, 1.0)]));
        assert_eq!(parts("▄"), Some(vec![(0.0, 0.5, 1.0, 0.5)]));
        assert_eq!(parts("\u{28ff}").unwrap().len(), 8);
    }
}
