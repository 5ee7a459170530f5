//! The connections of one environment: `[aws]` itself, and its other regions and accounts.

use std::collections::HashMap;
use std::sync::Arc;

use super::connect::Connection;
use super::meter::Meter;
use crate::config;
use crate::source::Name;

/// One connection a place, each opened when it is first asked.
#[derive(Debug, Clone)]
pub struct Connections {
    here: Arc<Connection>,
    places: HashMap<Name, Arc<Connection>>,
}

impl Connections {
    /// The connections that the configuration names.
    pub fn open(aws: &config::Aws) -> Self {
        let meter = Arc::default();
        let open = |aws| Arc::new(Connection::open(aws).with_meter(&meter));
        let places = aws.places.iter().map(|(name, aws)| (name.clone(), open(aws))).collect();
        Self { here: open(aws), places }
    }

    /// One connection and no other place.
    pub fn single(here: Arc<Connection>) -> Self {
        Self { here, places: HashMap::new() }
    }

    /// The same with the connection of a further place.
    pub fn and(mut self, place: Name, connection: Arc<Connection>) -> Self {
        self.places.insert(place, connection);
        self
    }

    /// Where what is asked in all places is charged.
    pub fn meter(&self) -> &Arc<Meter> {
        self.here.meter()
    }

    /// The connection of `[aws]` itself.
    pub fn here(&self) -> &Arc<Connection> {
        &self.here
    }

    /// The connection of a place. The check of the configuration refuses a place that is not declared.
    pub fn at(&self, place: Option<&Name>) -> &Arc<Connection> {
        place.and_then(|place| self.places.get(place)).unwrap_or(&self.here)
    }

    /// The connection of exactly this place, for what must never reach another: `None` where it is not declared.
    pub fn exactly(&self, place: Option<&Name>) -> Option<&Arc<Connection>> {
        place.map_or(Some(&self.here), |place| self.places.get(place))
    }

    /// All of them with their places, `[aws]` itself first.
    pub fn all(&self) -> impl Iterator<Item = (Option<&Name>, &Arc<Connection>)> {
        let places = self.places.iter().map(|(name, connection)| (Some(name), connection));
        std::iter::once((None, &self.here)).chain(places)
    }
}
