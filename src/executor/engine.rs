//! One run: take, observe, apply, read back, journal.
