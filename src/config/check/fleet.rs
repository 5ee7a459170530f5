//! `[[service]]` and `[[services]]`: what they declare together.

use std::borrow::Cow;
use std::collections::HashMap;

use super::place::Places;
use super::service::{names, service};
use super::{Sources, written};
use crate::config::Service;
use crate::config::raw::{Entry, Section};
use crate::source::Name;

/// All services: those of `[[service]]`, then those of each `[[services]]`, each in the order of the file.
pub(super) fn services(root: &Section<'_>, sources: &Sources) -> Option<Vec<Service>> {
    let single = root.sections("service");
    let blocks = root.sections("services");
    let listed = |key| root.get(key).is_none_or(|written| written.is_list());
    if single.is_empty() && blocks.is_empty() && listed("service") && listed("services") {
        root.error("there is no service", Some("add a block [[service]] with a name"));
        return None;
    }
    let blocks: Vec<Option<Vec<Section<'_>>>> = blocks.iter().map(of_block).collect();
    unique(&single, &blocks);
    one_ecs_service_each(single.iter().chain(blocks.iter().flatten().flatten()), &sources.places);
    // Collected twice: all are read, whichever fails.
    let mut all: Vec<Option<Service>> = single.iter().map(|section| service(section, sources)).collect();
    all.extend(blocks.into_iter().flat_map(|block| read(block, sources)));
    all.into_iter().collect()
}

/// The sections of a block `[[services]]`: one a name.
fn of_block<'a>(block: &Section<'a>) -> Option<Vec<Section<'a>>> {
    let entry = block.need("names")?;
    let names = names(&entry)?;
    if names.is_empty() {
        entry.error("names no service", Some("names = [\"web\", \"worker\"]"));
        return None;
    }
    Some(names.iter().map(|name| block.for_service(name)).collect())
}

/// The services of a block. What is wrong with the first of them is wrong with all and told once.
fn read(block: Option<Vec<Section<'_>>>, sources: &Sources) -> Vec<Option<Service>> {
    let mut read = Vec::new();
    for section in block.unwrap_or_default() {
        let before = section.document().faults();
        read.push(service(&section, sources));
        if section.document().faults() > before {
            break;
        }
    }
    if read.is_empty() { vec![None] } else { read }
}

/// A service is known by its name, wherever it is declared.
fn unique(single: &[Section<'_>], blocks: &[Option<Vec<Section<'_>>>]) {
    let mut seen: HashMap<Cow<'_, str>, usize> = HashMap::new();
    let of_blocks = blocks.iter().flatten().flatten();
    for section in single.iter().chain(of_blocks) {
        let named = section.service().map(Name::as_str).map(Cow::Borrowed);
        let Some(name) = named.or_else(|| written(section, "name").map(Cow::Borrowed)) else { continue };
        let line = section.document().line(section.span());
        if let Some(first) = seen.insert(name.clone(), line) {
            let hint = format!("the first is in line {first}");
            section.error(&format!("the name `{name}` is there twice"), Some(&hint));
        }
    }
}

/// Two services on one ECS service would be two owners of the same tasks.
fn one_ecs_service_each<'s, 'a: 's>(sections: impl Iterator<Item = &'s Section<'a>>, places: &Places) {
    let mut seen: HashMap<(String, Cow<'a, str>, Cow<'a, str>), usize> = HashMap::new();
    for ecs in sections.filter_map(|section| section.peek("ecs").filter(Entry::is_table)?.section()) {
        let part = |key| ecs.peek(key)?.templated();
        let (Some(cluster), Some(service)) = (part("cluster"), part("service")) else { continue };
        let line = ecs.document().line(ecs.span());
        let place = places.identity(part("place").as_deref());
        if let Some(first) = seen.insert((place, cluster, service), line) {
            let message = format!("another [[service]] names the same ECS service, in line {first}");
            ecs.error(&message, Some("one ECS service belongs to one [[service]]"));
        }
    }
}
