//! `${VAR}` and `${VAR:-default}`.
