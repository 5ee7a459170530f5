//! Alertmanager API v2: alerts.
