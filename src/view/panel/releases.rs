//! Releases: the revision that runs and those before it, with their images; deployments; tasks that stopped; events.

use std::time::Duration;

use jiff::Timestamp;

use ratatui::layout::Rect;

use crate::config::Service;
use crate::config::theme::Role;
use crate::source::{
    Image, Measured, Registered, Releases, Revision, ServiceDeployment, StoppedTask, Subject, Workload,
};
use crate::state::State;
use crate::view::part::page::{Page, paint_scrolled, piece};
use crate::view::part::reading::{state_behind, tone, trouble};
use crate::view::part::{Bit, Pen, age, bit};

/// Revisions, deployments, groups of stopped tasks and events that are listed, each.
const LISTED: usize = 6;

/// Draws the panel.
pub fn draw(area: Rect, service: &Service, scroll: usize, state: &State, pen: &mut Pen<'_>) {
    let subject = Subject::Releases { service: service.name.clone() };
    let measured: Measured<'_, Releases> = state.readings.of(&state.config, &subject, state.now);
    let workload = state.readings.workload(&state.config, &service.name, state.now);
    let mut page = Page::new(area.width);
    if let Some(line) = trouble("releases", &measured) {
        page.pieces(2, &line);
    }
    if let Some((releases, _)) = measured.value() {
        let look = Look { releases, measured: &measured, state };
        look.missing(&mut page);
        look.revisions(&mut page, workload.value().map(|(workload, _)| workload));
        look.older_pushes(&mut page);
        look.stopped(&mut page);
        look.deployments(&mut page);
    }
    events(&mut page, &workload, state);
    paint_scrolled(area, page.rows(), scroll, pen);
}

/// What was read, and how fresh it is.
struct Look<'a> {
    releases: &'a Releases,
    measured: &'a Measured<'a, Releases>,
    state: &'a State,
}

impl Look<'_> {
    /// A piece in a role of live values.
    fn bit(&self, role: Role, text: impl AsRef<str>) -> Bit<'static> {
        piece(tone(self.measured, role), text)
    }

    fn missing(&self, page: &mut Page) {
        for missing in &self.releases.missing {
            page.field("missing", &[bit(Role::Unknown, format!("NOT KNOWN: {missing}"))]);
        }
    }

    /// The revision in use first, the others below.
    fn revisions(&self, page: &mut Page, workload: Option<&Workload>) {
        let current = workload.map_or("", |workload| workload.task_definition.as_str());
        let (used, others): (Vec<&Revision>, Vec<&Revision>) =
            self.releases.revisions.iter().partition(|revision| revision.id.as_str() == current);
        for revision in &used {
            let mut pieces = self.revision(revision);
            pieces.extend(state_behind(self.measured));
            page.field("in use", &pieces);
            revision.images.iter().for_each(|image| page.field("image", &self.image(image)));
        }
        if used.is_empty() && !self.releases.revisions.is_empty() {
            page.field("in use", &[self.bit(Role::Unknown, "not among the newest revisions")]);
        }
        for (index, revision) in others.iter().take(LISTED).enumerate() {
            let mut pieces = self.revision(revision);
            let gone = revision.images.iter().filter(|image| image.registry == Registered::Missing);
            pieces
                .extend(gone.map(|image| self.bit(Role::Warning, format!("  {} NOT IN ITS REGISTRY", image.short()))));
            page.field(if index == 0 { "others" } else { "" }, &pieces);
        }
    }

    /// `rtech-app:41 registered 2d ago by ci-deploy`.
    fn revision(&self, revision: &Revision) -> Vec<Bit<'static>> {
        let when = revision.registered.map(|at| format!("  registered {} ago", self.ago(at))).unwrap_or_default();
        let by = revision.registered_by.as_ref().map(|arn| format!(" by {}", who(arn.as_str()))).unwrap_or_default();
        let mut pieces = vec![self.bit(Role::Text, revision.id.as_str()), self.bit(Role::Muted, when + &by)];
        if revision.status.as_str() != "ACTIVE" {
            pieces.push(self.bit(Role::Warning, format!("  {}", revision.status)));
        }
        pieces
    }

    /// `rtech-app:3f1c2a9  sha256:9f86d081  pushed 2d ago  CRITICAL 1 · HIGH 3`.
    fn image(&self, image: &Image) -> Vec<Bit<'static>> {
        let mut pieces = vec![self.bit(Role::Text, image.short())];
        match &image.registry {
            Registered::NotAsked => pieces.push(self.bit(Role::Muted, "  its registry is not asked")),
            Registered::Missing => pieces.push(self.bit(Role::Critical, "  NOT IN ITS REGISTRY: no task can start")),
            Registered::Failed { reason } => {
                pieces.push(self.bit(Role::Unknown, format!("  registry NOT KNOWN: {reason}")));
            }
            Registered::Found { digest, pushed, findings, scan } => {
                let pushed = pushed.map(|at| format!("  pushed {} ago", self.ago(at))).unwrap_or_default();
                pieces.push(self.bit(Role::Muted, format!("  {}{pushed}", short_digest(digest.as_str()))));
                let scan = scan.as_ref().map(|scan| scan.as_str());
                let (role, text) = scan_words(findings.as_deref(), scan);
                pieces.push(self.bit(role, format!("  {text}")));
            }
        }
        pieces
    }

    fn older_pushes(&self, page: &mut Page) {
        for (running, image) in self.releases.older_pushes() {
            let tasks = if running.tasks == 1 { "1 task runs" } else { &format!("{} tasks run", running.tasks) };
            let text = format!("{tasks} an older push of {}: {}", image.short(), short_digest(running.digest.as_str()));
            page.field("", &[self.bit(Role::Warning, text)]);
        }
    }

    /// Grouped by revision and reason, the newest first.
    fn stopped(&self, page: &mut Page) {
        let mut groups: Vec<(String, Vec<&StoppedTask>)> = Vec::new();
        for task in &self.releases.stopped {
            let key = format!("{} {}", task.task_definition, task.why());
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, tasks)) => tasks.push(task),
                None => groups.push((key, vec![task])),
            }
        }
        let known = !self.releases.missing.iter().any(|part| part.as_str().starts_with("stopped tasks"));
        if groups.is_empty() && known {
            page.field("stopped", &[self.bit(Role::Muted, "no task within the last hour")]);
        }
        for (index, (key, tasks)) in groups.iter().take(LISTED).enumerate() {
            page.field(if index == 0 { "stopped" } else { "" }, &self.group(key, tasks));
        }
        if groups.len() > LISTED {
            page.field("", &[self.bit(Role::Muted, format!("and {} other reasons", groups.len() - LISTED))]);
        }
    }

    fn group(&self, key: &str, tasks: &[&StoppedTask]) -> Vec<Bit<'static>> {
        let failed = tasks.iter().any(|task| task.failed());
        let role = if failed { Role::Critical } else { Role::Text };
        let newest = tasks.iter().filter_map(|task| task.stopped).max();
        let when = newest.map(|at| format!(", {} ago", self.ago(at))).unwrap_or_default();
        let word = if failed { "FAILED" } else { "stopped" };
        vec![self.bit(role, format!("{} × {word} ", tasks.len())), self.bit(Role::Text, format!("{key}{when}"))]
    }

    fn deployments(&self, page: &mut Page) {
        for (index, deployment) in self.releases.deployments.iter().take(LISTED).enumerate() {
            page.field(if index == 0 { "deployed" } else { "" }, &self.deployment(deployment));
        }
    }

    fn deployment(&self, deployment: &ServiceDeployment) -> Vec<Bit<'static>> {
        let (role, word) = match deployment.status.as_str() {
            "SUCCESSFUL" => (Role::Good, "done"),
            "PENDING" | "IN_PROGRESS" => (Role::Warning, "ROLLING"),
            "ROLLBACK_SUCCESSFUL" => (Role::Critical, "ROLLED BACK"),
            "ROLLBACK_FAILED" => (Role::Critical, "ROLLBACK FAILED"),
            _ if deployment.rolled_back => (Role::Critical, "ROLLING BACK"),
            "STOPPED" | "STOP_REQUESTED" => (Role::Warning, "STOPPED"),
            other => (Role::Unknown, other),
        };
        let brought = deployment.task_definition.as_ref().map_or("not told which revision", |brought| brought.as_str());
        let when = deployment.finished.or(deployment.started).or(deployment.created);
        let when = when.map(|at| format!("  {} ago", self.ago(at))).unwrap_or_default();
        let why = deployment.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        vec![
            self.bit(role, format!("{word} ")),
            self.bit(Role::Text, brought),
            self.bit(Role::Muted, format!("{when}{why}")),
        ]
    }

    fn ago(&self, at: Timestamp) -> String {
        age::short(since(self.state, at))
    }
}

