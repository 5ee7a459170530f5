//! What `http` and `exec` have in common: everything is fixed by the declaration; the plan shows it whole, rests on its digest,
//! and is judged by its read-back.

use std::collections::BTreeMap;

use super::exec::Exec;
use super::http::Http;
use super::{
    Act, Action, Call, Change, DebtChange, Draft, Effect, Objection, PlanFailure, Scene, Sight, Stage, Step, Undo,
    given::Given, plan::sha256, quoted,
};
use crate::config::error::did_you_mean;
use crate::config::{Config, Declared, How, ReadBack};
use crate::source::{Look, Name, Observation, SeenBack, SeenDeclared};
use crate::text::Text;

/// An action whose whole content the configuration declares.
pub trait Declares {
    /// Its name: `http` or `exec`.
    const ACTION: &'static str;

    /// The service.
    fn service(&self) -> &Name;

    /// The declared action.
    fn name(&self) -> &Name;
}

/// The action that carries a declaration out.
pub fn action_of(declared: &Declared) -> Action {
    let (service, name) = (declared.service.clone(), declared.name.clone());
    match declared.how {
        How::Http(_) => Action::Http(Http { service, name }),
        How::Exec(_) => Action::Exec(Exec { service, name }),
    }
}

/// Whether an action of that name is one that is declared.
pub fn is_declared(action: &str) -> bool {
    action == Http::ACTION || action == Exec::ACTION
}

/// The services for which such an action is declared.
pub(super) fn targets<T: Declares>(config: &Config) -> Vec<Name> {
    let has = |service: &Name| config.actions.iter().any(|one| one.action() == T::ACTION && one.service == *service);
    config.services.iter().map(|service| service.name.clone()).filter(has).collect()
}

/// The name, which is the only argument.
pub(super) fn name(action: &'static str, arguments: &[(String, String)]) -> Result<Name, PlanFailure> {
    let usage = match action {
        Exec::ACTION => "write `exec SERVICE name=NAME`, the name of an [[action]] with exec",
        _ => "write `http SERVICE name=NAME`, the name of an [[action]] with http",
    };
    let mut given = Given::new(action, usage, arguments);
    let name = Name::from(given.need("name")?);
    given.done()?;
    Ok(name)
}

/// The declaration.
fn find<'a, T: Declares>(action: &T, config: &'a Config) -> Result<&'a Declared, PlanFailure> {
    let (service, name) = (action.service(), action.name());
    let found = config.declared(service, name).filter(|declared| declared.action() == T::ACTION);
    found.ok_or_else(|| {
        let (reason, hint) = unknown(action, config);
        PlanFailure::new(&reason, &hint)
    })
}

/// Why there is no such declaration, and which there are.
fn unknown<T: Declares>(action: &T, config: &Config) -> (String, String) {
    let (service, name) = (action.service(), action.name());
    let of_service = config.actions.iter().filter(|one| one.service == *service && one.action() == T::ACTION);
    let known: Vec<&str> = of_service.map(|one| one.name.as_str()).collect();
    let reason = format!(
        "the configuration declares no {} `{name}` of {service}{}",
        T::ACTION,
        did_you_mean(name, known.iter().copied())
    );
    let hint = match known.is_empty() {
        true => format!("declare it: [[action]] with name, service, title and {} = {{ … }}", T::ACTION),
        false => format!("there are: {}", known.join(", ")),
    };
    (reason, hint)
}

/// The call of a declaration: what is shown, and what is sent if it is the same by then.
pub fn call(declared: &Declared) -> Call {
    let (service, name, declaration) = (declared.service.clone(), declared.name.clone(), declared.digest());
    match &declared.how {
        How::Http(request) => Call::DeclaredRequest {
            service,
            name,
            declaration,
            method: request.method.clone(),
            url: request.url.to_string(),
            content_type: request.body.as_ref().map(|(kind, _)| kind.clone()),
            body: request.body.as_ref().map(|(_, body)| body.clone()),
            body_sha256: request.body.as_ref().map(|(_, body)| sha256(body)),
            timeout_seconds: request.timeout.as_secs(),
        },
        How::Exec(command) => Call::DeclaredCommand {
            service,
            name,
            declaration,
            command: command.command.clone(),
            directory: command.directory.display().to_string(),
            env: command.env.clone(),
            timeout_seconds: command.timeout.as_secs(),
        },
    }
}

