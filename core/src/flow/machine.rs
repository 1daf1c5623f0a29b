//! The contract that every machine keeps.

use alloc::vec::Vec;

use crate::base::error::OAuthError;
use crate::base::time::Now;
use crate::flow::event::Event;
use crate::flow::input::Input;
use crate::flow::step::{Step, StepId};

/// A state machine that never calls out: it shows a step, the host performs it and answers.
///
/// One answer per call. Total: any call in any state gives a value, never a panic. An input that does not answer the
/// current step is an error with the action `misuse` and changes nothing; but an `Answer`, `NotSent` or `NoAnswer` to an
/// earlier `Send` is always taken, also after `Done`, because it may hold the only live token. A repeated one is ignored.
pub trait Machine {
    /// The current step, as often as asked.
    fn step(&self) -> (StepId, &Step);

    /// Hands in what came of a step.
    ///
    /// # Errors
    /// `unexpected_input` where this input does not answer this step; nothing has changed then.
    fn answer(&mut self, id: StepId, now: Now, input: Input) -> Result<(), OAuthError>;

    /// What happened since the last call.
    fn events(&mut self) -> Vec<Event>;
}
