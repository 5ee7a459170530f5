//! Keys through `update` and through the real loop: what a key does, and what it must never wait for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};
use futures_util::FutureExt;
use jiff::tz::TimeZone;
use quarterdeck::action::Facts;
use quarterdeck::action::guard::{Arming, GuardContext, judge};
use quarterdeck::action::{Judged, Plan, PlanFailure, Undo, plan_for};
use quarterdeck::clock::{Mono, Now};
use quarterdeck::config::keymap::{KeyPress, Keymap};
use quarterdeck::config::theme::Theme;
use quarterdeck::config::{Freeze, FreezeWindow};
use quarterdeck::event::{Effect, Event, Stamped};
use quarterdeck::executor::journal::RunState;
use quarterdeck::run::{self, Ending, Performer, Ports};
use quarterdeck::state::dialog::Confirm;
use quarterdeck::state::verdict::Level;
use quarterdeck::state::{Arm, Overlay, Screen, State, update};
use quarterdeck::terminal::Input;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::sync::{mpsc, oneshot};

use crate::fixture;

fn state() -> State {
    let mut state = fixture::live();
    state.keymap = Arc::new(Keymap::shipped());
    state
}

fn key(code: KeyCode) -> KeyPress {
    KeyPress { code, modifiers: KeyModifiers::NONE }
}

#[test]
fn enter_shows_a_service_panel_alone_and_enter_again_all_of_them() {
    let mut state = fixture::on_service(state(), 0);
    press(&mut state, &[KeyCode::Enter]);
    assert!(state.zoomed);
    press(&mut state, &[KeyCode::Tab, KeyCode::Enter]);
    assert!(!state.zoomed && matches!(state.screen(), Screen::Service { panel: 1, .. }));
}

/// A moment so many milliseconds after the fixture's.
fn after(state: &State, milliseconds: u64) -> Now {
    state.now.plus(Duration::from_millis(milliseconds))
}

fn send(state: &mut State, now: Now, event: Event) -> Vec<Effect> {
    update(state, Stamped { now, event })
}

/// Presses keys as a hand does: 100 ms apart.
fn press(state: &mut State, keys: &[KeyCode]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for code in keys {
        let now = after(state, 100);
        effects.extend(send(state, now, Event::Key { key: key(*code), at: now.mono }));
    }
    effects
}

fn type_word(state: &mut State, word: &str) -> Vec<Effect> {
    press(state, &word.chars().map(KeyCode::Char).collect::<Vec<_>>())
}

fn judged(state: &State) -> Judged {
    let Plan { action, observation, made: now, .. } = fixture::plan();
    let plan = plan_for(&action, &observation, &state.config, now).expect("a plan");
    let arming = if state.is_armed() { Arming::Armed } else { Arming::ReadOnly };
    let facts = Facts::quiet(state.operator.clone());
    judge(plan, &GuardContext { config: &state.config, now, arming, facts })
}

/// Arms, asks for `scale rtech-app`, and is answered with its plan; the wall clock stands at the plan's making.
fn planned() -> State {
    let mut state = state();
    press(&mut state, &[KeyCode::Char('A'), KeyCode::Char('s'), KeyCode::Char('4')]);
    let effects = press(&mut state, &[KeyCode::Enter]);
    let [Effect::Plan { ticket, .. }] = effects.as_slice() else { panic!("no plan was asked for: {effects:?}") };
    let (ticket, outcome) = (*ticket, Ok(Box::new(judged(&state))));
    let now = state.now;
    send(&mut state, now, Event::Planned { ticket, outcome });
    assert!(matches!(state.overlay, Some(Overlay::Confirm(_))), "{:?}", state.overlay);
    state
}

fn painted(state: &mut State) {
    let now = after(state, 10);
    send(state, now, Event::Painted { rows: 1, room: 1 });
}

fn executes(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Execute(_)))
}

fn remark(state: &State) -> &str {
    match &state.overlay {
        Some(Overlay::Confirm(confirm)) => confirm.remark.unwrap_or_default(),
        other => panic!("no confirmation is open: {other:?}"),
    }
}

#[test]
fn the_typed_name_starts_the_run_once() {
    let mut state = planned();
    painted(&mut state);
    type_word(&mut state, "rtech-app");
    assert!(executes(&press(&mut state, &[KeyCode::Enter])));
    assert!(!executes(&press(&mut state, &[KeyCode::Enter])), "a second Enter starts nothing");
}