/// A command line as a shell would take it.
pub(super) fn line(command: &[String]) -> String {
    command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// What is changed: requests of a service to one server, or commands for it, exclude each other.
fn target(declared: &Declared) -> Text {
    Text::clean(&match &declared.how {
        How::Http(request) => format!("http:{}@{}", declared.service, request.url.origin().ascii_serialization()),
        How::Exec(_) => format!("exec:{}", declared.service),
    })
}

fn undo(declared: &Declared, config: &Config) -> Undo {
    let way_back = declared.undo.as_ref().and_then(|name| config.declared(&declared.service, name));
    match way_back {
        Some(other) => Undo::Action { action: action_of(other) },
        None => Undo::Impossible { reason: "no way back is declared".to_owned() },
    }
}

/// What it leaves open, under the name of what puts it back; or what it puts back itself.
fn debt(declared: &Declared, config: &Config) -> Option<DebtChange> {
    if let Some(leaves) = &declared.leaves {
        return Some(DebtChange::opens(declared.undo.as_ref().unwrap_or(&declared.name), &leaves.what));
    }
    let is_way_back = |other: &&Declared| {
        other.service == declared.service && other.leaves.is_some() && other.undo.as_ref() == Some(&declared.name)
    };
    config.actions.iter().find(is_way_back).map(|_| DebtChange::settles(declared.name.as_str()))
}

/// From what to what: absolute, as far as anything reads it back.
fn change(declared: &Declared, seen: &SeenDeclared) -> Result<Change, PlanFailure> {
    let Some(back) = &seen.read_back else {
        return Ok(Change::new(&declared.title, "not known: nothing reads it back", "only its answer will be known"));
    };
    match &back.expected {
        Some(expected) if *expected == back.value => Err(PlanFailure::new(
            &format!("nothing would change: {} is {} already", back.what, back.value),
            "leave it as it is, or look at the [[action]]'s read_back",
        )),
        Some(expected) => Ok(Change::new(&back.what, &back.value, expected)),
        None => Ok(Change::new(&back.what, &back.value, "another")),
    }
}

fn changes(declared: &Declared, seen: &SeenDeclared) -> Result<Vec<Change>, PlanFailure> {
    let same = |what: &str, value: &str| Change::new(what, value, value);
    let mut lines = vec![change(declared, seen)?, same("does", &declared.title)];
    lines.extend(declared.reason.as_ref().map(|reason| same("why", reason)));
    match &declared.how {
        How::Http(request) => {
            lines.extend(request.body.as_ref().map(|(_, body)| same("body", &Text::clean(body))));
            lines.push(same("success", &request.success.to_string()));
        }
        How::Exec(command) => {
            let codes: Vec<_> = command.success.iter().map(ToString::to_string).collect();
            lines.push(same("success", &format!("exit code {}", codes.join(", "))));
        }
    }
    lines.push(same("a repeat", if declared.idempotent { "is harmless, as declared" } else { "would do it again" }));
    let figure = seen.read_back.as_ref().and_then(|back| back.figure.as_ref());
    lines.extend(figure.map(|figure| same("reads now", figure)));
    let program = seen.program.as_ref().map(|program| same("program", &program.stamp));
    lines.extend(program);
    Ok(lines)
}

fn read(found: &Observation) -> Result<&SeenDeclared, PlanFailure> {
    found.declared.as_ref().ok_or_else(|| PlanFailure::new("the declaration was not read", "make the plan again"))
}

/// Where nothing reads it back, its answer is all that is known.
fn told(scene: &Scene<'_>) -> Sight {
    match scene.made.get(&scene.step) {
        Some(answer) => Sight {
            words: format!("{answer}; nothing reads its effect back"),
            effect: Effect::Shows,
            stage: Stage::Told,
            made: Some(answer.clone()),
        },
        None => unclear("nothing reads its effect back"),
    }
}

fn unclear(words: &str) -> Sight {
    Sight { words: words.to_owned(), effect: Effect::Unclear, stage: Stage::Moving, made: None }
}

/// What the value tells: as expected, as before, or neither.
fn judged(before: &SeenBack, now: &SeenBack) -> Sight {
    let figure = now.figure.as_ref().map(|figure| format!(" ({figure})")).unwrap_or_default();
    let words = format!("{}: {}{figure}", now.what, now.value);
    let as_before = now.value == before.value;
    let expected = now.expected.as_ref().map_or(!as_before, |expected| *expected == now.value);
    let (effect, stage) = match (expected, as_before) {
        (true, _) => (Effect::Shows, Stage::Steady),
        (false, true) => (Effect::AsBefore, Stage::Moving),
        (false, false) => (Effect::Unclear, Stage::Moving),
    };
    Sight { words, effect, stage, made: None }
}

impl<T: Declares> Act for T {
    fn target(&self) -> &Name {
        self.service()
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name().to_string())]
    }

    fn look(&self, config: &Config) -> Result<Look, PlanFailure> {
        find(self, config)?;
        Ok(Look { declared: Some(self.name().clone()), ..Look::of_nothing(self.service()) })
    }

    fn draft(&self, found: &Observation, config: &Config) -> Result<Draft, PlanFailure> {
        let (declared, seen) = (find(self, config)?, read(found)?);
        let timeout = match &declared.how {
            How::Http(request) => request.timeout,
            How::Exec(command) => command.timeout,
        };
        Ok(Draft {
            target_id: target(declared),
            changes: changes(declared, seen)?,
            steps: vec![Step::new(declared.title.clone(), call(declared))],
            undo: undo(declared, config),
            debt: debt(declared, config),
            lasts: declared.leaves.as_ref().and_then(|leaves| leaves.due),
            within: Some(timeout.saturating_add(declared.patience)),
            gated: true,
            ..Draft::default()
        })
    }

    /// The declaration itself, the value that is changed, and the program.
    fn facts(&self, found: &Observation) -> BTreeMap<String, String> {
        let Some(seen) = &found.declared else { return BTreeMap::new() };
        let mut facts = BTreeMap::from([("declaration".to_owned(), seen.digest.clone())]);
        facts.extend(seen.read_back.as_ref().map(|back| ("read back".to_owned(), back.value.to_string())));
        facts.extend(seen.program.as_ref().map(|program| ("program".to_owned(), program.stamp.to_string())));
        facts
    }

    fn sight(&self, scene: &Scene<'_>, found: &Observation) -> Sight {
        let before = scene.plan.observation.declared.as_ref();
        match (before, &found.declared) {
            (Some(before), Some(now)) => match (&before.read_back, &now.read_back) {
                (Some(before), Some(now)) => judged(before, now),
                (None, None) => told(scene),
                _ => unclear("its read-back was declared anew since"),
            },
            _ => unclear("the declaration was not read"),
        }
    }

    fn observed(&self, found: &Observation) -> String {
        let Some(seen) = &found.declared else { return "the declaration was not read".to_owned() };
        match &seen.read_back {
            Some(back) => format!("{}: {}", back.what, back.value),
            None => "nothing reads it back".to_owned(),
        }
    }

    fn objection(&self, config: &Config) -> Option<Objection> {
        let failure = find(self, config).err()?;
        let (reason, hint) = (failure.reason.to_string(), failure.hint.to_string());
        Some(Objection { argument: Some("name"), reason, hint: Some(hint) })
    }
}

/// What reads a declaration's outcome back, in words.
pub(super) fn reads_back(declared: &Declared) -> Option<String> {
    Some(match declared.read_back.as_ref()? {
        ReadBack::Value { what, .. } => what.clone(),
        ReadBack::Signal { signal, .. } => signal.to_string(),
    })
}
