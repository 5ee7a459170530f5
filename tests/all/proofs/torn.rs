//! A simulated disk: what the journal wrote last is torn, anywhere within it.

use std::path::Path;
use std::sync::{Arc, Mutex};

use quarterdeck::executor::journal::Journal;
use quarterdeck::store::FILE;

use super::rows::ROWS;
use super::stand::{LATER, Stand, assert_truth, scratch};
use crate::recovery::fake::Answer;

/// The files of the journal at one point of a run.
#[derive(Clone)]
struct Disk {
    file: Vec<u8>,
    log: Vec<u8>,
}

impl Disk {
    fn of(dir: &Path) -> Self {
        let read = |name: &str| std::fs::read(dir.join(name)).unwrap_or_default();
        Self { file: read(FILE), log: read(&format!("{FILE}-wal")) }
    }

    fn put(&self, dir: &Path) {
        std::fs::write(dir.join(FILE), &self.file).expect("written");
        std::fs::write(dir.join(format!("{FILE}-wal")), &self.log).expect("written");
    }
}

/// What a torn write of `after` may leave where `before` was on the disk: nothing of it, its beginning, all but its last
/// byte, its length without its content.
fn torn(before: &Disk, after: &Disk) -> Vec<Disk> {
    let (from, to) = (before.log.len(), after.log.len());
    if to <= from || after.log[..from] != before.log[..] {
        return Vec::new();
    }
    let cut = |at: usize| Disk { file: before.file.clone(), log: after.log[..at].to_vec() };
    let mut hollow = cut(to);
    hollow.log[from..].fill(0);
    let mut holed = cut(to);
    let middle = from + (to - from) / 2;
    holed.log[middle..(middle + 512).min(to)].fill(0);
    let cuts = [from, from + 1, from + 24, from + 24 + 2048, middle, to - 1].into_iter().filter(|at| *at <= to);
    cuts.map(cut).chain([hollow, holed]).collect()
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_torn_anywhere_leaves_the_truth_and_no_second_call() {
    let mut writes = 0;
    for &row in ROWS {
        for answer in [Answer::Accept, Answer::ApplyThenDrop] {
            let stand = Stand::new(row);
            stand.backend.answer([answer]);
            let (disks, dir) = (Arc::new(Mutex::new(Vec::new())), stand.dir.path().to_owned());
            let kept = Arc::clone(&disks);
            stand.wire.hook(Box::new(move |_| kept.lock().unwrap().push(Disk::of(&dir))));
            stand.execute().await.expect("nobody kills it").expect("a journal");
            stand.wire.disarm();
            let disks = disks.lock().unwrap().clone();
            for (index, pair) in disks.windows(2).enumerate() {
                for disk in torn(&pair[0], &pair[1]) {
                    writes += 1;
                    let at = format!("{}, {answer:?}, the write after point {} torn", row.name, index + 1);
                    assert_legible(&stand, &disk, index + 1, &at);
                }
            }
        }
    }
    println!("{writes} torn writes");
    assert!(writes > 2_000, "{writes} torn writes only: the harness does not see them");
}

/// The journal on this disk opens; its run says what was so at that point of the run.
fn assert_legible(stand: &Stand, disk: &Disk, point: usize, at: &str) {
    let copy = scratch();
    disk.put(copy.path());
    let journal = Journal::open(copy.path()).expect("a journal");
    let view = journal.run(&stand.run.0, stand.now().plus(LATER)).expect("the run");
    let sent = stand.wire.places()[..point].iter().filter(|place| **place == "after the call").count();
    assert_truth(&view, &stand.backend.as_of(sent), false, at);
}
