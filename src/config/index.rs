//! Finds a service by its name among thousands.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::Service;
use crate::source::Name;

/// Where each service stands in the list, by its name. Filled by the first look-up; a clone begins empty, as its list may
/// be changed before it is used.
#[derive(Debug, Default)]
pub struct ServiceIndex(OnceLock<HashMap<Name, usize>>);

impl Clone for ServiceIndex {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl ServiceIndex {
    /// The service of that name in `services`, the list that this index is of.
    pub(super) fn find<'s>(&self, services: &'s [Service], name: &str) -> Option<&'s Service> {
        self.place(services, name).and_then(|place| services.get(place))
    }

    /// Where it stands. What is not found by its name is searched for, so that it is right after any change of the list.
    pub(super) fn place(&self, services: &[Service], name: &str) -> Option<usize> {
        let is_it = |place: &usize| services.get(*place).is_some_and(|service| service.name == *name);
        let known = self.0.get_or_init(|| places(services)).get(name).copied().filter(is_it);
        known.or_else(|| services.iter().position(|service| service.name == *name))
    }
}

/// The first of equal names wins, as in a search.
fn places(services: &[Service]) -> HashMap<Name, usize> {
    let mut places = HashMap::with_capacity(services.len());
    for (at, service) in services.iter().enumerate() {
        places.entry(service.name.clone()).or_insert(at);
    }
    places
}
