use super::*;

const DAY: u64 = 86_400;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Due times from 1 January to the end of 2026, as `MM-DD HH:MM`.
fn year(expression: &str) -> Vec<String> {
    let recurrence = Recurrence::parse(expression).unwrap_or_else(|| panic!("{expression}"));
    let due = recurrence.due(at("2026-01-01T00:00:00Z"), at("2026-12-31T23:59:59Z"), &TimeZone::UTC);
    due.iter().map(|at| at.strftime("%m-%d %H:%M").to_string()).collect()
}

fn gap(expression: &str) -> Option<u64> {
    let recurrence = Recurrence::parse(expression)?;
    recurrence.longest_gap(at("2026-11-21T12:00:00Z"), &TimeZone::UTC).map(|gap| gap.as_secs())
}

#[test]
fn the_fleets_schedules_are_due_when_their_plans_say() {
    let daily = year("cron(0 2 ? * * *)");
    assert_eq!((daily.len(), daily[0].as_str(), daily[364].as_str()), (365, "01-01 02:00", "12-31 02:00"));
    let weekly = year("cron(0 3 ? * MON *)");
    assert_eq!((weekly.len(), weekly[0].as_str()), (52, "01-05 03:00"));
    assert_eq!(weekly, year("cron(0 3 ? * 2 *)"), "Monday is 2 to AWS");
    assert_eq!(year("03:00-04:00")[0], "01-01 03:00");
}

#[test]
fn every_form_of_a_field_is_read() {
    assert_eq!(year("cron(15 0/12 1 1 ? *)"), ["01-01 00:15", "01-01 12:15"]);
    assert_eq!(year("cron(0,30 8-9 1 JAN ? *)"), ["01-01 08:00", "01-01 08:30", "01-01 09:00", "01-01 09:30"]);
    assert_eq!(year("cron(0 0 L FEB,APR ? *)"), ["02-28 00:00", "04-30 00:00"]);
    assert_eq!(year("cron(0 0 ? 1 2#1 *)"), ["01-05 00:00"]);
    assert_eq!(year("cron(0 0 ? 1 6L *)"), ["01-30 00:00"]);
    assert_eq!(year("cron(0 0 ? 1 L *)").len(), 5, "Saturdays");
}

#[test]
fn the_longest_gap_is_what_may_be_lost_between_two_runs() {
    assert_eq!(gap("cron(0 2 ? * * *)"), Some(DAY));
    assert_eq!(gap("cron(0 3 ? * MON *)"), Some(7 * DAY));
    assert_eq!(gap("cron(0 3 ? * MON-FRI *)"), Some(3 * DAY), "over the weekend");
    assert_eq!(gap("cron(0 0 1 * ? *)"), Some(31 * DAY));
    assert_eq!(gap("cron(0 8,20 ? * * *)"), Some(DAY / 2));
    assert_eq!(gap("rate(12 hours)"), Some(DAY / 2));
    assert_eq!(gap("03:00-04:00"), Some(DAY));
}

#[test]
fn a_daily_run_in_local_time_is_25_hours_apart_when_clocks_go_back() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let daily = Recurrence::parse("cron(0 2 ? * * *)").unwrap();
    let gap = daily.longest_gap(at("2026-11-21T12:00:00Z"), &zone).unwrap();
    assert_eq!(gap.as_secs(), 25 * 3600);
}

#[test]
fn what_is_not_understood_whole_is_not_guessed() {
    let odd = [
        "",
        "daily",
        "cron()",
        "cron(0 2 * *)",
        "cron(0 2 ? * * 2027)",
        "cron(60 2 ? * * *)",
        "cron(0 2 5W * ? *)",
        "cron(0 2 1 * MON *)",
        "cron(0/0 2 ? * * *)",
        "cron(9-3 2 ? * * *)",
        "rate(0 days)",
        "rate(1 fortnight)",
        "rate(99999999999999999999 days)",
        "25:00-26:00",
        "03:00",
        "at(2026-01-01T00:00:00)",
    ];
    for expression in odd {
        assert_eq!(Recurrence::parse(expression), None, "{expression}");
    }
}

#[test]
fn a_window_over_midnight_has_its_length() {
    let hour = Recurrence::parse("23:30-00:30").and_then(|window| window.window());
    assert_eq!(hour, Some(Duration::from_secs(3600)));
}

#[test]
fn a_rule_that_never_comes_has_no_gap_and_one_of_every_minute_ends() {
    assert_eq!(gap("cron(0 0 30 2 ? *)"), None);
    assert_eq!(gap("cron(* * ? * * *)"), Some(60));
}
