//! The numbers of the protocol: what one profile makes of the timers.

use crate::base::time::MAX_MS;
use crate::connection::rules::Rules;
use crate::provider::profile::{Profile, Window};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Every length of time that the transition table reads, in milliseconds.
///
/// The table has no time of its own, so that a proof can run it with any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "exhaustive"), non_exhaustive)]
pub struct Policy {
    /// How long after the claim a request may leave.
    pub send_within: i64,
    /// How long after that a request may still be on its way; later it is processed or dead.
    pub transit: i64,
    /// How far two clocks may drift apart, in parts per thousand.
    pub drift: i64,
    /// How long the old refresh token works after a rotation: 0 for not at all or not known, [`Policy::UNLIMITED`].
    pub window: i64,
    /// How long after the last moment of sending an open attempt's holder may be thought silent.
    pub silence: i64,
    /// The least wait for a silent holder after the window, before something is spent that cannot be had back.
    pub patience: i64,
    /// A refresh token younger than this that is rejected is tried again.
    pub fresh: i64,
    /// The waits before the confirmations of a doubtful rejection.
    pub confirmations: [i64; 2],
    /// The wait before a repeated last chance; it doubles up to [`Policy::longest_pace`].
    pub pace: i64,
    /// The longest such wait.
    pub longest_pace: i64,
    /// The wait after a failure that spent nothing, where the provider asks for none; it doubles.
    pub failure_wait: i64,
    /// The longest wait after failures that spent nothing.
    pub longest_failure_wait: i64,
    /// The wait between tries to reach the store while something must be saved.
    pub store_wait: i64,
    /// A work that would have to wait longer than this ends instead, and says when to ask again.
    pub longest_wait: i64,
    /// Refreshes that were caused by a resource's 401 are this far apart at least, doubling up to an hour.
    pub unauthorized_spacing: i64,
    /// An access token younger than this that a resource rejects is not refreshed again.
    pub fresh_access: i64,
    /// The most that a refresh comes before the end of the access token.
    pub ahead: i64,
    /// How long a code lives that the profile says nothing about.
    pub code_life: i64,
    /// Whether tokens that nobody wants any more can be revoked.
    pub revokes: bool,
    /// How long the secrets of a connection that was given up are kept, for a late answer.
    pub remembrance: i64,
    /// A refusal that no rule knows is a verdict when it came this often ...
    pub refusals: i64,
    /// ... over at least this long.
    pub refusals_over: i64,
    /// The rules in force.
    pub rules: Rules,
}

impl Policy {
    /// A window without an end: the old refresh token works until its successor is used, or does not rotate at all.
    pub const UNLIMITED: i64 = MAX_MS;

    /// The timers for a window of this length, everything else as it ships.
    pub const fn for_window(window: i64) -> Self {
        let (send_within, transit, drift) = (3 * SECOND, 3 * SECOND, 10);
        let silence = if window <= 0 || window == Self::UNLIMITED {
            MINUTE
        } else {
            // A third of the window for each attempt, so that three silent holders leave room for a fourth.
            let third = (less_drift(window, drift) - send_within - transit) / 3 - send_within;
            let whole = third / SECOND * SECOND;
            if whole < 10 * SECOND {
                10 * SECOND
            } else if whole > 30 * SECOND {
                30 * SECOND
            } else {
                whole
            }
        };
        let ahead = if send_within + silence > MINUTE {
            send_within + silence
        } else {
            MINUTE
        };
        Self {
            send_within,
            transit,
            drift,
            window,
            silence,
            patience: MINUTE,
            fresh: MINUTE,
            confirmations: [3 * SECOND, 30 * SECOND],
            pace: MINUTE,
            longest_pace: HOUR,
            failure_wait: SECOND,
            longest_failure_wait: 5 * MINUTE,
            store_wait: SECOND,
            longest_wait: 20 * SECOND,
            unauthorized_spacing: 30 * SECOND,
            fresh_access: MINUTE,
            ahead,
            code_life: MINUTE,
            revokes: false,
            remembrance: 24 * HOUR,
            refusals: 3,
            refusals_over: HOUR,
            rules: Rules::ALL,
        }
    }

    /// The timers that a profile asks for.
    pub fn of(profile: &Profile) -> Self {
        let mut policy = Self::for_window(match profile.refresh.window {
            Window::None => 0,
            Window::Millis(millis) => millis,
            Window::Unlimited => Self::UNLIMITED,
        });
        if let Some(life) = profile.lifetimes.code {
            policy.code_life = life;
        }
        policy
    }

    /// How long before the end of an access token with this life a refresh begins.
    pub(crate) fn ahead_of(&self, life: i64) -> i64 {
        self.ahead.min(life / 5)
    }

    /// How much life an access token must have left to serve a caller who wants `min_life`: more than a token's whole
    /// life is satisfied by a fresh one.
    pub(crate) fn needed(&self, min_life: i64, life: i64) -> i64 {
        min_life.min(life.saturating_sub(self.ahead_of(life))).max(1)
    }

    /// How long a login waits for a refresh that is in doubt: while its code has life left for one request.
    pub(crate) fn rescue(&self) -> i64 {
        self.code_life
            .saturating_sub(self.send_within)
            .saturating_sub(self.transit)
    }

    /// The last moment at which a further attempt may be claimed in a window that opened at `opened`.
    pub(crate) fn last_claim(&self, opened: i64) -> i64 {
        if self.window >= Self::UNLIMITED {
            return Self::UNLIMITED;
        }
        opened
            .saturating_add(less_drift(self.window, self.drift))
            .saturating_sub(self.send_within)
            .saturating_sub(self.transit)
            .saturating_sub(1)
    }

    /// When the window that opened at `opened` is certainly over.
    pub(crate) fn window_end(&self, opened: i64) -> i64 {
        opened.saturating_add(self.window).min(MAX_MS)
    }
}

const fn less_drift(length: i64, drift: i64) -> i64 {
    length - length / 1_000 * drift
}

/// `first` doubled `times` times, at most `longest`.
pub(crate) fn doubled(first: i64, times: i64, longest: i64) -> i64 {
    let shift = u32::try_from(times.clamp(0, 40)).unwrap_or(0);
    first.saturating_mul(1 << shift).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn airwallex_has_room_for_four_silent_attempts() {
        let policy = Policy::of(&Profile::built_in("airwallex").unwrap());
        assert_eq!(policy.silence, 14 * SECOND);
        let spacing = policy.send_within + policy.silence;
        assert!(3 * spacing <= policy.last_claim(0));
        assert!(4 * spacing > policy.last_claim(0));
    }

    #[test]
    fn no_window_allows_no_further_claim() {
        assert!(Policy::for_window(0).last_claim(7) < 7);
        assert_eq!(Policy::for_window(Policy::UNLIMITED).last_claim(7), Policy::UNLIMITED);
    }

    #[test]
    fn a_silence_is_longer_than_a_slow_success() {
        for window in [0, 1, 10 * SECOND, MINUTE, HOUR, Policy::UNLIMITED] {
            let policy = Policy::for_window(window);
            assert!(policy.silence > policy.send_within + 2 * policy.transit, "{window}");
        }
    }
}
