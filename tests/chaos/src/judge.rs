//! What became of each connection, and whether a loss could have been avoided.
//!
//! A loss is excused by what `docs/lifecycle.md` says that nobody can do, found in the record of the run: what the gates
//! saw, what the processes logged, and the emulator's journal. A loss that nothing excuses is avoidable, and a bug.

use std::collections::{BTreeMap, BTreeSet};

use crate::gate::{Seen, What};
use crate::log::Line;

/// The protocol's patience with silent holders after a window.
const PATIENCE: i64 = 60_000;
/// From the last claim in a window to its end: the drift of clocks, the time to send, and the transit.
const LAST_CLAIM: i64 = 600 + 3_000 + 3_000;
/// How long an attempt keeps others waiting whose holder falls silent.
const SLOT: i64 = 17_000;
/// What one attempt needs: to be wanted by somebody, to be claimed, and to be sent.
const CHANCE: i64 = 8_000;
/// The most lines of a story.
const LONGEST_STORY: usize = 200;
/// A worker that says later than this again that it reaches the store was too slow to claim anything meanwhile.
const PULSE: i64 = 3_000;

/// Why a connection could not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Impossible {
    /// (a) No window, and an answer was lost after the provider acted.
    NoWindow,
    /// (b) As many faults as the window has attempts.
    WindowUsedUp,
    /// (b) Nobody could do anything from some moment inside the window until its end.
    CutOff,
    /// (c) A request was processed later than requests can be.
    TooLate,
    /// (e) A holder had the answer and was silent for longer than anybody can wait.
    SilentHolder,
}

/// How a connection fared at the end, without faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It serves a token that the provider takes, and it has renewed it.
    Lives,
    /// It asks for its user.
    GivenUp(String),
    /// Neither, for as long as the watcher waited.
    Stuck(String),
}

/// What is known of one connection.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its key.
    pub key: String,
    /// How it fared.
    pub ending: Ending,
    /// The provider killed its grant at this moment, because an old refresh token came back.
    pub killed: Option<i64>,
    /// The refresh token in the store is the last one that the provider issued.
    pub holds_newest: bool,
    /// How long a refresh token lives.
    pub refresh_life: i64,
    /// How long the old refresh token works; 0: not at all.
    pub window: i64,
}

/// The judgement on one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It lives.
    Kept,
    /// It is lost, is said to be, and nobody could have kept it.
    Lost(Vec<Impossible>),
    /// It is lost, and need not be.
    Avoidable,
    /// It is said to be lost, and is not.
    FalseDeath,
    /// It is lost, and is not said to be.
    Unreported,
    /// It does not come to an end.
    Stuck,
}

/// Why an old refresh token came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// In a last chance, or to confirm a refusal: nothing could be lost by it.
    LastChance,
    /// It came in an answer that was promoted at the end of a window, because there was nothing better: a later answer,
    /// which was lost, had killed it.
    Promoted,
    /// For no good reason.
    Mistake,
}

/// The record of a run.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// What the gates saw, in order.
    pub seen: Vec<Seen>,
    /// What the processes logged, in order.
    pub lines: Vec<Line>,
}

impl Evidence {
    /// The judgement on a connection.
    pub fn judge(&self, case: &Case) -> Verdict {
        match (&case.ending, case.killed) {
            (Ending::Lives, _) => Verdict::Kept,
            (Ending::Stuck(_), None) => Verdict::Stuck,
            (Ending::Stuck(_), Some(_)) => Verdict::Unreported,
            (Ending::GivenUp(_), None) if case.holds_newest && !self.is_expired(case) => Verdict::FalseDeath,
            (Ending::GivenUp(_), _) => {
                let excuses = self.excuses(case);
                if excuses.is_empty() {
                    Verdict::Avoidable
                } else {
                    Verdict::Lost(excuses)
                }
            }
        }
    }

