//! `quarterdeck snapshot`: pictures made of the program's own cells.

use clap::{Parser, ValueEnum};
use quarterdeck::cli::snapshot::{Arguments, Shown, picture};
use quarterdeck::cli::{Cli, Command};

fn arguments(line: &str) -> Arguments {
    let words = ["quarterdeck", "snapshot"].into_iter().chain(line.split_whitespace());
    match Cli::parse_from(words).command {
        Some(Command::Snapshot(arguments)) => arguments,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_seed_gives_the_same_picture_and_another_seed_another() {
    let first = picture(&arguments("overview --seed 7")).unwrap();
    assert_eq!(first, picture(&arguments("overview --seed 7")).unwrap());
    assert_ne!(first, picture(&arguments("overview --seed 8")).unwrap());
}

fn is_whole(line: &str) {
    let svg = picture(&arguments(line)).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{line}");
    assert_eq!(svg.matches("<text ").count(), svg.matches("</text>").count(), "{line}");
    assert!(svg.contains(">PRODUCTION"), "{line}: {svg}");
}

#[test]
fn every_screen_gives_a_whole_picture() {
    for shown in Shown::value_variants() {
        is_whole(&format!("{} --columns 80 --rows 24", shown.to_possible_value().unwrap().get_name()));
    }
}

#[test]
fn every_theme_gives_a_whole_picture() {
    for theme in ["dark", "light", "high-contrast"] {
        is_whole(&format!("overview --theme {theme}"));
    }
}

#[test]
fn the_picture_shows_the_incident_of_the_story() {
    let svg = picture(&arguments("alerts --after 150")).unwrap();
    assert!(svg.contains("FIRING") && svg.contains("rtech-app"), "{svg}");
    let calm = picture(&arguments("alerts --scenario calm --after 150")).unwrap();
    assert!(calm.contains("no alarm fires"), "{calm}");
}

#[test]
fn the_confirmation_can_be_pictured_with_its_field() {
    let svg = picture(&arguments("confirm")).unwrap();
    assert!(svg.contains("to confirm:") && svg.contains("ecs:UpdateService"), "{svg}");
}

#[test]
fn an_unknown_theme_or_scenario_is_an_error_that_names_it() {
    for line in ["overview --theme no-such-theme", "overview --scenario no-such-story"] {
        let error = format!("{:#}", picture(&arguments(line)).unwrap_err());
        assert!(error.contains("no-such-"), "{error}");
    }
}

#[test]
fn the_picture_in_the_readme_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/console.svg");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let fresh = picture(&arguments("overview")).unwrap();
    assert!(kept == fresh, "docs/console.svg is out of date: cargo run -- snapshot overview > docs/console.svg");
}
