//! What the story plays on: the emulated providers, one clock for everybody, one store, and workers over it.

use std::error::Error;
use std::io;

use evergrant::base::time::Now;
use evergrant::client::configuration::Client;
use evergrant::drive::connections::{ConnectionHandle, Connections};
use evergrant::drive::host::{Exchange, Host};
use evergrant::flow::step::Send;
use evergrant_emulator::{Clock, Emulator, Options, What};

use crate::memory::MemoryStore;
use crate::report::Report;
use crate::ureq_host::UreqHost;
use crate::words;

pub type Worker = Connections<StageHost, MemoryStore>;
pub type Handle = ConnectionHandle<StageHost, MemoryStore>;

pub struct Stage {
    pub emulator: Emulator,
    pub report: Report,
    pub store: MemoryStore,
}

impl Stage {
    pub fn start() -> io::Result<Self> {
        let emulator = Emulator::start(Options::default())?;
        let clock = emulator.clock();
        // Nobody has to hurry on a slow machine.
        clock.freeze();
        Ok(Self {
            report: Report::new(clock.clone()),
            store: MemoryStore::new(clock),
            emulator,
        })
    }

    /// A host over real HTTP with the stage's clock.
    pub fn host(&self, http: UreqHost) -> StageHost {
        StageHost {
            http,
            clock: self.emulator.clock(),
        }
    }

    /// What a program sets up once: the connections of a client. Each worker has its own; they meet in the store only.
    pub fn worker(&self, client: &Client) -> Worker {
        let report = self.report.clone();
        Connections::new(client.clone(), self.store.clone(), self.host(UreqHost::new()))
            .on_event(move |key, event| report.event(key, &words::of(&event)))
    }

    /// Time in which nobody does anything.
    pub fn pass(&self, ms: i64, words: &str) {
        self.emulator.advance(ms);
        self.report.say(words);
    }

    /// How often something happened at a provider.
    pub fn count(&self, provider: &str, what: What) -> usize {
        self.emulator.journal().count(provider, what)
    }

    /// No provider was ever shown a code or a refresh token in a way that it punishes.
    pub fn check_journal(&self) -> Result<(), Box<dyn Error>> {
        let entries = self.emulator.journal().entries();
        let count = |wanted: &[What]| entries.iter().filter(|entry| wanted.contains(&entry.what)).count();
        let (codes, answered) = (count(&[What::CodeExchanged]), count(&[What::Refreshed]));
        let refused = count(&[What::RefreshRejected]);
        self.report.part("What the providers saw", "");
        self.report.check(
            count(&[What::CodeReused, What::ReuseDetected, What::ConcurrentRefused]) == 0,
            format!(
                "{codes} codes exchanged, {answered} refreshes answered, {refused} refused; nothing used up was taken \
                 for stolen"
            ),
        )
    }
}

/// `ureq`, with the clock of the stage.
pub struct StageHost {
    http: UreqHost,
    clock: Clock,
}

impl Host for StageHost {
    fn send(&self, send: &Send) -> Exchange {
        self.http.send(send)
    }

    fn now(&self) -> Now {
        let ms = self.clock.now();
        Now { wall: ms, steady: ms }
    }

    /// Moves the clock instead of waiting. Only where no answer is on its way: `wait_or_bell` stays as it is.
    fn wait(&self, delay_ms: i64) {
        self.clock.advance(delay_ms);
    }
}