#[test]
fn keys_from_before_the_plan_was_painted_do_not_count() {
    let mut state = planned();
    type_word(&mut state, "rtech-app");
    assert!(!executes(&press(&mut state, &[KeyCode::Enter])));
    painted(&mut state);
    let stale = Mono::from_boot(Duration::ZERO);
    let now = state.now;
    for c in "rtech-app".chars() {
        send(&mut state, now, Event::Key { key: key(KeyCode::Char(c)), at: stale });
    }
    assert!(!executes(&press(&mut state, &[KeyCode::Enter])));
    assert!(remark(&state).contains("name"), "{}", remark(&state));
}

#[test]
fn pasted_text_never_confirms() {
    let mut state = planned();
    painted(&mut state);
    let now = after(&state, 100);
    send(&mut state, now, Event::Paste("rtech-app".to_owned()));
    assert!(remark(&state).contains("paste"));
    assert!(!executes(&press(&mut state, &[KeyCode::Enter])));
}

#[test]
fn a_paste_that_arrives_as_keys_never_confirms() {
    let mut state = planned();
    painted(&mut state);
    let now = after(&state, 100);
    for c in "rtech-app".chars() {
        send(&mut state, now, Event::Key { key: key(KeyCode::Char(c)), at: now.mono });
    }
    assert!(remark(&state).contains("paste"));
    assert!(!executes(&press(&mut state, &[KeyCode::Enter])));
}

#[test]
fn a_plan_that_is_not_whole_on_the_screen_cannot_be_confirmed() {
    let mut state = planned();
    let now = after(&state, 10);
    send(&mut state, now, Event::Painted { rows: 1, room: 0 });
    type_word(&mut state, "rtech-app");
    assert!(!executes(&press(&mut state, &[KeyCode::Enter])));
    assert!(remark(&state).contains("enlarge"));
}

/// One frame, and the moment after it.
fn paint(state: &mut State, rows: usize, room: usize) {
    let now = after(state, 10);
    send(state, now, Event::Painted { rows, room });
}

#[test]
fn a_plan_of_several_pages_is_confirmed_only_when_each_of_them_was_on_the_screen() {
    let mut state = planned();
    paint(&mut state, 30, 14);
    type_word(&mut state, "rtech-app");
    assert!(!executes(&press(&mut state, &[KeyCode::Enter])));
    assert!(remark(&state).contains("pagedown"), "{}", remark(&state));
    press(&mut state, &[KeyCode::PageDown, KeyCode::PageDown]);
    paint(&mut state, 30, 14);
    assert!(!executes(&press(&mut state, &[KeyCode::Enter])), "a page that was turned over unseen does not count");
    press(&mut state, &[KeyCode::PageUp]);
    paint(&mut state, 30, 14);
    press(&mut state, &[KeyCode::PageDown]);
    paint(&mut state, 30, 13);
    assert!(!executes(&press(&mut state, &[KeyCode::Enter])), "at another size its pages are others");
    for _ in 0..3 {
        paint(&mut state, 30, 14);
        press(&mut state, &[KeyCode::PageDown]);
    }
    assert!(executes(&press(&mut state, &[KeyCode::Enter])));
}

#[test]
fn arming_expires_while_the_confirmation_is_open() {
    let mut state = planned();
    painted(&mut state);
    type_word(&mut state, "rtech-app");
    let late = state.now.plus(state.config.guards.arm_for);
    send(&mut state, late, Event::Tick);
    assert_eq!(state.arm, Arm::ReadOnly);
    assert!(!executes(&press(&mut state, &[KeyCode::Enter])));
    assert!(remark(&state).contains("read-only"));
}

#[test]
fn a_read_only_console_shows_the_plan_and_starts_nothing() {
    let mut state = state();
    press(&mut state, &[KeyCode::Char('s'), KeyCode::Char('4'), KeyCode::Enter]);
    let (ticket, outcome) = (state.last_ticket, Ok(Box::new(judged(&state))));
    let now = state.now;
    send(&mut state, now, Event::Planned { ticket, outcome });
    painted(&mut state);
    type_word(&mut state, "rtech-app");
    assert!(!executes(&press(&mut state, &[KeyCode::Enter])));
}

#[test]
fn a_plan_that_comes_after_it_was_given_up_opens_nothing() {
    let mut state = state();
    press(&mut state, &[KeyCode::Char('A'), KeyCode::Char('s'), KeyCode::Char('4'), KeyCode::Enter]);
    let (ticket, outcome) = (state.last_ticket, Ok(Box::new(judged(&state))));
    press(&mut state, &[KeyCode::Esc]);
    let now = state.now;
    send(&mut state, now, Event::Planned { ticket, outcome });
    assert!(state.overlay.is_none());
}

