//! One consent and the pairs of tokens issued from it.

use super::policy::{Grace, Login, Policy, Retry, Reuse, lives};
use super::verdict::{AccessVerdict, Invalid, Issue, Life, PairId, Reason, RefreshVerdict};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Refresh {
    Fresh,
    Retired { at: i64 },
    Spent,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Slot {
    pair: PairId,
    parent: PairId,
    refresh: Refresh,
    access_killed: bool,
    busy: bool,
    issued_at: i64,
}

impl Slot {
    const EMPTY: Slot = Slot {
        pair: PairId::NONE,
        parent: PairId::NONE,
        refresh: Refresh::Spent,
        access_killed: true,
        busy: false,
        issued_at: 0,
    };
}

/// One consent and the pairs issued from it.
///
/// `N` is the number of pairs that can matter at the same time (the newest, the retired ones in their grace, siblings,
/// and pairs of which only the access token lives). Past it the least valuable is forgotten: spent ones first, then
/// retired ones, then fresh ones, each time the oldest. An explorer needs the attempts of one window plus two; the
/// server takes 64.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Grant<const N: usize = 8> {
    next: u32,
    life: Life,
    // Ascending by pair, the empty ones last: equal situations are equal values.
    slots: [Slot; N],
}

impl<const N: usize> Grant<N> {
    /// A grant with its first pair, issued at `now`.
    pub fn new(policy: &Policy, now: i64) -> Self {
        let mut grant = Grant {
            next: 0,
            life: Life::Live,
            slots: [Slot::EMPTY; N],
        };
        grant.issue(policy, now, PairId::NONE, Refresh::Fresh);
        grant
    }

    /// Whether it still gives tokens.
    pub const fn life(&self) -> Life {
        self.life
    }

    /// The pair issued last.
    pub const fn newest(&self) -> PairId {
        PairId(self.next.saturating_sub(1))
    }

    /// Begins a refresh that takes time; [`Grant::finish`] ends it.
    ///
    /// `Err` carries [`RefreshVerdict::Concurrent`] when the same token is being worked on and the server refuses that.
    pub fn begin(&mut self, policy: &Policy, token: PairId) -> Result<(), RefreshVerdict> {
        if let Some(slot) = self.slot(token) {
            if slot.busy && policy.refuses_concurrent {
                return Err(RefreshVerdict::Concurrent);
            }
            slot.busy = true;
        }
        Ok(())
    }

    /// Ends what [`Grant::begin`] began.
    pub fn finish(&mut self, token: PairId) {
        if let Some(slot) = self.slot(token) {
            slot.busy = false;
        }
    }

    /// Presents the refresh token of the pair `token` at `now`.
    pub fn refresh(&mut self, policy: &Policy, now: i64, token: PairId) -> RefreshVerdict {
        if let Life::Ending(reason) | Life::Dead(reason) = self.life {
            return RefreshVerdict::Invalid(Invalid::Ended(reason));
        }
        if token.0 >= self.next {
            return RefreshVerdict::Invalid(Invalid::Unknown);
        }
        self.forget(policy, now);
        let verdict = self.decide(policy, now, token);
        self.forget(policy, now);
        verdict
    }

    /// Whether the refresh token of the pair `token` would give tokens at `now`. Changes nothing.
    pub fn accepts(&self, policy: &Policy, now: i64, token: PairId) -> bool {
        let mut copy = *self;
        matches!(copy.refresh(policy, now, token), RefreshVerdict::Issued { .. })
    }

