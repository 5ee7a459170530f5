//! Prometheus: instant and range queries by POST.
