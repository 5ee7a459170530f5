//! The right to change one target, held by one operator.
