//! What a person wrote: TOML with the place of every key, read key by key.
//!
//! A [`Section`] notes each key that is asked of it; [`Section::done`] then refuses every other key and names those that
//! exist. Nothing stops at the first error: all go to the [`Document`], each with line, column and key path.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, ConfigErrors, did_you_mean};
use super::expand::{Expanded, Variables, expand};
use super::template;
use crate::source::Name;
use crate::text::Text;

/// A TOML file, and what was found wrong with it so far.
pub struct Document<'a> {
    file: &'a Path,
    text: &'a str,
    root: Spanned<DeTable<'a>>,
    variable: &'a Variables<'a>,
    errors: RefCell<Vec<ConfigError>>,
}

impl<'a> Document<'a> {
    /// Reads TOML.
    ///
    /// # Errors
    /// All places where it is no TOML.
    pub fn parse(text: &'a str, file: &'a Path, variable: &'a Variables<'a>) -> Result<Self, ConfigErrors> {
        let (root, faults) = DeTable::parse_recoverable(text);
        let document = Self { file, text, root, variable, errors: RefCell::default() };
        for fault in faults {
            let message = format!("not valid TOML: {}", fault.message());
            document.report(&fault.span().unwrap_or(0..0), "", &message, None);
        }
        if document.errors.borrow().is_empty() {
            return Ok(document);
        }
        match document.finish(Some(())) {
            Err(errors) => Err(errors),
            Ok(()) => Err(ConfigError::of_file(file, "not valid TOML", None).into()),
        }
    }

    /// The table that is the whole file.
    pub fn root(&self) -> Section<'_> {
        Section {
            document: self,
            table: self.root.get_ref(),
            span: 0..0,
            path: String::new(),
            service: None,
            asked: RefCell::default(),
        }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        self.file
    }

    /// How much was found wrong so far.
    pub fn faults(&self) -> usize {
        self.errors.borrow().len()
    }

    /// The line of a place, from 1.
    pub fn line(&self, span: &Range<usize>) -> usize {
        self.place(span).0
    }

    fn place(&self, span: &Range<usize>) -> (usize, usize) {
        let before = self.text.get(..span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// Notes an error.
    pub fn report(&self, span: &Range<usize>, key: &str, message: &str, hint: Option<&str>) {
        self.errors.borrow_mut().push(ConfigError {
            file: self.file.to_owned(),
            place: Some(self.place(span)),
            key: key.to_owned(),
            message: Text::clean(message),
            hint: hint.map(Text::clean),
        });
    }

    /// The checked value, if nothing was found wrong.
    ///
    /// # Errors
    /// All that was found wrong.
    pub fn finish<T>(self, checked: Option<T>) -> Result<T, ConfigErrors> {
        match (ConfigErrors::of(self.errors.into_inner()), checked) {
            (Some(errors), _) => Err(errors),
            (None, Some(checked)) => Ok(checked),
            (None, None) => Err(ConfigError::of_file(self.file, "is not complete", None).into()),
        }
    }
}

/// A table of the file.
pub struct Section<'a> {
    document: &'a Document<'a>,
    table: &'a DeTable<'a>,
    span: Range<usize>,
    path: String,
    /// What `$service` stands for, within a block `[[services]]`.
    service: Option<Name>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    /// The value of a key, if it is there.
    pub fn get(&self, key: &'static str) -> Option<Entry<'a>> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
        drop(asked);
        self.peek(key)
    }

    /// The value of a key that must be there.
    pub fn need(&self, key: &'static str) -> Option<Entry<'a>> {
        let found = self.get(key);
        if found.is_none() {
            self.error(&format!("the key `{key}` is missing"), None);
        }
        found
    }

    /// A table within this one, if it is there.
    pub fn section(&self, key: &'static str) -> Option<Section<'a>> {
        self.get(key)?.section()
    }

    /// The tables of a list (`[[key]]`), in order; none if it is not there.
    pub fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let items = self.get(key).and_then(Entry::items).unwrap_or_default();
        items.into_iter().filter_map(Entry::section).collect()
    }

    /// The value of a key, looked at in passing: the key does not count as asked for.
    pub fn peek(&self, key: &str) -> Option<Entry<'a>> {
        let value = self.table.get(key)?;
        Some(self.entry(key, value))
    }

    /// All keys with their values, for tables whose keys are free (headers, dimensions). No key counts as unknown.
    pub fn all(&self) -> Vec<(&'a str, Range<usize>, Entry<'a>)> {
        self.table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), key.span(), self.entry(key.get_ref(), value)))
            .collect()
    }

    fn entry(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Entry<'a> {
        Entry { document: self.document, value, path: self.join(key), service: self.service.clone() }
    }

    /// The same table anew for one service of a block `[[services]]`: in its strings `$service` is that name, and errors are
    /// told of that service.
    pub fn for_service(&self, service: &Name) -> Section<'a> {
        let list = self.path.split('[').next().unwrap_or_default();
        Section {
            document: self.document,
            table: self.table,
            span: self.span.clone(),
            path: format!("{list}[{service}]"),
            service: Some(service.clone()),
            asked: RefCell::default(),
        }
    }

    /// The service that it was made for by [`Section::for_service`].
    pub fn service(&self) -> Option<&Name> {
        self.service.as_ref()
    }

    /// Refuses every key that was not asked for.
    pub fn done(&self) {
        let known = self.asked.borrow();
        for key in self.table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let written: &str = key.get_ref();
            let message = format!("unknown key `{written}`{}", did_you_mean(written, known.iter().copied()));
            let hint = format!("allowed here: {}", known.join(", "));
            self.document.report(&key.span(), &self.path, &message, Some(&hint));
        }
    }

    /// Notes an error about the table as a whole.
    pub fn error(&self, message: &str, hint: Option<&str>) {
        self.document.report(&self.span, &self.path, message, hint);
    }

    /// The document that it is part of.
    pub fn document(&self) -> &'a Document<'a> {
        self.document
    }

    /// Its place.
    pub fn span(&self) -> &Range<usize> {
        &self.span
    }

    /// Its key path.
    pub fn path(&self) -> &str {
        &self.path
    }

    fn join(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// A value of the file.
#[derive(Clone)]
pub struct Entry<'a> {
    document: &'a Document<'a>,
    value: &'a Spanned<DeValue<'a>>,
    path: String,
    service: Option<Name>,
}

