//! What is done to the logins of a ledger: claimed, settled, put in use, given up.
//!
//! A code is good for one use, as a refresh token is; what is different is that nobody has to have it back. A login that
//! is lost costs the user one more round, and never what was there before.

use crate::connection::ledger::{Learnt, Ledger, Login, LoginFate, MOST_LOGINS, Repeated, Report, Status, Ticket};
use crate::connection::policy::Policy;
use crate::connection::tokens::TokenSet;

impl LoginFate {
    /// Whether the server may have acted, or may still act, without anybody knowing how.
    pub fn is_unknown(self) -> bool {
        matches!(self, Self::Open | Self::Closed)
    }
}

impl Login {
    /// Until when its request may still arrive.
    pub(crate) fn lives_until(&self, policy: &Policy) -> i64 {
        self.send_by.saturating_add(policy.transit)
    }

    /// When its holder may be thought silent.
    pub(crate) fn silent_at(&self, policy: &Policy) -> i64 {
        self.send_by.saturating_add(policy.silence)
    }

    /// When its code is certainly over: it was issued before the first claim.
    pub(crate) fn code_ends(&self, policy: &Policy) -> i64 {
        self.claimed.saturating_add(policy.code_life)
    }
}

impl<T: TokenSet> Ledger<T> {
    /// The login with this digest that is not in use.
    pub(crate) fn login_of(&self, digest: u128) -> Option<&Login> {
        self.logins.iter().find(|login| login.digest == digest)
    }

    /// Whether a later login or a disconnection came after it: then its code is never exchanged again.
    pub(crate) fn is_superseded(&self, login: &Login) -> bool {
        login.order < self.order || self.logins.iter().any(|other| other.order > login.order)
    }

    /// The logins whose outcome nobody knows, and whose answer would still be taken.
    pub(crate) fn unknown_logins(&self) -> impl Iterator<Item = &Login> {
        let counts = |login: &&Login| login.fate.is_unknown() && login.order > self.order;
        self.logins.iter().filter(counts)
    }

    /// Until when a login of which nobody hears keeps refreshes waiting: its holder may still bring the answer, and while
    /// the access token lives nobody needs another one.
    pub(crate) fn end_of_login(&self, policy: &Policy, login: &Login) -> i64 {
        let silent = login.code_ends(policy).max(login.silent_at(policy));
        let lives_until = self.tokens.as_ref().map_or(0, |held| held.access_not_after);
        let most = silent.saturating_add(policy.remembrance);
        silent.saturating_add(policy.patience).max(lives_until.min(most))
    }

    /// The same for one that would be claimed at `now`.
    pub(crate) fn end_of_next_login(&self, policy: &Policy, now: i64) -> i64 {
        let login = Login {
            order: self.next_order,
            digest: 0,
            holder: 0,
            claimed: now,
            send_by: self.earliest_send_by(policy, now),
            tries: 1,
            fate: LoginFate::Open,
        };
        self.end_of_login(policy, &login)
    }

    /// By when the request of a login that is claimed at `now` must leave: after every request of an earlier attempt has
    /// arrived or died.
    fn earliest_send_by(&self, policy: &Policy, now: i64) -> i64 {
        let from = self.attempts_live_until(policy).map_or(now, |until| until.max(now));
        from.saturating_add(policy.send_within)
    }

    /// Writes down that a code is about to be exchanged, at `now`, which must be the store's clock from before the save.
    pub(crate) fn claim_login(&self, policy: &Policy, digest: u128, holder: u128, now: i64) -> (Self, Ticket) {
        let mut next = self.clone();
        let before = next.login_of(digest).copied();
        let order = before.map_or(next.next_order, |login| login.order);
        next.logins.retain(|login| login.order != order);
        if before.is_none() {
            next.next_order = order.saturating_add(1);
        }
        let login = Login {
            order,
            digest,
            holder,
            claimed: before.map_or(now, |login| login.claimed),
            send_by: next.earliest_send_by(policy, now),
            tries: before.map_or(0, |login| login.tries).saturating_add(1),
            fate: LoginFate::Open,
        };
        let ticket = Ticket {
            order,
            generation: 0,
            number: login.tries,
            holder,
            claimed: now,
            send_by: login.send_by,
        };
        next.insert_login(login);
        (next, ticket)
    }

    /// The entry of a login that is still as this ticket left it.
    pub(crate) fn claimed_login(&self, ticket: &Ticket) -> Option<&Login> {
        self.logins.iter().find(|login| is_claimed(login, ticket))
    }