    /// Whether the last refresh token's own life was over when the provider refused it.
    fn is_expired(&self, case: &Case) -> bool {
        let own = || self.seen.iter().rev().filter(|seen| seen.key == case.key);
        let issued = own().find(|seen| matches!(seen.what, What::Processed { issued: Some(_), .. }));
        let refused = own().find(|seen| matches!(seen.what, What::Processed { issued: None, .. }));
        match (issued, refused) {
            // The gate sees an answer a moment after the provider gave it.
            (Some(issued), Some(refused)) => refused.at - issued.at >= case.refresh_life - 1_000,
            _ => false,
        }
    }

    /// Every impossibility that the record shows about the last refresh of a connection.
    pub fn excuses(&self, case: &Case) -> Vec<Impossible> {
        let Some(opened) = self.opened(case) else {
            return Vec::new();
        };
        let end = opened + case.window;
        let mut excuses = Vec::new();
        let own = |seen: &&Seen| seen.key == case.key && seen.at >= opened;
        let is_lost = |seen: &Seen| {
            let issued = matches!(seen.what, What::Processed { issued: Some(_), .. });
            let delivered = |other: &&Seen| {
                other.what == What::Delivered && other.who == seen.who && (0..PATIENCE).contains(&(other.at - seen.at))
            };
            issued && !self.seen.iter().filter(own).any(|other| delivered(&other))
        };
        let answer_lost = self.seen.iter().filter(own).any(is_lost) || self.holders_lost(case, opened) > 0;
        if case.window == 0 && answer_lost {
            excuses.push(Impossible::NoWindow);
        }
        // Airwallex's minute has room for four attempts, even if each holder falls silent.
        if case.window > 0 && self.faults(case, opened, end) >= 4 {
            excuses.push(Impossible::WindowUsedUp);
        }
        if case.window > 0 && self.is_cut_off(&case.key, opened, end) {
            excuses.push(Impossible::CutOff);
        }
        let is_late = |seen: &Seen| matches!(seen.what, What::Processed { late: true, .. });
        if self.seen.iter().filter(own).any(is_late) {
            excuses.push(Impossible::TooLate);
        }
        if self.has_silent_holder(case, opened) {
            excuses.push(Impossible::SilentHolder);
        }
        excuses
    }

    /// When the last refresh began: with its first claim; where nobody claims, with its first request.
    fn opened(&self, case: &Case) -> Option<i64> {
        let claims = self.claims(&case.key);
        let promoted = self.promoted(&case.key);
        let last = claims.iter().map(|line| line.number("generation")).max();
        // Tokens that were promoted may be dead from the beginning: what counts is the refresh that they came from.
        let last = last.map(|last| if promoted.contains(&last) { last - 1 } else { last });
        let first = claims
            .iter()
            .find(|line| Some(line.number("generation")) == last && line.flag("saved"))
            .map(|line| line.at - 3_000);
        // The claim is logged after its save; its time in the record is a little earlier.
        let opened = claims
            .iter()
            .find(|line| Some(line.number("generation")) == last && line.flag("saved"))
            .map(|line| line.number("opened_at"))
            .filter(|at| *at > 0);
        let own = || self.seen.iter().filter(|seen| seen.key == case.key);
        let refused = own()
            .filter(|seen| matches!(seen.what, What::Processed { issued: None, .. }))
            .min_by_key(|seen| (seen.at - case.killed.unwrap_or(i64::MAX / 2)).abs());
        let asked = refused.and_then(|refused| own().find(|seen| seen.serial == refused.serial));
        opened.or(first).or(asked.map(|seen| seen.at))
    }

    /// The generations that began with a promotion.
    fn promoted(&self, key: &str) -> BTreeSet<i64> {
        let own = self
            .lines
            .iter()
            .filter(|line| line.what == "promotes" && line.key == key);
        own.map(|line| line.number("generation")).collect()
    }

    fn claims(&self, key: &str) -> Vec<&Line> {
        let is_claim = |line: &&Line| line.what == "claims" && line.key == key;
        self.lines.iter().filter(is_claim).collect()
    }

