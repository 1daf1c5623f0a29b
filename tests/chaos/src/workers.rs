//! The worker processes: started, killed, stopped and started again.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::kill::{self, Point};
use crate::log::Log;
use crate::providers::Group;
use crate::rng::Rng;
use crate::site::Site;
use crate::store::Place;
use crate::time::Scale;
use crate::worker::Orders;

/// What all workers of a run have in common.
pub struct Crew {
    /// The program.
    pub program: PathBuf,
    /// The folder of the logs.
    pub folder: PathBuf,
    /// Where the records are.
    pub place: Place,
    /// Fast time.
    pub scale: Scale,
    /// What chance begins with.
    pub seed: u64,
    /// Naive workers.
    pub naive: bool,
    /// The watcher's log.
    pub log: Arc<Log>,
}

/// A place for a worker: one process after the other.
pub struct Post {
    number: usize,
    /// Which providers it serves.
    pub group: Group,
    sites: Vec<Site>,
    rng: Rng,
    lives: u32,
    process: Option<Child>,
    name: String,
    wakes: Option<Instant>,
    returns: Option<Instant>,
}

/// What happened to the processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Killed by the watcher.
    pub killed: u32,
    /// Killed by themselves at a chosen point.
    pub died: u32,
    /// Started again.
    pub restarts: u32,
    /// Stopped and continued.
    pub stopped: u32,
    /// Wall clocks stepped.
    pub stepped: u32,
    /// Ended in another way: a panic or an error.
    pub failed: u32,
}

impl Post {
    /// An empty place.
    pub fn new(number: usize, group: Group, sites: Vec<Site>, seed: u64) -> Self {
        Self {
            number,
            group,
            sites,
            rng: Rng::of(seed, &format!("post {number}")),
            lives: 0,
            process: None,
            name: String::new(),
            wakes: None,
            returns: None,
        }
    }

    /// Whether a process is there, and neither stopped nor gone.
    pub fn is_running(&self) -> bool {
        self.process.is_some() && self.wakes.is_none()
    }

    /// Starts a process, which dies at some point of its own, or calmly lives on.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(&mut self, crew: &Crew, calm: bool) -> std::io::Result<()> {
        self.lives += 1;
        self.name = format!("w{}.{}", self.number, self.lives);
        let points: &[Point] = match self.group {
            Group::Window => &kill::ALL,
            Group::NoWindow => &kill::HARMLESS,
        };
        let plan = (self.rng.one_of(points), 1 + self.rng.below(12));
        let dies = self.rng.permille(750) && !calm;
        let orders = Orders {
            who: self.name.clone(),
            folder: crew.folder.clone(),
            place: crew.place.clone(),
            scale: crew.scale,
            seed: crew.seed,
            sites: self.sites.clone(),
            dies: dies.then_some(plan),
            store_faults: !calm && !crew.naive,
            naive: crew.naive,
        };
        for site in &self.sites {
            crew.log
                .say("serves", "", json!({"worker": self.name, "site": site.name}));
        }
        let mut process = Command::new(&crew.program).stdin(Stdio::piped()).spawn()?;
        if let Some(input) = &mut process.stdin {
            writeln!(input, "{}", orders.to_json())?;
        }
        self.process = Some(process);
        self.returns = None;
        self.wakes = None;
        Ok(())
    }

    /// Looks after it: continues it when its time has come, notes its end, and starts the next one.
    ///
    /// # Errors
    /// Where no process can be started.
    pub fn tend(&mut self, crew: &Crew, tally: &mut Tally, calm: bool) -> std::io::Result<()> {
        if self.wakes.is_some_and(|at| at <= Instant::now() || calm) {
            self.signal(Signal::CONT);
            self.wakes = None;
            crew.log.say("continued", "", json!({"worker": self.name}));
        }
        let ended = match &mut self.process {
            Some(process) => process.try_wait()?,
            None => None,
        };
        if let Some(status) = ended {
            self.process = None;
            // A process that dies by a signal has no code.
            match status.code() {
                None => tally.died += 1,
                Some(_) => tally.failed += 1,
            }
            self.returns = Some(self.later(crew, 1_000, 12_000));
        }
        if self.process.is_none() && self.returns.is_none_or(|at| at <= Instant::now() || calm) {
            tally.restarts += u32::from(self.lives > 0);
            self.start(crew, calm)?;
        }
        Ok(())
    }

    fn later(&mut self, crew: &Crew, from: i64, to: i64) -> Instant {
        Instant::now() + crew.scale.real(self.rng.between(from, to))
    }

    /// SIGKILL.
    pub fn kill(&mut self, crew: &Crew, tally: &mut Tally) {
        if let Some(mut process) = self.process.take() {
            crew.log.say("killed", "", json!({"worker": self.name}));
            let _ = process.kill();
            let _ = process.wait();
            tally.killed += 1;
            self.wakes = None;
            self.returns = Some(self.later(crew, 1_000, 12_000));
        }
    }

    /// SIGSTOP, and SIGCONT after so many milliseconds of fast time.
    pub fn stop(&mut self, crew: &Crew, tally: &mut Tally, ms: i64) {
        crew.log.say("stopped", "", json!({"worker": self.name, "ms": ms}));
        self.signal(Signal::STOP);
        self.wakes = Some(Instant::now() + crew.scale.real(ms));
        tally.stopped += 1;
    }

    /// Somebody sets its wall clock.
    pub fn step(&mut self, tally: &mut Tally, ms: i64) {
        self.tell(&format!("step {ms}"));
        tally.stepped += 1;
    }

    /// A line on its input.
    pub fn tell(&mut self, line: &str) {
        if let Some(input) = self.process.as_mut().and_then(|process| process.stdin.as_mut()) {
            let _ = writeln!(input, "{line}");
        }
    }

    /// Tells it to stop, and waits for its orderly end; whether it came.
    pub fn end(&mut self, within: Duration) -> bool {
        self.tell("stop");
        let until = Instant::now() + within;
        let Some(mut process) = self.process.take() else {
            return true;
        };
        loop {
            match process.try_wait() {
                Ok(Some(status)) => return status.success(),
                Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(20)),
                _ => {
                    let _ = process.kill();
                    let _ = process.wait();
                    return false;
                }
            }
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            let _ = kill_process(Pid::from_child(process), signal);
        }
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
