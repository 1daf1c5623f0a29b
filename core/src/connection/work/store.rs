//! What a work reads from the store and writes to it.

use crate::base::digest::fingerprint;
use crate::base::time::{MAX_MS, Now};
use crate::connection::chronicle::{Noted, compose, deadlines, happened};
use crate::connection::ends;
use crate::connection::ledger::{Ledger, Status};
use crate::connection::record::Record;
use crate::connection::tokens::are_other_accounts;
use crate::connection::transition::{Goal, Step as Wish, What};
use crate::connection::work::{Resolves, Work};
use crate::flow::event::Event;
use crate::flow::faults::{store_locked, store_unavailable};
use crate::flow::input::StoreFailure;
use crate::flow::outcome::Outcome;
use crate::flow::step::{Save, Step};
use crate::flow::stored::Stored;
use crate::message::token_answer::Tokens;

/// So many conflicts in a row are no coincidence: the work ends instead of trying for ever.
const MOST_CONFLICTS: u32 = 10;

impl Work {
    pub(super) fn show_save(&mut self, expect: i64, ledger: &Ledger<Tokens>, now: Now) {
        let client = self.connection.client();
        let base = self.base.clone().unwrap_or_else(|| Record::unconnected(client));
        let at = self.worker.seen.as_ref().map_or(0, |seen| seen.latest(now));
        let record = compose(&base, ledger, &self.notes, self.newcomer.as_ref(), at);
        self.noted = self.notes.len();
        let due = record.due(&self.policy, self.connection.key());
        let bytes = record.to_json().expose().as_bytes().to_vec();
        let save = Save::new(self.connection.key(), expect, due, record.state(), bytes);
        self.saving = Some(record);
        self.put(Step::Save(save));
    }

    pub(super) fn loaded(&mut self, now: Now, stored: Option<&Stored>, store_now: i64, conflict: bool) {
        let store_now = store_now.clamp(0, MAX_MS);
        let version = stored.map_or(0, Stored::version);
        let record = match Record::stored(stored, self.connection.client()) {
            Ok(record) => record,
            // As if the store had failed; what belongs to another client is never touched.
            Err(error) => {
                self.store_error = Some(error);
                return self.failed(now, false);
            }
        };
        if self.saving.as_ref() == Some(&record) {
            // A save of which nobody knew whether it was done: it was.
            self.chronicle();
        }
        self.conflicts = if conflict { self.conflicts.saturating_add(1) } else { 0 };
        if self.conflicts >= MOST_CONFLICTS {
            // A store that compares with something else than what it shows, such as a replica.
            self.conflicts = 0;
            self.store_error = Some(ends::always_conflicts());
            return self.failed(now, false);
        }
        self.look(&record, store_now);
        let nothing_at_stake = self.sends.is_empty() && self.worker.hand.is_empty() && self.worker.pledge.is_none();
        if nothing_at_stake && self.is_other_account(&record) {
            return self.finish(Ok(Outcome::DifferentAccount));
        }
        let ledger = record.ledger.clone();
        self.base = Some(record);
        self.tell(
            now,
            if conflict {
                What::Conflict {
                    ledger,
                    version,
                    store_now,
                }
            } else {
                What::Loaded {
                    ledger,
                    version,
                    store_now,
                }
            },
        );
    }

    /// What a freshly read record tells before the table sees it.
    pub(super) fn look(&mut self, record: &Record, store_now: i64) {
        let ledger = &record.ledger;
        let known = self.base.as_ref().or(self.connection.record());
        let before = known.map_or(0, |known| known.ledger.generation());
        let same_consent = known.is_some_and(|known| known.ledger.order == ledger.order);
        if same_consent && before > 0 && ledger.generation() > before {
            self.events.push(Event::SiblingRefreshed {
                generation: ledger.generation(),
            });
        }
        if !core::mem::replace(&mut self.warned, true) {
            self.events.extend(deadlines(record, store_now));
        }
        let Some(held) = &ledger.tokens else { return };
        let generation = held.generation;
        match self.resolves.take() {
            Some(Resolves::Rejected(rejected)) => {
                let in_use = held.tokens.access_token.as_ref();
                let is_it = in_use.is_some_and(|token| fingerprint(token.expose()) == rejected);
                if is_it {
                    self.worker.goal = Goal::Unauthorized { generation };
                }
            }
            Some(Resolves::Signal) => self.worker.goal = Goal::Verify { generation },
            None => {}
        }
    }

    /// The callback names another account than the connection has: nothing needs to be spent to know.
    pub(super) fn is_other_account(&self, record: &Record) -> bool {
        let Some(code) = &self.code else { return false };
        let closed = matches!(record.ledger.status, Status::Closed { .. });
        !closed && are_other_accounts(code.account_ids(), record.account_ids())
    }

    /// What was being saved is saved.
    pub(super) fn chronicle(&mut self) {
        let Some(record) = self.saving.take() else { return };
        self.doubted = false;
        let base = self.base.take();
        let round = Noted {
            notes: self.notes.get(..self.noted).unwrap_or_default(),
            ended: self.ended.is_some(),
        };
        self.events.extend(happened(base.as_ref(), &record, &round));
        self.base = Some(record);
        self.notes.drain(..self.noted.min(self.notes.len()));
        self.noted = 0;
    }

    pub(super) fn saved(&mut self, now: Now, store_now: i64) {
        self.chronicle();
        self.conflicts = 0;
        if let Wish::Save {
            claim: Some((_, send_by)),
            ..
        } = &self.worker.step
            && now.is_past(*send_by)
        {
            self.too_late(ends::too_slow());
        }
        let store_now = store_now.clamp(0, MAX_MS);
        self.tell(now, What::Saved { store_now });
    }

    pub(super) fn store_failed(&mut self, now: Now, failure: StoreFailure) {
        self.store_error = Some(match failure {
            StoreFailure::Locked => store_locked(),
            StoreFailure::Down | StoreFailure::Unknown => store_unavailable(),
        });
        let is_save = matches!(self.step, Step::Save(_));
        // Once it is read back; a second doubt in a row is a store that does not write.
        let unknown = is_save && failure == StoreFailure::Unknown && !core::mem::replace(&mut self.doubted, true);
        self.failed(now, unknown);
    }
}
