//! HTTP health endpoints: status, latency, certificate, component tree.
