//! The terminal guard: raw mode and back, and the end when the terminal goes away.
