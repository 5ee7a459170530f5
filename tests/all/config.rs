//! Configurations: what is valid loads, what is not is refused with file, line, key and what to write instead.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use quarterdeck::config::{Config, ConfigErrors, Query, check, find};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files
}

/// The only variables that the files of these tests know.
fn variable(name: &str) -> Option<String> {
    match name {
        "QD_TEST_TOKEN" => Some("tok-hunter2-secret".to_owned()),
        "QD_TEST_EMPTY" => Some(String::new()),
        "QD_TEST_URL" => Some("https://prometheus.example.com/select/0".to_owned()),
        _ => None,
    }
}

#[test]
fn every_example_loads_without_any_variable_set() {
    let examples = std::fs::read_dir(root().join("examples")).unwrap();
    let files: Vec<_> = examples.map(|entry| entry.unwrap().path().join("quarterdeck.toml")).collect();
    assert!(!files.is_empty());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        if let Err(errors) = check::parse(&text, &file, &|_| None) {
            panic!("{errors}");
        }
    }
}

#[test]
fn the_configuration_in_the_readme_passes_the_check() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let text = readme.split_once("```toml\n").and_then(|(_, rest)| rest.split_once("```")).unwrap().0;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quarterdeck.toml");
    std::fs::write(&file, text).unwrap();
    let (code, told) = quarterdeck(&["check", "--config", &file.display().to_string()]);
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn valid_configurations_load() {
    let files = toml_files(&root().join("tests/configs/valid"));
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        if let Err(errors) = check::parse(&text, &file, &variable) {
            panic!("{errors}");
        }
    }
}

#[test]
fn each_invalid_configuration_is_refused_with_line_key_and_remedy() {
    let files = toml_files(&root().join("tests/configs/invalid"));
    assert!(files.len() > 20);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../configs/invalid");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.remove_input_file();
    settings.bind(|| {
        for file in files {
            let name = file.file_stem().unwrap().to_str().unwrap();
            let text = std::fs::read_to_string(&file).unwrap();
            // Relative to its folder, so that the snapshot is the same everywhere.
            let named = file.strip_prefix(root()).unwrap();
            let errors = check::parse(&text, named, &variable).expect_err(name);
            insta::assert_snapshot!(name, errors.to_string());
        }
    });
}

/// The configuration of a file in `tests/configs/valid`.
fn valid(name: &str) -> Config {
    let file = root().join("tests/configs/valid").join(name);
    check::parse(&std::fs::read_to_string(&file).unwrap(), &file, &variable).unwrap()
}

#[test]
fn a_place_takes_over_what_belongs_to_its_login_and_nothing_of_another() {
    let config = valid("places.toml");
    let aws = config.aws.unwrap();
    let at = |place: &str| aws.places.get(place).unwrap();
    let (dr, data, audit) = (at("dr"), at("data"), at("audit"));
    assert_eq!((dr.region.as_str(), &dr.account, &dr.profile), ("eu-west-1", &aws.account, &aws.profile));
    assert_eq!((&dr.role_arn, &dr.action_role_arn), (&aws.role_arn, &aws.action_role_arn));
    assert_eq!((data.region.as_str(), data.profile.as_deref()), ("us-east-1", Some("on-call")));
    assert_eq!((data.account.as_deref(), &data.action_role_arn), (Some("210987654321"), &None));
    assert_eq!((&audit.role_arn, &audit.action_role_arn), (&None, &None), "those are of the first account");
    assert!(audit.endpoint != aws.endpoint && data.endpoint == aws.endpoint);
}

