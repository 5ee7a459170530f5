//! What a person wrote: TOML as serde reads it, unknown keys refused.