#[test]
fn letters_in_a_text_field_are_letters() {
    let mut state = state();
    press(&mut state, &[KeyCode::Char('/')]);
    let effects = type_word(&mut state, "qA");
    assert!(effects.is_empty() && !state.is_armed());
    assert_eq!(state.filter, "qA");
    press(&mut state, &[KeyCode::Esc]);
    assert_eq!(state.filter, "");
}

#[test]
fn back_leads_home_and_quit_leaves() {
    let mut state = state();
    press(&mut state, &[KeyCode::Enter, KeyCode::Char('2')]);
    assert!(matches!(state.screen(), Screen::Alerts { .. }));
    press(&mut state, &[KeyCode::Esc, KeyCode::Esc, KeyCode::Esc, KeyCode::Esc]);
    assert!(matches!(state.screen(), Screen::Overview { .. }));
    assert!(matches!(press(&mut state, &[KeyCode::Char('q')]).as_slice(), [Effect::Quit]));
}

fn told(state: &State) -> String {
    state.notice.as_ref().map_or_else(String::new, |notice| notice.text.to_string())
}

fn selected(state: &State) -> usize {
    match state.screen() {
        Screen::Overview { selected } => *selected,
        other => panic!("{other:?}"),
    }
}

/// With the shipped keys.
fn keyed(mut state: State) -> State {
    state.keymap = Arc::new(Keymap::shipped());
    state
}

/// The services that are not healthy, by their place in the list.
fn ailing(state: &State) -> Vec<usize> {
    let services = state.config.services.iter().enumerate();
    services.filter(|(_, service)| state.level(service) != Level::Healthy).map(|(index, _)| index).collect()
}

#[test]
fn one_key_goes_round_the_services_that_are_not_healthy_either_way() {
    let mut state = keyed(fixture::never());
    assert_eq!(ailing(&state), [0, 1, 2], "what is not known is not healthy");
    let seen = |state: &mut State, key: char| {
        press(state, &[KeyCode::Char(key)]);
        selected(state)
    };
    assert_eq!(['u', 'u', 'u'].map(|key| seen(&mut state, key)), [1, 2, 0]);
    assert_eq!(['U', 'U'].map(|key| seen(&mut state, key)), [2, 1]);
    press(&mut state, &[KeyCode::F(8)]);
    assert_eq!(selected(&state), 2);
}

#[test]
fn healthy_services_are_passed_over_and_that_there_is_no_other_is_said() {
    let mut state = keyed(fixture::incident());
    let ailing = ailing(&state);
    let [only] = ailing[..] else { panic!("{ailing:?}") };
    press(&mut state, &[KeyCode::Char('G'), KeyCode::Char('u')]);
    assert_eq!(selected(&state), only);
    press(&mut state, &[KeyCode::Char('u')]);
    assert_eq!(selected(&state), only);
    assert!(told(&state).contains("no other service"), "{}", told(&state));
    let mut state = self::state();
    press(&mut state, &[KeyCode::Char('G'), KeyCode::Char('u')]);
    assert!(selected(&state) > 0, "the selection stays");
    assert!(told(&state).contains("no service"), "{}", told(&state));
}

#[test]
fn the_next_unhealthy_service_opens_on_a_services_screen_and_is_shown_on_the_overview_from_elsewhere() {
    let mut state = keyed(fixture::on_service(fixture::never(), 2));
    press(&mut state, &[KeyCode::Char('u')]);
    assert!(matches!(state.screen(), Screen::Service { name, .. } if *name == state.config.services[1].name));
    press(&mut state, &[KeyCode::Esc]);
    assert_eq!(selected(&state), 1, "back leads to it on the overview");
    press(&mut state, &[KeyCode::Char('2'), KeyCode::Char('/')]);
    type_word(&mut state, "no service is called so");
    press(&mut state, &[KeyCode::Enter, KeyCode::Char('u')]);
    assert_eq!((selected(&state), state.filter.as_str()), (0, ""), "the first, whatever the alerts were filtered by");
}