    /// Faults that struck a connection between two moments.
    pub fn faults(&self, case: &Case, from: i64, to: i64) -> usize {
        let within = |at: i64| (from..=to).contains(&at);
        let at_the_gate = self.seen.iter().filter(|seen| {
            seen.key == case.key && within(seen.at) && matches!(seen.what, What::Fault(_) | What::TooLate)
        });
        let in_the_store = self
            .lines
            .iter()
            .filter(|line| line.what == "store_fault" && line.key == case.key && within(line.at))
            // A read that fails costs no attempt.
            .filter(|line| line.word("kind") != "load failed");
        // An absence of the store takes each attempt that would have been made meanwhile.
        let outages = self.away().into_iter().map(|(down, up)| (down.max(from), up.min(to)));
        let outages = outages
            .filter(|(down, up)| down < up)
            .map(|(down, up)| 1 + (up - down) / SLOT);
        let outages = usize::try_from(outages.sum::<i64>()).unwrap_or(0);
        at_the_gate.count()
            + in_the_store.count()
            + outages
            + self.unsent(case, from, to)
            + self.holders_lost(case, from)
    }

    /// Attempts that were claimed too slowly to be sent.
    fn unsent(&self, case: &Case, from: i64, to: i64) -> usize {
        let claims = self.claims(&case.key).into_iter();
        let claims = claims.filter(|line| line.flag("saved") && (from..=to).contains(&line.at));
        let unsent = claims.filter(|claim| {
            let own = |who: &str, key: &str| who == claim.who && key == case.key;
            let settled = self
                .lines
                .iter()
                .find(|line| line.what == "settles" && own(&line.who, &line.key) && line.at >= claim.at);
            settled.is_some_and(|settled| {
                let span = claim.at..=settled.at;
                !self
                    .seen
                    .iter()
                    .any(|seen| own(&seen.who, &seen.key) && span.contains(&seen.at))
            })
        });
        unsent.count()
    }

    /// Processes that were killed or stopped, or whose clock was stepped, while they had a claim open.
    fn holders_lost(&self, case: &Case, from: i64) -> usize {
        let struck = self.lines.iter().filter(|line| {
            matches!(line.what.as_str(), "dies" | "killed" | "stopped" | "wall_clock_stepped") && line.at >= from
        });
        struck
            .filter(|line| {
                let who = match line.what.as_str() {
                    "killed" | "stopped" => line.word("worker"),
                    _ => line.who.as_str(),
                };
                self.has_open_claim(&case.key, who, line.at)
            })
            .count()
    }

    fn has_open_claim(&self, key: &str, who: &str, at: i64) -> bool {
        let own = self
            .lines
            .iter()
            .filter(|line| line.key == key && line.who == who && line.at <= at);
        let mut open = false;
        for line in own {
            match line.what.as_str() {
                "claims" if line.flag("saved") => open = true,
                "settles" if line.flag("saved") => open = false,
                _ => {}
            }
        }
        open
    }

    /// Whether nobody had the chance of one more attempt, from the moment at which it was allowed until the last one of the
    /// window: no worker ran, or none reached the store, or the machine was too busy.
    fn is_cut_off(&self, key: &str, opened: i64, end: i64) -> bool {
        let last = end - LAST_CLAIM;
        let (away, pulses) = (self.away(), self.pulses(key));
        let is_able = |pulses: &Vec<i64>, at: i64| {
            let next = pulses.partition_point(|pulse| *pulse < at);
            let around = next
                .checked_sub(1)
                .and_then(|before| Some((pulses[before], *pulses.get(next)?)));
            around.is_some_and(|(before, after)| after - before <= PULSE)
        };
        let can_act = |at: i64| {
            let is_away = away.iter().any(|(down, up)| (*down..*up).contains(&at));
            !is_away && pulses.iter().any(|worker| is_able(worker, at))
        };
        let mut since = None;
        let mut at = self.next_allowed(key, opened, last);
        // Where there was no room for one more, those that were made have to account for the loss.
        if at > last - CHANCE {
            return false;
        }
        while at <= last {
            if !can_act(at) {
                since = None;
            } else if at - *since.get_or_insert(at) >= CHANCE {
                return false;
            }
            at += 250;
        }
        true
    }

