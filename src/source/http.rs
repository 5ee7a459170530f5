//! HTTP as all sources use it: one client a backend, bounded bodies, no redirects to other hosts.
