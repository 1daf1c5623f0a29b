//! The checker, checked: every rule, switched off alone, must make it find something.

use evergrant::connection::rules::{Rule, Rules};
use evergrant_emulator::kernel::Policy as Server;

use super::explore::{Limits, tell};
use super::faults::{Fault, FaultSet};
use super::login;
use super::scenario::{Scenario, THREE, TWO};
use super::scoreboard::Line;
use super::world::Act;
use super::wrong::Wrong;

/// A rule, and where its absence shows.
#[derive(Debug)]
pub struct Case {
    /// The rule that is off.
    pub rule: Rule,
    /// Where.
    pub scenario: Scenario,
}

/// What came of switching a rule off.
#[derive(Debug)]
pub struct Effect {
    /// The rule that was off.
    pub rule: Rule,
    /// What was found that is not found with the rule.
    pub wrong: Option<Wrong>,
    /// The shortest schedule to it.
    pub acts: Vec<Act>,
    /// The same in words.
    pub schedule: String,
}

/// Every rule, each with the smallest scenario known in which its absence shows.
pub fn cases() -> Vec<Case> {
    use Fault::{
        AnswerLost, AnswerLostNoticed, Crash, EarlyReset, FalseRejection, FaultAfter, FaultBefore, LongPause, Outage,
        RequestLost, SaveFails, ShortPause, SlowAnswer, Throttled,
    };
    let no_window = || Scenario::new("no window", Server::no_window(), 0);
    let harmless = || Scenario::new("no window, harmless", Server::no_window().harmless(), 0);
    let newest = || Scenario::new("newest wins 3", Server::newest_wins(THREE), THREE);
    let same_two = || Scenario::new("same pair 2", Server::same_pair(TWO), TWO);
    let same = || Scenario::new("same pair 3", Server::same_pair(THREE), THREE);
    let login = |kind: &str, window: bool| login::beside(kind, "a refresh", window);
    let with = |rule, scenario: Scenario, budget: u8, faults: &[Fault]| Case {
        rule,
        scenario: scenario.budget(budget).faults(FaultSet::of(faults)),
    };
    vec![
        with(Rule::CommitHighest, newest(), 2, &[SlowAnswer, FaultAfter]),
        with(Rule::DeadSpacing, newest(), 1, &[EarlyReset]),
        with(Rule::WindowLimit, same_two(), 2, &[AnswerLostNoticed, ShortPause]),
        with(
            Rule::LastChanceWindow,
            same().workers(1),
            2,
            &[Outage, AnswerLostNoticed, FaultAfter],
        ),
        with(Rule::Patience, no_window(), 1, &[SlowAnswer]),
        with(Rule::Breath, no_window().workers(1), 1, &[LongPause]),
        with(Rule::Confirm, no_window(), 1, &[FalseRejection]),
        with(
            Rule::HighestRejection,
            no_window().young(),
            2,
            &[FalseRejection, SlowAnswer],
        ),
        with(Rule::PromoteAtClose, same_two(), 2, &[SlowAnswer, RequestLost]),
        with(Rule::TimeoutStaysOpen, no_window(), 1, &[SlowAnswer]),
        with(Rule::NotSpentKeepsLedger, same(), 2, &[AnswerLost, Throttled]),
        with(
            Rule::CapRetryAfter,
            same(),
            2,
            &[AnswerLost, AnswerLostNoticed, Throttled],
        ),
        with(Rule::LateAnswers, no_window(), 1, &[SlowAnswer]),
        with(
            Rule::Overtake,
            Scenario::new("newest wins 2, harmless", Server::newest_wins(TWO).harmless(), TWO),
            2,
            &[ShortPause, SlowAnswer, LongPause],
        ),
        with(Rule::Resurrect, harmless(), 1, &[LongPause]),
        with(Rule::ServerFaultIsUnknown, same(), 2, &[FaultAfter, Throttled]),
        with(Rule::ServeSaved, no_window(), 1, &[SaveFails]),
        with(Rule::LoginBeforeRefresh, login("one line", true).finishes(0), 0, &[]),
        with(
            Rule::RefreshBeforeLogin,
            login("keeps", true).finishes(0),
            2,
            &[Crash, RequestLost],
        ),
        with(
            Rule::ExchangeAfterAttempts,
            login("one line", false).finishes(0),
            0,
            &[],
        ),
        with(
            Rule::SilentLoginStays,
            login("kills", true).finishes(0).finishes(0),
            1,
            &[SlowAnswer],
        ),
        with(
            Rule::SupersededStays,
            login("kills", true).finishes(0).finishes(1),
            1,
            &[FaultBefore],
        ),
    ]
}

impl Case {
    /// Explores it twice, with the rule and without.
    pub fn effect(&self) -> Effect {
        let with = Line::of(self.scenario.clone(), Limits::default());
        let mut off = self.scenario.clone();
        off.client.rules = Rules::ALL.without(self.rule);
        let without = Line::of(off.clone(), Limits::default());
        let avoidable = without.avoidable.first().filter(|_| with.avoidable.is_empty());
        let more = |wrong: &Wrong| match wrong {
            Wrong::Loss => avoidable.is_some() || without.report.losses > with.report.losses,
            Wrong::FalseDeath => without.report.false_deaths > with.report.false_deaths,
            other => !with.report.has(*other),
        };
        let found = without.report.first.iter().find(|(wrong, _)| more(wrong));
        let found = found.map(|(wrong, acts)| match (wrong, avoidable) {
            (Wrong::Loss, Some(acts)) => (Wrong::Loss, acts),
            _ => (*wrong, acts),
        });
        Effect {
            rule: self.rule,
            wrong: found.map(|(wrong, _)| wrong),
            acts: found.map_or_else(Vec::new, |(_, acts)| acts.clone()),
            schedule: found.map_or(String::new(), |(_, acts)| tell(&off, acts)),
        }
    }
}
