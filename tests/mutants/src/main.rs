//! Rewrites Rust files so that each holds all its mutants, of which `QD_MUTANT=N` switches one on. One build serves for all.
//! Usage: quarterdeck-mutants FROM TO FILE… ; reads FROM/FILE, writes TO/FILE where that changes it, and prints a line a
//! mutant: number, place, function, and what is changed in which line; file, function and change name a mutant from one version
//! to the next.

mod constants;
mod expressions;
mod list;

use std::collections::HashMap;
use std::path::Path;

use proc_macro2::Span;
use quote::quote;
use syn::visit_mut::VisitMut;

use constants::Constants;

type Failure = Box<dyn std::error::Error>;

/// One file, and the mutants of all.
struct Mutants {
    file: String,
    function: String,
    source: Vec<String>,
    constants: Constants,
    next: u32,
    /// How many mutants were told in the same words.
    told: HashMap<String, u32>,
}

impl Mutants {
    /// Tells of one mutant: its number.
    fn number(&mut self, at: Span, what: &str) -> u32 {
        self.next += 1;
        let line = at.start().line;
        let text = self.source.get(line - 1).map_or("", |text| text.trim());
        let mut words = format!("{what} in `{text}`");
        let same = self.told.entry(format!("{} {} {words}", self.file, self.function)).or_insert(0);
        *same += 1;
        if *same > 1 {
            words = format!("{words} ({same})");
        }
        println!("{}\t{}:{line}\t{}\t{words}", self.next, self.file, self.function);
        self.next
    }

    fn rewrite(&mut self, from: &Path, to: &Path, path: &str) -> Result<(), Failure> {
        let text = std::fs::read_to_string(from.join(path))?;
        let mut file = syn::parse_file(&text)?;
        self.file = path.to_owned();
        self.source = text.lines().map(str::to_owned).collect();
        self.constants = Constants::of(&file);
        self.visit_file_mut(&mut file);
        list::mutate(self, &mut file)?;
        let (text, to) = (quote!(#file).to_string(), to.join(path));
        if std::fs::read_to_string(&to).is_ok_and(|old| old == text) {
            return Ok(());
        }
        Ok(std::fs::write(to, text)?)
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, files @ ..] = arguments.as_slice() else { return Err("quarterdeck-mutants FROM TO FILE…".into()) };
    let mut mutants = Mutants {
        file: String::new(),
        function: String::new(),
        source: Vec::new(),
        constants: Constants::default(),
        next: 0,
        told: HashMap::new(),
    };
    files.iter().try_for_each(|file| mutants.rewrite(from.as_ref(), to.as_ref(), file))
}
