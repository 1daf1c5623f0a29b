//! Points at which a worker kills itself, as a machine that loses its power would.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Signal, getpid, kill_process};
use serde_json::json;

use crate::log::Log;

/// A point on the way of a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// The claim is saved, and the process has not heard of it.
    ClaimSaved,
    /// The process is about to send.
    BeforeSend,
    /// Half of the request has left.
    HalfSent,
    /// The request has left.
    Sent,
    /// The answer is there, and nobody but the transport has seen it.
    Answered,
    /// The tokens are about to be saved.
    BeforeCommit,
    /// The tokens are saved, and the process has not heard of it.
    Committed,
}

/// All of them, in the order of a refresh.
pub const ALL: [Point; 7] = [
    Point::ClaimSaved,
    Point::BeforeSend,
    Point::HalfSent,
    Point::Sent,
    Point::Answered,
    Point::BeforeCommit,
    Point::Committed,
];

/// Those at which no answer can be lost: what a provider without a window forgives.
pub const HARMLESS: [Point; 3] = [Point::ClaimSaved, Point::BeforeSend, Point::Committed];

impl Point {
    /// Its name in the log and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaimSaved => "claim_saved",
            Self::BeforeSend => "before_send",
            Self::HalfSent => "half_sent",
            Self::Sent => "sent",
            Self::Answered => "answered",
            Self::BeforeCommit => "before_commit",
            Self::Committed => "committed",
        }
    }

    /// The point of that name.
    pub fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|point| point.name() == name)
    }
}

/// When to die, and over what.
#[derive(Default)]
pub struct Kill {
    plan: Mutex<Option<(Point, u64)>>,
    off: AtomicBool,
    /// Which connection a refresh token is of, and the how-manieth attempt spends it.
    spends: Mutex<HashMap<String, (String, usize)>>,
    /// Connections of which this process may hold an answer.
    open: Mutex<BTreeSet<String>>,
    /// It never dies while another connection's answer may be on its way: no provider without a window forgives that.
    gentle: bool,
}

impl Kill {
    /// Dies when the point is passed for the `times`th time.
    pub fn at(plan: Option<(Point, u64)>, gentle: bool) -> Self {
        Self {
            plan: Mutex::new(plan),
            gentle,
            ..Self::default()
        }
    }

    /// An attempt is claimed, the how-manieth of its refresh.
    pub fn claimed(&self, refresh_token: &str, key: &str, attempts: usize) {
        let mut spends = self.spends.lock().unwrap_or_else(PoisonError::into_inner);
        spends.insert(refresh_token.to_owned(), (key.to_owned(), attempts));
        self.open().insert(key.to_owned());
    }

    /// An attempt is settled.
    pub fn settled(&self, key: &str) {
        self.open().remove(key);
    }

    fn open(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process passes a point on the way of a request.
    pub fn pass_with(&self, point: Point, refresh_token: Option<&str>, log: &Log) {
        let spends = self.spends.lock().unwrap_or_else(PoisonError::into_inner);
        let known = refresh_token.and_then(|token| spends.get(token)).cloned();
        drop(spends);
        let (key, attempts) = known.unwrap_or_default();
        self.pass(point, &key, attempts, log);
    }

    /// Does not die any more.
    pub fn disarm(&self) {
        self.off.store(true, Ordering::SeqCst);
    }

    /// The process passes a point. It dies over first attempts only: with what the gates do to a refresh that leaves one
    /// attempt of four untouched, as the protocol wants.
    pub fn pass(&self, point: Point, key: &str, attempts: usize, log: &Log) {
        if self.off.load(Ordering::SeqCst) || attempts > 1 {
            return;
        }
        if self.gentle && self.open().iter().any(|open| open != key) {
            return;
        }
        let Ok(mut plan) = self.plan.lock() else { return };
        match &mut *plan {
            Some((planned, times)) if *planned == point && *times <= 1 => {
                log.say("dies", key, json!({"point": point.name()}));
                // The lock stays held: no other thread goes past a point in the last moment.
                let _ = kill_process(getpid(), Signal::KILL);
            }
            Some((planned, times)) if *planned == point => *times -= 1,
            _ => {}
        }
    }
}
