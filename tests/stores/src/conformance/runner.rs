//! Running one case.

use std::thread;
use std::time::{Duration, Instant};

use evergrant::drive::store::{SaveResult, Store};
use evergrant::flow::step::Save;
use evergrant::flow::stored::Stored;

use crate::conformance::answers::{self, Clock};
use crate::conformance::race;
use crate::conformance::script::{Case, Record, Step, Then, Wanted};
use crate::conformance::{CaseReport, Options, Subject};
use crate::sweep::Due;

/// How much longer a wait may look by the store's clock: machines under load are slow.
const SLACK_MS: i64 = 10_000;
/// How much shorter: two clocks, each cut to milliseconds, at slightly different rates.
const GRAIN_MS: i64 = 5;

type Handles = Vec<Box<dyn Store + Send>>;

struct Run<'a> {
    subject: &'a dyn Subject,
    prefix: &'a str,
    handles: Handles,
    clock: Clock,
    left_out: Vec<String>,
}

pub(crate) fn run(case: &Case, subject: &dyn Subject, options: Options, prefix: &str) -> CaseReport {
    let mut run = Run {
        subject,
        prefix,
        handles: Handles::new(),
        clock: Clock::new(options),
        left_out: Vec::new(),
    };
    let fault = run.case(case).err();
    CaseReport {
        name: case.name.clone(),
        fault,
        left_out: run.left_out,
    }
}

impl Run<'_> {
    fn case(&mut self, case: &Case) -> Result<(), String> {
        self.reopen()?;
        for (at, step) in case.steps.iter().enumerate() {
            self.step(step).map_err(|fault| format!("step {at}: {fault}"))?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Load { by, key, then } => self.load(*by, key, then.as_ref()),
            Step::Save { by, save, then } => self.save(*by, save, then),
            Step::Race(race) => {
                let last = race::run(race, &self.key(&race.key), self.subject)?;
                self.load(0, &race.key, Some(&last))
            }
            Step::Reopen => self.reopen(),
            Step::Clock { key, wait_ms } => self.wait(key, *wait_ms),
            Step::Sweep { until, then } => self.sweep(*until, then),
        }
    }

    fn reopen(&mut self) -> Result<(), String> {
        self.handles.clear();
        for _ in 0..2 {
            self.handles.push(self.subject.open()?);
        }
        Ok(())
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn handle(&self, by: usize) -> Result<&(dyn Store + Send), String> {
        self.handles
            .get(by)
            .map(AsRef::as_ref)
            .ok_or_else(|| "no handle".to_owned())
    }

    fn load(&mut self, by: usize, key: &str, then: Option<&Record>) -> Result<(), String> {
        let loaded = self.handle(by)?.load(&self.key(key));
        let loaded = loaded.map_err(|failure| format!("load answered {failure:?}"))?;
        self.clock.see(loaded.store_now)?;
        answers::same(loaded.stored.as_ref(), then)
    }

    fn save(&mut self, by: usize, save: &Wanted, then: &Then) -> Result<(), String> {
        let Wanted { version, record, .. } = save;
        let mut save = Save::new(
            self.key(&save.key),
            save.expect,
            save.due,
            save.state.as_str(),
            record.clone(),
        );
        // A script may ask for a version that does not follow.
        save.version = *version;
        save.record = Stored::new(*version, record.clone());
        let answer = self.handle(by)?.save(&save);
        match (answer.map_err(|failure| format!("save answered {failure:?}"))?, then) {
            (SaveResult::Saved { store_now }, Then::Saved) => self.clock.see(store_now),
            (SaveResult::Conflict { stored, store_now }, Then::Conflict(wanted)) => {
                self.clock.see(store_now)?;
                answers::same(stored.as_ref(), wanted.as_ref())
            }
            (SaveResult::Saved { .. }, Then::Conflict(_)) => Err("saved, expected a conflict".to_owned()),
            (SaveResult::Conflict { .. }, Then::Saved) => Err("a conflict, expected it to be saved".to_owned()),
        }
    }

    fn wait(&mut self, key: &str, wait_ms: i64) -> Result<(), String> {
        self.load(0, key, None)?;
        let (before, begun) = (self.clock.last(), Instant::now());
        thread::sleep(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0)));
        let waited = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.load(1, key, None)?;
        let passed = self.clock.last() - before;
        if passed < waited - GRAIN_MS || passed > waited.saturating_add(SLACK_MS) {
            return Err(format!(
                "{passed} ms passed by the store's clock, and {waited} ms by this machine's"
            ));
        }
        Ok(())
    }

    fn sweep(&mut self, until: i64, then: &[Due]) -> Result<(), String> {
        let Some(found) = self.subject.due(until) else {
            self.left_out.push("the store cannot be asked what is due".to_owned());
            return Ok(());
        };
        let found = found.map_err(|failure| format!("the sweep answered {failure:?}"))?;
        // Others may use the same store.
        let found = found.into_iter().filter_map(|due| {
            let key = due.key.strip_prefix(self.prefix)?.to_owned();
            Some(Due { key, ..due })
        });
        let found: Vec<Due> = found.collect();
        if found != then {
            return Err(format!("found due {found:?}, expected {then:?}"));
        }
        Ok(())
    }
}
