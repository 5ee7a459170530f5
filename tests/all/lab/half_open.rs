//! Sockets that stay open while nothing comes back: the network died without a word.

use std::time::Duration;

use super::storms::resolve;
use super::{every_key_answers, plan_to, run};
use crate::harness::half_open::{HalfOpen, Lost};
use crate::harness::lab::Lab;
use crate::harness::{Stopwatch, quarterdeck, stdout};

/// What the one mutating call carries in its head.
const CALL: &str = ".UpdateService";

/// A call may take 20 s and is read back for 30 s here; the rest is for a loaded machine.
const LONGEST: Duration = Duration::from_secs(90);

/// A lab whose AWS is reached over such a network.
fn lab() -> (Lab, HalfOpen) {
    let mut lab = Lab::take();
    lab.configure("steady_deadline", "steady_deadline = \"30s\"");
    let net = HalfOpen::before(lab.variable("QD_MOTO_URL"));
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CLOUDWATCH"] {
        lab.set(name, &net.url());
    }
    (lab, net)
}

fn sent(lab: &Lab) -> usize {
    lab.requests("UpdateService").len()
}

#[test]
fn a_call_whose_answer_never_comes_is_sent_once_and_found_by_reading_back_in_bounded_time() {
    let (lab, net) = lab();
    let plan = plan_to(&lab, 4);
    lab.forget_requests();
    net.loses(Lost::Answers, CALL);
    let watch = Stopwatch::start();
    let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
    assert_eq!((code, sent(&lab), lab.desired("rtech-app")), (0, 1, 4), "{text}");
    assert_eq!(net.lost(), 1, "one request on the wire: {text}");
    assert!(text.contains("no answer in time") && text.contains("found applied"), "{text}");
    assert!(watch.elapsed() < LONGEST, "{:?}", watch.elapsed());
}

#[test]
fn a_call_that_never_gets_through_leaves_once_and_is_unknown_in_bounded_time() {
    let (lab, net) = lab();
    let plan = plan_to(&lab, 4);
    lab.forget_requests();
    net.loses(Lost::Requests, CALL);
    let watch = Stopwatch::start();
    let (text, code) = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
    assert_eq!((code, sent(&lab), lab.desired("rtech-app")), (6, 0, 2), "{text}");
    assert_eq!(net.lost(), 1, "it is not sent again: {text}");
    assert!(text.contains("no answer in time") && text.contains("it was not sent again"), "{text}");
    assert!(watch.elapsed() < LONGEST, "{:?}", watch.elapsed());
    let (text, code) = resolve(&lab);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("the change does not show"), "{text}");
}

#[test]
fn reads_that_go_dead_after_the_call_are_given_up_one_by_one_until_the_network_is_back() {
    let (lab, net) = lab();
    lab.configure("steady_deadline", "steady_deadline = \"2m\"");
    let plan = plan_to(&lab, 4);
    lab.forget_requests();
    let (text, code) = std::thread::scope(|scope| {
        let heal = scope.spawn(|| {
            super::wait_for("the call is sent", LONGEST, || (sent(&lab) == 1).then_some(()), String::new);
            net.loses(Lost::Requests, ".Describe");
            let enough = || (net.lost() >= 2).then_some(());
            super::wait_for("reads are lost", LONGEST, enough, String::new);
            net.heals();
        });
        let ended = run(&lab, &["apply", &plan, "--confirm", "rtech-app"]);
        heal.join().expect("it heals");
        ended
    });
    assert_eq!((code, sent(&lab), lab.desired("rtech-app")), (0, 1, 4), "{text}");
}

#[test]
fn a_plan_ends_in_bounded_time_and_says_so_when_nothing_comes_back() {
    let (lab, net) = lab();
    for lost in [Lost::Answers, Lost::Requests] {
        net.loses(lost, "");
        let watch = Stopwatch::start();
        let (text, code) = run(&lab, &["plan", "scale", "rtech-app", "desired=4"]);
        assert_eq!(code, 3, "{text}");
        assert!(text.contains("not observed") && text.contains("in time"), "{text}");
        assert!(watch.elapsed() < Duration::from_secs(40), "{:?}", watch.elapsed());
        net.heals();
    }
}

#[test]
fn every_key_answers_while_every_socket_is_half_open() {
    let (mut lab, aws) = lab();
    let prometheus = HalfOpen::before(lab.variable("QD_PROMETHEUS_URL"));
    let alertmanager = HalfOpen::before(lab.variable("QD_ALERTMANAGER_URL"));
    lab.set("QD_PROMETHEUS_URL", &prometheus.url());
    lab.set("QD_ALERTMANAGER_URL", &alertmanager.url());
    let networks = [&aws, &prometheus, &alertmanager];
    for lost in [Lost::Answers, Lost::Requests] {
        let before = networks.map(HalfOpen::lost);
        networks.iter().for_each(|network| network.loses(lost, ""));
        every_key_answers(&lab, || networks.map(HalfOpen::lost).iter().zip(before).all(|(now, before)| *now > before));
    }
}

#[test]
fn status_of_a_network_without_a_word_is_not_known_and_comes_in_bounded_time() {
    let (lab, net) = lab();
    net.loses(Lost::Requests, "");
    let watch = Stopwatch::start();
    let output = quarterdeck(&["--config", lab.config(), "status"], lab.variables());
    assert_ne!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(watch.elapsed() < LONGEST, "{:?}", watch.elapsed());
}
