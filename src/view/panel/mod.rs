//! Panels, one file each, listed in [`PANELS`].

/// A panel of the service screen.
pub struct PanelSpec {
    /// Its name, as in its frame.
    pub name: &'static str,
}

/// All panels of the service screen, in order.
pub static PANELS: &[PanelSpec] = &[];
