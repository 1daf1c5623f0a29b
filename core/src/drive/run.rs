//! Carries out one job: performs the steps of its work, and goes on listening when the job has ended.

use std::boxed::Box;
use std::sync::Arc;
use std::vec::Vec;

use crate::base::error::{Action, ErrorCode, OAuthError, Party};
use crate::base::time::Now;
use crate::connection::command::Command;
use crate::connection::value::Connection;
use crate::connection::work::Work;
use crate::drive::engine::Engine;
use crate::drive::gate::Pass;
use crate::drive::inbox::Inbox;
use crate::drive::job::{Ended, Job};
use crate::drive::slot::Slot;
use crate::drive::surroundings::Surroundings;
use crate::flow::event::Event;
use crate::flow::faults::store_unavailable;
use crate::flow::input::Input;
use crate::flow::machine::Machine;
use crate::flow::step::{Step, StepId};

/// After a refresh beside a token that serves, nothing is begun there for so long.
const QUIET: i64 = 1_000;
/// The same after one that failed for good.
const QUIET_AFTER_FAULT: i64 = 30_000;

/// A job that is carried out. Whoever waits for it is told also where it is dropped half-way.
struct Run<P: Surroundings> {
    engine: Arc<Engine<P>>,
    slot: Arc<Slot>,
    job: Arc<Job>,
    _pass: Pass,
    /// When the store last told what it has.
    seen: Option<Now>,
    /// Its work has tokens in its hand that the store does not take.
    holding: bool,
    published: bool,
    /// The request that was begun last.
    sent: Option<StepId>,
}

/// Has a job carried out by a task of its own.
pub(crate) fn start<P: Surroundings>(engine: &Arc<Engine<P>>, slot: Arc<Slot>, job: Arc<Job>, pass: Pass) {
    let run = Run::new(engine.clone(), slot, job, pass);
    engine.around().spawn(Box::pin(run.perform()));
}

impl<P: Surroundings> Run<P> {
    fn new(engine: Arc<Engine<P>>, slot: Arc<Slot>, job: Arc<Job>, pass: Pass) -> Self {
        Self {
            engine,
            slot,
            job,
            _pass: pass,
            seen: None,
            holding: false,
            published: false,
            sent: None,
        }
    }

    async fn perform(mut self) {
        let engine = self.engine.clone();
        let entropy = match engine.around().entropy() {
            Ok(entropy) => entropy,
            Err(error) => return self.publish(Err(error), None),
        };
        let mut work = self.work(entropy);
        let inbox = Arc::<Inbox>::default();
        loop {
            // Before a step is performed, and above all before a request leaves, everything that is known is known to it.
            self.feed(&mut work, &inbox);
            let (id, step) = work.step();
            let input = match step {
                Step::Load { key } => engine.around().load(key).await,
                Step::Save(save) => engine.around().save(save).await,
                Step::Sign(sign) => engine.around().sign(sign).await,
                Step::Send(send) => {
                    let wait = send.wait_ms;
                    if self.sent.replace(id) != Some(id) {
                        engine.exchange(&inbox, id, send.clone());
                    }
                    if !self.listen(&mut work, &inbox, wait).await {
                        continue;
                    }
                    Input::NoAnswer {
                        over: false,
                        partial: None,
                    }
                }
                Step::Wait(wait) => {
                    let wait = wait.delay_ms;
                    if !self.listen(&mut work, &inbox, wait).await {
                        continue;
                    }
                    Input::Woke
                }
                Step::Done(_) => {
                    if inbox.is_done() {
                        return;
                    }
                    core::future::poll_fn(|context| inbox.bell.poll_rung(context)).await;
                    continue;
                }
            };
            let now = engine.around().now();
            if matches!(
                input,
                Input::Loaded { .. } | Input::Conflict { .. } | Input::Saved { .. }
            ) {
                self.seen = Some(now);
            }
            if let Err(error) = work.answer(id, now, input) {
                return self.publish(Err(error), Some(work.connection()));
            }
        }
    }

    fn work(&self, entropy: [u8; 32]) -> Work {
        let connection = self.slot.lock().connection.clone();
        let now = self.engine.around().now();
        let health = self.engine.peers().others(connection.key(), now);
        let command = self.job.command.clone();
        self.engine.client().work(&connection, command, health, now, entropy)
    }