    /// Presents the access token of the pair `pair` at `now`.
    ///
    /// With [`Policy::access_ms`] zero no slot is kept for an access token alone: then it is live while the grant is
    /// (and, where a refresh kills the access tokens before it, while its pair is the newest).
    pub fn access(&mut self, policy: &Policy, now: i64, pair: PairId) -> AccessVerdict {
        if matches!(self.life, Life::Dead(_)) || pair.0 >= self.next {
            return AccessVerdict::Killed;
        }
        let newest = self.newest();
        match self.slot(pair).copied() {
            Some(slot) if slot.access_killed => AccessVerdict::Killed,
            Some(slot) if !lives(slot.issued_at, policy.access_ms, now) => AccessVerdict::Expired,
            Some(slot) => {
                if policy.grace == Grace::UntilAccessUsed {
                    self.end_grace(slot.parent);
                    self.forget(policy, now);
                }
                AccessVerdict::Live
            }
            None if policy.access_ms > 0 || (policy.refresh_kills_access && pair != newest) => AccessVerdict::Killed,
            None => AccessVerdict::Live,
        }
    }

    /// Kills everything issued from it.
    pub fn kill(&mut self, reason: Reason) {
        if !matches!(self.life, Life::Dead(_)) {
            self.life = Life::Dead(reason);
            self.slots = [Slot::EMPTY; N];
        }
    }

    /// Kills the refresh tokens; access tokens live to their end.
    pub fn end(&mut self, policy: &Policy, now: i64, reason: Reason) {
        if self.life == Life::Live {
            self.life = Life::Ending(reason);
            for slot in &mut self.slots {
                slot.refresh = Refresh::Spent;
                slot.busy = false;
            }
            self.forget(policy, now);
        }
    }

    /// Tells an older grant that the same user logged in again. Says whether it ended by that.
    pub fn superseded(&mut self, policy: &Policy, now: i64) -> bool {
        let before = self.life;
        match policy.login {
            Login::Keeps => {}
            Login::KillsRefresh => self.end(policy, now, Reason::Superseded),
            Login::Kills => self.kill(Reason::Superseded),
        }
        before != self.life
    }

    fn decide(&mut self, policy: &Policy, now: i64, token: PairId) -> RefreshVerdict {
        let Some(slot) = self.slot(token).copied() else {
            return self.reused(policy);
        };
        if slot.refresh != Refresh::Spent && !lives(slot.issued_at, policy.refresh_ms, now) {
            return RefreshVerdict::Invalid(Invalid::Expired);
        }
        match slot.refresh {
            Refresh::Spent => self.reused(policy),
            Refresh::Fresh if !policy.rotates => {
                let access = self.issue(policy, now, token, Refresh::Spent);
                RefreshVerdict::Issued {
                    access,
                    refresh: token,
                    how: Issue::Kept,
                }
            }
            Refresh::Fresh => {
                if matches!(policy.grace, Grace::UntilSuccessorUsed | Grace::UntilAccessUsed) {
                    self.end_grace(slot.parent);
                }
                self.retire(policy, now, token);
                self.issued(policy, now, token, Issue::Rotated)
            }
            Refresh::Retired { .. } => {
                if policy.once
                    && let Some(slot) = self.slot(token)
                {
                    slot.refresh = Refresh::Spent;
                }
                match policy.retry {
                    Retry::SamePair => self.repeat(policy, token),
                    Retry::Sibling => self.issued(policy, now, token, Issue::Sibling),
                    Retry::NewestWins => {
                        self.drop_where(|slot| slot.pair > token);
                        self.issued(policy, now, token, Issue::Newest)
                    }
                }
            }
        }
    }

    fn reused(&mut self, policy: &Policy) -> RefreshVerdict {
        match policy.reuse {
            Reuse::Kills => {
                self.kill(Reason::Reuse);
                RefreshVerdict::KilledByReuse
            }
            Reuse::Harmless => RefreshVerdict::Invalid(Invalid::Retired),
        }
    }

    fn retire(&mut self, policy: &Policy, now: i64, token: PairId) {
        let refresh = match policy.grace {
            Grace::None => Refresh::Spent,
            _ => Refresh::Retired {
                at: if policy.times_use() { now } else { 0 },
            },
        };
        if let Some(slot) = self.slot(token) {
            slot.refresh = refresh;
        }
    }