#[test]
fn a_region_is_a_place_without_being_declared_and_our_own_region_is_none() {
    let config = valid("places.toml");
    let aws = config.aws.as_ref().unwrap();
    let implied = aws.places.get("us-west-2").expect("implied");
    assert_eq!((implied.region.as_str(), &implied.account), ("us-west-2", &aws.account));
    let place_of = |name: &str| config.service(name).unwrap().ecs.as_ref().unwrap().place.clone();
    assert_eq!((place_of("app-home"), place_of("app-dr")), (None, Some("dr".into())));
    match &config.services[0].signals[1].query {
        Query::CloudWatchMaths { metrics, .. } => {
            assert!(metrics.values().all(|metric| metric.place == Some("dr".into())), "one call computes it");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_named_file_is_not_replaced_by_another() {
    let variable = |name: &str| (name == find::VARIABLE).then(|| "/etc/from-variable.toml".to_owned());
    let explicit = find::locate(Some(Path::new("/etc/explicit.toml")), &variable).unwrap();
    assert_eq!(explicit, Path::new("/etc/explicit.toml"));
    assert_eq!(find::locate(None, &variable).unwrap(), Path::new("/etc/from-variable.toml"));
    let missing = find::load(Some(Path::new("/no/such/quarterdeck.toml"))).unwrap_err().to_string();
    assert!(missing.starts_with("/no/such/quarterdeck.toml: can't be read: entity not found"), "{missing}");
}

#[test]
fn a_file_that_everybody_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quarterdeck.toml");
    std::fs::copy(root().join("tests/configs/valid/smallest.toml"), &file).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o660)).unwrap();
    assert!(find::load(Some(&file)).is_ok());
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let refused = find::load(Some(&file)).unwrap_err().to_string();
    assert!(refused.contains("everybody may write to it") && refused.contains("chmod o-w"), "{refused}");
}

/// Runs `quarterdeck` in an empty folder with no variables but HOME; exit code and standard output.
fn quarterdeck(arguments: &[&str]) -> (Option<i32>, String) {
    let home = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    let output =
        command.args(arguments).env_clear().env("HOME", home.path()).current_dir(home.path()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

fn of_repository(path: &str) -> String {
    root().join(path).display().to_string()
}

#[test]
fn check_goes_through_everything_and_exits_zero() {
    let (code, told) = quarterdeck(&["check", "--config", &of_repository("examples/rtech/quarterdeck.toml")]);
    assert_eq!(code, Some(0), "{told}");
    for thing in ["configuration", "keymap", "theme", "runbooks", "state"] {
        assert!(told.contains(&format!("ok      {thing}")), "{told}");
    }
}

#[test]
fn check_names_all_that_is_wrong_and_exits_two() {
    let (code, told) = quarterdeck(&["check", "--config", &of_repository("tests/configs/invalid/unknown_keys.toml")]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("did you mean `interval`?") && told.contains("did you mean `summary`?"), "{told}");
}

#[test]
fn without_a_configuration_the_places_and_the_demo_are_named() {
    let (code, told) = quarterdeck(&["check"]);
    assert_eq!(code, Some(2), "{told}");
    for place in ["--config", "QUARTERDECK_CONFIG", "/quarterdeck.toml", ".config/quarterdeck/", "quarterdeck demo"] {
        assert!(told.contains(place), "{place}: {told}");
    }
}

#[test]
fn an_output_that_nobody_reads_ends_a_command_quietly_and_never_with_success() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.args(["--config", &of_repository("examples/rtech/quarterdeck.toml"), "runbook", "list"]);
    let output = command.env_clear().stdout(writer).stderr(std::process::Stdio::piped()).output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(141), ""));
}

#[test]
fn check_online_names_each_reading_that_a_dead_source_owes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quarterdeck.toml");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = format!(
        "environment = {{ name = \"x\", kind = \"staging\" }}\nprometheus = {{ url = \"http://{closed}\" }}\n\
         [[service]]\nname = \"web\"\n[[service.signal]]\nname = \"p95\"\npromql = \"up\"\nunit = \"seconds\"\n"
    );
    std::fs::write(&file, text).unwrap();
    let (code, told) = quarterdeck(&["check", "--online", "--config", &file.display().to_string()]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("ok      configuration") && told.contains("signal web/p95"), "{told}");
}

