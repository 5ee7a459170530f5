//! What `quarterdeck check` found, as a list that is read from the top.

use std::fmt;

use crate::text::Text;

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Ok,
    Note,
    Failed,
}

impl Mark {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Failed => "FAILED",
        }
    }
}

/// A list of findings; shows itself as text, one finding a line, further lines of it set in.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<(Mark, String, String)>);

impl Findings {
    /// It is right.
    pub(super) fn pass(&mut self, thing: &str, detail: &str) {
        self.add(Mark::Ok, thing, detail);
    }

    /// It should be known, and is no failure.
    pub(super) fn remark(&mut self, thing: &str, detail: &str) {
        self.add(Mark::Note, thing, detail);
    }

    /// It is wrong.
    pub(super) fn fail(&mut self, thing: &str, detail: &str) {
        self.add(Mark::Failed, thing, detail);
    }

    fn add(&mut self, mark: Mark, thing: &str, detail: &str) {
        self.0.push((mark, thing.to_owned(), detail.to_owned()));
    }

    /// Whether anything is wrong.
    pub(super) fn failed(&self) -> bool {
        self.0.iter().any(|(mark, ..)| *mark == Mark::Failed)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|(_, thing, _)| thing.chars().count()).max().unwrap_or(0);
        for (mark, thing, detail) in &self.0 {
            for (index, line) in detail.lines().enumerate() {
                let (word, thing) = if index == 0 { (mark.word(), thing.as_str()) } else { ("", "") };
                writeln!(f, "{}", format!("{word:<7} {thing:<width$}  {}", Text::clean(line)).trim_end())?;
            }
        }
        let wrong = self.0.iter().filter(|(mark, ..)| *mark == Mark::Failed).count();
        match wrong {
            0 => writeln!(f, "all is well"),
            1 => writeln!(f, "1 thing is wrong"),
            _ => writeln!(f, "{wrong} things are wrong"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_a_list_with_a_verdict() {
        let mut findings = Findings::default();
        findings.pass("theme", "dark");
        findings.fail("configuration", "a.toml:1:1: wrong\n    write it so");
        insta::assert_snapshot!(findings.to_string(), @r"
        ok      theme          dark
        FAILED  configuration  a.toml:1:1: wrong
                                   write it so
        1 thing is wrong
        ");
        assert!(findings.failed());
    }
}