impl<'a> Entry<'a> {
    /// Notes an error about this value.
    pub fn error(&self, message: &str, hint: Option<&str>) {
        self.document.report(&self.value.span(), &self.path, message, hint);
    }

    /// Its place.
    pub fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// The document that it is part of.
    pub fn document(&self) -> &'a Document<'a> {
        self.document
    }

    fn mistyped<T>(&self, wanted: &str, hint: Option<&str>) -> Option<T> {
        self.error(&format!("must be {wanted}, is {}", kind(self.value.get_ref())), hint);
        None
    }

    /// The value as a table.
    pub fn section(self) -> Option<Section<'a>> {
        match self.value.get_ref() {
            DeValue::Table(table) => Some(Section {
                document: self.document,
                table,
                span: self.value.span(),
                path: self.path,
                service: self.service,
                asked: RefCell::default(),
            }),
            _ => self.mistyped("a table", None),
        }
    }

    /// The values of a list. Tables in it are called by their `name`, else by their number from 1.
    pub fn items(self) -> Option<Vec<Entry<'a>>> {
        match self.value.get_ref() {
            DeValue::Array(items) => {
                Some(items.iter().enumerate().map(|(index, item)| self.item(index, item)).collect())
            }
            DeValue::Table(_) => self.mistyped("a list", Some("write `[[…]]` with two brackets, one block an item")),
            _ => self.mistyped("a list", None),
        }
    }

    fn item(&self, index: usize, value: &'a Spanned<DeValue<'a>>) -> Entry<'a> {
        let name = match value.get_ref() {
            DeValue::Table(table) => table.get("name").and_then(|name| name.get_ref().as_str()),
            _ => None,
        };
        let called = name.map_or_else(|| format!("#{}", index + 1), str::to_owned);
        let path = format!("{}[{called}]", self.path);
        Entry { document: self.document, value, path, service: self.service.clone() }
    }

    /// Whether the value is a list.
    pub fn is_list(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Array(_))
    }

    /// Whether the value is a table.
    pub fn is_table(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Table(_))
    }

    /// The string as it stands in the file, without expansion: what messages may quote.
    pub fn written(&self) -> Option<&'a str> {
        self.value.get_ref().as_str()
    }

    /// The string, expanded.
    pub fn expanded(&self) -> Option<Expanded> {
        let DeValue::String(raw) = self.value.get_ref() else {
            return self.mistyped("a string", Some("write it in quotes"));
        };
        let raw = self.filled_in(raw)?;
        match expand(&raw, self.document.variable) {
            Ok(expanded) => Some(expanded),
            Err(error) => {
                self.error(&error.to_string(), Some(&error.hint()));
                None
            }
        }
    }

    /// The string as it stands in the file, with `$service` filled in.
    pub fn templated(&self) -> Option<Cow<'a, str>> {
        self.filled_in(self.written()?)
    }

    /// `$service` stands for something within `[[services]]` only: elsewhere it would be a name that nothing has.
    fn filled_in<'t>(&self, raw: &'t str) -> Option<Cow<'t, str>> {
        match (&self.service, template::mentions(raw)) {
            (_, false) => Some(Cow::Borrowed(raw)),
            (Some(service), true) => Some(Cow::Owned(template::fill(raw, service))),
            (None, true) => {
                self.error("`$service` stands only within a block [[services]]", Some("write the name itself"));
                None
            }
        }
    }

    /// The string, expanded, for a look in passing: what is wrong with it is told where it is read.
    pub fn quietly_expanded(&self) -> Option<String> {
        expand(self.written()?, self.document.variable).ok().map(|expanded| expanded.value)
    }

    /// A string (expanded), a number or a truth, as text: a whole number has no point.
    pub fn scalar(&self) -> Option<String> {
        match self.value.get_ref() {
            DeValue::String(_) => self.expanded().map(|expanded| expanded.value),
            DeValue::Boolean(value) => Some(value.to_string()),
            DeValue::Integer(written) => {
                let whole = i128::from_str_radix(written.as_str(), written.radix()).ok();
                whole.map_or_else(|| self.number().map(|value| value.to_string()), |value| Some(value.to_string()))
            }
            DeValue::Float(_) => self.number().map(|value| value.to_string()),
            _ => self.mistyped("a string, a number, true or false", None),
        }
    }

    /// The value as a truth.
    pub fn boolean(&self) -> Option<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            _ => self.mistyped("true or false", None),
        }
    }

    /// The value as a whole number within bounds.
    pub fn integer(&self, allowed: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let DeValue::Integer(written) = self.value.get_ref() else {
            return self.mistyped("a whole number", None);
        };
        let value = u64::from_str_radix(written.as_str(), written.radix()).ok().filter(|value| allowed.contains(value));
        if value.is_none() {
            let message = format!("must lie between {} and {}", allowed.start(), allowed.end());
            self.error(&message, None);
        }
        value
    }

    /// The value as a finite number; whole numbers count.
    pub fn number(&self) -> Option<f64> {
        let written = match self.value.get_ref() {
            DeValue::Integer(written) => written.as_str(),
            DeValue::Float(written) => written.as_str(),
            _ => return self.mistyped("a number", None),
        };
        let value = written.parse::<f64>().ok().filter(|value| value.is_finite());
        if value.is_none() {
            self.error("must be a finite number", None);
        }
        value
    }

    /// The value as a date.
    pub fn date(&self) -> Option<jiff::civil::Date> {
        let hint = Some("write it as 2026-01-31, with or without quotes");
        let parsed = match self.value.get_ref() {
            DeValue::Datetime(value) => value.to_string().parse().ok(),
            DeValue::String(value) => value.parse().ok(),
            _ => return self.mistyped("a date", hint),
        };
        if parsed.is_none() {
            self.error("is not a date", hint);
        }
        parsed
    }

    /// The value as one of a list of words.
    pub fn one_of<T: Copy>(&self, words: &[(&'static str, T)]) -> Option<T> {
        let value = self.expanded()?.value;
        let found = words.iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let written = self.written().unwrap_or_default();
            let known = words.iter().map(|(word, _)| *word);
            let message = format!("`{written}` is not known here{}", did_you_mean(written, known.clone()));
            self.error(&message, Some(&format!("allowed: {}", known.collect::<Vec<_>>().join(", "))));
        }
        found
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
