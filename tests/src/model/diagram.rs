//! The diagram of the table, drawn from what workers were seen to do.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use evergrant::connection::policy::Policy;
use evergrant::connection::transition::{self, Event, Progress, Step, What, Worker};

use super::pair::Pair;

/// A kind of step, what happened, and the kind of step after it.
type Edge = (&'static str, &'static str, &'static str);

thread_local! {
    static SEEN: RefCell<Option<BTreeSet<Edge>>> = const { RefCell::new(None) };
}

/// What workers are seen to do meanwhile, in this thread.
pub fn watch(meanwhile: impl FnOnce()) -> BTreeSet<Edge> {
    SEEN.set(Some(BTreeSet::new()));
    meanwhile();
    SEEN.take().unwrap_or_default()
}

/// The shipping table, watched.
pub(super) fn next(policy: &Policy, worker: Worker<Pair>, event: Event<Pair>) -> (Worker<Pair>, Progress) {
    let (from, what) = (step(&worker.step), what(&event.what));
    let (worker, progress) = transition::next(policy, worker, event);
    if progress == Progress::NewStep {
        SEEN.with_borrow_mut(|seen| {
            if let Some(seen) = seen {
                seen.insert((from, what, step(&worker.step)));
            }
        });
    }
    (worker, progress)
}

fn step(step: &Step<Pair>) -> &'static str {
    match step {
        Step::Load { .. } => "Load",
        Step::Save { claim: Some(_), .. } => "Claim",
        Step::Save { .. } => "Save",
        Step::Send { .. } => "Send",
        Step::Exchange { .. } => "Exchange",
        Step::Revoke { .. } => "Revoke",
        Step::Wait { .. } => "Wait",
        Step::Done(_) => "Done",
        _ => "?",
    }
}

fn what(what: &What<Pair>) -> &'static str {
    match what {
        What::Loaded { .. } => "loaded",
        What::Saved { .. } => "saved",
        What::Conflict { .. } => "conflict",
        What::StoreFailed { .. } => "failed",
        What::Learnt(_) => "learnt",
        What::Silent => "silent",
        What::Revoked => "revoked",
        What::Woke => "woke",
        _ => "?",
    }
}

/// The edges as a diagram in Mermaid's words.
pub fn mermaid(edges: &BTreeSet<Edge>) -> String {
    let mut labels: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (from, what, to) in edges {
        labels.entry((from, to)).or_default().insert(what);
    }
    let mut text = String::from("```mermaid\nstateDiagram-v2\n    [*] --> Load\n");
    for ((from, to), whats) in labels {
        let whats: Vec<_> = whats.into_iter().collect();
        let _ = writeln!(text, "    {from} --> {to}: {}", whats.join(", "));
    }
    text.push_str("    Done --> [*]\n```\n");
    text
}
