//! What happens, in words.

use evergrant::connection::ledger::{Fate, Status, Ticket};
use evergrant::connection::transition::Step;

use super::pair::Pair;
use super::world::{Act, Outcome, Spends, Stage, World};

impl World {
    /// What is about to happen, in words.
    pub fn words(&self, act: Act) -> String {
        match act {
            Act::Perform(number) => format!("worker {number} {}", self.step_words(number)),
            Act::Due(number) => match self.slots[usize::from(number)].worker.step {
                Step::Wait { .. } => format!("worker {number} wakes"),
                _ => format!("worker {number} stops waiting for its answer"),
            },
            Act::Process(number) => format!("the server takes {}", self.message_words(number)),
            Act::Deliver(number) => format!("{} arrives", self.message_words(number)),
            Act::Worker(fault, number) => format!(
                "FAULT worker {number} {} (it {})",
                fault.words(),
                self.step_words(number)
            ),
            Act::Message(fault, number) => format!("FAULT {}: {}", self.message_words(number), fault.words()),
            Act::Outage => "FAULT the provider goes away".to_owned(),
            Act::Tick => "time passes".to_owned(),
            Act::Epilogue => "later, another worker looks".to_owned(),
            Act::Anew => "everything begins anew".to_owned(),
        }
    }

    fn step_words(&self, number: u8) -> String {
        let slot = &self.slots[usize::from(number)];
        match &slot.worker.step {
            Step::Load { .. } => "loads".to_owned(),
            Step::Save {
                claim: Some((ticket, _)),
                ..
            } => format!("saves the claim of {}", what(ticket)),
            Step::Save { ledger, .. } => {
                let fate = |fate: &Fate<Pair>| match fate {
                    Fate::Open => "open",
                    Fate::Closed => "closed",
                    Fate::NotSpent => "not spent",
                    Fate::Rejected { .. } => "rejected",
                    Fate::Answered(_) => "answered",
                    _ => "?",
                };
                let fates: Vec<_> = ledger
                    .attempts
                    .iter()
                    .map(|attempt| format!("{} {}", attempt.number, fate(&attempt.fate)))
                    .collect();
                let refresh = ledger.tokens.as_ref().map_or(0, |held| held.tokens.refresh.0);
                let logins: Vec<_> = ledger
                    .logins
                    .iter()
                    .map(|login| format!("login {} {:?}", login.order, login.fate))
                    .collect();
                format!(
                    "saves consent {} generation {} (refresh token {refresh}) [{}] [{}] {}",
                    ledger.order,
                    ledger.generation(),
                    fates.join(", "),
                    logins.join(", "),
                    match ledger.status {
                        Status::Live => "live",
                        Status::NeedsReauthorization { .. } => "needs reauthorization",
                        _ => "closed",
                    }
                )
            }
            Step::Send { ticket, .. } | Step::Exchange { ticket, .. } => format!("sends {}", what(ticket)),
            Step::Revoke { .. } => "revokes".to_owned(),
            Step::Wait { delay, .. } => format!("waits {:.1} s", *delay as f64 / 1_000.0),
            Step::Done(end) => format!("is done: {end:?}"),
            _ => "?".to_owned(),
        }
    }

    fn message_words(&self, number: u8) -> String {
        let message = &self.messages[usize::from(number)];
        let attempt = what(&message.ticket);
        match message.stage {
            Stage::Request { spends, .. } => match spends {
                Spends::Refresh(pair) => format!("request of {attempt} (refresh token {})", pair.refresh.0),
                Spends::Code(code) => format!("request of {attempt} (code {code})"),
            },
            Stage::Answer { outcome, .. } => match outcome {
                Outcome::Tokens(pair) => format!("answer to {attempt} (refresh token {})", pair.refresh.0),
                Outcome::Rejected => format!("rejection of {attempt}"),
                Outcome::Throttled => format!("429 for {attempt}"),
                Outcome::ServerFault => format!("5xx for {attempt}"),
                Outcome::Unknown => format!("end without a result of {attempt}"),
            },
            Stage::Nothing { .. } => format!("end of the exchange of {attempt}"),
        }
    }
}

/// Whose request.
fn what(ticket: &Ticket) -> String {
    match ticket.is_login() {
        true => format!("login {} (try {})", ticket.order, ticket.number),
        false => format!("attempt {}", ticket.number),
    }
}
