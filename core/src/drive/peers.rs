//! How the connections of one client fare, for each other: kept in memory.

use core::time::Duration;
use std::borrow::ToOwned;
use std::collections::BTreeSet;
use std::string::String;

use crate::base::time::Now;
use crate::connection::command::ClientHealth;

/// More than a few failing connections are no further evidence.
const MOST_FAILING: usize = 100;

#[derive(Default)]
pub(crate) struct Peers {
    /// The last success, and the last one of another connection.
    successes: [Option<(String, Now)>; 2],
    /// The connections for which the client was refused since.
    failing: BTreeSet<String>,
}

impl Peers {
    /// The provider gave tokens to a connection.
    pub(crate) fn succeeded(&mut self, key: &str, now: Now) {
        self.failing.clear();
        let [last, before] = &mut self.successes;
        if last.as_ref().is_some_and(|(other, _)| other != key) {
            *before = last.take();
        }
        *last = Some((key.to_owned(), now));
    }

    /// The provider refused the client for a connection.
    pub(crate) fn refused(&mut self, key: &str) {
        if self.failing.len() < MOST_FAILING {
            self.failing.insert(key.to_owned());
        }
    }

    /// What a work on this connection is told of the others.
    pub(crate) fn others(&self, key: &str, now: Now) -> ClientHealth {
        let other = self.successes.iter().flatten().find(|(other, _)| other != key);
        let ago = other.map(|(_, at)| u64::try_from(now.longest_since(*at)).unwrap_or(0));
        let failing = self.failing.iter().filter(|other| *other != key).count();
        ClientHealth::new(
            ago.map(Duration::from_millis),
            u32::try_from(failing).unwrap_or(u32::MAX),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Now {
        Now { wall: ms, steady: ms }
    }

    #[test]
    fn only_other_connections_count() {
        let mut peers = Peers::default();
        peers.succeeded("a", at(1_000));
        peers.succeeded("b", at(2_000));
        peers.succeeded("b", at(3_000));
        let ago = |key| peers.others(key, at(10_000)).last_success.map(|ago| ago.as_millis());
        assert_eq!((ago("a"), ago("b"), ago("c")), (Some(7_000), Some(9_000), Some(7_000)));
    }

    #[test]
    fn a_success_forgives_all_failures() {
        let mut peers = Peers::default();
        for key in ["a", "b", "a"] {
            peers.refused(key);
        }
        assert_eq!(peers.others("a", at(0)).failing, 1);
        assert_eq!(peers.others("c", at(0)).failing, 2);
        peers.succeeded("d", at(1));
        assert_eq!(peers.others("c", at(1)).failing, 0);
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let mut peers = Peers::default();
        for number in 0..1_000 {
            peers.refused(&std::format!("key {number}"));
        }
        assert_eq!(peers.failing.len(), MOST_FAILING);
    }
}