#[test]
fn only_services_that_the_filter_shows_are_looked_at() {
    let mut state = keyed(fixture::never());
    let last = state.config.services[2].name.to_string();
    press(&mut state, &[KeyCode::Char('/')]);
    type_word(&mut state, &last);
    press(&mut state, &[KeyCode::Enter, KeyCode::Char('u')]);
    assert_eq!(selected(&state), 0);
    assert!(told(&state).contains("no other service"), "{}", told(&state));
}

#[test]
fn the_same_events_make_the_same_state() {
    let story = || {
        let mut state = planned();
        painted(&mut state);
        type_word(&mut state, "rtech");
        format!("{:?} {:?} {:?} {:?}", state.overlay, state.arm, state.log, state.screens)
    };
    assert_eq!(story(), story());
}

/// A performer that never answers, as if every backend hung; counts what it was asked.
struct Hangs(Arc<AtomicUsize>);

impl Performer for Hangs {
    fn perform(&mut self, _effect: Effect) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Runs the real loop on these keys; its ending, and the last screen.
async fn real_loop(keys: &[KeyCode], asked: Arc<AtomicUsize>) -> (Ending, String) {
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("a test terminal");
    let (sender, inputs) = mpsc::channel(64);
    let (_open, hangup) = oneshot::channel();
    for (at, code) in keys.iter().enumerate() {
        let at = Mono::from_boot(Duration::from_secs(10_000 + at as u64));
        sender.send(Input::Key(key(*code), at)).await.expect("the loop listens");
    }
    let ports = Ports {
        inputs,
        hangup,
        end: std::future::pending().boxed(),
        clock: || Now::fixed(fixture::READ + 4),
        prepare: Box::new(move |_| async move { Box::new(Hangs(asked)) as Box<dyn Performer> }.boxed()),
        themes: Theme::shipped(),
    };
    let ending = run::run(&mut terminal, state(), ports).await.expect("the test terminal draws");
    (ending, terminal.backend().to_string())
}

#[tokio::test]
async fn keys_are_answered_while_every_backend_hangs() {
    let asked = Arc::new(AtomicUsize::new(0));
    let keys = [KeyCode::Char('r'), KeyCode::Char('2'), KeyCode::Char('?'), KeyCode::Esc, KeyCode::Char('q')];
    let answered = tokio::time::timeout(Duration::from_secs(10), real_loop(&keys, asked.clone())).await;
    let (ending, _) = answered.expect("the loop never waits for an answer");
    assert_eq!(ending, Ending::Quit);
    assert!(asked.load(Ordering::SeqCst) <= 1, "only the refresh asks anything");
}

#[tokio::test]
async fn the_loop_ends_when_the_terminal_is_gone() {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a test terminal");
    let (_sender, inputs) = mpsc::channel(1);
    let (gone, hangup) = oneshot::channel();
    gone.send(()).expect("the loop listens");
    let ports = Ports {
        inputs,
        hangup,
        end: std::future::pending().boxed(),
        clock: || Now::fixed(fixture::READ + 4),
        prepare: Box::new(|_| std::future::pending().boxed()),
        themes: Theme::shipped(),
    };
    assert_eq!(run::run(&mut terminal, state(), ports).await.expect("it draws"), Ending::Gone);
}

#[test]
fn the_last_step_ends_the_session_and_its_end_is_said() {
    let mut state = state();
    press(&mut state, &[KeyCode::Char('3'), KeyCode::Enter, KeyCode::Char('S')]);
    for _ in 0..3 {
        type_word(&mut state, "why");
        press(&mut state, &[KeyCode::Enter, KeyCode::Char('S')]);
    }
    assert!(state.sessions[0].closed.is_some(), "{:?}", state.sessions);
    assert!(state.log.iter().any(|line| line.text.contains("all steps of scale-out-under-load are done")));
    let evidence = state.sessions.clone();
    press(&mut state, &[KeyCode::Char('t'), KeyCode::Char(' '), KeyCode::Char('E')]);
    assert_eq!(state.sessions, evidence, "a closed session is not written on");
}

#[test]
fn a_session_is_ended_early_and_taken_up_again() {
    let mut state = state();
    press(&mut state, &[KeyCode::Char('3'), KeyCode::Enter, KeyCode::Char(' '), KeyCode::Char('E')]);
    assert!(state.sessions[0].closed.is_some() && state.checks.is_empty());
    let effects = press(&mut state, &[KeyCode::Char('E')]);
    assert!(state.sessions[0].closed.is_none());
    assert!(matches!(effects.as_slice(), [Effect::SaveSession(_)]), "{effects:?}");
}

mod logs {
    //! The log screen asks only while it is looked at.

