//! The table of what was found.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::num::NonZero;

use super::attribute::{Impossible, attribute};
use super::explore::{Limits, Report, explore, tell};
use super::scenario::Scenario;
use super::world::Act;
use super::wrong::Wrong;

/// One line of the table.
#[derive(Debug)]
pub struct Line {
    /// What was explored.
    pub scenario: Scenario,
    /// What was found.
    pub report: Report,
    /// Losses and false deaths by impossibility; a schedule may show several.
    pub impossible: BTreeMap<Impossible, usize>,
    /// Losses that no impossibility explains: schedules.
    pub avoidable: Vec<Vec<Act>>,
    /// False deaths that no impossibility explains: schedules.
    pub false_deaths: Vec<Vec<Act>>,
}

impl Line {
    /// Explores a scenario and attributes what it finds.
    pub fn of(scenario: Scenario, limits: Limits) -> Self {
        let report = explore(&scenario, limits);
        let mut line = Self {
            scenario,
            report,
            impossible: BTreeMap::new(),
            avoidable: Vec::new(),
            false_deaths: Vec::new(),
        };
        for (wrong, acts) in &line.report.deaths {
            let reasons = attribute(&line.scenario, acts);
            for reason in &reasons {
                *line.impossible.entry(*reason).or_default() += 1;
            }
            match wrong {
                Wrong::Loss if reasons.is_empty() => line.avoidable.push(acts.clone()),
                // A holder that is silent for longer than anybody can wait is the one excuse for a false death.
                Wrong::FalseDeath if !reasons.contains(&Impossible::SilentHolder) => {
                    line.false_deaths.push(acts.clone());
                }
                _ => {}
            }
        }
        line
    }

    /// What must not be, in words with the shortest schedule of each; empty where all is well.
    pub fn complaints(&self) -> String {
        let mut text = String::new();
        let mut complain = |what: &str, acts: &[Act]| {
            let _ = writeln!(text, "{}: {what}\n{}", self.scenario.name, tell(&self.scenario, acts));
        };
        if let Some(acts) = self.avoidable.first() {
            complain("avoidable loss", acts);
        }
        if let Some(acts) = self.false_deaths.first() {
            complain("false death", acts);
        }
        for (wrong, acts) in &self.report.first {
            if !matches!(wrong, Wrong::Loss | Wrong::FalseDeath) {
                complain(&format!("{wrong:?}"), acts);
            }
        }
        if self.report.cut_off {
            complain("cut off before all was explored", &[]);
        }
        text
    }

    /// The losses by the faults that led to them.
    pub fn by_fault(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (wrong, acts) in &self.report.deaths {
            let faults: Vec<_> = acts
                .iter()
                .filter_map(|act| match act {
                    Act::Worker(fault, _) | Act::Message(fault, _) => Some(format!("{fault:?}")),
                    Act::Outage => Some("Outage".to_owned()),
                    _ => None,
                })
                .collect();
            *counts
                .entry(format!("{wrong:?} by {}", faults.join(" + ")))
                .or_default() += 1;
        }
        counts
    }

    /// The line of the table.
    pub fn words(&self) -> String {
        let impossible: Vec<_> = self
            .impossible
            .iter()
            .map(|(reason, count)| format!("{reason:?} {count}"))
            .collect();
        let faults = self.report.deaths.iter().filter(|(wrong, _)| *wrong == Wrong::Loss);
        let is_fault = |act: &&Act| matches!(act, Act::Worker(..) | Act::Message(..) | Act::Outage);
        let least = faults
            .map(|(_, acts)| acts.iter().filter(is_fault).count())
            .min()
            .map_or("-".to_owned(), |least| least.to_string());
        format!(
            "{:<46} N={} F={} {:>9} states {:>6.2} s  least faults {least}  lost {:>5} (avoidable {})  \
             false deaths {}  unreported {}  {}",
            self.scenario.name,
            self.scenario.goals().len(),
            self.scenario.budget,
            self.report.states,
            self.report.time.as_secs_f64(),
            self.report.losses,
            self.avoidable.len(),
            self.false_deaths.len(),
            self.report.unreported,
            impossible.join(", ")
        )
    }
}

/// Many lines, and their sums.
#[derive(Debug, Default)]
pub struct Board {
    lines: usize,
    states: usize,
    losses: usize,
    avoidable: usize,
    false_deaths: usize,
    unreported: usize,
    complaints: String,
}

impl Board {
    /// Explores all scenarios, as many at once as there are cores, and judges them.
    ///
    /// # Panics
    /// When there is anything to complain about, or nothing was explored.
    pub fn explore(scenarios: Vec<Scenario>) {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let mut scenarios = scenarios.into_iter();
        let mut board = Self::default();
        loop {
            let batch: Vec<_> = scenarios.by_ref().take(cores).collect();
            if batch.is_empty() {
                return board.judge();
            }
            std::thread::scope(|scope| {
                let explore = |scenario| scope.spawn(|| Line::of(scenario, Limits::default()));
                let threads: Vec<_> = batch.into_iter().map(explore).collect();
                for thread in threads {
                    board.add(thread.join().expect("an exploration that ends"));
                }
            });
        }
    }

    /// Prints a line; with `FAULTS` in the environment, also which faults led to each loss.
    fn add(&mut self, line: Line) {
        println!("report: {}", line.words());
        if std::env::var("FAULTS").is_ok() {
            println!("{:#?}", line.by_fault());
        }
        self.lines += 1;
        self.states += line.report.states;
        self.losses += line.report.losses;
        self.avoidable += line.avoidable.len();
        self.false_deaths += line.false_deaths.len();
        self.unreported += line.report.unreported;
        self.complaints.push_str(&line.complaints());
    }

    /// Prints the sums, and wants the last three to be zero.
    fn judge(self) {
        assert!(self.lines > 0, "no scenario has such a name");
        println!(
            "report: {} scenarios, {} states, losses: {}, avoidable losses: {}, false deaths: {}, unreported deaths: {}",
            self.lines, self.states, self.losses, self.avoidable, self.false_deaths, self.unreported
        );
        assert!(self.complaints.is_empty(), "\n{}", self.complaints);
        assert_eq!((self.avoidable, self.false_deaths, self.unreported), (0, 0, 0));
    }
}
