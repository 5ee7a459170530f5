//! Configurations: what is valid loads, what is not is refused with file, line, key and what to write instead.

use std::path::{Path, PathBuf};

use quarterdeck::config::check;

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
fn valid_configurations_load() {
    let files = toml_files(&root().join("tests/configs/valid"));
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        if let Err(errors) = check::parse(&text, &file, &variable) {
            panic!("{errors}");
        }
    }
}
