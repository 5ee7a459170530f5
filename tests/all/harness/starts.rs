//! Processes that start at the same moment.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::{binary, root};

/// Waits for a line, then becomes the program.
const WAIT: &str = "read -r go && exec \"$0\" \"$@\"";

/// Starts the binary twice at a barrier: the exit code of each and what it said.
pub(crate) fn together<I: AsRef<std::ffi::OsStr>>(
    arguments: [impl IntoIterator<Item = I>; 2],
    variables: &[(String, String)],
) -> [(i32, String); 2] {
    let waiting = arguments.map(|arguments| {
        let mut command = Command::new("sh");
        command.args(["-c", WAIT, binary()]).args(arguments).current_dir(root());
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a shell")
    });
    let started = waiting.map(|mut child| {
        child.stdin.take().expect("its input").write_all(b"go\n").expect("it waits");
        child
    });
    started.map(|child| {
        let output = child.wait_with_output().expect("it ends");
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), text)
    })
}
