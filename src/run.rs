//! The loop: one select!, stamp `now`, update, perform effects, draw.