    /// When the attempt after the last one inside a window was allowed.
    fn next_allowed(&self, key: &str, opened: i64, last: i64) -> i64 {
        let mut claims = self.claims(key).into_iter();
        let claim = claims.rfind(|line| line.flag("saved") && (opened..=last).contains(&line.at));
        let Some(claim) = claim else { return opened };
        let settled = self.lines.iter().find(|line| {
            line.key == key
                && line.what == "settles"
                && line.flag("saved")
                && line.who == claim.who
                && line.at >= claim.at
        });
        // A silent holder is waited for; one that has reported, only until its request is dead.
        let silent = claim.at + SLOT;
        settled.map_or(silent, |line| (claim.at + 6_000).max(line.at).min(silent))
    }

    /// The moments at which each worker of a connection reached the store.
    fn pulses(&self, key: &str) -> Vec<Vec<i64>> {
        let serves = |line: &&Line| line.what == "serves" && key.starts_with(line.word("site"));
        let workers = self.lines.iter().filter(serves).map(|line| line.word("worker"));
        let mut pulses: BTreeMap<&str, Vec<i64>> = workers.map(|worker| (worker, Vec::new())).collect();
        for line in self.lines.iter().filter(|line| line.what == "able") {
            if let Some(own) = pulses.get_mut(line.who.as_str()) {
                own.push(line.at);
            }
        }
        pulses.into_values().collect()
    }

    fn away(&self) -> Vec<(i64, i64)> {
        self.intervals("store_down", "store_up")
    }

    /// A process with an open claim was stopped for longer than the protocol waits for silent holders.
    fn has_silent_holder(&self, case: &Case, opened: i64) -> bool {
        let stops = self
            .lines
            .iter()
            .filter(|line| line.what == "stopped" && line.at >= opened);
        stops
            .filter(|line| self.has_open_claim(&case.key, line.word("worker"), line.at))
            .any(|line| line.number("ms") > case.window + PATIENCE)
    }

    fn intervals(&self, from: &str, to: &str) -> Vec<(i64, i64)> {
        let begins = self.lines.iter().filter(|line| line.what == from);
        begins
            .map(|begin| {
                let end = self.lines.iter().find(|line| line.what == to && line.at >= begin.at);
                (begin.at, end.map_or(i64::MAX, |end| end.at))
            })
            .collect()
    }

    /// Why an old refresh token came back and killed a grant at a moment.
    pub fn reuse(&self, key: &str, at: i64) -> Reuse {
        let refused = |seen: &&Seen| seen.key == key && matches!(seen.what, What::Processed { issued: None, .. });
        let request = self.seen.iter().filter(refused).min_by_key(|seen| (seen.at - at).abs());
        let claim = request.and_then(|request| {
            let mut claims = self.claims(key).into_iter();
            claims.rfind(|line| line.who == request.who && line.at <= request.at)
        });
        match claim {
            Some(claim) if claim.number("last_chances") > 0 || claim.flag("confirms") => Reuse::LastChance,
            Some(claim) if self.promoted(key).contains(&claim.number("generation")) => Reuse::Promoted,
            _ => Reuse::Mistake,
        }
    }

    /// What is known of a connection since a moment, in words, as far as it decides anything.
    pub fn story(&self, key: &str, from: i64) -> String {
        let mut story: BTreeMap<(i64, usize), String> = BTreeMap::new();
        for (number, seen) in self
            .seen
            .iter()
            .enumerate()
            .filter(|(_, seen)| seen.key == key && seen.at >= from)
        {
            let words = format!("gate: token {} of {}: {:?}", seen.serial, seen.who, seen.what);
            story.insert((seen.at, number), words);
        }
        let about = |line: &&Line| {
            line.at >= from && line.what != "able" && (line.key == key || line.key.is_empty() || line.what == "dies")
        };
        for (number, line) in self.lines.iter().filter(about).enumerate() {
            story.insert(
                (line.at, usize::MAX / 2 + number),
                format!("{}: {} {}", line.who, line.what, line.all),
            );
        }
        let lines = story
            .iter()
            .take(LONGEST_STORY)
            .map(|((at, _), words)| format!("  {:>8} {words}\n", at - from));
        lines.collect()
    }

