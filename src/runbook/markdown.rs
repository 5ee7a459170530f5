//! Markdown → blocks with their lines: what a runbook is read from. Front matter is TOML between lines of `+++`; it may
//! stand in an HTML comment, which a Git host does not show.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};

/// A block of a runbook, with its line from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// A heading.
    Heading { level: usize, text: String, line: usize },
    /// A fenced block: its info string, its text, and the line of its first line of text.
    Fence { info: String, text: String, line: usize, nested: bool },
    /// A paragraph, an item of a list, a quotation: plain text on one line.
    Text(String),
}

/// The two parts of a runbook's text. Lines are those of the file in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    /// The TOML, behind as many empty lines as stand before it in the file.
    pub(super) front: String,
    /// The Markdown, with empty lines in place of the front matter.
    pub(super) body: String,
}

/// Cuts the front matter off.
///
/// # Errors
/// There is none, or it is not closed: the line, and what is wrong.
pub(super) fn split(text: &str) -> Result<Parts, (usize, &'static str)> {
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| !line.trim().is_empty()).unwrap_or(0);
    let commented = lines.get(first).is_some_and(|line| line.trim() == "<!--");
    let open = if commented { first + 1 } else { first };
    if lines.get(open).is_none_or(|line| line.trim_end() != "+++") {
        return Err((first + 1, "does not begin with front matter"));
    }
    let close = lines.iter().skip(open + 1).position(|line| line.trim_end() == "+++").map(|at| open + 1 + at);
    let close = close.ok_or((open + 1, "front matter is not closed"))?;
    let end = if commented { close + 1 } else { close };
    if commented && lines.get(end).is_none_or(|line| line.trim() != "-->") {
        return Err((close + 1, "the comment around the front matter is not closed right after it"));
    }
    let front = format!("{}{}", "\n".repeat(open + 1), lines[open + 1..close].join("\n"));
    let body = format!("{}{}\n", "\n".repeat(end + 1), lines[end + 1..].join("\n"));
    Ok(Parts { front, body })
}

/// The blocks of a Markdown text, in order.
pub(super) fn blocks(body: &str) -> Vec<Block> {
    let mut reader = Reader {
        body,
        blocks: Vec::new(),
        text: String::new(),
        lists: Vec::new(),
        links: Vec::new(),
        open: Open::Nothing,
    };
    for (event, range) in Parser::new(body).into_offset_iter() {
        reader.event(event, &range);
    }
    reader.flush();
    reader.blocks
}

struct Reader<'a> {
    body: &'a str,
    blocks: Vec<Block>,
    text: String,
    /// The next number of each open list; none for bullets.
    lists: Vec<Option<u64>>,
    /// Where each open link leads, and where its words begin.
    links: Vec<(String, usize)>,
    open: Open,
}

enum Open {
    Nothing,
    Heading(usize, usize),
    Fence(String, usize),
    Quote,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, range: &Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text.push_str(&text),
            Event::Code(code) => self.text.push_str(&format!("`{code}`")),
            Event::SoftBreak | Event::HardBreak => self.text.push(' '),
            Event::InlineHtml(html) if !html.starts_with("<!--") => self.text.push_str(&html),
            Event::Html(html) if !html.trim_start().starts_with("<!--") => self.text.push_str(&html),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: &Range<usize>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.flush();
                self.open = Open::Heading(depth(level), self.line(range.start));
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.trim().to_owned(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.open = Open::Fence(info, self.line(range.start) + 1);
            }
            Tag::List(number) => {
                self.flush();
                self.lists.push(number);
            }
            Tag::Item => {
                self.flush();
                self.text = self.bullet();
            }
            Tag::BlockQuote(_) => {
                self.flush();
                self.open = Open::Quote;
            }
            Tag::Link { dest_url, .. } => self.links.push((dest_url.to_string(), self.text.len())),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => self.heading(),
            TagEnd::CodeBlock => self.fence(),
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::Paragraph | TagEnd::Item | TagEnd::HtmlBlock => self.flush(),
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.open = Open::Nothing;
            }
            TagEnd::Link => self.link(),
            _ => {}
        }
    }

    fn heading(&mut self) {
        let text = std::mem::take(&mut self.text).trim().to_owned();
        if let Open::Heading(level, line) = std::mem::replace(&mut self.open, Open::Nothing) {
            self.blocks.push(Block::Heading { level, text, line });
        }
    }

    fn fence(&mut self) {
        let text = std::mem::take(&mut self.text);
        if let Open::Fence(info, line) = std::mem::replace(&mut self.open, Open::Nothing) {
            self.blocks.push(Block::Fence { info, text, line, nested: !self.lists.is_empty() });
        }
    }

    /// A link's address stands behind its words, unless it is its words.
    fn link(&mut self) {
        if let Some((address, begin)) = self.links.pop()
            && self.text.get(begin..).is_some_and(|words| words != address)
        {
            self.text.push_str(&format!(" ({address})"));
        }
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        if !text.trim().is_empty() {
            let mark = if matches!(self.open, Open::Quote) { "> " } else { "" };
            self.blocks.push(Block::Text(format!("{mark}{}", text.trim_end())));
        }
    }

    fn bullet(&mut self) -> String {
        let indent = "  ".repeat(self.lists.len().saturating_sub(1));
        match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{indent}{}. ", *number - 1)
            }
            _ => format!("{indent}• "),
        }
    }

    fn line(&self, offset: usize) -> usize {
        self.body.get(..offset).unwrap_or_default().matches('\n').count() + 1
    }
}

fn depth(level: HeadingLevel) -> usize {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_keeps_its_lines_with_and_without_a_comment() {
        let plain = split("+++\nid = \"a\"\n+++\n# A\n").unwrap();
        assert_eq!((plain.front.as_str(), plain.body.as_str()), ("\nid = \"a\"", "\n\n\n# A\n"));
        let commented = split("<!--\n+++\nid = \"a\"\n+++\n-->\n# A\n").unwrap();
        assert_eq!((commented.front.as_str(), commented.body.as_str()), ("\n\nid = \"a\"", "\n\n\n\n\n# A\n"));
    }

    #[test]
    fn front_matter_that_is_missing_or_open_is_told_with_its_line() {
        assert_eq!(split("# A\n"), Err((1, "does not begin with front matter")));
        assert_eq!(split("").unwrap_err().0, 1);
        assert_eq!(split("\n+++\nid = 1\n"), Err((2, "front matter is not closed")));
        assert_eq!(split("<!--\n+++\n+++\n# A").unwrap_err().0, 3);
    }

    #[test]
    fn blocks_come_in_order_with_their_lines() {
        let found = blocks("# T\n\none\ntwo `c`\n\n1. a\n2. b\n   - c\n\n```check\nx = 1\n```\n> q\n");
        let text = |text: &str| Block::Text(text.to_owned());
        assert_eq!(
            found,
            vec![
                Block::Heading { level: 1, text: "T".to_owned(), line: 1 },
                text("one two `c`"),
                text("1. a"),
                text("2. b"),
                text("  • c"),
                Block::Fence { info: "check".to_owned(), text: "x = 1\n".to_owned(), line: 11, nested: false },
                text("> q"),
            ]
        );
    }

    #[test]
    fn a_fence_within_a_list_is_known_as_such() {
        let found = blocks("- a\n\n  ```check\n  x = 1\n  ```\n");
        assert!(matches!(found.last(), Some(Block::Fence { nested: true, .. })), "{found:?}");
    }
}