    use quarterdeck::config::{LogSource, Polling, SavedQuery};
    use quarterdeck::source::Name;
    use quarterdeck::source::logs::desk::LogRequest;

    use super::*;

    fn with_logs() -> State {
        let mut state = state();
        let mut config = (*state.config).clone();
        let log = |name: &str| LogSource {
            name: Name::from(name),
            groups: vec!["/ecs/rtech-app".to_owned()],
            place: None,
            filter: "?ERROR".to_owned(),
            count: None,
            queries: vec![SavedQuery {
                name: Name::from("q"),
                query: "fields @message".to_owned(),
                window: Duration::from_secs(60),
            }],
            polling: Polling { interval: Duration::from_secs(2), timeout: Duration::from_secs(10) },
        };
        config.services[0].logs = vec![log("app"), log("other")];
        state.config = Arc::new(config);
        state
    }

    fn requests(effects: Vec<Effect>) -> Vec<LogRequest> {
        let log = |effect| if let Effect::Log(request) = effect { Some(request) } else { None };
        effects.into_iter().filter_map(log).collect()
    }

    fn typed(state: &mut State, keys: &str) -> Vec<LogRequest> {
        requests(type_word(state, keys))
    }

    #[test]
    fn the_screen_follows_its_log_with_the_configured_pattern_and_leaving_it_ends_that() {
        let mut state = with_logs();
        let asked = typed(&mut state, "7");
        assert!(matches!(&asked[..], [LogRequest::Follow { filter, .. }] if filter == "?ERROR"), "{asked:?}");
        assert_eq!(requests(press(&mut state, &[KeyCode::Esc])), [LogRequest::Unfollow]);
    }

    #[test]
    fn another_screen_on_top_ends_following_and_coming_back_takes_it_up_again() {
        let mut state = with_logs();
        typed(&mut state, "7");
        assert_eq!(typed(&mut state, "2"), [LogRequest::Unfollow]);
        let again = requests(press(&mut state, &[KeyCode::Esc]));
        assert!(matches!(&again[..], [LogRequest::Follow { .. }]), "{again:?}");
    }

    #[test]
    fn follow_can_be_switched_off_and_on_and_pausing_rests_it_too() {
        let mut state = with_logs();
        typed(&mut state, "7");
        assert_eq!(typed(&mut state, "f"), [LogRequest::Unfollow]);
        assert!(matches!(typed(&mut state, "f")[..], [LogRequest::Follow { .. }]));
        assert_eq!(typed(&mut state, "p"), [LogRequest::Unfollow]);
    }

    #[test]
    fn tab_follows_the_next_log_in_place_of_this_one() {
        let mut state = with_logs();
        typed(&mut state, "7");
        let asked = requests(press(&mut state, &[KeyCode::Tab]));
        assert!(matches!(&asked[..], [LogRequest::Follow { id, .. }] if id.log == "other"), "{asked:?}");
    }

    #[test]
    fn a_query_that_is_left_is_stopped_in_every_way_of_leaving_it() {
        for leave in [KeyCode::Esc, KeyCode::Char('2'), KeyCode::Char('f'), KeyCode::Tab] {
            let mut state = with_logs();
            typed(&mut state, "7i");
            let asked = requests(press(&mut state, &[KeyCode::Enter]));
            assert!(matches!(&asked[..], [LogRequest::Query { .. }]), "{asked:?}");
            let left = requests(press(&mut state, &[leave]));
            assert!(left.contains(&LogRequest::Unquery), "{leave:?}: {left:?}");
        }
    }

    #[test]
    fn another_pattern_is_asked_of_the_backend() {
        let mut state = with_logs();
        typed(&mut state, "7F");
        press(&mut state, &[KeyCode::Char(' '), KeyCode::Char('x')]);
        let asked = requests(press(&mut state, &[KeyCode::Enter]));
        assert!(matches!(&asked[..], [LogRequest::Follow { filter, .. }] if filter == "?ERROR x"), "{asked:?}");
    }