    /// A successor of `parent` was used: what was its parent's grace is over.
    fn end_grace(&mut self, parent: PairId) {
        if let Some(slot) = self.slot(parent)
            && matches!(slot.refresh, Refresh::Retired { .. })
        {
            slot.refresh = Refresh::Spent;
        }
    }

    fn repeat(&mut self, policy: &Policy, token: PairId) -> RefreshVerdict {
        let successor = self
            .slots
            .iter()
            .find(|slot| slot.parent == token && slot.refresh != Refresh::Spent);
        match successor.map(|slot| slot.pair) {
            Some(pair) => RefreshVerdict::Issued {
                access: pair,
                refresh: pair,
                how: Issue::Repeated,
            },
            // The pair to be repeated is itself gone: the token presented is two generations old.
            None => self.reused(policy),
        }
    }

    fn issued(&mut self, policy: &Policy, now: i64, parent: PairId, how: Issue) -> RefreshVerdict {
        let pair = self.issue(policy, now, parent, Refresh::Fresh);
        RefreshVerdict::Issued {
            access: pair,
            refresh: pair,
            how,
        }
    }

    fn issue(&mut self, policy: &Policy, now: i64, parent: PairId, refresh: Refresh) -> PairId {
        let pair = PairId(self.next);
        self.next = self.next.saturating_add(1);
        if policy.refresh_kills_access {
            for slot in &mut self.slots {
                slot.access_killed = true;
            }
        }
        self.forget(policy, now);
        if refresh == Refresh::Spent && policy.access_ms <= 0 {
            return pair;
        }
        if self.slots.last().is_some_and(|slot| slot.pair != PairId::NONE) {
            self.evict(parent);
        }
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.pair == PairId::NONE) {
            let issued_at = if policy.times_issue() { now } else { 0 };
            *slot = Slot {
                pair,
                parent,
                refresh,
                access_killed: false,
                busy: false,
                issued_at,
            };
        }
        pair
    }

    /// Forgets pairs that can never be accepted again, and writes down that a window is over.
    fn forget(&mut self, policy: &Policy, now: i64) {
        for slot in &mut self.slots {
            if let Refresh::Retired { at } = slot.refresh
                && !policy.in_time(at, now)
            {
                slot.refresh = Refresh::Spent;
            }
        }
        self.drop_where(|slot| {
            let access_over =
                slot.access_killed || policy.access_ms <= 0 || !lives(slot.issued_at, policy.access_ms, now);
            slot.refresh == Refresh::Spent && access_over
        });
        // A parent matters only while it can be retried.
        let before = self.slots;
        for slot in &mut self.slots {
            let retired = |other: &&Slot| matches!(other.refresh, Refresh::Retired { .. });
            if !before.iter().filter(retired).any(|other| other.pair == slot.parent) {
                slot.parent = PairId::NONE;
            }
        }
    }

    fn evict(&mut self, keep: PairId) {
        let worth = |slot: &Slot| match slot.refresh {
            Refresh::Spent => 0,
            Refresh::Retired { .. } => 1,
            Refresh::Fresh => 2,
        };
        let victim = self
            .slots
            .iter()
            .filter(|slot| slot.pair != keep)
            .min_by_key(|slot| (worth(slot), slot.pair));
        if let Some(pair) = victim.map(|slot| slot.pair) {
            self.drop_where(|slot| slot.pair == pair);
        }
    }

    fn drop_where(&mut self, gone: impl Fn(&Slot) -> bool) {
        let mut kept = [Slot::EMPTY; N];
        let stays = self
            .slots
            .iter()
            .filter(|slot| slot.pair != PairId::NONE && !gone(slot));
        for (place, slot) in kept.iter_mut().zip(stays) {
            *place = *slot;
        }
        self.slots = kept;
    }

    fn slot(&mut self, pair: PairId) -> Option<&mut Slot> {
        self.slots
            .iter_mut()
            .find(|slot| slot.pair == pair && pair != PairId::NONE)
    }
}
