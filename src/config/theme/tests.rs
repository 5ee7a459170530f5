use ratatui::style::Modifier;

use super::color::Rgb;
use super::*;

const DEPTHS: [ColorDepth; 4] = [ColorDepth::True, ColorDepth::Indexed, ColorDepth::Ansi16, ColorDepth::None];

/// Roles that stand for a state: the eye must tell them apart at any depth.
const STATES: [Role; 5] = [Role::Good, Role::Warning, Role::Critical, Role::Unknown, Role::Stale];

fn rgb(color: Option<Color>) -> Option<Rgb> {
    match color? {
        Color::Rgb(red, green, blue) => Some(Rgb(red, green, blue)),
        Color::Indexed(index) => Some(Rgb::of_index(index)),
        _ => None,
    }
}

fn contrast(theme: &Theme, role: Role, ground: Role) -> f64 {
    let style = theme.style(role);
    let ground = rgb(style.bg.or(theme.style(ground).bg)).unwrap();
    rgb(style.fg).unwrap().contrast(ground)
}

#[test]
fn every_shipped_theme_is_whole_and_right() {
    for (name, text) in SHIPPED {
        Theme::parse(name, text, Path::new(name)).unwrap_or_else(|errors| panic!("{errors}"));
    }
    let names: Vec<String> = Theme::shipped().into_iter().map(|theme| theme.name).collect();
    assert_eq!(names, SHIPPED_NAMES);
}

#[test]
fn text_is_readable_also_in_256_colours_and_on_the_selected_row() {
    for theme in Theme::shipped() {
        for depth in [ColorDepth::True, ColorDepth::Indexed] {
            let theme = theme.with_depth(depth);
            for (name, role) in role::NAMED {
                let (plain, selected) = (contrast(&theme, *role, Role::Text), contrast(&theme, *role, Role::Selected));
                let least = role.least_contrast();
                assert!(plain >= least, "{}: {name} {depth:?} {plain:.2}", theme.name);
                assert!(selected >= least, "{}: {name} on the selected row {depth:?} {selected:.2}", theme.name);
            }
        }
    }
}

#[test]
fn high_contrast_reaches_seven() {
    let theme = Theme::load("high-contrast").unwrap();
    for (name, role) in role::NAMED {
        let ratio = contrast(&theme, *role, Role::Text);
        assert!(ratio >= 7.0, "{name} {ratio:.2}");
    }
}

#[test]
fn states_and_environments_differ_at_every_depth() {
    let groups: [&[Role]; 4] = [
        &STATES,
        &[Role::Production, Role::Staging, Role::Development],
        &[Role::Armed, Role::ReadOnly],
        &[Role::Text, Role::Selected, Role::Critical],
    ];
    for theme in Theme::shipped() {
        for depth in DEPTHS {
            let theme = theme.with_depth(depth);
            for group in groups {
                for (index, one) in group.iter().enumerate() {
                    for other in &group[index + 1..] {
                        assert_ne!(
                            theme.style(*one),
                            theme.style(*other),
                            "{} {depth:?} {one:?} {other:?}",
                            theme.name
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn without_colour_there_is_no_colour() {
    for theme in Theme::shipped() {
        let theme = theme.with_depth(ColorDepth::None);
        for role in ROLES {
            let style = theme.style(*role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
        assert!(theme.style(Role::Selected).add_modifier.contains(Modifier::REVERSED));
    }
}

#[test]
fn sixteen_colours_are_only_those() {
    for theme in Theme::shipped() {
        let theme = theme.with_depth(ColorDepth::Ansi16);
        for role in ROLES {
            let style = theme.style(*role);
            assert!(rgb(style.fg).is_none() && rgb(style.bg).is_none(), "{role:?}");
            assert!(style.fg.is_some(), "{} {role:?} has no ansi colour", theme.name);
        }
    }
}

#[test]
fn only_plain_text_paints_the_ground() {
    for theme in Theme::shipped() {
        for role in [Role::Muted, Role::Title, Role::Good, Role::Critical, Role::Stale, Role::Series1, Role::Key] {
            assert_eq!(theme.style(role).bg, None, "{} {role:?}", theme.name);
        }
        assert!(theme.style(Role::Text).bg.is_some());
    }
}

#[test]
fn slips_are_refused_with_their_place() {
    let dark = SHIPPED[0].1;
    let muted = dark.lines().find(|line| line.starts_with("muted")).unwrap();
    let text = dark
        .replace(muted, "mutd = { fg = \"#20242a\" }\n")
        .replace("style = [\"bold\"]", "style = [\"boldly\"]")
        .replacen("ansi = \"light-red\"", "ansi = \"pink\"", 1);
    let text: String = text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    let errors = Theme::parse("mine", &text, Path::new("mine.toml")).unwrap_err();
    let told = errors.to_string();
    assert!(told.contains("the key `muted` is missing"), "{told}");
    assert!(told.contains("unknown key `mutd`; did you mean `muted`?"), "{told}");
    assert!(told.contains("`boldly` is not known here; did you mean `bold`?"), "{told}");
    assert!(told.contains("`pink` is not known here"), "{told}");
}

#[test]
fn text_that_can_not_be_read_is_refused() {
    let dark = SHIPPED[0].1;
    let text = dark.replace("muted = { fg = \"#", "muted = { fg = \"#202020\", x = \"#");
    let told = Theme::parse("mine", &text, Path::new("mine.toml")).unwrap_err().to_string();
    assert!(told.contains("roles.muted: unknown key `x`"), "{told}");
    assert!(told.contains("roles.muted: can't be read well: contrast 1."), "{told}");
}
