//! Who sits here.

use std::io;

use crate::action::Operator;
use crate::text::Text;

/// The operator, as the system knows them: login name (the one before `sudo`, if that is how they came), host, terminal,
/// and the address that they came from by SSH.
pub fn operator() -> Operator {
    Operator { user: user(), host: host(), terminal: terminal(), from: from() }
}

/// The first word of `SSH_CONNECTION` (client's address and port, server's address and port), which sshd sets. It is what the
/// session says of itself: the operator can change it, as everything in their environment.
fn from() -> Option<Text> {
    let connection = std::env::var("SSH_CONNECTION").ok()?;
    let address: std::net::IpAddr = connection.split_whitespace().next()?.parse().ok()?;
    Some(Text::clean(&address.to_string()))
}

/// The host's name.
pub(super) fn host() -> Text {
    Text::clean(&rustix::system::uname().nodename().to_string_lossy())
}

fn user() -> Text {
    let variables = ["SUDO_USER", "LOGNAME", "USER"];
    let named = variables.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let uid = rustix::process::getuid().as_raw().to_string();
    Text::clean(&named.or_else(|| account(&uid)).unwrap_or_else(|| format!("uid {uid}")))
}

/// The name of a user in `/etc/passwd`, for shells that set no variable.
fn account(uid: &str) -> Option<String> {
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let own = accounts.lines().find(|line| line.split(':').nth(2) == Some(uid))?;
    own.split(':').next().map(str::to_owned)
}

fn terminal() -> Text {
    let name = rustix::termios::ttyname(io::stdin(), Vec::new());
    Text::clean(&name.map_or_else(|_| "headless".to_owned(), |name| name.to_string_lossy().into_owned()))
}
