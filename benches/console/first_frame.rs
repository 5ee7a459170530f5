//! From exec to the first whole frame: header and footer are on the screen, no reading can be there yet.

use super::terminal::{Terminal, size};

pub(crate) fn measure(runs: usize) {
    let (mut taken, mut computed) = (Vec::new(), Vec::new());
    for run in 0..=runs {
        // A state directory of its own: the first start of all, with nothing on the disk.
        let state = tempfile::tempdir().unwrap();
        let mut terminal = Terminal::start(state.path());
        let at = terminal.until("header and footer", |screen| {
            screen.contains("READ-ONLY") && screen.lines().last().is_some_and(|last| last.contains("q quit"))
        });
        // The first run warms the page cache.
        if run > 0 {
            taken.push(at.duration_since(terminal.began));
            computed.push(terminal.computed());
        }
    }
    println!("exec to first frame at {:?}", size());
    println!("  wall      {}", super::spread(taken));
    println!("  processor {}", super::spread(computed));
}