#[test]
fn completions_know_the_subcommands() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, script) = quarterdeck(&["completions", shell]);
        assert_eq!(code, Some(0));
        assert!(script.contains("runbook") && script.contains("status"), "{shell}");
    }
}

/// The value of the secret in the tests below; nothing may ever show it.
const SECRET: &str = "hunter2-of-the-tests";

fn with_secret(text: &str) -> Result<Config, ConfigErrors> {
    check::parse(text, Path::new("quarterdeck.toml"), &|name| name.starts_with("SECRET").then(|| SECRET.to_owned()))
}

/// A configuration with the secret in all places that take one, and a hole for what a test makes up.
fn secretive(made_up: &str) -> String {
    format!(
        r#"
[environment]
name = "rtech-prod"
kind = "production"
[prometheus]
url = "https://prometheus.example.com"
bearer_token = "${{SECRET}}"
headers = {{ X-Scope-OrgID = "t", X-Api-Key = "${{SECRET}}" }}
{made_up}
[alertmanager]
url = "https://alertmanager.example.com"
basic = {{ user = "on-call", password = "${{SECRET}}" }}
[[service]]
name = "web"
[[service.health]]
name = "live"
url = "https://example.com/health"
headers = {{ Authorization = "Bearer ${{SECRET}}" }}
"#
    )
}

#[test]
fn a_loaded_secret_is_not_in_debug_output() {
    let config = with_secret(&secretive("")).unwrap_or_else(|errors| panic!("{errors}"));
    let shown = format!("{config:?} {config:#?}");
    assert!(!shown.contains(SECRET));
    assert!(shown.contains("•••"));
}

/// The keys of each section: what a slip of the hand could put a secret into.
const KEYS: &[&str] = &[
    "url",
    "bearer_token",
    "bearer_token_file",
    "ca_file",
    "client_cert_file",
    "interval",
    "timeout",
    "max_series",
    "headers",
    "basic",
    "tls",
    "password",
    "toekn",
];

proptest! {
    /// A secret that stands in the wrong key, as the variable or in plain text, alone or with something around it, is not told.
    #[test]
    fn a_misplaced_secret_is_never_told(key in prop::sample::select(KEYS), before in "[a-z:/@]{0,12}", plain: bool) {
        let value = if plain { SECRET } else { "${SECRET}" };
        for made_up in [format!("{key} = \"{before}{value}\""), format!("{key} = [\"{value}\"]"), format!("{key}.x = \"{value}\"")] {
            let text = secretive("").replace("bearer_token = \"${SECRET}\"\n", &format!("{made_up}\n"));
            if let Err(errors) = with_secret(&text) {
                let told = format!("{errors} {errors:?}");
                prop_assert!(!told.contains(SECRET), "{}", told);
            }
        }
    }

    /// Whatever stands in a string, expansion ends with a value or an error, and an error never tells what a variable holds.
    #[test]
    fn expansion_never_panics_and_never_tells_a_value(raw in r"([$]|[{]|[}]|:-|SECRET|UNSET|[a-zé ]|[$][{]SECRET[}]){0,24}") {
        let variable = |name: &str| (name == "SECRET").then(|| SECRET.to_owned());
        if let Err(error) = quarterdeck::config::expand::expand(&raw, &variable) {
            prop_assert!(!error.to_string().contains(SECRET) && !error.hint().contains(SECRET));
        }
    }

    /// Any text at all is a configuration or is refused with at least one error that names the file.
    #[test]
    fn any_text_is_loaded_or_refused(text in r#"(\[{1,2}[a-z.]{1,12}\]{1,2}\n|[a-z_]{1,9} = |"[^"]{0,9}"|[0-9.]{1,4}|[\[\]{}=,#\n]|.){0,40}"#) {
        if let Err(errors) = with_secret(&text) {
            prop_assert!(errors.to_string().starts_with("quarterdeck.toml"));
        }
    }
}
