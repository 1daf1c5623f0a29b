//! The typed kernel: what an authorization server does with refresh tokens, without strings, I/O or a clock.
//!
//! # Theory of operation
//!
//! A [`Grant`] is one consent and everything issued from it. Tokens are issued in **pairs** (an access token and a
//! refresh token), numbered in the order of their issue ([`PairId`]); each pair but the first knows the pair whose
//! refresh token it was issued for, its parent. The grant keeps a slot only for pairs that can still matter. A number
//! below the next one to be issued that has no slot is therefore an *old* token, and presenting it is reuse: nothing
//! needs to be remembered about it.
//!
//! What a server does is a [`Policy`], a product of small choices:
//!
//! - does it rotate at all;
//! - [`Grace`]: how long a refresh token goes on working after its first use (not at all, for a time, until its
//!   successor is used, until the successor's access token is used), and whether only for one retry (`once`);
//! - [`Retry`]: how such a retry is answered (the same pair again, another pair beside the first, another pair that
//!   kills the first);
//! - [`Reuse`]: what an old token outside the grace does to the grant;
//! - [`Login`]: what a new code exchange by the same user does to the grants before it.
//!
//! A refresh token moves one way: *fresh*, then *retired* (used, in its grace), then *spent*. A killed grant never
//! comes back. Time is an argument, in milliseconds; it is compared with a stored time only where the policy names a length,
//! and no time is stored where none is compared, so that equal situations are equal values. All states are `Copy`, `Eq`
//! and `Hash`, for explorers of many states; `N` bounds how many pairs are kept, see [`Grant`].
//!
//! Strings, HTTP and JSON are the shell's: it mints tokens and maps them to a grant and a pair.

mod code;
mod grant;
mod policy;
#[cfg(test)]
mod tests;
mod verdict;

pub use code::{Code, CodeVerdict};
pub use grant::Grant;
pub use policy::{Grace, Login, Policy, Retry, Reuse};
pub use verdict::{AccessVerdict, Invalid, Issue, Life, PairId, Reason, RefreshVerdict};
