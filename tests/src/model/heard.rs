//! What the workers of one run were told, in order: for those who play it again.

use std::hash::{Hash, Hasher};

use evergrant::base::time::Now;
use evergrant::connection::transition::{Goal, Step, What, Worker};

use super::pair::Pair;

/// Everything that was told, where a scenario records it. Two situations are the same whatever was told before.
#[derive(Clone, Debug, Default)]
pub struct Heard(pub Vec<Told>);

/// One thing that one worker was told.
#[derive(Clone, Debug)]
pub struct Told {
    /// The worker.
    pub holder: u128,
    /// When it began, on its own clocks.
    pub begun: Now,
    /// What it is for.
    pub goal: Goal,
    /// What it adopts.
    pub adopts: Option<Pair>,
    /// When, on its own clocks.
    pub now: Now,
    /// What.
    pub what: What<Pair>,
    /// What it does then.
    pub then: Step<Pair>,
    /// The version that the store has then.
    pub version: i64,
    /// Whether the worker had come to an end before.
    pub ended_before: bool,
}

impl Told {
    /// What a worker is about to be told.
    pub fn before(worker: &Worker<Pair>, now: Now, what: &What<Pair>) -> Self {
        Self {
            holder: worker.holder,
            begun: worker.begun,
            goal: worker.goal,
            adopts: worker.adopts,
            now,
            what: what.clone(),
            then: worker.step.clone(),
            version: 0,
            ended_before: worker.goal == Goal::Settle || matches!(worker.step, Step::Done(_)),
        }
    }

    /// What came of it.
    #[must_use]
    pub fn then(mut self, worker: &Worker<Pair>, version: i64) -> Self {
        self.then = worker.step.clone();
        self.version = version;
        self
    }
}

impl PartialEq for Heard {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Heard {}

impl Hash for Heard {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
