//! A plan in words: the same in the confirmation and in the journal.

use super::clip::width;
use super::page::{LABEL, Page, pad, piece};
use super::pen::Bit;
use super::{age, signs, words};
use crate::action::{Change, DebtChange, Decision, Plan, Undo, Verdict};
use crate::config::theme::Role;

/// What is changed, and in which account and region.
pub fn target(page: &mut Page, plan: &Plan) {
    let place = match plan.account.is_empty() {
        true => String::new(),
        false => format!("account {} · {} · ", plan.account, plan.region),
    };
    page.field("target", &[piece(Role::Text, place), piece(Role::Title, arn_tail(plan.target_arn.as_str()))]);
}

/// The part of an ARN that names the thing: what stands behind the account.
fn arn_tail(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}

/// What changes: absolute values, before → after. Lines whose sides are equal follow on one line: facts to know.
pub fn changes(page: &mut Page, changes: &[Change], titles: [&str; 3]) {
    let (moves, facts): (Vec<&Change>, Vec<&Change>) = changes.iter().partition(|change| change.is_change());
    if !moves.is_empty() {
        table(page, &moves, titles);
    }
    if !facts.is_empty() {
        let facts: Vec<String> = facts.iter().map(|fact| format!("{} {}", fact.what, fact.before)).collect();
        page.field("stays", &[piece(Role::Muted, facts.join(" · "))]);
    }
}

fn table(page: &mut Page, changes: &[&Change], titles: [&str; 3]) {
    let widest = |text: fn(&Change) -> &str, title: &str| {
        changes.iter().map(|change| width(text(change))).chain([width(title)]).max().unwrap_or(0)
    };
    let limit = page.width().saturating_sub(3) / 3;
    let what = (widest(|change| &change.what, titles[0]) + 2).clamp(LABEL, limit.max(LABEL));
    let before = widest(|change| &change.before, titles[1]).min(limit);
    let head = [pad(titles[0], what), pad(titles[1], before), "   ".to_owned(), titles[2].to_owned()];
    page.row(head.into_iter().map(|title| piece(Role::Muted, title)).collect());
    for change in changes {
        let fits = width(&change.before) <= before && what + before + 3 + width(&change.after) <= page.width();
        match fits {
            true => beside(page, change, what, before),
            false => below(page, change, what),
        }
    }
}

/// What was and what will be, side by side.
fn beside(page: &mut Page, change: &Change, what: usize, before: usize) {
    let row = [
        piece(Role::Text, pad(&change.what, what)),
        piece(Role::Text, pad(&change.before, before)),
        piece(Role::Muted, " → "),
        piece(Role::Title, &change.after),
    ];
    page.pieces(what, &row);
}

/// What will be on a row of its own, below what was: neither is cut off, and none stands in the other's column.
fn below(page: &mut Page, change: &Change, what: usize) {
    page.pieces(what, &[piece(Role::Text, pad(&change.what, what)), piece(Role::Text, &change.before)]);
    let arrow = format!("{}→ ", " ".repeat(what));
    page.pieces(what + 2, &[piece(Role::Muted, arrow), piece(Role::Title, &change.after)]);
}

/// What the plan rests on, and when that was read.
pub fn observed(page: &mut Page, plan: &Plan) {
    let seen = &plan.observation;
    let counts = format!("{} at {}", plan.action.observed(seen), words::clock(seen.taken));
    let mut pieces = vec![piece(Role::Text, counts)];
    pieces.extend(firing(plan));
    page.field("observed", &pieces);
}

fn firing(plan: &Plan) -> Option<Bit<'static>> {
    match &plan.observation.firing {
        None => Some(piece(Role::Unknown, "; alarms could not be read")),
        Some(names) if names.is_empty() && plan.observation.held_back.is_empty() => {
            Some(piece(Role::Text, "; no alarm fires for it"))
        }
        Some(names) if names.is_empty() => {
            let held: Vec<&str> = plan.observation.held_back.iter().map(|name| name.as_str()).collect();
            Some(piece(Role::Warning, format!("; held back: {}", held.join(", "))))
        }
        Some(names) => {
            let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            Some(piece(Role::Critical, format!("; ▲ fires: {}", names.join(", "))))
        }
    }
}

