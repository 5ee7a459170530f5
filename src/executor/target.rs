//! What can be changed, and how a call can end.
