//! What lies over the screen: the confirmation above all.

use std::time::Duration;

use proptest::prelude::*;
use quarterdeck::action::scale::Scale;
use quarterdeck::action::{Action, Arming, Facts, GuardContext, Judged, PlanFailure, judge, plan_for};
use quarterdeck::clock::Now;
use quarterdeck::config::Config;
use quarterdeck::config::theme::Role;
use quarterdeck::executor::journal::{Entry, RunState, RunView};
use quarterdeck::source::{Name, Observation};
use quarterdeck::state::dialog::{Confirm, StepRef};
use quarterdeck::state::{Arm, Overlay, Screen, State};
use quarterdeck::text::Text;
use quarterdeck::view::dialog::confirm::extent;

use super::paint::{Paint, Picture, picture};
use crate::fixture;

const SMALL: (u16, u16) = (80, 24);
const MIDDLE: (u16, u16) = (120, 40);
const LARGE: (u16, u16) = (200, 50);

/// The plan to scale `rtech-app`, judged a second after it was observed.
fn judged_with(
    desired: u32,
    arming: Arming,
    spoil: impl FnOnce(&mut Observation),
    change: impl FnOnce(&mut Config),
) -> Judged {
    let mut config = fixture::config();
    change(&mut config);
    let mut observation = fixture::plan().observation;
    spoil(&mut observation);
    let action = Action::Scale(Scale { service: Name::from("rtech-app"), desired });
    let now = Now::fixed(fixture::READ + 1).wall;
    let plan = plan_for(&action, &observation, &config, now).unwrap();
    judge(plan, &GuardContext { config: &config, now, arming, facts: Facts::quiet(fixture::operator()) })
}

fn judged(desired: u32) -> Judged {
    judged_with(desired, Arming::Armed, |_| (), |_| ())
}

/// An overlay over the (empty) log, so that other screens may change without these pictures.
fn over(mut state: State, overlay: Overlay) -> State {
    state.screens.push(Screen::Log { scroll: 0 });
    state.overlay = Some(overlay);
    state
}

/// An armed console, some seconds later, with the confirmation open.
fn confirming(judged: Judged) -> State {
    let mut state = fixture::incident();
    state.now = Now::fixed(fixture::READ + 12);
    state.arm = Arm::Armed { until: state.now.mono.plus(Duration::from_secs(852)) };
    over(state, Overlay::Confirm(Confirm::new(Box::new(judged), None)))
}

/// Whether the plan stands on a screen of that size as a whole.
fn fits(plan: &Judged, size: (u16, u16)) -> bool {
    let (rows, room) = extent(plan, size);
    room > 0 && rows <= room
}

fn confirm_mut(state: &mut State) -> &mut Confirm {
    match &mut state.overlay {
        Some(Overlay::Confirm(confirm)) => confirm,
        _ => panic!("no confirmation is open"),
    }
}

fn at((columns, rows): (u16, u16), state: &State) -> Picture {
    picture(state, columns, rows, &Paint::Roles)
}

fn shows(picture: &Picture, words: &[&str]) {
    let text = picture.text();
    words.iter().for_each(|word| assert!(text.contains(word), "`{word}` is not in\n{text}"));
}

#[test]
fn a_plan_in_production_is_shown_whole_with_the_name_to_type() {
    let state = confirming(judged(4));
    insta::assert_snapshot!("confirm_80x24", at(SMALL, &state).text_and_styles());
    insta::assert_snapshot!("confirm_120x40", at(MIDDLE, &state).text_and_styles());
    insta::assert_snapshot!("confirm_200x50", at(LARGE, &state).text());
}

#[test]
fn a_denied_plan_shows_the_reasons_first_and_has_no_field() {
    let state = confirming(judged(40));
    insta::assert_snapshot!("denied_80x24", at(SMALL, &state).text_and_styles());
    insta::assert_snapshot!("denied_120x40", at(MIDDLE, &state).text());
    let text = at(SMALL, &state).text();
    assert!(!text.contains("to confirm:") && text.find("DENY") < text.find("allow"), "{text}");
}

