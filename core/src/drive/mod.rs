//! The driver for Rust hosts: performs a machine's steps with the host's transport, store and clock (feature `std`).

pub mod host;
pub mod service_tokens;
pub mod store;

use crate::base::error::OAuthError;
use crate::base::time::Now;
use crate::drive::host::{Exchange, Host};
use crate::drive::store::{Loaded, SaveResult, Store};
use crate::flow::event::Event;
use crate::flow::input::Input;
use crate::flow::machine::Machine;
use crate::flow::outcome::Outcome;
use crate::flow::step::{Send, Step};

/// Runs a machine to its end, blocking.
///
/// Each event is handed to `on_event` as soon as it is there. A machine that is dropped half-way loses nothing of a
/// service token; for works on connections the documents say what the store then holds.
///
/// # Errors
/// What the machine ends with.
pub fn run(
    host: &impl Host,
    store: &impl Store,
    machine: &mut impl Machine,
    mut on_event: impl FnMut(Event),
) -> Result<Outcome, OAuthError> {
    loop {
        // Also before the first input: a machine may have ended as it began, and have something to say.
        machine.events().into_iter().for_each(&mut on_event);
        let (id, step) = machine.step();
        let input = match step {
            Step::Load { key } => match store.load(key) {
                Ok(Loaded { stored, store_now }) => Input::Loaded { stored, store_now },
                Err(failure) => Input::StoreFailed(failure),
            },
            Step::Save(save) => match store.save(save) {
                Ok(SaveResult::Saved { store_now }) => Input::Saved { store_now },
                Ok(SaveResult::Conflict { stored, store_now }) => Input::Conflict { stored, store_now },
                Err(failure) => Input::StoreFailed(failure),
            },
            Step::Send(send) => exchange(host, send, host.now()),
            Step::Sign(sign) => match host.sign(sign) {
                Some((signature, encoding)) => Input::Signed { signature, encoding },
                None => Input::SignFailed,
            },
            Step::Wait(wait) => {
                host.wait(wait.delay_ms);
                Input::Woke
            }
            Step::Done(result) => return (**result).clone(),
        };
        machine.answer(id, host.now(), input)?;
    }
}

/// Sends, unless it is too late on either clock.
fn exchange(host: &impl Host, send: &Send, now: Now) -> Input {
    if now.is_past(send.send_by) {
        return Input::NotSent;
    }
    match host.send(send) {
        Exchange::Answer(answer) => Input::Answer(answer),
        Exchange::NotSent => Input::NotSent,
        // A blocking exchange that has returned is over.
        Exchange::NoAnswer(partial) => Input::NoAnswer { over: true, partial },
    }
}