/// How it is undone.
pub fn undo(page: &mut Page, plan: &Plan) {
    match &plan.undo {
        Undo::Action { action } => {
            let own = piece(Role::Muted, ", a plan of its own");
            page.field("undo", &[piece(Role::Text, action.to_string()), own]);
        }
        Undo::Impossible { reason } => {
            page.field("undo", &[piece(Role::Warning, "cannot be undone: "), piece(Role::Text, reason)]);
        }
    }
}

/// What will be sent, call by call.
pub fn sends(page: &mut Page, plan: &Plan) {
    for (index, step) in plan.steps.iter().enumerate() {
        let label = if index == 0 { "sends" } else { "then" };
        let once = piece(Role::Muted, ", once, no retries");
        let mut pieces = vec![piece(Role::Title, step.call.to_string()), once];
        if !step.bake.is_zero() && index + 1 < plan.steps.len() {
            pieces.push(piece(Role::Text, format!("; gates for {}", age::window(step.bake))));
        }
        page.field(label, &pieces);
    }
    for (index, step) in plan.on_failure.iter().enumerate() {
        let label = if index == 0 { "on fail" } else { "then" };
        page.field(label, &[piece(Role::Warning, step.call.to_string()), piece(Role::Muted, ", once, no retries")]);
    }
}

/// What is watched afterwards, and how long.
pub fn watches(page: &mut Page, plan: &Plan) {
    let deadline = age::window(plan.steady_deadline);
    let ends = if plan.gates.is_empty() { "DONE, FAILED or UNKNOWN" } else { "DONE, FAILED, INCONCLUSIVE or UNKNOWN" };
    let text = format!("reads back until steady, at most {deadline}; ends {ends}");
    page.field("watches", &[piece(Role::Text, text)]);
    if !plan.gates.is_empty() {
        let gates: Vec<String> = plan.gates.iter().map(ToString::to_string).collect();
        let text = format!("{} for {}", gates.join("; "), age::window(plan.gate_window));
        page.field("gates", &[piece(Role::Text, text)]);
    }
}

/// What the calls cost and what is left open by them, where they do.
pub fn consequences(page: &mut Page, plan: &Plan) {
    if let Some(cost) = &plan.cost {
        page.field("cost", &[piece(Role::Text, cost)]);
    }
    if let Some((what, until)) = plan.debt.as_ref().and_then(DebtChange::left) {
        let until = until.map_or_else(|| "until it is undone".to_owned(), |at| format!("due {}", words::moment(at)));
        page.field("leaves", &[piece(Role::Warning, what), piece(Role::Text, format!(", {until}"))]);
    }
}

/// One guard a line, with what it rests on.
pub fn guard(page: &mut Page, verdict: &Verdict) {
    let sign = signs::decision(verdict.decision);
    let evidence = if verdict.decision == Decision::Allow { Role::Muted } else { Role::Text };
    let name = piece(Role::Title, format!("{}: ", verdict.guard));
    page.pieces(LABEL, &[sign.piece(LABEL), name, piece(evidence, &verdict.evidence)]);
}

/// The verdicts of one decision.
pub fn verdicts_of(verdicts: &[Verdict], decision: Decision) -> impl Iterator<Item = &Verdict> {
    verdicts.iter().filter(move |verdict| verdict.decision == decision)
}

/// All guards, one a line, the denied first.
pub fn guards(page: &mut Page, verdicts: &[Verdict]) {
    for decision in [Decision::Deny, Decision::Ask, Decision::Allow] {
        verdicts_of(verdicts, decision).for_each(|verdict| guard(page, verdict));
    }
}

/// All guards: those that deny or ask in full, those that allow on as few lines as their names need.
pub fn guards_folded(page: &mut Page, verdicts: &[Verdict]) {
    for decision in [Decision::Deny, Decision::Ask] {
        verdicts_of(verdicts, decision).for_each(|verdict| guard(page, verdict));
    }
    let names: Vec<&str> = verdicts_of(verdicts, Decision::Allow).map(|verdict| verdict.guard.as_str()).collect();
    if !names.is_empty() {
        let sign = signs::decision(Decision::Allow);
        page.pieces(LABEL, &[sign.piece(LABEL), piece(Role::Muted, names.join(" · "))]);
    }
}
