//! The last look over all cells before they are shown: no unsafe character, no known secret (invariants 12 and 14).

use ratatui::buffer::Buffer;

use crate::config::{Config, HttpAuth, HttpBackend, Secret};
use crate::text::is_unsafe;

/// The shortest secret that is looked for; anything shorter would blot out words that are none.
pub const SHORTEST_SECRET: usize = 4;

/// Replaces unsafe characters by U+FFFD and known secrets by `•`. Cheap where there are none.
pub fn sweep(buffer: &mut Buffer, config: &Config) {
    for cell in &mut buffer.content {
        if !is_plain(cell.symbol()) && cell.symbol().chars().any(is_unsafe) {
            cell.set_symbol("\u{fffd}");
        }
    }
    let secrets: Vec<&str> = secrets(config).filter(|secret| secret.chars().count() >= SHORTEST_SECRET).collect();
    if !secrets.is_empty() {
        mask_rows(buffer, &secrets);
    }
}

fn is_plain(symbol: &str) -> bool {
    matches!(symbol.as_bytes(), [b' '..=b'~'])
}

/// Every secret of a configuration.
pub fn secrets(config: &Config) -> impl Iterator<Item = &str> {
    let backends = config.prometheus.iter().chain(&config.alertmanager);
    let of_backends = backends.flat_map(|backend| auth(backend).into_iter().chain(headers(&backend.headers)));
    let checks = config.services.iter().flat_map(|service| &service.health);
    of_backends.chain(checks.flat_map(|check| headers(&check.headers))).map(Secret::reveal)
}

fn auth(backend: &HttpBackend) -> Option<&Secret> {
    match &backend.auth {
        HttpAuth::Bearer(secret) | HttpAuth::Basic { password: secret, .. } => Some(secret),
        HttpAuth::None | HttpAuth::BearerFile(_) => None,
    }
}

fn headers(headers: &[(String, Secret)]) -> impl Iterator<Item = &Secret> {
    headers.iter().map(|(_, secret)| secret)
}

fn mask_rows(buffer: &mut Buffer, secrets: &[&str]) {
    let width = usize::from(buffer.area.width);
    if width == 0 {
        return;
    }
    let mut row = String::new();
    let mut starts = Vec::new();
    for cells in buffer.content.chunks_mut(width) {
        row.clear();
        starts.clear();
        for cell in cells.iter() {
            starts.push(row.len());
            row.push_str(cell.symbol());
        }
        for secret in secrets {
            for (at, found) in row.match_indices(secret) {
                let hidden =
                    starts.iter().zip(cells.iter_mut()).filter(|(start, _)| (at..at + found.len()).contains(*start));
                hidden.for_each(|(_, cell)| {
                    cell.set_symbol("•");
                });
            }
        }
    }
}