#[test]
fn what_was_typed_and_why_a_key_was_refused_are_shown() {
    let mut state = confirming(judged(4));
    confirm_mut(&mut state).typed = "rtech-a".to_owned();
    confirm_mut(&mut state).remark = Some("pasted text doesn't count: type the name");
    let picture = at(SMALL, &state);
    shows(&picture, &["type rtech-app to confirm: rtech-a▏", "pasted text doesn't count"]);
    assert_eq!(picture.runs_of(Role::Input), ["rtech-a▏"]);
}

#[test]
fn outside_production_a_plain_word_is_asked_for_and_never_a_bare_key() {
    let staging = |config: &mut Config| {
        config.environment.kind = quarterdeck::config::EnvironmentKind::Staging;
        config.guards.type_name = false;
    };
    let state = confirming(judged_with(4, Arming::Armed, |_| (), staging));
    shows(&at(SMALL, &state), &["STAGING", "type yes to confirm:"]);
}

#[test]
fn a_plan_of_scaling_fits_the_smallest_usual_terminal_and_the_header_stays() {
    let plan = judged(4);
    assert!(fits(&plan, SMALL));
    shows(&at(SMALL, &confirming(plan)), &["ARMED 14:12", "type rtech-app to confirm:"]);
}

#[test]
fn a_plan_that_is_not_whole_on_the_screen_cannot_be_confirmed() {
    let plan = judged(4);
    for size in [(80, 20), (59, 40), (0, 0), (200, 12)] {
        assert!(!fits(&plan, size), "{size:?}");
    }
    let state = confirming(plan);
    insta::assert_snapshot!("confirm_too_small_80x18", at((80, 18), &state).text_and_styles());
    assert!(!at((80, 18), &state).text().contains("to confirm:"));
}

