//! Who sits here.

use std::io;

use crate::action::Operator;
use crate::text::Text;

/// The operator, as the system knows them: login name (the one before `sudo`, if that is how they came), host, terminal.
pub fn operator() -> Operator {
    Operator { user: user(), host: host(), terminal: terminal() }
}

fn user() -> Text {
    let named =
        ["SUDO_USER", "LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    Text::clean(&named.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw())))
}

fn host() -> Text {
    Text::clean(&rustix::system::uname().nodename().to_string_lossy())
}

fn terminal() -> Text {
    let name = rustix::termios::ttyname(io::stdin(), Vec::new());
    Text::clean(&name.map_or_else(|_| "headless".to_owned(), |name| name.to_string_lossy().into_owned()))
}
