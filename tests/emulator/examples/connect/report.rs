//! What the example prints: a line per step, checks that must hold, events, and the health of every connection.

use std::error::Error;

use evergrant::connection::health::{Health, HealthState};
use evergrant_emulator::Clock;

use crate::stage::Handle;

/// No line is longer, in characters.
const WIDTH: usize = 110;
/// Where what happened begins, after the time.
const INDENT: usize = 14;

/// Prints steps with the time at which they happen. Clones print to the same place.
#[derive(Clone)]
pub struct Report {
    clock: Clock,
    begun: i64,
}

impl Report {
    pub fn new(clock: Clock) -> Self {
        let begun = clock.now();
        Self { clock, begun }
    }

    /// A headline.
    pub fn part(&self, title: &str, about: &str) {
        let colon = if about.is_empty() { "" } else { ": " };
        println!("\n== {title}{colon}{about}");
    }

    /// One step.
    pub fn say(&self, text: impl AsRef<str>) {
        self.line("", text.as_ref());
    }

    /// One step that must have gone as told.
    pub fn check(&self, holds: bool, text: impl AsRef<str>) -> Result<(), Box<dyn Error>> {
        if holds {
            self.say(text);
            Ok(())
        } else {
            Err(format!("this should hold, and does not: {}", text.as_ref()).into())
        }
    }

    /// An event of the library.
    pub fn event(&self, who: &str, text: &str) {
        self.line("> ", &format!("{who}: {text}"));
    }

    fn line(&self, mark: &str, text: &str) {
        let mut time = clock_face(self.clock.now().saturating_sub(self.begun));
        let width = WIDTH - INDENT - mark.len();
        for (at, line) in wrapped(text, width).iter().enumerate() {
            let mark = if at == 0 {
                mark.to_owned()
            } else {
                " ".repeat(mark.len())
            };
            println!("{time:>w$}  {mark}{line}", w = INDENT - 2);
            time.clear();
        }
    }

    /// The health of every connection, as a dashboard would show it.
    pub fn health(&self, handles: &[Handle]) -> Result<(), Box<dyn Error>> {
        let now = self.clock.now();
        let mut all = Vec::new();
        for handle in handles {
            all.push((handle.key().to_owned(), handle.health()?));
        }
        self.part("The health of every connection", "");
        table(&all, now);
        Ok(())
    }
}

/// Text in lines of a width that can be read.
pub fn paragraph(text: &str) {
    for line in wrapped(text, WIDTH) {
        println!("{line}");
    }
}

/// The table, and below it what is to be done.
pub fn table(all: &[(String, Health)], now: i64) {
    const HEAD: [&str; 5] = ["connection", "health", "consent by", "last tokens", "may lie unused"];
    let rows: Vec<[String; 5]> = all
        .iter()
        .map(|(key, health)| {
            let by = health.consented_by.clone().unwrap_or_else(|| "-".to_owned());
            let tokens = health
                .last_success
                .map(|at| format!("{} ago", span(now.saturating_sub(at))));
            let idle = health.idle_days_left.map(|days| format!("{days} days more"));
            let dash = || "-".to_owned();
            [
                key.clone(),
                spelled(&format!("{:?}", health.state)),
                by,
                tokens.unwrap_or_else(dash),
                idle.unwrap_or_else(dash),
            ]
        })
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].len());
        cells.chain([HEAD[column].len()]).max().unwrap_or(0)
    };
    let line = |cells: [&str; 5]| {
        let cells: Vec<_> = cells
            .iter()
            .enumerate()
            .map(|(at, cell)| format!("{cell:<width$}", width = width(at)))
            .collect();
        println!("  {}", cells.join("   ").trim_end());
    };
    line(HEAD);
    for row in &rows {
        line(row.each_ref().map(String::as_str));
    }
    for (key, health) in all.iter().filter(|(_, health)| health.state != HealthState::Healthy) {
        println!();
        for (label, text) in [
            (key.as_str(), Some(health.reason.clone())),
            ("what to do", health.what_to_do.clone()),
            ("who can", Some(health.who.join(", ")).filter(|who| !who.is_empty())),
        ] {
            for line in wrapped(
                &text.map_or(String::new(), |text| format!("{label}: {text}")),
                WIDTH - 2,
            ) {
                println!("  {line}");
            }
        }
    }
}

/// `needs reauthorization` of `NeedsReauthorization`.
pub fn spelled(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// A length of time in its largest unit.
pub fn span(ms: i64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        172_800.. => format!("{} days", seconds / 86_400),
        7_200.. => format!("{} hours", seconds / 3_600),
        120.. => format!("{} minutes", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

/// `0:05:07`, with days in front where there are some.
fn clock_face(ms: i64) -> String {
    let seconds = ms / 1_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let days = if days > 0 { format!("{days}d ") } else { String::new() };
    format!("{days}{hours}:{minutes:02}:{:02}", seconds % 60)
}

/// The words in lines of at most so many characters; a word that is longer has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut().filter(|line| line.len() + 1 + word.len() <= width) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}
