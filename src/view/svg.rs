//! Cells → SVG: a picture of a screen, made of the program's own cells.
//!
//! Each run of equal style is a rectangle (where it has a background) and its words, each at its own place and with a
//! fixed length, so that columns stand right whatever monospace font is there; lines, blocks and dots are drawn. Nothing is
//! loaded from elsewhere.

mod glyph;

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use crate::text::is_unsafe;

/// Width of a cell, in the picture's units.
const CELL: f64 = 8.4;

/// Height of a row.
const ROW: f64 = 17.0;

/// From the top of a row to the line that letters stand on.
const BASELINE: f64 = 13.0;

/// The blank margin around the cells.
const MARGIN: f64 = 10.0;

/// Ink and ground where not even the theme has a colour.
const INK: [u8; 3] = [0xd0, 0xd4, 0xd8];
const GROUND: [u8; 3] = [0x10, 0x14, 0x18];

/// Fonts, the first that is there.
const FONTS: &str = "ui-monospace, 'DejaVu Sans Mono', 'JetBrains Mono', Menlo, Consolas, 'Liberation Mono', monospace";

/// Colours of what has none of its own.
#[derive(Debug, Clone, Copy)]
pub struct Paper {
    /// The foreground.
    pub ink: Color,
    /// The background.
    pub ground: Color,
}

/// The picture of a buffer, with a title for those who can't see it.
pub fn svg(buffer: &Buffer, paper: Paper, title: &str) -> String {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let (width, height) = (f64::from(columns) * CELL + 2.0 * MARGIN, f64::from(rows) * ROW + 2.0 * MARGIN);
    let ground = hex(paper.ground, GROUND);
    let title = escape(title);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" role=\"img\" aria-label=\"{title}\">\n\
         <title>{title}</title>\n\
         <style>text{{font-family:{FONTS};font-size:14px}}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{ground}\"/>\n"
    );
    for (y, row) in buffer.content.chunks(usize::from(columns).max(1)).enumerate() {
        runs(row).into_iter().for_each(|run| draw(&mut out, &run, y, paper));
    }
    out.push_str("</svg>\n");
    out
}

/// Cells of one style, one after the other.
struct Run<'a> {
    x: usize,
    cells: &'a [Cell],
}

/// A row's runs of equal style.
fn runs(row: &[Cell]) -> Vec<Run<'_>> {
    let style = |cell: &Cell| (cell.fg, cell.bg, cell.modifier);
    let mut x = 0;
    let place = |cells: &'_ [Cell]| {
        let at = x;
        x += cells.len();
        at
    };
    let runs: Vec<&[Cell]> = row.chunk_by(|a, b| style(a) == style(b)).collect();
    let places: Vec<usize> = runs.iter().copied().map(place).collect();
    places.into_iter().zip(runs).map(|(x, cells)| Run { x, cells }).collect()
}

fn draw(out: &mut String, run: &Run<'_>, y: usize, paper: Paper) {
    let Some(first) = run.cells.first() else { return };
    let (ink, ground) = colours(first, paper);
    if ground != hex(paper.ground, GROUND) {
        let (left, top, width) = (left(run.x), top(y), run.cells.len() as f64 * CELL);
        let _ = writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{ROW}\" fill=\"{ground}\"/>"
        );
    }
    if first.modifier.contains(Modifier::HIDDEN) {
        return;
    }
    let attributes = attributes(first.modifier);
    shapes(out, run, y, &ink);
    for (x, word) in words(run) {
        let (left, base, length) = (left(x), top(y) + BASELINE, word.width() as f64 * CELL);
        let _ = writeln!(
            out,
            "<text x=\"{left:.1}\" y=\"{base:.1}\" textLength=\"{length:.1}\" fill=\"{ink}\"{attributes}>{}</text>",
            escape(&word)
        );
    }
}

fn left(x: usize) -> f64 {
    MARGIN + x as f64 * CELL
}

fn top(y: usize) -> f64 {
    MARGIN + y as f64 * ROW
}

/// The drawn characters of a run, as one path of rectangles.
fn shapes(out: &mut String, run: &Run<'_>, y: usize, ink: &str) {
    let mut path = String::new();
    for (at, cell) in run.cells.iter().enumerate() {
        for (x, down, width, height) in glyph::parts(cell.symbol()).unwrap_or_default() {
            let (x, y) = (left(run.x + at) + x * CELL, top(y) + down * ROW);
            let (width, height) = (width * CELL, height * ROW);
            let _ = write!(path, "M{x:.1} {y:.1}h{width:.1}v{height:.1}h-{width:.1}z");
        }
    }
    if !path.is_empty() {
        let _ = writeln!(out, "<path d=\"{path}\" fill=\"{ink}\"/>");
    }
}

/// The words of a run with their columns. Single blanks stay within; what is not of a common alphabet stands alone, so that
/// no font can shift what follows it.
fn words(run: &Run<'_>) -> Vec<(usize, String)> {
    let mut words: Vec<(usize, String)> = Vec::new();
    let (mut joined, mut at) = (false, 0);
    while let Some(cell) = run.cells.get(at) {
        let symbol = cell.symbol();
        let within = joined && is_blank(symbol) && run.cells.get(at + 1).is_some_and(|next| is_common(next.symbol()));
        match words.last_mut() {
            Some((_, word)) if within || joined && is_common(symbol) => word.push_str(symbol),
            _ if is_blank(symbol) || glyph::parts(symbol).is_some() => joined = false,
            _ => {
                words.push((run.x + at, symbol.to_owned()));
                joined = is_common(symbol);
            }
        }
        at += symbol.width().max(1);
    }
    words
}

fn is_blank(symbol: &str) -> bool {
    symbol.trim().is_empty()
}

