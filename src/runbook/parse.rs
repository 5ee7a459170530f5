//! Markdown with TOML front matter → checked runbook.
