//! One connection in memory: what was last seen of it, the job that is carried out, and those that wait.

use core::time::Duration;
use std::borrow::ToOwned;
use std::collections::{HashMap, VecDeque};
use std::string::String;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use crate::base::error::OAuthError;
use crate::base::time::Now;
use crate::connection::command::Command;
use crate::connection::value::Connection;
use crate::drive::gate::Pass;
use crate::drive::job::Job;
use crate::flow::outcome::Outcome;
use crate::message::access_token::AccessToken;

pub(crate) struct Slot {
    key: String,
    state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) connection: Connection,
    /// When the store last told it.
    pub(crate) seen: Option<Now>,
    /// At most one. Its callers were turned away already, where its work had to hold tokens.
    pub(crate) running: Option<Arc<Job>>,
    /// Its work has tokens in its hand that the store does not take: no other work would fare better.
    pub(crate) holding: bool,
    pub(crate) queue: VecDeque<Waiting>,
    /// Until then nothing is begun beside a token that serves.
    pub(crate) quiet: Option<Now>,
}

/// A job that waits its turn, and counts as under way.
pub(crate) type Waiting = (Arc<Job>, Pass);

impl Slot {
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            key: connection.key().to_owned(),
            state: Mutex::new(State {
                connection,
                seen: None,
                running: None,
                holding: false,
                queue: VecDeque::new(),
                quiet: None,
            }),
        }
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Values are only ever replaced whole, so a poisoned lock holds good ones.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes over what was seen, unless something was seen later: the work of a late answer may end after another. What a
    /// record says of its own age is not asked, because a record may have been erased or restored.
    pub(crate) fn take(&mut self, connection: Connection, seen: Now) {
        if self.seen.is_none_or(|before| before.steady <= seen.steady) {
            self.connection = connection;
            self.seen = Some(seen);
        }
    }

    pub(crate) fn token(&self, now: Now, min_life: Duration) -> Option<AccessToken> {
        self.connection.token(now, min_life).cloned()
    }

    /// What answers a command without a work.
    pub(crate) fn served(&self, command: &Command, now: Now) -> Option<Outcome> {
        let token = match command {
            Command::Obtain { min_life } => self.token(now, *min_life),
            // Somebody else has replaced it already.
            Command::Rejected { fingerprint } => self
                .token(now, Duration::ZERO)
                .filter(|token| token.fingerprint() != *fingerprint),
            _ => None,
        };
        token.map(Outcome::Token)
    }

    /// A job that will do for this command too.
    pub(crate) fn shared(&self, command: &Command) -> Option<Arc<Job>> {
        let running = self
            .running
            .as_ref()
            .filter(|job| job.answers(command) && !job.has_ended());
        let waiting = || {
            self.queue
                .iter()
                .map(|(job, _)| job)
                .find(|job| job.will_answer(command))
        };
        running.or_else(waiting).cloned()
    }

    /// The next job that needs a work, and those before it that need none.
    pub(crate) fn next(&mut self, now: Now) -> (Vec<(Arc<Job>, Outcome)>, Option<Waiting>) {
        let mut served = Vec::new();
        while let Some((job, pass)) = self.queue.pop_front() {
            match self.served(&job.command, now) {
                Some(outcome) => served.push((job, outcome)),
                None => {
                    self.running = Some(job.clone());
                    return (served, Some((job, pass)));
                }
            }
        }
        (served, None)
    }

    /// Everybody who waits: for the job that is carried out, and for those behind it, which are not carried out any more.
    pub(crate) fn turn_away(&mut self) -> Vec<Arc<Job>> {
        let running = self.running.iter().cloned();
        running.chain(self.queue.drain(..).map(|(job, _)| job)).collect()
    }
}

/// The connections in memory.
///
/// Two generations: when the younger one is full, whatever of the older one nobody uses is forgotten, and the younger one
/// becomes the older.
#[derive(Default)]
pub(crate) struct Slots {
    younger: HashMap<String, Arc<Slot>>,
    older: HashMap<String, Arc<Slot>>,
}