fn since(state: &State, at: Timestamp) -> Duration {
    age::since(state.now.wall, at)
}

/// The last part of an ARN: the role's session or the user.
fn who(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// `sha256:9f86d081`.
fn short_digest(digest: &str) -> String {
    let (kind, hex) = digest.split_once(':').unwrap_or(("", digest));
    let hex: String = hex.chars().take(8).collect();
    if kind.is_empty() { hex } else { format!("{kind}:{hex}") }
}

/// Findings by severity, the worst first; what was not scanned is not clean.
fn scan_words(findings: Option<&[(crate::text::Text, u32)]>, scan: Option<&str>) -> (Role, String) {
    let Some(findings) = findings else {
        return (Role::Muted, scan.map_or("not scanned".to_owned(), |scan| format!("scan {scan}")));
    };
    let found: Vec<&(crate::text::Text, u32)> = findings.iter().filter(|(_, count)| *count > 0).collect();
    if found.is_empty() {
        return (Role::Good, "scanned: nothing found".to_owned());
    }
    let bad = found.iter().any(|(severity, _)| matches!(severity.as_str(), "CRITICAL" | "HIGH"));
    let words: Vec<String> = found.iter().map(|(severity, count)| format!("{severity} {count}")).collect();
    (if bad { Role::Warning } else { Role::Text }, words.join(" · "))
}

/// The service's newest events.
fn events(page: &mut Page, measured: &Measured<'_, Workload>, state: &State) {
    let Some((workload, _)) = measured.value() else { return };
    for (index, event) in workload.events.iter().take(LISTED).enumerate() {
        let pieces = [
            bit(tone(measured, Role::Muted), format!("{} ago ", age::short(since(state, event.at)))),
            bit(tone(measured, Role::Text), event.message.to_string()),
        ];
        page.field(if index == 0 { "events" } else { "" }, &pieces);
    }
}
