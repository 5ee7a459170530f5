//! What all fuzz targets share.

use quarterdeck::fuzzing::DECODERS;

/// Feeds the decoder of that name.
pub fn feed(name: &str, data: &[u8]) {
    let decoder = DECODERS.iter().find(|decoder| decoder.name == name);
    (decoder.expect("a target is named after its decoder").feed)(data);
}
