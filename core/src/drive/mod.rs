//! The driver for Rust hosts: performs a machine's steps with the host's transport, store and clock (feature `std`).
//!
//! Start with [`connections`] (threads) or [`async_connections`] (futures), and [`service_tokens`] for tokens without a user.

mod asking;
pub mod async_connections;
pub mod async_host;
pub mod async_store;
pub mod bell;
pub mod connections;
mod engine;
pub mod finished;
mod gate;
pub mod host;
mod inbox;
mod job;
mod peers;
mod perform;
mod run;
pub mod service_tokens;
mod slot;
pub mod store;
mod surroundings;
mod wake;

use crate::base::error::OAuthError;
use crate::drive::host::Host;
use crate::drive::perform::{exchanged, loaded, saved, signed};
use crate::drive::store::Store;
use crate::flow::event::Event;
use crate::flow::input::Input;
use crate::flow::machine::Machine;
use crate::flow::outcome::Outcome;
use crate::flow::step::Step;

/// Runs a machine to its end, blocking.
///
/// Each event is handed to `on_event` as soon as it is there. For service tokens, and for tests: it waits for every
/// exchange to be over, where works on connections should go on ([`connections`]).
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
            Step::Load { key } => loaded(store.load(key)),
            Step::Save(save) => saved(store.save(save)),
            // A blocking exchange that has returned is over; one that comes too late does not leave.
            Step::Send(send) if host.now().is_past(send.send_by) => Input::NotSent,
            Step::Send(send) => exchanged(host.send(send)),
            Step::Sign(sign) => signed(host.sign(sign)),
            Step::Wait(wait) => {
                host.wait(wait.delay_ms);
                Input::Woke
            }
            Step::Done(result) => return (**result).clone(),
        };
        machine.answer(id, host.now(), input)?;
    }
}
