//! What a server does with refresh tokens: a product of small choices.

/// How long a refresh token goes on working after its first use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Grace {
    /// Not at all: one use.
    None,
    /// For [`Policy::window_ms`] from its first use.
    Window,
    /// Until the refresh token of a successor is used; [`Policy::window_ms`] above zero caps it.
    UntilSuccessorUsed,
    /// Until the access token (or the refresh token) of a successor is used; [`Policy::window_ms`] above zero caps it.
    UntilAccessUsed,
}

/// How a retry inside the grace is answered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Retry {
    /// With the pair that the first use was answered with.
    SamePair,
    /// With another pair; all stay valid.
    Sibling,
    /// With another pair; everything issued since the retried token dies.
    NewestWins,
}

/// What a refresh token outside its grace does when it is presented.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reuse {
    /// It kills the whole grant, access tokens included.
    Kills,
    /// It is refused and nothing else happens.
    Harmless,
}

/// What a new code exchange by the same user, for the same account and client, does to an older grant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Login {
    /// Nothing: both live.
    Keeps,
    /// The older refresh tokens die, its access tokens live to their end.
    KillsRefresh,
    /// The older grant dies whole.
    Kills,
}

/// All choices of one server. Times are in milliseconds; zero means: without an end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Policy {
    /// Whether a refresh issues a new refresh token.
    pub rotates: bool,
    /// How long a used refresh token goes on working.
    pub grace: Grace,
    /// The length of [`Grace::Window`], or the cap of the other two (zero: no cap).
    pub window_ms: i64,
    /// Whether the grace ends with the first retry.
    pub once: bool,
    /// How a retry inside the grace is answered.
    pub retry: Retry,
    /// What an old refresh token does.
    pub reuse: Reuse,
    /// What a new code exchange does to older grants.
    pub login: Login,
    /// Whether a refresh kills the access tokens issued before it (Wise).
    pub refresh_kills_access: bool,
    /// Whether a second refresh with the same token, while the first is being worked on, is refused as concurrent
    /// (Airwallex). Where not, both are worked on, one after the other.
    pub refuses_concurrent: bool,
    /// The life of an access token. Zero: never ends, and the kernel keeps no slot for it alone, see
    /// [`Grant::access`](super::Grant::access).
    pub access_ms: i64,
    /// The life of each refresh token, from its own issue. Zero: never ends.
    pub refresh_ms: i64,
    /// The life of a code. Zero: never ends.
    pub code_ms: i64,
    /// What a second exchange of a code does to the grant it was exchanged for (RFC 6749 section 4.1.2 wants `Kills`).
    pub code_reuse: Reuse,
}

impl Policy {
    /// Rotates, no grace, reuse kills (RFC 9700 section 4.14.2); tokens and codes without an end.
    pub const fn no_window() -> Policy {
        Policy {
            rotates: true,
            grace: Grace::None,
            window_ms: 0,
            once: false,
            retry: Retry::NewestWins,
            reuse: Reuse::Kills,
            login: Login::Keeps,
            refresh_kills_access: false,
            refuses_concurrent: false,
            access_ms: 0,
            refresh_ms: 0,
            code_ms: 0,
            code_reuse: Reuse::Kills,
        }
    }

    /// Does not rotate: the refresh token stays as it is.
    pub const fn no_rotation() -> Policy {
        let mut policy = Policy::no_window();
        policy.rotates = false;
        policy
    }

    /// A retry within `window_ms` is answered with the same pair again.
    pub const fn same_pair(window_ms: i64) -> Policy {
        Policy::windowed(window_ms, Retry::SamePair)
    }

    /// A retry within `window_ms` is answered with another pair, and all of them live.
    pub const fn siblings(window_ms: i64) -> Policy {
        Policy::windowed(window_ms, Retry::Sibling)
    }

    /// A retry within `window_ms` is answered with another pair, and the lower answer dies.
    pub const fn newest_wins(window_ms: i64) -> Policy {
        Policy::windowed(window_ms, Retry::NewestWins)
    }

    /// The old refresh token lives until its successor is used; a retry before that kills the lower answer.
    pub const fn until_used() -> Policy {
        let mut policy = Policy::no_window();
        policy.grace = Grace::UntilSuccessorUsed;
        policy
    }

    /// The old refresh token lives until the successor's access token is used; a retry before that kills the lower
    /// answer.
    pub const fn until_access_used() -> Policy {
        let mut policy = Policy::no_window();
        policy.grace = Grace::UntilAccessUsed;
        policy
    }

    /// One retry within `window_ms` is answered with another pair; a second one is reuse.
    pub const fn once(window_ms: i64) -> Policy {
        let mut policy = Policy::windowed(window_ms, Retry::Sibling);
        policy.once = true;
        policy
    }

    const fn windowed(window_ms: i64, retry: Retry) -> Policy {
        let mut policy = Policy::no_window();
        policy.grace = Grace::Window;
        policy.window_ms = window_ms;
        policy.retry = retry;
        policy
    }

    /// The same policy with harmless reuse.
    pub const fn harmless(mut self) -> Policy {
        self.reuse = Reuse::Harmless;
        self
    }

    /// The same policy with these lives, in milliseconds.
    pub const fn lives(mut self, access_ms: i64, refresh_ms: i64) -> Policy {
        self.access_ms = access_ms;
        self.refresh_ms = refresh_ms;
        self
    }

    /// Whether a refresh token first used at `at` is still in its grace, as far as time decides it.
    pub(super) const fn in_time(&self, at: i64, now: i64) -> bool {
        match self.grace {
            Grace::None => false,
            Grace::Window => within(at, self.window_ms, now),
            Grace::UntilSuccessorUsed | Grace::UntilAccessUsed => lives(at, self.window_ms, now),
        }
    }

    /// Whether the time of a first use is ever compared with another.
    pub(super) const fn times_use(&self) -> bool {
        matches!(self.grace, Grace::Window) || (!matches!(self.grace, Grace::None) && self.window_ms > 0)
    }

    /// Whether the time of an issue is ever compared with another.
    pub(super) const fn times_issue(&self) -> bool {
        self.access_ms > 0 || self.refresh_ms > 0
    }
}

/// Whether `now` lies before the end of a life that began at `from`; a life of zero has no end.
pub(super) const fn lives(from: i64, life_ms: i64, now: i64) -> bool {
    life_ms <= 0 || within(from, life_ms, now)
}

const fn within(from: i64, length_ms: i64, now: i64) -> bool {
    now < from.saturating_add(length_ms)
}