    /// When the story of a loss begins.
    pub fn story_begins(&self, case: &Case) -> i64 {
        self.opened(case).map_or(0, |at| at - 5_000)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn line(at: i64, who: &str, what: &str, more: Value) -> Line {
        let mut all = more;
        all["at"] = json!(at);
        all["who"] = json!(who);
        all["what"] = json!(what);
        Line::read(&all.to_string()).unwrap()
    }

    fn claim(at: i64, who: &str) -> Line {
        let more = json!({"key": "k", "generation": 1, "saved": true, "opened_at": 1000, "last_chances": 0});
        line(at, who, "claims", more)
    }

    fn seen(at: i64, who: &str, what: What) -> Seen {
        Seen {
            at,
            key: "k".to_owned(),
            serial: 1,
            who: who.to_owned(),
            what,
        }
    }

    fn processed(issued: Option<u32>, late: bool) -> What {
        let status = if issued.is_some() { 200 } else { 400 };
        What::Processed { status, issued, late }
    }

    fn case(window: i64) -> Case {
        Case {
            key: "k".to_owned(),
            ending: Ending::GivenUp("lost".to_owned()),
            killed: Some(90_000),
            holds_newest: false,
            refresh_life: 1_000_000,
            window,
        }
    }

    fn running(lines: Vec<Line>) -> Vec<Line> {
        let mut all = vec![
            line(0, "watcher", "serves", json!({"worker": "w", "site": "k"})),
            line(0, "watcher", "serves", json!({"worker": "v", "site": "k"})),
            line(1, "w", "begins", json!({})),
            line(1, "v", "begins", json!({})),
        ];
        all.extend(lines);
        for second in 0..100 {
            all.push(line(second * 1000, "w", "able", json!({})));
            all.push(line(second * 1000, "v", "able", json!({})));
        }
        all
    }

    #[test]
    fn a_loss_that_nothing_excuses_is_avoidable() {
        let evidence = Evidence {
            seen: vec![
                seen(1500, "w", What::Fault("answer lost")),
                seen(1500, "w", processed(Some(2), false)),
            ],
            lines: running(vec![claim(1010, "w")]),
        };
        assert_eq!(evidence.judge(&case(60_000)), Verdict::Avoidable);
        // The same where there is no window: nobody can have it back.
        assert_eq!(evidence.judge(&case(0)), Verdict::Lost(vec![Impossible::NoWindow]));
        // Said to be lost, with the living token in the store.
        let alive = Case {
            killed: None,
            holds_newest: true,
            ..case(60_000)
        };
        assert_eq!(evidence.judge(&alive), Verdict::FalseDeath);
        let silent = Case {
            ending: Ending::Stuck(String::new()),
            ..case(60_000)
        };
        assert_eq!(evidence.judge(&silent), Verdict::Unreported);
    }

    #[test]
    fn a_delivered_answer_is_not_lost() {
        let evidence = Evidence {
            seen: vec![
                seen(1500, "w", processed(Some(2), false)),
                seen(1600, "w", What::Delivered),
            ],
            lines: running(vec![claim(1010, "w")]),
        };
        assert_eq!(evidence.judge(&case(0)), Verdict::Avoidable);
    }

    #[test]
    fn four_faults_use_a_window_up_and_three_do_not() {
        let fault = |at| seen(at, "w", What::Fault("answer lost"));
        let mut evidence = Evidence {
            seen: vec![fault(2000), fault(20_000), fault(40_000)],
            lines: running(vec![claim(1010, "w")]),
        };
        assert_eq!(evidence.judge(&case(60_000)), Verdict::Avoidable);
        evidence.lines.push(line(50_000, "w", "dies", json!({})));
        assert_eq!(
            evidence.judge(&case(60_000)),
            Verdict::Lost(vec![Impossible::WindowUsedUp])
        );
        // A process that had nothing open does not count.
        evidence.lines.pop();
        evidence.lines.push(line(50_000, "v", "dies", json!({})));
        assert_eq!(evidence.judge(&case(60_000)), Verdict::Avoidable);
    }

    #[test]
    fn nobody_at_work_until_the_end_of_the_window() {
        let down = |from: i64, to: i64| {
            let lines = vec![
                claim(1010, "w"),
                line(from, "watcher", "store_down", json!({})),
                line(to, "watcher", "store_up", json!({})),
            ];
            let evidence = Evidence {
                seen: Vec::new(),
                lines: running(lines),
            };
            evidence.judge(&case(60_000))
        };
        assert_eq!(down(19_000, 62_000), Verdict::Lost(vec![Impossible::CutOff]));
        // Past the last claim nobody can do anything anyway.
        assert_eq!(down(19_000, 55_000), Verdict::Lost(vec![Impossible::CutOff]));
        // There was time before it, or after it.
        assert_eq!(down(30_000, 62_000), Verdict::Avoidable);
        assert_eq!(down(20_000, 45_000), Verdict::Avoidable);
        // As long as four attempts.
        let excuses = vec![Impossible::WindowUsedUp, Impossible::CutOff];
        assert_eq!(down(5_000, 62_000), Verdict::Lost(excuses));
    }

    #[test]
    fn a_busy_machine_is_a_fault_of_every_worker_that_it_holds_up() {
        let mut evidence = Evidence {
            seen: Vec::new(),
            lines: running(vec![claim(1010, "w")]),
        };
        let busy = |evidence: &mut Evidence, who: &str| {
            evidence
                .lines
                .retain(|line| line.what != "able" || line.who != who || line.at < 20_000);
        };
        busy(&mut evidence, "w");
        assert_eq!(evidence.judge(&case(60_000)), Verdict::Avoidable);
        busy(&mut evidence, "v");
        assert_eq!(evidence.judge(&case(60_000)), Verdict::Lost(vec![Impossible::CutOff]));
    }

    #[test]
    fn an_old_token_needs_a_reason() {
        let refused = seen(70_000, "w", processed(None, false));
        let mut evidence = Evidence {
            seen: vec![refused],
            lines: running(vec![claim(1010, "w")]),
        };
        assert_eq!(evidence.reuse("k", 70_000), Reuse::Mistake);
        let promotes = json!({"key": "k", "generation": 1});
        evidence.lines.push(line(900, "w", "promotes", promotes));
        assert_eq!(evidence.reuse("k", 70_000), Reuse::Promoted);
        let last = json!({"key": "k", "generation": 1, "saved": true, "last_chances": 1});
        evidence.lines.push(line(65_000, "w", "claims", last));
        assert_eq!(evidence.reuse("k", 70_000), Reuse::LastChance);
    }

    #[test]
    fn requests_that_live_too_long_and_holders_that_sleep_too_long() {
        let late = Evidence {
            seen: vec![seen(9000, "w", processed(None, true))],
            lines: running(vec![claim(1010, "w")]),
        };
        assert_eq!(late.judge(&case(60_000)), Verdict::Lost(vec![Impossible::TooLate]));
        let stopped = |ms: i64| {
            let lines = vec![
                claim(1010, "w"),
                line(2000, "watcher", "stopped", json!({"worker": "w", "ms": ms})),
            ];
            let evidence = Evidence {
                seen: Vec::new(),
                lines: running(lines),
            };
            evidence.judge(&case(60_000))
        };
        assert_eq!(stopped(130_000), Verdict::Lost(vec![Impossible::SilentHolder]));
        assert_eq!(stopped(100_000), Verdict::Avoidable);
    }
}