/// Whether any font has it in one cell's width.
fn is_common(symbol: &str) -> bool {
    !is_blank(symbol) && symbol.chars().all(|c| c < '\u{2000}') && symbol.width() == 1
}

/// Foreground and background, as `#rrggbb`.
fn colours(cell: &Cell, paper: Paper) -> (String, String) {
    let or = |color: Color, paper: Color| if color == Color::Reset { paper } else { color };
    let ink = hex(or(cell.fg, paper.ink), INK);
    let ground = hex(or(cell.bg, paper.ground), GROUND);
    if cell.modifier.contains(Modifier::REVERSED) { (ground, ink) } else { (ink, ground) }
}

fn attributes(modifier: Modifier) -> String {
    let known = [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::DIM, " opacity=\"0.6\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
        (Modifier::CROSSED_OUT, " text-decoration=\"line-through\""),
    ];
    known.into_iter().filter(|(flag, _)| modifier.contains(*flag)).map(|(_, text)| text).collect()
}

/// Text for XML: what is not allowed in it, and what acts on a reader, is shown as U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ if is_unsafe(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(char::REPLACEMENT_CHARACTER),
            _ => out.push(c),
        }
    }
    out
}

/// The 16 colours that terminals name, as xterm has them.
const NAMED: [[u8; 3]; 16] = [
    [0x00, 0x00, 0x00],
    [0xcd, 0x00, 0x00],
    [0x00, 0xcd, 0x00],
    [0xcd, 0xcd, 0x00],
    [0x00, 0x00, 0xee],
    [0xcd, 0x00, 0xcd],
    [0x00, 0xcd, 0xcd],
    [0xe5, 0xe5, 0xe5],
    [0x7f, 0x7f, 0x7f],
    [0xff, 0x00, 0x00],
    [0x00, 0xff, 0x00],
    [0xff, 0xff, 0x00],
    [0x5c, 0x5c, 0xff],
    [0xff, 0x00, 0xff],
    [0x00, 0xff, 0xff],
    [0xff, 0xff, 0xff],
];

fn hex(color: Color, reset: [u8; 3]) -> String {
    let [r, g, b] = rgb(color, reset);
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn rgb(color: Color, reset: [u8; 3]) -> [u8; 3] {
    let named = |index: usize| NAMED[index];
    match color {
        Color::Reset => reset,
        Color::Rgb(r, g, b) => [r, g, b],
        Color::Indexed(index) => indexed(index),
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => named(8),
        Color::LightRed => named(9),
        Color::LightGreen => named(10),
        Color::LightYellow => named(11),
        Color::LightBlue => named(12),
        Color::LightMagenta => named(13),
        Color::LightCyan => named(14),
        Color::White => named(15),
    }
}

/// The 256 colours of xterm: 16 named ones, a cube of 6 × 6 × 6, and 24 greys.
fn indexed(index: u8) -> [u8; 3] {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match index {
        0..16 => NAMED[usize::from(index)],
        16..232 => {
            let at = usize::from(index - 16);
            [STEPS[at / 36], STEPS[at / 6 % 6], STEPS[at % 6]]
        }
        232.. => [8 + (index - 232) * 10; 3],
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    const PAPER: Paper = Paper { ink: Color::Rgb(200, 200, 200), ground: Color::Rgb(0, 0, 0) };

    fn picture(text: &str, style: Style) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 1));
        buffer.set_string(0, 0, text, style);
        svg(&buffer, PAPER, "a <test>")
    }

    #[test]
    fn text_is_escaped_and_can_not_become_markup() {
        let picture = picture("<b>&\"]]>", Style::new());
        assert!(picture.contains("&lt;b&gt;&amp;&quot;]]&gt;</text>"), "{picture}");
        assert!(picture.contains("<title>a &lt;test&gt;</title>"));
    }

    #[test]
    fn a_style_becomes_fill_background_and_weight() {
        let style = Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Indexed(196)).add_modifier(Modifier::BOLD);
        let picture = picture("red", style);
        assert!(picture.contains("fill=\"#010203\" font-weight=\"bold\">red</text>"), "{picture}");
        assert!(picture.contains("width=\"25.2\" height=\"17\" fill=\"#ff0000\"/>"), "{picture}");
    }

    #[test]
    fn reversed_cells_swap_ink_and_ground() {
        let picture = picture("x", Style::new().add_modifier(Modifier::REVERSED));
        assert!(picture.contains("fill=\"#c8c8c8\"/>") && picture.contains("fill=\"#000000\">x<"), "{picture}");
    }

    #[test]
    fn a_wide_character_keeps_its_two_columns() {
        let picture = picture("目a", Style::new());
        assert!(
            picture.contains("x=\"10.0\" y=\"23.0\" textLength=\"16.8\"") && picture.contains("x=\"26.8\""),
            "{picture}"
        );
    }

    #[test]
    fn words_stand_at_their_columns_whatever_becomes_of_blanks() {
        let picture = picture("  ab cd   → ef ─x", Style::new());
        let texts: Vec<&str> = picture.lines().filter(|line| line.starts_with("<text")).collect();
        let places = [(26.8, "ab cd"), (94.0, "→"), (110.8, "ef"), (144.4, "x")];
        assert_eq!(texts.len(), places.len(), "{picture}");
        for (text, (x, word)) in texts.iter().zip(places) {
            assert!(text.contains(&format!("x=\"{x:.1}\"")) && text.contains(&format!(">{word}<")), "{text}");
        }
        assert!(picture.contains("<path d=\"M") && !picture.contains('─'), "{picture}");
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        let picture = picture("x", Style::new());
        assert_eq!(picture.matches("http").count(), 1, "only the namespace: {picture}");
        assert!(!picture.contains("href") && !picture.contains("url(") && !picture.contains("@import"));
    }
}