    #[test]
    fn without_a_log_the_key_says_what_to_configure() {
        let mut state = state();
        assert!(typed(&mut state, "7").is_empty());
        assert!(state.notice.unwrap().text.contains("[[service.log]]"));
    }
}

#[test]
fn a_plan_that_can_not_be_made_gives_what_was_typed_back_with_the_reason() {
    let mut state = state();
    press(&mut state, &[KeyCode::Char('s'), KeyCode::Char('4')]);
    let effects = press(&mut state, &[KeyCode::Enter]);
    let [Effect::Plan { ticket, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let (ticket, now) = (*ticket, state.now);
    let outcome = Err(PlanFailure::new("nothing would change", "choose another count"));
    send(&mut state, now, Event::Planned { ticket, outcome });
    let Some(Overlay::Arguments { input, error: Some(error), .. }) = &state.overlay else {
        panic!("{:?}", state.overlay)
    };
    assert_eq!((input.as_str(), error.reason.as_str()), ("4", "nothing would change"));
}

#[test]
fn the_undo_key_asks_for_the_plan_of_the_run_s_inverse_and_changes_nothing() {
    let mut state = state();
    state.runs = vec![fixture::run(RunState::Done)];
    press(&mut state, &[KeyCode::Char('4')]);
    let effects = press(&mut state, &[KeyCode::Char('z')]);
    let [Effect::Undo { ticket, run, armed: false }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(*run, state.runs[0].id);
    let (ticket, outcome, now) = (*ticket, Ok(Box::new(judged(&state))), state.now);
    send(&mut state, now, Event::Planned { ticket, outcome });
    assert!(matches!(state.overlay, Some(Overlay::Confirm(_))), "it is confirmed as any other: {:?}", state.overlay);
    state.runs[0].plan.undo = Undo::Impossible { reason: "it is gone".to_owned() };
    press(&mut state, &[KeyCode::Esc]);
    assert!(press(&mut state, &[KeyCode::Char('z')]).is_empty());
    assert!(state.notice.as_ref().is_some_and(|notice| notice.text.as_str().contains("it is gone")));
}

#[test]
fn the_undo_key_works_on_a_run_that_was_watched_to_its_end_and_not_before() {
    let mut state = state();
    state.runs = vec![fixture::run(RunState::Running)];
    state.overlay = Some(Overlay::Progress { run: Some(state.runs[0].id.clone()), failed: None });
    assert!(press(&mut state, &[KeyCode::Char('z')]).is_empty());
    state.runs[0].state = RunState::Inconclusive;
    let effects = press(&mut state, &[KeyCode::Char('z')]);
    assert!(matches!(effects.as_slice(), [Effect::Undo { run, .. }] if *run == state.runs[0].id), "{effects:?}");
}

/// As [`planned`], but that a freeze holds.
fn frozen() -> State {
    let mut state = planned();
    let Some(Overlay::Confirm(confirm)) = &state.overlay else { panic!("{:?}", state.overlay) };
    let plan = confirm.judged.plan.clone();
    let mut config = (*state.config).clone();
    config.guards.freezes.push(Freeze {
        name: "peak".into(),
        reason: "orders".into(),
        window: FreezeWindow::Once { from: plan.made, to: plan.expires },
        zone: TimeZone::UTC,
        allow: Vec::new(),
        who: Vec::new(),
    });
    let facts = Facts::quiet(state.operator.clone());
    let context = GuardContext { config: &config, now: plan.made, arming: Arming::Armed, facts };
    let frozen = judge(plan, &context);
    assert_eq!(frozen.skippable(), Some("freeze"), "{:?}", frozen.reasons());
    state.overlay = Some(Overlay::Confirm(Confirm::new(Box::new(frozen), None)));
    painted(&mut state);
    state
}

#[test]
fn a_guard_is_skipped_with_a_typed_reason_while_armed_and_the_plan_is_judged_and_confirmed_again() {
    let mut state = frozen();
    assert!(press(&mut state, &[KeyCode::Enter]).is_empty(), "without a reason nothing is skipped");
    type_word(&mut state, "checkout is down");
    let effects = press(&mut state, &[KeyCode::Enter]);
    let [Effect::Judge { break_glass: Some(glass), armed: true, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((glass.guard.as_str(), glass.reason.as_str()), ("freeze", "checkout is down"));
    assert!(!executes(&effects), "it is judged again, and confirmed by name as any other");
}

#[test]
fn the_target_s_name_typed_by_habit_skips_no_guard_and_neither_does_a_read_only_console() {
    let mut state = frozen();
    type_word(&mut state, "rtech-app");
    assert!(press(&mut state, &[KeyCode::Enter]).is_empty());
    let mut state = frozen();
    state.arm = Arm::ReadOnly;
    type_word(&mut state, "checkout is down");
    assert!(press(&mut state, &[KeyCode::Enter]).is_empty());
}
