//! Raw → checked, with file, line, key and the allowed values in every error.
