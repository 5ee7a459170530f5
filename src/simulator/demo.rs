//! The configuration of `quarterdeck demo`.