/// How many connections make a generation.
pub(crate) const GENERATION: usize = 5_000;

impl Slots {
    /// The slot of a key: one at a time, for as long as anybody holds it.
    pub(crate) fn get(
        &mut self,
        key: &str,
        make: impl FnOnce() -> Result<Connection, OAuthError>,
    ) -> Result<Arc<Slot>, OAuthError> {
        if let Some(slot) = self.younger.get(key) {
            return Ok(slot.clone());
        }
        let slot = match self.older.remove(key) {
            Some(slot) => slot,
            None => Arc::new(Slot::new(make()?)),
        };
        if self.younger.len() >= GENERATION {
            // INVARIANT: clones are made of what is held already, or here: a count of one means that nobody else has it.
            self.older.retain(|_, slot| Arc::strong_count(slot) > 1);
            self.older.extend(self.younger.drain());
        }
        self.younger.insert(key.to_owned(), slot.clone());
        Ok(slot)
    }

    pub(crate) fn len(&self) -> usize {
        self.younger.len() + self.older.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::configuration::Client;
    use crate::connection::command::{Adoption, ClientHealth};
    use crate::flow::input::Input;
    use crate::flow::machine::Machine;
    use crate::flow::step::Step;
    use crate::flow::stored::Stored;
    use crate::provider::environment::Environment;
    use crate::provider::profile::Profile;

    const NOW: Now = Now {
        wall: 1_790_000_000_000,
        steady: 0,
    };

    fn client() -> Client {
        Client::builder(Profile::built_in("airwallex").unwrap(), Environment::Sandbox, "id")
            .client_secret("secret")
            .build()
            .unwrap()
    }

    /// The connection after tokens were adopted, and its record.
    fn adopted(client: &Client, name: &str, stored: Option<Stored>) -> (Connection, Stored) {
        let adoption = Adoption::new(name).access_token(name, Duration::from_secs(300));
        let command = Command::Adopt(Box::new(adoption));
        let entropy = core::array::from_fn(|at| u8::try_from(at).unwrap());
        let connection = client.connection("acct_1").unwrap();
        let mut work = client.work(&connection, command, ClientHealth::default(), NOW, entropy);
        let store_now = NOW.wall;
        work.answer(work.step().0, NOW, Input::Loaded { stored, store_now })
            .unwrap();
        let Step::Save(save) = work.step().1.clone() else {
            panic!("a save")
        };
        work.answer(work.step().0, NOW, Input::Saved { store_now }).unwrap();
        (work.connection(), save.record)
    }

    #[test]
    fn what_is_older_is_not_taken_over() {
        let client = client();
        let (older, record) = adopted(&client, "older", None);
        let (newer, _) = adopted(&client, "newer", Some(record));
        let slot = Slot::new(client.connection("acct_1").unwrap());
        let mut state = slot.lock();
        let mut token_after = |connection: &Connection, seen: i64| {
            state.take(connection.clone(), NOW.later(seen));
            let token = state.token(NOW, Duration::ZERO).unwrap();
            token.token().expose().to_owned()
        };
        assert_eq!(token_after(&older, 1), "older");
        assert_eq!(token_after(&newer, 2), "newer");
        assert_eq!(token_after(&older, 1), "newer");
        // What was read last counts, also where the record went back.
        assert_eq!(token_after(&older, 3), "older");
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let client = client();
        let mut slots = Slots::default();
        let mut get = |key: &str| slots.get(key, || client.connection(key)).unwrap();
        let used = get("used");
        let often = Arc::downgrade(&get("often"));
        for number in 0..4 * GENERATION {
            drop(get(&std::format!("key {number}")));
            if number % 1_000 == 0 {
                drop(get("often"));
            }
        }
        assert!(Arc::ptr_eq(&used, &get("used")));
        assert!(often.upgrade().is_some());
        assert!(slots.len() <= 2 * GENERATION + 1, "{}", slots.len());
    }
}
