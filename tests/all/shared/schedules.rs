//! Random schedules: three hosts, links that are cut and lose answers, clocks that run on while a host is stopped.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::{Mono, Now};
use quarterdeck::executor::shared::{FRESH, Held, TERM};

use super::memory::{Host, Memory, TARGET, Way, now};

/// How long a call may be under way after it left.
const CALL: Duration = Duration::from_secs(35);

const SCHEDULES: u64 = 60;
const STEPS: usize = 120;

/// A host with what it holds.
struct Player {
    host: Host,
    held: Option<Held>,
    run: String,
    /// Until when (of all) a call of its may be under way.
    sends_until: Option<u64>,
    lost: bool,
}

struct Game {
    players: Vec<Player>,
    random: fastrand::Rng,
    time: u64,
    runs: u32,
    epochs: Vec<u64>,
    calls: usize,
}

impl Game {
    fn new(seed: u64) -> Self {
        let memory = Arc::new(Memory::default());
        let player = |at: u64| {
            let host = Host::new(&memory, &format!("host-{at}"), at * 86_400);
            Player { host, held: None, run: String::new(), sends_until: None, lost: false }
        };
        let random = fastrand::Rng::with_seed(seed);
        Self { players: (0..3).map(player).collect(), random, time: 0, runs: 0, epochs: Vec::new(), calls: 0 }
    }

    fn step(&mut self) {
        let at = self.random.usize(0..self.players.len());
        match self.random.u8(0..12) {
            0..=1 => self.take(at),
            2..=4 => self.renew(at),
            5..=6 => self.send(at),
            7 => self.finish(at),
            8 => self.players[at].host.link.set([Way::Cut, Way::Deaf][self.random.usize(0..2)]),
            9 => self.players[at].host.link.set(Way::Up),
            10 => self.time += self.random.u64(0..8),
            _ => self.time += self.random.u64(0..40),
        }
    }

    fn take(&mut self, at: usize) {
        self.runs += 1;
        let (player, time) = (&mut self.players[at], self.time);
        if player.held.is_some() {
            return;
        }
        let run = format!("run-{}", self.runs);
        if let Ok(held) = player.host.take(&run, time) {
            self.epochs.push(held.epoch());
            (player.held, player.run, player.lost) = (Some(held), run, false);
        }
    }

    fn renew(&mut self, at: usize) {
        let player = &mut self.players[at];
        let clock = player.host.at(self.time);
        if let Some(held) = &mut player.held {
            let _ = now(player.host.shared.renew(held, &clock));
        }
    }

    /// As the engine does: the mark, then (maybe much later) the last look, then the call.
    fn send(&mut self, at: usize) {
        let pause = if self.random.u8(0..4) == 0 { self.random.u64(0..90) } else { 0 };
        let player = &mut self.players[at];
        let clock = player.host.at(self.time);
        let Some(held) = &mut player.held else { return };
        if now(player.host.shared.begin(held, 0, &clock)).is_err() {
            player.lost = true;
            return;
        }
        self.time += pause;
        let stopped: Now = player.host.at(self.time)();
        if stopped.mono.since(held.proved()) <= FRESH {
            player.sends_until = Some(self.time + CALL.as_secs());
            self.calls += 1;
        }
    }

    fn finish(&mut self, at: usize) {
        let player = &mut self.players[at];
        // A run ends after its call has.
        let done = player.sends_until.is_none_or(|until| self.time > until);
        if player.held.is_some() && done {
            let told = now(player.host.shared.finish(TARGET, &player.run, true));
            if told.is_ok() {
                player.held = None;
            }
        }
    }

    fn check(&self, seed: u64) {
        let sending = |player: &&Player| player.sends_until.is_some_and(|until| self.time <= until);
        let sending = self.players.iter().filter(sending).count();
        assert!(sending <= 1, "seed {seed}: {sending} hosts change the target at second {}", self.time);
        assert!(self.epochs.is_sorted_by(|a, b| a < b), "seed {seed}: epochs {:?}", self.epochs);
    }
}

#[test]
fn never_do_two_hosts_change_one_target_at_once_and_no_epoch_repeats() {
    let (mut calls, mut taken) = (0, 0);
    for seed in 0..SCHEDULES {
        let mut game = Game::new(seed);
        for _ in 0..STEPS {
            game.step();
            game.check(seed);
        }
        calls += game.calls;
        taken += game.epochs.len();
    }
    // Else nothing was tested.
    assert!(calls > 100 && taken > 100, "{calls} calls, {taken} takings");
}

#[test]
fn what_is_left_of_a_term_covers_the_longest_call() {
    assert!(FRESH + CALL < TERM, "with room for clocks that don't run equally fast");
    assert_eq!(Mono::default().plus(TERM).since(Mono::default()), TERM);
}