    /// Takes answers for so long; `false` where one of them puts another step on the table.
    async fn listen(&mut self, work: &mut Work, inbox: &Arc<Inbox>, delay_ms: i64) -> bool {
        let engine = self.engine.clone();
        let around = engine.around();
        let (id, since) = (work.step().0, around.now());
        let mut left = delay_ms;
        loop {
            let over = if inbox.is_done() {
                around.wait(left).await;
                true
            } else {
                around.wait_or_bell(left, &inbox.bell).await;
                !inbox.bell.is_rung()
            };
            // Also where the time is over: what has come is handed in before the work wakes.
            self.feed(work, inbox);
            if work.step().0 != id {
                return false;
            }
            left = delay_ms.saturating_sub(around.now().shortest_since(since));
            if over || left <= 0 {
                return true;
            }
        }
    }

    /// Hands in what has come, each message to whatever step the one before has left.
    fn feed(&mut self, work: &mut Work, inbox: &Inbox) {
        self.look(work);
        for (id, input) in inbox.take() {
            let (shown, step) = work.step();
            let waits = matches!(step, Step::Send(_)) && self.sent != Some(shown);
            // An input to a request that was put on the table is never refused.
            let _ = work.answer(id, self.engine.around().now(), input);
            if waits && work.step().0 != shown {
                // A request that was replaced before it began: it never left.
                let _ = work.answer(shown, self.engine.around().now(), Input::NotSent);
            }
            self.look(work);
        }
    }

    /// Takes every end as soon as it is there: a late answer may put other steps in its place, and the first one counts.
    fn look(&mut self, work: &mut Work) {
        self.attend(work);
        if let Step::Done(result) = work.step().1 {
            self.publish((**result).clone(), Some(work.connection()));
        }
    }

    /// Lets nobody wait for a store that takes nothing, and tells what happened.
    fn attend(&mut self, work: &mut Work) {
        let holding = work.is_holding();
        if !self.published && holding != core::mem::replace(&mut self.holding, holding) {
            let mut state = self.slot.lock();
            state.holding = holding;
            let jobs = if holding { state.turn_away() } else { Vec::new() };
            drop(state);
            jobs.iter().for_each(|job| job.end(Err(store_unavailable())));
        }
        let key = self.slot.key();
        for event in work.events() {
            match &event {
                Event::ClientRefused { .. } => self.engine.peers().refused(key),
                // An adoption asks the provider nothing.
                Event::Connected { .. } if !matches!(self.job.command, Command::Finish(_)) => (),
                Event::RefreshSucceeded { .. } | Event::Connected { .. } => {
                    self.engine.peers().succeeded(key, self.engine.around().now());
                }
                _ => (),
            }
            self.engine.tell(key, event);
        }
    }

    /// The job has ended, and the next one begins; or a late answer is dealt with.
    fn publish(&mut self, result: Ended, connection: Option<Connection>) {
        let now = self.engine.around().now();
        let mut state = self.slot.lock();
        if let (Some(connection), Some(seen)) = (connection, self.seen) {
            state.take(connection, seen);
        }
        if core::mem::replace(&mut self.published, true) {
            return;
        }
        if matches!(self.job.command, Command::Obtain { .. }) {
            state.quiet = Some(now.later(quiet(&result)));
        }
        state.running = None;
        state.holding = false;
        let (served, next) = state.next(now);
        drop(state);
        self.job.end(result);
        served.into_iter().for_each(|(job, outcome)| job.end(Ok(outcome)));
        if let Some((job, pass)) = next {
            start(&self.engine, self.slot.clone(), job, pass);
        }
    }
}

impl<P: Surroundings> Drop for Run<P> {
    fn drop(&mut self) {
        if !self.published {
            let mut state = self.slot.lock();
            let jobs = state.turn_away();
            state.running = None;
            state.holding = false;
            drop(state);
            jobs.iter().for_each(|job| job.end(Err(broken_off())));
        }
    }
}

fn quiet(result: &Ended) -> i64 {
    match result.as_ref().map_err(OAuthError::action) {
        Ok(_) => QUIET,
        Err(Action::RetryAfter { delay_ms }) => (*delay_ms).max(QUIET),
        Err(_) => QUIET_AFTER_FAULT,
    }
}

/// The host's code panicked, or the runtime or the operating system does not run the task.
fn broken_off() -> OAuthError {
    OAuthError::new(
        Party::Host,
        ErrorCode::OutcomeUnknown,
        Action::RetryAfter { delay_ms: 1_000 },
        "the work was broken off: the host's code panicked, or there is no thread or runtime to run it; the record tells the next one where to go on",
    )
}