    /// Writes down what was learnt about a login.
    pub(crate) fn settle_login(&mut self, policy: &Policy, report: Report<T>, now: i64) {
        let ticket = report.ticket;
        let fate = match report.outcome {
            // Whatever became of the entry: nothing else may hold these tokens.
            Learnt::Answered(tokens) => return self.connect(&ticket, tokens, now),
            Learnt::Closed { .. } => LoginFate::Closed,
            Learnt::Rejected { .. } => LoginFate::Lost,
            Learnt::NotSpent { .. } => LoginFate::NotSpent,
        };
        let Some(entry) = self.logins.iter_mut().find(|login| is_claimed(login, &ticket)) else {
            return;
        };
        entry.fate = fate;
        if let Learnt::NotSpent {
            retry_after, unsent, ..
        } = report.outcome
        {
            // It was no risk to the code.
            entry.tries = entry.tries.saturating_sub(1);
            if !unsent {
                self.hold_back(policy, retry_after, now);
            }
        }
    }

    /// Puts the tokens of a login in use, unless a later consent is, or they are another account's.
    fn connect(&mut self, ticket: &Ticket, tokens: T, now: i64) {
        if ticket.order <= self.order {
            return;
        }
        let place = self.logins.iter().position(|login| login.order == ticket.order);
        if self.is_of_another_account(&tokens) {
            if let Some(entry) = place.and_then(|at| self.logins.get_mut(at)) {
                entry.fate = LoginFate::OtherAccount;
            }
            return;
        }
        let digest = place.map(|at| self.logins.remove(at).digest);
        self.put_in_use(ticket.order, digest, tokens, ticket.claimed, now);
    }

    /// Whether the tokens name another account than those in use.
    pub(crate) fn is_of_another_account(&self, tokens: &T) -> bool {
        let kept = !matches!(self.status, Status::Closed { .. } | Status::Unconnected);
        let held = self.tokens.as_ref().filter(|_| kept);
        held.is_some_and(|held| tokens.is_of_another_account(&held.tokens))
    }

    /// Puts tokens in use that the host hands in.
    pub(crate) fn adopt(&self, tokens: T, digest: u128, now: i64) -> Self {
        let mut next = self.clone();
        let order = next.next_order;
        next.next_order = order.saturating_add(1);
        next.put_in_use(order, Some(digest), tokens, now, now);
        next
    }

    /// The consent of this order replaces the one before.
    fn put_in_use(&mut self, order: i64, digest: Option<u128>, tokens: T, claimed: i64, now: i64) {
        let replaced = (self.order, self.login);
        for login in &mut self.logins {
            // INVARIANT: what a later consent came after is never exchanged again.
            if login.order < order {
                login.fate = LoginFate::Lost;
            }
        }
        self.renew(order, tokens, claimed, now);
        self.login = digest;
        self.not_before = 0;
        self.unauthorized = Repeated::default();
        if let (order, Some(digest)) = replaced
            && self.login != Some(digest)
        {
            // A callback that is repeated after this is not a new login.
            self.insert_login(Login {
                order,
                digest,
                holder: 0,
                claimed,
                send_by: claimed,
                tries: 0,
                fate: LoginFate::Lost,
            });
        }
    }

    /// Nothing comes of this login any more.
    pub(crate) fn lose_login(&self, order: i64) -> Self {
        let mut next = self.clone();
        for login in &mut next.logins {
            if login.order == order {
                login.fate = LoginFate::Lost;
            }
        }
        next
    }

    fn insert_login(&mut self, login: Login) {
        let at = self.logins.partition_point(|other| other.order < login.order);
        // INVARIANT: `at` is at most the length, which is where `partition_point` ends.
        self.logins.insert(at, login);
        if self.logins.len() > MOST_LOGINS {
            let worth = |other: &Login| match other.fate {
                _ if other.order == login.order => 3,
                LoginFate::Lost | LoginFate::OtherAccount | LoginFate::NotSpent => 0,
                LoginFate::Closed => 1,
                LoginFate::Open => 2,
            };
            let least = self.logins.iter().enumerate().min_by_key(|(_, other)| worth(other));
            if let Some(at) = least.map(|(at, _)| at) {
                self.logins.remove(at);
            }
        }
    }
}

/// Whether the entry is still as this ticket left it.
fn is_claimed(login: &Login, ticket: &Ticket) -> bool {
    login.fate == LoginFate::Open
        && (login.order, login.holder, login.tries, login.send_by)
            == (ticket.order, ticket.holder, ticket.number, ticket.send_by)
}
