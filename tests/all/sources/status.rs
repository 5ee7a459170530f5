//! `quarterdeck status`, the real binary.
