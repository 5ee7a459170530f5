//! `quarterdeck logs`, the real binary, on a scripted AWS.

use quarterdeck::clock::Now;

use super::logs::{event, page};
use super::server::{Request, Server, json_error};

/// The whole binary on the scripted AWS.
async fn printed(server: &Server, arguments: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("q.toml");
    let text = format!(
        "[environment]\nname = \"t\"\nkind = \"development\"\n[aws]\nregion = \"us-east-1\"\nendpoint = \"{}\"\n\
         [[service]]\nname = \"web\"\n[[service.log]]\nname = \"app\"\ngroups = [\"/gone\", \"/there\"]\n",
        server.url()
    );
    std::fs::write(&file, text).unwrap();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.args(["logs", "web"]).args(arguments).arg("--config").arg(&file).env_clear().env("HOME", home.path());
    command.env("AWS_ACCESS_KEY_ID", "AKIDTEST").env("AWS_SECRET_ACCESS_KEY", "secret");
    let output = command.output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn what_a_headless_log_could_not_read_is_on_standard_error_and_in_the_exit_code() {
    let at = Now::read().wall.as_millisecond() - 5_000;
    let events = [event("1", at, "ERROR no\u{1b}[2J"), event("2", at + 1, r#"{"level":"warn","msg":"slow","ms":9}"#)];
    let server = Server::start(move |request: &Request| match request.json["logGroupName"].as_str() {
        Some("/gone") => json_error(400, "ResourceNotFoundException", "The specified log group does not exist."),
        _ => page(&events, None),
    })
    .await;
    let (code, out, said) = printed(&server, &["--filter", "?x"]).await;
    assert_eq!(code, Some(3), "{out}{said}");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].ends_with("Z       s/1 ERROR no\u{fffd}[2J"), "{out}");
    assert!(lines[1].ends_with("Z WARN  s/1 slow ms=9") && lines.len() == 2, "{out}");
    assert!(said.contains("does not exist"), "{said}");
    assert_eq!(server.seen("FilterLogEvents")[0].json["filterPattern"], "?x");
    let whole = Server::start(|_| page(&[], None)).await;
    assert_eq!(printed(&whole, &[]).await, (Some(0), String::new(), String::new()));
}

#[tokio::test]
async fn more_than_one_poll_reads_is_told_as_skipped() {
    let at = Now::read().wall.as_millisecond();
    let server = Server::start(move |_| page(&[event("1", at, "x")], Some("same"))).await;
    let (code, out, said) = printed(&server, &[]).await;
    assert_eq!(code, Some(3), "{out}{said}");
    assert!(said.contains("lines were skipped from "), "{said}");
}