#[test]
fn a_plan_that_fits_shows_every_guard_by_name_and_its_field() {
    let plan = judged(40);
    let names: Vec<String> = plan.verdicts.iter().map(|verdict| verdict.guard.clone()).collect();
    let state = confirming(judged(40));
    for size in [SMALL, (100, 30), MIDDLE, LARGE] {
        assert!(fits(&plan, size));
        shows(&at(size, &state), &names.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

#[test]
fn the_same_plan_takes_the_same_room_until_it_expires() {
    let mut state = confirming(judged(4));
    let rows = |state: &State| at(SMALL, state).text().lines().filter(|line| line.starts_with('┃')).count();
    let first = rows(&state);
    for seconds in [13, 60, 299] {
        state.now = Now::fixed(fixture::READ + seconds);
        assert_eq!(rows(&state), first);
    }
}

#[test]
fn an_expired_plan_says_so() {
    let mut state = confirming(judged(4));
    state.now = Now::fixed(fixture::READ + 301);
    shows(&at(SMALL, &state), &["EXPIRED at 01:05:01Z"]);
}

#[test]
fn text_from_outside_in_a_plan_cannot_break_the_frame() {
    let hostile = "x\u{1b}[2J\u{202e}\n┃ type evil\u{9b}31m 目目 \u{301}\u{301}";
    let spoil = |observation: &mut Observation| {
        observation.workload.as_mut().unwrap().arn = Text::from(format!("arn:aws:ecs:r:1:{hostile}"));
        observation.firing = Some(vec![Text::from(hostile)]);
        observation.scaling.as_mut().unwrap().policies[0].name = Text::from(hostile);
    };
    let state = confirming(judged_with(4, Arming::Armed, spoil, |_| ()));
    for size in [SMALL, MIDDLE] {
        let text = at(size, &state).text();
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{text}");
        let framed: Vec<&str> = text.lines().filter(|line| line.contains('┏') || line.contains('┗')).collect();
        assert_eq!(framed.len(), 2, "{text}");
        let inside = text.lines().skip_while(|line| !line.contains('┏')).skip(1).take_while(|line| !line.contains('┗'));
        inside.for_each(|line| assert!(line.matches('┃').count() >= 2, "{line}"));
    }
}

/// A run's progress, with the journal knowing these runs.
fn progress(run: RunView) -> State {
    let mut state = fixture::incident();
    let id = run.id.clone();
    state.runs = vec![run];
    over(state, Overlay::Progress { run: Some(id), failed: None })
}

#[test]
fn progress_tells_what_happened_and_what_is_waited_for() {
    let state = progress(fixture::run(RunState::Running));
    insta::assert_snapshot!("progress_running_80x24", at(SMALL, &state).text_and_styles());
    shows(
        &at(SMALL, &state),
        &["RUNNING", "waiting for a steady state for 9:04, gives up in 0:56", "closing this doesn't stop the run"],
    );
}

#[test]
fn a_run_that_waits_counts_down_to_its_deadline() {
    let mut run = fixture::run(RunState::Running);
    run.records[3].at = fixture::live().now.wall - jiff::SignedDuration::from_secs(62);
    shows(&at(SMALL, &progress(run)), &["waiting for a steady state for 1:02, gives up in 8:58"]);
}

#[test]
fn every_outcome_is_a_word_that_cannot_be_missed() {
    for (state, word) in [(RunState::Done, "✓ DONE"), (RunState::Unknown, "? UNKNOWN")] {
        shows(&at(SMALL, &progress(fixture::run(state))), &[word]);
    }
    insta::assert_snapshot!(
        "progress_done_80x24",
        at(SMALL, &progress(fixture::run(RunState::Done))).text_and_styles()
    );
}

#[test]
fn an_unknown_outcome_says_what_was_found_and_how_to_settle_it() {
    let state = progress(fixture::run(RunState::Unknown));
    insta::assert_snapshot!("progress_unknown_80x24", at(SMALL, &state).text_and_styles());
    insta::assert_snapshot!("progress_unknown_120x40", at(MIDDLE, &state).text());
    shows(&at(SMALL, &state), &["desired 2, running 2", "runs resolve 20260101-005000-a1b2", "not sent again"]);
}

#[test]
fn a_run_that_ended_without_a_word_is_unknown_and_says_so() {
    let mut run = fixture::run(RunState::Unknown);
    run.records.pop();
    shows(&at(SMALL, &progress(run)), &["? UNKNOWN", "ended without an outcome", "runs resolve"]);
}

#[test]
fn a_refused_run_shows_that_nothing_was_sent_and_what_was_changed_by_someone_else() {
    let mut run = fixture::run(RunState::Refused);
    let last = run.records.last_mut().unwrap();
    last.entry = Entry::Refused {
        reasons: vec!["the service was changed since the plan was made".to_owned()],
        drift: vec![quarterdeck::action::Change::new("desired count", "2", "3")],
    };
    let state = progress(run);
    insta::assert_snapshot!("progress_refused_80x24", at(SMALL, &state).text_and_styles());
    shows(&at(SMALL, &state), &["REFUSED", "nothing was sent", "planned", "found"]);
}

#[test]
fn a_long_timeline_loses_its_oldest_lines_and_never_the_outcome() {
    let mut run = fixture::run(RunState::Unknown);
    let middle = run.records[2].clone();
    for count in 0..60 {
        let found = Text::from(format!("{count} of 60 running"));
        let record = quarterdeck::executor::journal::Record { entry: Entry::Progress { found }, ..middle.clone() };
        run.records.insert(3 + count, record);
    }
    let picture = at(SMALL, &progress(run));
    shows(&picture, &["earlier lines", "? UNKNOWN", "runs resolve"]);
    assert!(!picture.text().contains("taken by executor"));
}

#[test]
fn an_executor_that_did_not_start_is_told_with_its_reason() {
    let failed = Some(Text::from("no space left on device"));
    let state = over(fixture::incident(), Overlay::Progress { run: None, failed });
    shows(&at(SMALL, &state), &["was not started", "Nothing was sent", "no space left on device"]);
}

#[test]
fn help_lists_the_keys_of_where_one_is_before_those_of_everywhere() {
    let state = over(fixture::live(), Overlay::Help { scroll: 0 });
    insta::assert_snapshot!("help_80x24", at(SMALL, &state).text_and_styles());
    insta::assert_snapshot!("help_120x40", at(MIDDLE, &state).text());
    let text = at(MIDDLE, &state).text();
    assert!(text.find("here: a list") < text.find("everywhere"), "{text}");
}

#[test]
fn help_scrolls_to_its_end_and_no_further() {
    let last = |scroll| at(SMALL, &over(fixture::live(), Overlay::Help { scroll })).text();
    assert_eq!(last(1000), last(100_000));
    assert!(last(1000).contains("armed") && last(1000).contains("0 below"), "{}", last(1000));
}

#[test]
fn the_palette_marks_the_selected_match() {
    let state = over(fixture::live(), Overlay::Palette { input: "rtech".to_owned(), selected: 1 });
    insta::assert_snapshot!("palette_80x24", at(SMALL, &state).text_and_styles());
    let none = over(fixture::live(), Overlay::Palette { input: "zzzz".to_owned(), selected: 0 });
    shows(&at(SMALL, &none), &["nothing matches"]);
}

#[test]
fn the_palette_scrolls_to_what_is_selected() {
    let state = over(fixture::live(), Overlay::Palette { input: String::new(), selected: 1_000 });
    let picture = at((80, 18), &state);
    shows(&picture, &["▸ next_theme"]);
}

#[test]
fn arguments_say_what_they_mean_how_the_target_stands_and_what_was_wrong() {
    let error = Some(PlanFailure::new("`four` is not a count of tasks", "write `scale SERVICE desired=N`"));
    let target = Name::from("rtech-app");
    let overlay = Overlay::Arguments { spec: const { &Scale::SPEC }, target, input: "four".to_owned(), error };
    let state = over(fixture::live(), overlay);
    insta::assert_snapshot!("arguments_80x24", at(SMALL, &state).text_and_styles());
}

#[test]
fn the_filter_stands_below_the_list_that_it_filters() {
    let mut state = over(fixture::live(), Overlay::Filter { input: "app".to_owned() });
    state.screens.pop();
    let text = at(SMALL, &state).text();
    assert!(text.find("rtech-app") < text.find("/ app▏"), "{text}");
    shows(&at(SMALL, &state), &["rtech-app", "/ app▏"]);
}

#[test]
fn a_reason_names_the_step_that_it_skips() {
    let mut state = fixture::live();
    state.sessions = vec![super::lists::session()];
    let step = StepRef { session: state.sessions[0].id.clone(), step: 2 };
    let state = over(state, Overlay::Reason { step, input: "told by phone".to_owned() });
    shows(&at(SMALL, &state), &["skip step 3: Tell the channel", "told by phone▏"]);
}

#[test]
fn planning_says_that_nothing_is_changed() {
    let action = fixture::plan().action;
    let state = over(fixture::live(), Overlay::Planning { ticket: 1, action, step: None });
    shows(&at(SMALL, &state), &["planning scale rtech-app", "nothing is changed by this"]);
}

/// One overlay of each kind.
fn overlays() -> Vec<State> {
    let live = fixture::live;
    vec![
        over(live(), Overlay::Help { scroll: 3 }),
        over(live(), Overlay::Palette { input: "s".to_owned(), selected: 2 }),
        over(live(), Overlay::Filter { input: "目".repeat(200) }),
        over(live(), Overlay::Planning { ticket: 1, action: fixture::plan().action, step: None }),
        confirming(judged(4)),
        confirming(judged(40)),
        progress(fixture::run(RunState::Unknown)),
        over(live(), Overlay::Progress { run: None, failed: None }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_size_makes_an_overlay_panic(columns in 0u16..220, rows in 0u16..70, which in 0usize..8) {
        at((columns, rows), &overlays()[which]);
    }

    #[test]
    fn the_field_is_shown_exactly_where_the_plan_fits(columns in 0u16..220, rows in 0u16..70) {
        let plan = judged(4);
        let fits = fits(&plan, (columns, rows));
        let text = at((columns, rows), &confirming(plan)).text();
        prop_assert_eq!(fits, text.contains("type rtech-app to confirm: ▏"), "{}", text);
        prop_assert!(!fits || text.contains("plan-age") && text.contains("watches"), "{}", text);
    }
}

#[test]
fn an_overlay_is_the_same_over_every_screen() {
    let mut state = confirming(judged(4));
    let over_overview = at(MIDDLE, &state).runs_of(Role::Input);
    state.screens.push(Screen::Alerts { selected: 0 });
    assert_eq!(at(MIDDLE, &state).runs_of(Role::Input), over_overview);
}
