//! What the example prints: a line per step, checks that must hold, and the table at the end.

use std::error::Error;

use evergrant::base::digest::fingerprint;
use evergrant::base::secret::Secret;

/// Prints steps, and remembers what goes into the table.
pub struct Report {
    step: u32,
    rows: Vec<[String; 5]>,
}

impl Report {
    pub fn new() -> Self {
        Self {
            step: 0,
            rows: Vec::new(),
        }
    }

    /// A headline.
    pub fn part(&mut self, title: &str) {
        println!("\n== {title}");
    }

    /// One step that was done.
    pub fn say(&mut self, text: impl AsRef<str>) {
        self.step += 1;
        println!("{:>3}. {}", self.step, text.as_ref());
    }

    /// One step that must have gone as told.
    pub fn check(&mut self, holds: bool, text: impl AsRef<str>) -> Result<(), Box<dyn Error>> {
        if holds {
            self.say(text);
            Ok(())
        } else {
            Err(format!("this should hold, and does not: {}", text.as_ref()).into())
        }
    }

    /// A row for the table.
    pub fn row(&mut self, who: &str, account: &str, access: &Secret, life_ms: Option<i64>, refresh: Option<&Secret>) {
        self.rows.push([
            who.to_owned(),
            account.to_owned(),
            short(access),
            life_ms.map_or("for ever".to_owned(), |life| format!("{} s", life / 1_000)),
            refresh.map_or("none".to_owned(), short),
        ]);
    }

    /// The tokens in hand at the end.
    pub fn table(&self) {
        const HEAD: [&str; 5] = ["what", "account", "access token", "lives", "refresh token"];
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].len());
            cells.chain([HEAD[column].len()]).max().unwrap_or(0)
        };
        let line = |cells: [&str; 5]| {
            let cells: Vec<_> = cells
                .iter()
                .enumerate()
                .map(|(at, cell)| format!("{cell:<width$}", width = width(at)))
                .collect();
            println!("| {} |", cells.join(" | "));
        };
        println!("\ntokens in hand (shown by fingerprint, never themselves)");
        line(HEAD);
        line(HEAD.map(|_| "---"));
        for row in &self.rows {
            line(row.each_ref().map(String::as_str));
        }
    }
}

/// A token by its fingerprint: enough to see that it changed, nothing to steal.
pub fn short(token: &Secret) -> String {
    format!("#{}", fingerprint(token.expose()).chars().take(8).collect::<String>())
}
