//! Quarterdeck: a terminal operations console for on-call engineers.
//!
//! It polls CloudWatch, Prometheus and service health endpoints into live panels and offers guarded actions on production
//! that are tied to the steps of runbooks. This page is the map; each module's first lines say what it is for and what it
//! refuses.
//!
//! # The way of the data
//!
//! ```text
//!  source::poll ── Reading ──┐
//!  terminal ────── Key ──────┤
//!  journal ─────── Runs ─────┼─► Event ─► state::update(&mut State) ─► State ─► view::draw ─► screen
//!  run ─────────── Tick(now) ┘                │
//!                                             └─► Effect ─► run, cli::doors ─► (poll now | plan | ask a check | start executor | quit)
//!
//!  Key ─► command ─► Action ─► observe ─► plan ─► guard::judge ─► dialog: before → after, guards, evidence
//!                                              │ Deny: reasons shown, nothing else happens
//!                                              ▼ the operator confirms (types the target's name in production)
//!                                          Approved        not Clone; used once; expires
//!                                              ▼
//!  executor process: take approval and lease ─► observe again, refuse on drift ─► per step:
//!      journal Started (fsync) ─► Target::apply, once ─► read back until steady ─► health gates
//!      ─► journal Done | Failed (the approved way back ran, once) | Inconclusive | Unknown
//! ```
//!
//! # Rooms
//!
//! Dependencies point one way: view → state → the data types of source and action; executor → action.
//!
//! | module | what it is |
//! |---|---|
//! | [`cli`] | one file a subcommand: headless twins of what the screen can do |
//! | [`config`] | raw TOML → checked `Config`; keymap; theme |
//! | [`run`] | the loop: one `select!`, stamp `now`, update, perform effects, draw |
//! | [`terminal`] | raw mode and back; keys with the moment they were read; the end when the terminal goes away |
//! | [`event`] | `Event` (all that can happen) and `Effect` (all that may be asked), side by side |
//! | [`state`] | what the screen can show; `update`; no I/O, no clock |
//! | [`view`] | State → cells: screens, panels (one file each, listed in `PANELS`), dialogs, parts |
//! | [`source`] | reads the world and cannot change it |
//! | [`slo`] | the mathematics of objectives; pure |
//! | [`action`] | data and judgement, no I/O: `Action`, `ACTIONS`, one file an action, plan, guards |
//! | [`executor`] | the only door to production: targets, the executor process, journal, lease |
//! | [`store`] | the state directory's SQLite file |
//! | [`runbook`] | Markdown → checked `Runbook`; sessions that follow one |
//! | [`simulator`] | the built-in simulated fleet, for the demo, drills and tests |
//! | [`fuzzing`] | entrances to every decoder of outside text, for `fuzz/` and the test of its corpus |
//! | [`text`], [`clock`] | sanitised text; time as a value |
//!
//! # Invariants
//!
//! 1. Only `state` changes `State`, with no I/O, clock or randomness: same events, same state.
//! 2. Views are pure functions of (&State, &Theme, size).
//! 3. Only `executor` changes production, with clients that nothing else can construct. Until armed, the console is
//!    read-only. Retries are off on mutating clients and every timeout is set.
//! 4. The executor takes only `Approved`; only the guards make one; it is consumed, it expires, and it is bound to one
//!    plan's digest.
//! 5. Fingerprint and lease are checked again immediately before every mutating call.
//! 6. Started without an outcome is Unknown: shown first at the next start, blocks that target, settled by observing.
//! 7. Undo is a plan of its own.
//! 8. Guards fail closed: unknown, missing, stale, NaN or partial evidence is never a pass.
//! 9. `now` is read in the loop, in the headless commands and in the executor's main only (`clock`; clippy refuses the rest).
//! 10. Everything is bounded: channels, history, bodies after decompression, pages, retries, timeouts.
//! 11. Bad configuration stops at load with file, line, key and the allowed values.
//! 12. Text from outside reaches the terminal only as [`text::Text`]: no control or bidi characters.
//! 13. Colour never carries a meaning alone.
//! 14. Secrets are masked where text becomes cells, exports or rows of the store, not at each use.
//!
//! # Where to change what
//!
//! | to add | touch | a test then asks for |
//! |---|---|---|
//! | a panel | `view/panel/NAME.rs` + a line in `PANELS` | snapshots live, stale, failed at 80×24 and 160×48 |
//! | a source | `source/NAME.rs` + an arm in `source::build` | a real or recorded reply; timeout; malformed; oversize |
//! | an action | `action/NAME.rs` (trait `Act`) + a line in `actions!`; a `Call`; `executor/` for a new target | plan snapshot, guard table rows, fault run |
//! | a runbook step kind | a variant of `StepKind` + an arm in `runbook::session` | a valid and an invalid example |
//! | a theme | `themes/NAME.toml` | every role present, unknown roles refused, contrast checked |
//! | a key | `keymaps/NAME.toml` | no duplicate, no unknown command |

pub mod action;
pub mod cli;
pub mod clock;
pub mod config;
pub mod event;
pub mod executor;
pub mod fuzzing;
pub mod run;
pub mod runbook;
pub mod simulator;
pub mod slo;
pub mod source;
pub mod state;
pub mod store;
pub mod terminal;
pub mod text;
pub mod view;
