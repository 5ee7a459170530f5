//! The executor process: how it is started, and its main.
